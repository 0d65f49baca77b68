package lifecycle_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// as is a call by somebody.
func as(caller string) context.Context {
	return request.With(context.Background(), request.Info{ID: "call-" + caller, Caller: caller})
}

// fourEyes is a site whose operations need a second person, within an hour.
func fourEyes(t tester) *site {
	s := newSite(t, under(lifecycle.Policy{SecondPerson: true, ApprovalTimeout: time.Hour}))
	s.first.working.Store(true)
	return s
}

// asked has alice plan and confirm, and gives the operation's id.
func (s *site) asked(t tester, terms lifecycle.Terms, ask func(context.Context, lifecycle.Terms) (lifecycle.Result, error)) string {
	t.Helper()
	r, err := confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) { return ask(as("alice"), terms) }, terms, func() {})
	if err != nil || r.Status != lifecycle.AwaitingApproval || r.Operation == nil {
		t.Fatalf("asked for: %s, %v", outcome(r), err)
	}
	return r.Operation.ID
}

func (s *site) offboardJane(t tester) func(context.Context, lifecycle.Terms) (lifecycle.Result, error) {
	return func(ctx context.Context, terms lifecycle.Terms) (lifecycle.Result, error) {
		return s.service.Offboard(ctx, lifecycle.OffboardRequest{Target: target(t, jane), Terms: terms})
	}
}

func TestASecondPersonApproves(t *testing.T) {
	t.Parallel()
	inBubble(t, "and it is done", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{Reason: "left"}, s.offboardJane(t))
		time.Sleep(50 * time.Minute)
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 || len(s.writes()) > 0 {
			t.Errorf("before anybody approved: %v, %v, sent %v", ids, err, s.writes())
		}
		d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, "checked with HR")
		if err != nil || d.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", d.Status, err)
		}
		if a := d.Approval; a == nil || !a.Approved || a.By.Caller != "bob" || a.Reason != "checked with HR" || d.Actor.Caller != "alice" || d.Confirmation == nil || d.Confirmation.By.Caller != "alice" {
			t.Errorf("the record: approval %+v, confirmation %+v", d.Approval, d.Confirmation)
		}
		checkRecord(t, s.first)
	})
	inBubble(t, "never the one who asked, nor nobody", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		for _, who := range []string{"alice", ""} {
			if _, err := s.service.UpdateOperation(as(who), id, lifecycle.ActionApprove, ""); !fault.Is(err, fault.PermissionDenied) {
				t.Errorf("%q: %v", who, err)
			}
		}
		owner := request.With(context.Background(), request.Info{Caller: "alice", Operator: true})
		if _, err := s.service.UpdateOperation(owner, id, lifecycle.ActionApprove, ""); !fault.Is(err, fault.PermissionDenied) {
			t.Errorf("alice at the shell: %v", err)
		}
		if d, err := s.service.Operation(as("alice"), id); err != nil || d.Status != lifecycle.AwaitingApproval || len(s.writes()) > 0 {
			t.Errorf("%s, %v, sent %v", d.Status, err, s.writes())
		}
	})
	inBubble(t, "or rejects, with a reason", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionReject, "she stays")
		if err != nil || d.Status != lifecycle.Cancelled || d.Problem == nil || !strings.Contains(d.Problem.Message, "Rejected by bob: she stays") {
			t.Errorf("%s %+v, %v", d.Status, d.Problem, err)
		}
		if _, err := s.service.UpdateOperation(as("carol"), id, lifecycle.ActionApprove, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("approved after it was rejected: %v", err)
		}
		if len(s.writes()) > 0 {
			t.Errorf("sent %v", s.writes())
		}
	})
	inBubble(t, "within the time limit", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		time.Sleep(time.Hour + time.Second)
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 {
			t.Errorf("swept %v, %v", ids, err)
		}
		d, err := s.service.Operation(t.Context(), id)
		if err != nil || d.Status != lifecycle.Cancelled || d.Problem == nil || !strings.Contains(d.Problem.Message, "Nobody approved it") {
			t.Errorf("%s %+v, %v", d.Status, d.Problem, err)
		}
		if _, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("approved too late: %v", err)
		}
		if again := s.asked(t, lifecycle.Terms{}, s.offboardJane(t)); again == id {
			t.Error("it can't be asked for again")
		}
	})
	inBubble(t, "too late, where nobody swept", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		time.Sleep(2 * time.Hour)
		if _, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, ""); !fault.Is(err, fault.Conflict) || len(s.writes()) > 0 {
			t.Errorf("%v, sent %v", err, s.writes())
		}
	})
	inBubble(t, "before its time: it waits for that too", func(t *testing.T) {
		s := fourEyes(t)
		at := s.home.now().Add(3 * time.Hour)
		id := s.asked(t, lifecycle.Terms{EffectiveAt: at}, s.offboardJane(t))
		if d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, ""); err != nil || d.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", d.Status, err)
		}
		time.Sleep(2 * time.Hour) // past the time for approval
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 {
			t.Errorf("too early: %v, %v", ids, err)
		}
		time.Sleep(time.Hour)
		if op := s.first.finish(t, s.home, id); op.Status != lifecycle.Succeeded {
			t.Errorf("%s", op.Status)
		}
	})
	inBubble(t, "after its time: it is done late, and says so", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{EffectiveAt: s.home.now().Add(5 * time.Minute)}, s.offboardJane(t))
		time.Sleep(30 * time.Minute)
		d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, "")
		if err != nil || d.Status != lifecycle.Succeeded || !strings.HasPrefix(d.Late, "25m") {
			t.Errorf("%s, late %q, %v", d.Status, d.Late, err)
		}
	})
	inBubble(t, "what would do more by then is refused", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		elsewhere := s.newService(t, s.options.policy)
		if r, err := elsewhere.AddToGroups(t.Context(), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}}); err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		sent := len(s.writes())
		d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, "")
		if err != nil || d.Status != lifecycle.Failed || d.Problem == nil || d.Problem.Code != string(fault.PlanChanged) || !strings.Contains(d.Problem.Plan, "partners") {
			t.Errorf("%s %+v, %v", d.Status, d.Problem, err)
		}
		if len(s.writes()) != sent {
			t.Errorf("sent %v", s.writes()[sent:])
		}
	})
	inBubble(t, "a batch, with one approval", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, func(ctx context.Context, terms lifecycle.Terms) (lifecycle.Result, error) {
			return s.service.OffboardMany(ctx, []lifecycle.OffboardRequest{{Target: target(t, jane)}, {Target: target(t, alex)}}, lifecycle.Rows{Terms: terms})
		})
		for who, op := range s.first.people(t, id, "") {
			if _, err := s.service.UpdateOperation(as("bob"), op.ID, lifecycle.ActionApprove, ""); err == nil {
				t.Errorf("%s was approved alone", who)
			}
		}
		if d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, ""); err != nil || d.Status != lifecycle.Succeeded {
			t.Errorf("%s, %v\n%s", d.Status, err, sketches(s.first.people(t, id, "")))
		}
	})
	inBubble(t, "an undo that gives more than was taken", func(t *testing.T) {
		s := fourEyes(t)
		id := s.asked(t, lifecycle.Terms{}, s.offboardJane(t))
		if d, err := s.service.UpdateOperation(as("bob"), id, lifecycle.ActionApprove, ""); err != nil || d.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", d.Status, err)
		}
		if r, err := s.service.AddToGroups(as("alice"), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}}); err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		undo := s.asked(t, lifecycle.Terms{}, func(ctx context.Context, terms lifecycle.Terms) (lifecycle.Result, error) {
			return s.service.Restore(ctx, lifecycle.RestoreRequest{OperationID: id, Terms: terms})
		})
		if d, err := s.service.UpdateOperation(as("bob"), undo, lifecycle.ActionApprove, ""); err != nil || d.Status != lifecycle.Succeeded {
			t.Errorf("%s %+v, %v", d.Status, d.Problem, err)
		}
	})
}

// TestWhoMayDoWhatWithAnOperation: whoever asked for it, and a person at the shell.
func TestWhoMayDoWhatWithAnOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		r, err := confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) { return s.offboardJane(t)(as("alice"), terms) },
			lifecycle.Terms{EffectiveAt: s.home.now().Add(time.Hour)}, func() {})
		if err != nil || r.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		id := r.Operation.ID
		for _, action := range []string{lifecycle.ActionCancel, lifecycle.ActionResume} {
			if _, err := s.service.UpdateOperation(as("mallory"), id, action, ""); !fault.Is(err, fault.PermissionDenied) {
				t.Errorf("mallory may %s: %v", action, err)
			}
		}
		shell := request.With(context.Background(), request.Info{Caller: "local:0", Operator: true})
		if d, err := s.service.UpdateOperation(shell, id, lifecycle.ActionCancel, "not needed"); err != nil || d.Status != journal.Cancelled || !strings.Contains(d.Problem.Message, "not needed") {
			t.Errorf("at the shell: %s, %v", d.Status, err)
		}
		time.Sleep(2 * time.Hour)
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 || len(s.writes()) > 0 {
			t.Errorf("cancelled, and run: %v, %v, %v", ids, err, s.writes())
		}
	})
}
