package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func (s *site) restore(t tester, id string) (lifecycle.Result, error) {
	return s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: id})
}

func TestRestoring(t *testing.T) {
	t.Parallel()
	inBubble(t, "a group of the same name is another group", func(t *testing.T) {
		for _, who := range []string{"max.manager@example.com", "alex.kim2@example.com", "eve.external@contractor.example"} { // in Jira's contractors, and in SCIM's
			s := newSite(t)
			before := s.truth(t, who)
			r, err := confirmed(s.offboarding(t, who), lifecycle.Terms{}, func() {})
			if err != nil || len(s.truth(t, who).In) > 0 {
				t.Fatalf("%s: %s, %v", who, outcome(r), err)
			}
			if undo, err := s.restore(t, r.Operation.ID); err != nil || undo.Status != lifecycle.Succeeded {
				t.Errorf("%s: %s, %v\n%s", who, outcome(undo), err, undo.Text())
			}
			if diff := cmp.Diff(before, s.truth(t, who), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
				t.Errorf("%s (-before +after):\n%s", who, diff)
			}
		}
	})
	inBubble(t, "a group that was named by its id", func(t *testing.T) {
		s := newSite(t)
		own, scims := s.GroupID("contractors", false), s.GroupID("contractors", true)
		r, err := s.service.AddToGroups(t.Context(), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{own}})
		if in := s.truth(t, jane).In; err != nil || r.Status != lifecycle.Succeeded || !slices.Contains(in, own) || slices.Contains(in, scims) {
			t.Errorf("%s, %v: in %v, want %s and not %s", outcome(r), err, in, own, scims)
		}
	})
	inBubble(t, "what can't be put back is told", func(t *testing.T) {
		s := newSite(t)
		id := s.offboarded(t, jane)
		elsewhere := s.newService(t, lifecycle.Policy{})
		plan, err := elsewhere.DeleteGroup(t.Context(), lifecycle.DeleteGroupRequest{Group: "release-managers"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.DeleteGroup(t.Context(), lifecycle.DeleteGroupRequest{Group: "release-managers", Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}}); err != nil {
			t.Fatal(err)
		}
		r, err := s.restore(t, id)
		if err != nil || r.Status != lifecycle.Succeeded || !strings.Contains(r.Text(), "release-managers is gone since") || len(r.FollowUps) == 0 {
			t.Errorf("%s, %v\n%s", outcome(r), err, r.Text())
		}
	})
	inBubble(t, "only what was taken, where the offboarding was cut short", func(t *testing.T) {
		s := newSite(t)
		before := s.truth(t, jane)
		r, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {
			s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "DELETE"})
		})
		s.ClearFaults()
		if err != nil || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		undo, err := s.restore(t, r.Operation.ID)
		if want := "succeeded: reactivate=done add_to_group=done verify=done"; err != nil || outcome(undo) != want {
			t.Errorf("%s, %v", outcome(undo), err)
		}
		if diff := cmp.Diff(before, s.truth(t, jane), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	inBubble(t, "what gives more than was taken needs a person's agreement", func(t *testing.T) {
		s := newSite(t)
		id := s.offboarded(t, jane)
		if _, err := s.newService(t, lifecycle.Policy{}).AddToGroups(t.Context(), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}}); err != nil {
			t.Fatal(err)
		}
		sent := len(s.writes())
		plan, err := s.restore(t, id)
		if err != nil || plan.Status != lifecycle.ConfirmationRequired || !strings.Contains(plan.Text(), "not in before") || len(s.writes()) != sent {
			t.Fatalf("%s, %v", outcome(plan), err)
		}
		r, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: id, Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}})
		if err != nil || r.Status != lifecycle.Succeeded {
			t.Errorf("%s, %v", outcome(r), err)
		}
	})
	inBubble(t, "every gate of the change itself", func(t *testing.T) {
		s := newSite(t)
		id := s.offboarded(t, jane)
		sent := len(s.writes())
		for name, policy := range map[string]lifecycle.Policy{
			"read-only": {ReadOnly: true}, "a protected person": {ProtectedUsers: []string{jane}}, "a protected domain": {ProtectedDomains: []string{"example.com"}},
		} {
			guarded := s.process(t, s.home, func(c *lifecycle.Config) { c.Policy = policy })
			if _, err := guarded.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: id}); !fault.Is(err, fault.Protected) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(s.writes()) != sent {
			t.Errorf("sent %v", s.writes()[sent:])
		}
	})
	inBubble(t, "of what took nothing is refused", func(t *testing.T) {
		s := newSite(t)
		given, err := s.service.AddToGroups(t.Context(), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}})
		if err != nil {
			t.Fatal(err)
		}
		waiting, _ := s.scheduled(t, time.Hour)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "DELETE"})
		failed, err := confirmed(s.offboarding(t, sam), lifecycle.Terms{}, func() {})
		if err != nil || failed.Status != lifecycle.Failed {
			t.Fatalf("%s, %v", outcome(failed), err)
		}
		s.ClearFaults()
		sent := len(s.writes())
		for _, test := range []struct {
			name, id string
			code     fault.Code
		}{
			{"what gave something", given.Operation.ID, fault.InvalidArgument},
			{"what is not over", waiting, fault.Conflict},
			{"what failed as a whole", failed.Operation.ID, fault.InvalidArgument},
			{"what does not exist", "op-1", fault.NotFound},
		} {
			if _, err := s.restore(t, test.id); !fault.Is(err, test.code) {
				t.Errorf("%s: %v, want %s", test.name, err, test.code)
			}
		}
		other := s.process(t, s.home, func(c *lifecycle.Config) { c.Site = "another site" })
		if _, err := other.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: waiting}); !fault.Is(err, fault.Conflict) {
			t.Errorf("at another site: %v", err)
		}
		if len(s.writes()) != sent {
			t.Errorf("sent %v", s.writes()[sent:])
		}
	})
}
