package lifecycle_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestAKeyThatOnlyReads is refused once a kind of change where the refusal tells that it is the key's, and halfway through nobody.
func TestAKeyThatOnlyReads(t *testing.T) {
	t.Parallel()
	const refused, alone = "The organization's key was refused this change before", "steps: scim_groups, jira_groups"
	offered := func(t *testing.T, s *site, who string, parts ...string) lifecycle.Result {
		t.Helper()
		r, err := s.service.Offboard(t.Context(), lifecycle.OffboardRequest{Target: target(t, who), Parts: parts})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, test := range []struct {
		name, first, next string
		told              bool // the refusal speaks of the scope, and so of everybody
	}{
		{"managed accounts, without a reason", max, bill, false},
		{"other people's accounts", sam, "nils.null@partner.example", true},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			s := newSite(t, withKey(sandbox.OrgKeyReader))
			was := s.truth(t, test.first)
			r, err := confirmed(s.offboarding(t, test.first), lifecycle.Terms{}, func() {})
			if err != nil || r.Status != lifecycle.Failed {
				t.Fatalf("%s, %v", outcome(r), err)
			}
			for _, step := range r.Operation.Steps[1:] {
				if step.Status != lifecycle.StepSkipped || !strings.Contains(step.Detail, "was refused") {
					t.Errorf("%s: %s, %q", step.Action, step.Status, step.Detail)
				}
			}
			if len(s.writes()) != 1 {
				t.Errorf("sent %v, want the one change that was refused", s.writes())
			}
			if diff := cmp.Diff(was, s.truth(t, test.first)); diff != "" {
				t.Errorf("changed all the same (-before +after):\n%s", diff)
			}
			if !test.told {
				if next := offered(t, s, test.next); next.Status != lifecycle.ConfirmationRequired {
					t.Errorf("%s: %s, %q", test.next, next.Status, next.Plan.Blockers)
				}
				return
			}
			for _, who := range []string{test.first, test.next} {
				next := offered(t, s, who)
				if blockers := strings.Join(next.Plan.Blockers, " "); next.Status != lifecycle.Blocked || !strings.Contains(blockers, refused) || !strings.Contains(blockers, alone) {
					t.Errorf("%s: %s, %q", who, next.Status, next.Plan.Blockers)
				}
				if groups := offered(t, s, who, lifecycle.PartJiraGroups); groups.Status != lifecycle.ConfirmationRequired {
					t.Errorf("%s, groups alone: %s", who, groups.Status)
				}
			}
			if again, err := s.service.UpdateOperation(t.Context(), r.Operation.ID, "resume", ""); err == nil && again.Status == lifecycle.Succeeded {
				t.Errorf("resumed: %s", again.Status)
			}
			if len(s.writes()) != 1 {
				t.Errorf("sent again: %v", s.writes())
			}
			time.Sleep(admin.RefusedFor)
			if next := offered(t, s, test.next); next.Status != lifecycle.ConfirmationRequired {
				t.Errorf("after five minutes: %s, %q", next.Status, next.Plan.Blockers)
			}
		})
	}
	inBubble(t, "people of a batch", func(t *testing.T) {
		s := newSite(t, withKey(sandbox.OrgKeyReader))
		s.first.working.Store(true)
		r, err := confirmed(s.many(t, lifecycle.Rows{}, max, bill, sam, jane), lifecycle.Terms{}, func() {})
		if err != nil || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		for i, want := range []lifecycle.Status{lifecycle.Failed, lifecycle.Failed, lifecycle.Failed, lifecycle.Succeeded} {
			op := s.first.operation(t, r.Operation.Steps[i].ID)
			if op.Status != want {
				t.Errorf("person %d: %s, want %s", i, op.Status, want)
			}
			done := slices.ContainsFunc(op.Steps, func(step journal.Step) bool { return step.Status == lifecycle.StepDone })
			if done != (want == lifecycle.Succeeded) {
				t.Errorf("person %d is halfway: %+v", i, op.Steps)
			}
		}
	})
	inBubble(t, "somebody whom SCIM has, and who would have to be suspended besides", func(t *testing.T) {
		s := newSite(t, withKey(sandbox.OrgKeyReader))
		if r, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: sam, GivenName: "S", FamilyName: "P", Route: lifecycle.RouteSCIM}}); err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		r, err := confirmed(s.offboarding(t, sam), lifecycle.Terms{}, func() {})
		if err != nil || outcome(r) != "failed: deactivate=skipped suspend=failed remove_from_group=skipped remove_from_group=skipped verify=skipped" {
			t.Errorf("%s, %v", outcome(r), err)
		}
	})
	inBubble(t, "whom the key can't invite", func(t *testing.T) {
		s := newSite(t, withKey(sandbox.OrgKeyReader))
		invite := func(email string) lifecycle.Result {
			r, err := s.service.Provision(context.Background(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: email, GivenName: "N", FamilyName: "P", Route: lifecycle.RouteOrganization}})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if r := invite("new.one@partner.example"); r.Status != lifecycle.Failed {
			t.Fatalf("%s\n%s", outcome(r), r.Text())
		}
		if r := invite("new.two@partner.example"); r.Status != lifecycle.Blocked || len(s.writes()) != 1 {
			t.Errorf("%s, sent %v", outcome(r), s.writes())
		}
	})
}

// TestARefusedEndOfAccessStopsTheRest strikes the step that ends somebody's access with refusals of every kind: no token is revoked and no group taken from
// somebody whose account stays as it was.
func TestARefusedEndOfAccessStopsTheRest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, who string
		struck    write
		status    int
	}{
		{"a managed account, 400", max, disableAccount, 400},
		{"a managed account, 403", max, disableAccount, 403},
		{"a managed account, 404", max, disableAccount, 404},
		{"a managed account, 409", max, disableAccount, 409},
		{"somebody else's account, 400", sam, suspendUser, 400},
		{"a SCIM person, 400", jane, patchUser, 400},
		{"a SCIM person, 403", jane, patchUser, 403},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			s := newSite(t, withOrganization)
			was := s.truth(t, test.who)
			refusal := sandbox.Fault{Kind: sandbox.FaultStatus, Status: test.status, Method: test.struck.method, Path: test.struck.path, Times: 1}
			r, err := confirmed(s.offboarding(t, test.who), lifecycle.Terms{}, func() { s.fault(t, refusal) })
			if err != nil || r.Status != lifecycle.Failed {
				t.Fatalf("%s, %v", outcome(r), err)
			}
			for _, step := range r.Operation.Steps[1:] {
				if step.Status != lifecycle.StepSkipped || !strings.Contains(step.Detail, "was refused") {
					t.Errorf("%s: %s, %q", step.Action, step.Status, step.Detail)
				}
			}
			if len(s.writes()) != 1 {
				t.Errorf("sent %v, want the one change that was refused", s.writes())
			}
			if diff := cmp.Diff(was, s.truth(t, test.who)); diff != "" {
				t.Errorf("changed all the same (-before +after):\n%s", diff)
			}
			if r, err := s.offboarding(t, bill)(lifecycle.Terms{}); err != nil || r.Status != lifecycle.ConfirmationRequired {
				t.Errorf("one person's refusal, which speaks of no scope, is the next one's: %s, %v, %q", r.Status, err, r.Plan.Blockers)
			}
			if strings.Contains(r.Text(), "it has scopes") {
				t.Errorf("claims to know the key's scopes:\n%s", r.Text())
			}
			if again, err := s.service.UpdateOperation(t.Context(), r.Operation.ID, "resume", ""); err != nil || again.Status != lifecycle.Succeeded {
				t.Errorf("resumed: %s, %v", again.Status, err)
			}
		})
	}
}
