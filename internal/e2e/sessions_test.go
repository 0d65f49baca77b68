package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSessionsOnOneFreshState has three desktop sessions begin on a state directory that is not there yet, all at the same moment: each offboards
// people of its own, and all of them one more. Nobody meets an error, and nothing is done twice.
func TestSessionsOnOneFreshState(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir()+"/state")
	own := [][]string{{jane, sam}, {petra, manager}, {alex2, vera}}
	var sessions []*session
	for range own {
		sessions = append(sessions, connect(t, s, over("stdio"), sameState))
	}
	type outcome struct {
		who string
		got answer
		err error
	}
	outcomes := make(chan outcome)
	begin := make(chan struct{})
	var all sync.WaitGroup
	offboard := func(c *session, user string) {
		all.Go(func() {
			<-begin
			arguments := args{"user": user}
			for range 2 { // the plan, and with its token
				result, err := c.CallTool(t.Context(), request("offboard_user", arguments))
				if err != nil {
					outcomes <- outcome{user, answer{}, err}
					return
				}
				got := read(t, "offboard_user", result)
				if arguments["confirm"] = got.str("confirmation.token"); arguments["confirm"] == "" {
					outcomes <- outcome{user, got, nil}
					return
				}
			}
		})
	}
	for i, c := range sessions {
		for _, user := range append(own[i], alex) {
			offboard(c, user)
		}
	}
	go func() {
		all.Wait()
		close(outcomes)
	}()
	close(begin)
	did, together := 0, 0
	for o := range outcomes {
		switch code, succeeded := o.got.str("code"), o.got.str("status") == "succeeded"; {
		case o.err != nil:
			t.Errorf("%s: %v", o.who, o.err)
		case o.who == alex && (succeeded || code == "conflict" || code == "plan_changed"):
			if succeeded { // also where another session was so far by then that there was nothing left to do
				together++
			}
		case o.who != alex && succeeded && o.got.id() != "":
			did++
		default:
			t.Errorf("%s: %s", o.who, o.got.text)
		}
	}
	if did != 6 || together == 0 {
		t.Errorf("%d offboardings, want 6; %d of the same person", did, together)
	}
	s.wantOffboarded(t, jane, sam, petra, manager, alex2, vera)
	s.want(t, alex, facts{OnSite: true, InSCIM: true})
	s.didOnce(t)
	whole := sessions[0].call(t, "list_operations", args{}).all("operations", "operation_id")
	for _, c := range sessions {
		if diff := cmp.Diff(whole, c.call(t, "list_operations", args{}).all("operations", "operation_id")); diff != "" || len(whole) < 7 {
			t.Errorf("%d operations; another session (-one +other):\n%s", len(whole), diff)
		}
		if log := c.log.String(); strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("an error in the log:\n%s", log)
		}
	}
	record(t, sessions[0].stateDir)
}

// TestASessionGoesOnWithWhatAnotherBegan has a plan shown by one session and confirmed at another, which is killed in mid-operation. The first, which is
// up all the time, brings it to its end.
func TestASessionGoesOnWithWhatAnotherBegan(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	stays := connect(t, s, over("stdio"), sameState)
	goes := connect(t, s, over("stdio"), sameState, impatient, func(su *setup) { su.killed = true })
	token := stays.call(t, "offboard_user", args{"user": jane}).str("confirmation.token")
	release := s.hold(t, http.MethodPatch, scimUserPath)
	begun := goes.call(t, "offboard_user", args{"user": jane, "confirm": token})
	begun.wants(t, map[string]any{"status": "running"})
	s.held(t)
	if err := goes.child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	release()
	stays.becomes(t, begun.id(), "succeeded")
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	s.didOnce(t)
	stays.call(t, "offboard_user", args{"user": jane, "confirm": token}).wants(t, map[string]any{"code": "confirmation_invalid"})
}
