package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// desktops starts so many programs on stdio at the same moment, all on one state directory that is not there yet, as desktop clients do.
func desktops(t *testing.T, s *site, n int, edits ...func(*setup)) (sessions []*session, record *crashSite) {
	t.Helper()
	dir := t.TempDir() + "/state"
	edits = append([]func(*setup){over("stdio"), with("JIRA_LIFECYCLE_STATE_DIR", dir)}, edits...)
	sessions = make([]*session, n)
	together(n, func(i int) { sessions[i] = connect(t, s, edits...) })
	if slices.Contains(sessions, nil) {
		t.FailNow() // it was told why
	}
	return sessions, recorded(t, s, map[string]string{"JIRA_LIFECYCLE_STATE_DIR": dir})
}

// together calls fn n times at the same moment and waits.
func together(n int, fn func(i int)) {
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	all.Wait()
}

// wantCalm checks that no program had anything to complain of.
func wantCalm(t *testing.T, sessions ...*session) {
	t.Helper()
	for i, c := range sessions {
		for line := range strings.Lines(c.log.String()) {
			calm := !strings.Contains(line, `"level":"ERROR"`) && !strings.Contains(line, `"level":"WARN"`)
			if !calm && !strings.Contains(line, `"outcome":"conflict"`) && !strings.Contains(line, `"outcome":"plan_changed"`) {
				t.Errorf("program %d: %s", i+1, line)
			}
		}
	}
}

// wantAllEnded checks that nothing is left to be done, that nobody's change was claimed by two, and that the record is whole.
func (s *crashSite) wantAllEnded(t *testing.T, n int) {
	t.Helper()
	all := s.operations(t)
	if len(all) != n {
		t.Errorf("%d operations on record, want %d", len(all), n)
	}
	for _, op := range all {
		op, err := s.record.Get(t.Context(), op.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.wantSucceeded(t, op)
		begun := map[string]int{}
		for _, e := range s.events(t, op.ID) {
			begun[e.Kind]++
		}
		if begun["begun"]+begun["added"] != 1 || begun["claimed"]+begun["lapsed"]+begun["refused"] != 0 {
			t.Errorf("operation %s was not run once by who began it: %v", op.ID, begun)
		}
	}
	s.wantNothingTwice(t)
	s.wantSoundRecord(t)
}

// TestDesktopSessionsOnDifferentPeople has programs that are started together work together on a journal that none of them found there.
func TestDesktopSessionsOnDifferentPeople(t *testing.T) {
	for _, n := range []int{2, 4} {
		t.Run(fmt.Sprint(n, " programs"), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			people := s.staff(t, 3*n)
			sessions, r := desktops(t, s, n)
			together(3*n, func(i int) {
				c := sessions[i%n]
				c.change(t, "offboard_user", args{"user": people[i]}).wants(t, map[string]any{"status": "succeeded"})
				c.call(t, "list_operations", args{"person": people[i]}).wants(t, map[string]any{"operations.#": 1, "operations.0.status": "succeeded"})
			})
			r.wantAllEnded(t, 3*n)
			for _, c := range sessions { // each sees what all have done
				c.call(t, "list_operations", args{"limit": 50}).wants(t, map[string]any{"operations.#": 3 * n})
			}
			wantCalm(t, sessions...)
		})
	}
}

// changed tells whether an operation says that it changed something.
func (s *crashSite) changed(t *testing.T, id string) bool {
	t.Helper()
	op, err := s.record.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(op.Steps, func(step journal.Step) bool { return step.Action != "verify" && step.Status == journal.StepDone })
}

// TestDesktopSessionsOnTheSamePerson has one of them do it. The others are told that it is on its way, that the plan is another one by now, or that
// all was so already.
func TestDesktopSessionsOnTheSamePerson(t *testing.T) {
	for _, n := range []int{2, 4} {
		t.Run(fmt.Sprint(n, " programs"), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			sessions, r := desktops(t, s, n)
			plans := make([]args, n)
			together(n, func(i int) { plans[i] = sessions[i].plan(t, "offboard_user", args{"user": jane}) })
			var mu sync.Mutex
			outcomes := map[string]int{}
			together(n, func(i int) {
				got := sessions[i].call(t, "offboard_user", plans[i])
				mu.Lock()
				defer mu.Unlock()
				outcomes[got.str("code")+got.str("status")]++
			})
			if outcomes["succeeded"] == 0 || outcomes["succeeded"]+outcomes["conflict"]+outcomes["plan_changed"] != n {
				t.Errorf("outcomes %v", outcomes)
			}
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			all := r.operations(t) // one that began when another had just ended has found nothing to do
			r.wantAllEnded(t, len(all))
			if did := slices.DeleteFunc(all, func(op journal.Operation) bool { return !r.changed(t, op.ID) }); len(did) != 1 {
				t.Errorf("%d of %d operations say that they changed something", len(did), len(all))
			}
			wantCalm(t, sessions...)
		})
	}
}

// TestABatchInOneSessionAndWorkInAnother has ten people done at one program while the other one does three more. Either may run the ten.
func TestABatchInOneSessionAndWorkInAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	people := s.staff(t, 13)
	sessions, r := desktops(t, s, 2)
	agreed := sessions[0].plan(t, "offboard_user", args{"users": people[:10]})
	together(4, func(i int) {
		if i == 0 {
			sessions[0].call(t, "offboard_user", agreed).wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 10})
			return
		}
		sessions[1].change(t, "offboard_user", args{"user": people[9+i]}).wants(t, map[string]any{"status": "succeeded"})
		sessions[1].call(t, "list_operations", args{}).wants(t, map[string]any{"code": nil})
	})
	for _, op := range r.operations(t) {
		if op, err := r.record.Get(t.Context(), op.ID); err != nil || op.Status != journal.Succeeded {
			t.Errorf("operation %s is %s (%v)", op.ID, op.Status, err)
		}
	}
	page, err := r.record.List(t.Context(), journal.Filter{Kind: "offboard_user", Parent: r.batch(t)})
	if err != nil || len(page.Operations) != 10 {
		t.Fatalf("%d people of the batch are on record (%v)", len(page.Operations), err)
	}
	for _, child := range page.Operations {
		claims := 0
		for _, e := range r.events(t, child.ID) {
			if e.Kind == "claimed" {
				claims++
			}
		}
		if child.Status != journal.Succeeded || claims != 1 {
			t.Errorf("operation %s is %s and was claimed %d times", child.ID, child.Status, claims)
		}
	}
	r.wantNothingTwice(t)
	r.wantSoundRecord(t)
	wantCalm(t, sessions...)
}

// batch is the id of the one batch on record.
func (s *crashSite) batch(t *testing.T) string {
	t.Helper()
	for _, op := range s.operations(t) {
		if strings.HasPrefix(op.Key, "batch:") {
			return op.ID
		}
	}
	t.Fatal("no batch on record")
	return ""
}

// TestADesktopSessionThatIsKilled has another one, which was there all the time, go on at once: long before the lease lapses.
func TestADesktopSessionThatIsKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sessions, r := desktops(t, s, 2, func(su *setup) { su.killed = true })
	agreed := sessions[1].plan(t, "offboard_user", args{"user": jane})
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Method: http.MethodDelete, Path: membershipPath, Stage: sandbox.StageDuring, Times: 1})
	t.Cleanup(func() { s.ReleaseAll(false) })
	sessions[0].begin(t, "offboard_user", agreed)
	s.held(t)
	id := r.operations(t)[0].ID
	if err := sessions[0].child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.ReleaseAll(false)
	sessions[1].becomes(t, id, "succeeded") // it waits 20 s, and a lease is 30 s
	op, err := r.record.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r.wantSucceeded(t, op)
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	r.wantNothingTwice(t)
	r.wantSoundRecord(t)
}
