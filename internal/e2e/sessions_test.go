package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
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
	did, races := 0, 0
	for o := range outcomes {
		switch code := o.got.str("code"); {
		case o.err != nil:
			t.Errorf("%s: %v", o.who, o.err)
		case o.got.str("status") == "succeeded" && o.got.id() != "":
			did++
		case o.who == alex && (code == "conflict" || code == "plan_changed" || o.got.str("status") == "succeeded"):
			races++ // another session was first
		default:
			t.Errorf("%s: %s", o.who, o.got.text)
		}
	}
	if did != 7 || races != 2 {
		t.Errorf("%d offboardings, and %d came second; want 7 and 2", did, races)
	}
	s.wantOffboarded(t, jane, sam, petra, manager, alex2, vera)
	s.want(t, alex, facts{OnSite: true, InSCIM: true})
	s.didOnce(t)
	for _, c := range sessions {
		c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 7, "next_cursor": ""})
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
