package lifecycle_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// act is one write tool at work on one person. run plans and applies; arm is called between, so that a fault strikes what changes things.
type act struct {
	name string
	who  string
	run  func(t *testing.T, s *site, arm func()) (lifecycle.Result, error)
	// writes are the requests that the act sends, each hit by each fault in turn.
	writes []write
}

type write struct{ method, path string }

var (
	patchUser   = write{"PATCH", "/scim/directory/{d}/Users/{id}$"}
	createUser  = write{"POST", "/scim/directory/{d}/Users$"}
	patchGroup  = write{"PATCH", "/scim/directory/{d}/Groups/{id}$"}
	joinGroup   = write{"POST", "/rest/api/3/group/user$"}
	leaveGroup  = write{"DELETE", "/rest/api/3/group/user$"}
	inviteUser  = write{"POST", "/rest/api/3/user$"}
	deleteUser  = write{"DELETE", "/rest/api/3/user$"}
	createGroup = write{"POST", "/rest/api/3/group$"}
	deleteGroup = write{"DELETE", "/rest/api/3/group$"}
)

func acts() []act {
	ctx := context.Background()
	return []act{
		{name: "offboard", who: jane, writes: []write{patchUser, patchGroup, leaveGroup}, run: func(t *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			plan := s.planOffboard(t, jane)
			arm()
			return s.applyOffboard(t, ctx, jane, plan.Confirm.Token)
		}},
		{name: "provision by SCIM", who: "nina.new@example.com", writes: []write{createUser, patchGroup, joinGroup}, run: func(_ *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.Provision(ctx, lifecycle.ProvisionRequest{
				Who: lifecycle.Newcomer{Email: "nina.new@example.com", GivenName: "N", FamilyName: "N"}, Groups: []string{"engineering", "partners"},
			})
		}},
		{name: "provision by invitation", who: "gast@partner.example", writes: []write{inviteUser, joinGroup}, run: func(_ *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "gast@partner.example", GivenName: "G", FamilyName: "A"}, Groups: []string{"partners"}})
		}},
		{name: "reactivate", who: "lee.left@example.com", writes: []write{patchUser}, run: func(_ *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "lee.left@example.com", GivenName: "L", FamilyName: "L"}})
		}},
		{name: "add to groups", who: jane, writes: []write{patchGroup, joinGroup}, run: func(t *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"finance", "partners"}})
		}},
		{name: "remove from groups", who: jane, writes: []write{patchGroup, leaveGroup}, run: func(t *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			ask := lifecycle.RemoveRequest{Target: target(t, jane), Groups: []string{"engineering", "release-managers"}}
			plan, err := s.service.RemoveFromGroups(ctx, ask)
			if err != nil {
				return plan, err
			}
			arm()
			ask.Confirm = plan.Confirm.Token
			return s.service.RemoveFromGroups(ctx, ask)
		}},
		{name: "delete user", who: "sam.partner@partner.example", writes: []write{deleteUser}, run: func(t *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			plan, err := s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: target(t, "sam.partner@partner.example")})
			if err != nil {
				return plan, err
			}
			arm()
			return s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: target(t, "sam.partner@partner.example"), Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}})
		}},
		{name: "update user", who: jane, writes: []write{patchUser}, run: func(t *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.Update(ctx, lifecycle.UpdateRequest{Target: target(t, jane), Attributes: map[string]string{"title": "Head"}})
		}},
		{name: "create group", writes: []write{createGroup}, run: func(_ *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			arm()
			return s.service.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: "brand-new", Via: lifecycle.ViaJira})
		}},
		{name: "delete group", writes: []write{deleteGroup}, run: func(_ *testing.T, s *site, arm func()) (lifecycle.Result, error) {
			plan, err := s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: "partners"})
			if err != nil {
				return plan, err
			}
			arm()
			return s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: "partners", Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}})
		}},
	}
}

// repeatable tells whether the HTTP core may send a request again after any doubt.
func (w write) repeatable() bool { return w.method == "DELETE" }

// kinds of faults, each with what has to become of the step that it strikes: done, or not done and told so.
var faultKinds = []struct {
	name  string
	fault sandbox.Fault
	// done tells whether the change has to be made in the end.
	done func(write) bool
	// unsure tells whether the answer may say that it does not know.
	unsure func(write) bool
}{
	{"429 of one endpoint", sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "0", Reason: "jira-burst-based"}, always, never},
	{"429 of the whole site", sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "1", Reason: "jira-quota-tenant-based"}, always, never},
	{"503 with Retry-After", sandbox.Fault{Kind: sandbox.FaultUnavailable, RetryAfter: "0"}, always, never},
	{"503 without Retry-After", sandbox.Fault{Kind: sandbox.FaultUnavailable}, write.repeatable, not(write.repeatable)},
	{"502", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 502}, write.repeatable, not(write.repeatable)},
	{"500", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500}, never, always},
	{"400", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 400}, never, never},
	{"401", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 401}, never, never},
	{"403", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403}, never, never},
	{"404", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 404}, never, never},
	// SCIM's 409 to a create means that somebody is there already, whom reads may not show yet.
	{"409", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409}, never, func(w write) bool { return w == createUser }},
	{"a reset before the effect", sandbox.Fault{Kind: sandbox.FaultResetBefore}, write.repeatable, not(write.repeatable)},
	{"a reset after the effect", sandbox.Fault{Kind: sandbox.FaultResetAfter}, always, never},
	{"half a JSON", sandbox.Fault{Kind: sandbox.FaultCutJSON}, always, never},
	{"half a body", sandbox.Fault{Kind: sandbox.FaultCutBody}, always, never},
	{"an HTML page", sandbox.Fault{Kind: sandbox.FaultHTML}, never, always},
	{"a slow body", sandbox.Fault{Kind: sandbox.FaultSlowBody, DelayMS: 50}, always, never},
}

func always(write) bool { return true }
func never(write) bool  { return false }
func not(f func(write) bool) func(write) bool {
	return func(w write) bool { return !f(w) }
}

// TestFaultMatrix strikes each write of each tool with each fault. Whatever happens, what the answer says and what the sandbox holds agree, and
// no write that took effect is sent again.
func TestFaultMatrix(t *testing.T) {
	for _, act := range acts() {
		for _, w := range act.writes {
			for _, kind := range faultKinds {
				t.Run(fmt.Sprintf("%s/%s %s/%s", act.name, w.method, strings.TrimSuffix(strings.NewReplacer("/rest/api/3", "", "/scim/directory/{d}", "scim").Replace(w.path), "$"), kind.name), func(t *testing.T) {
					t.Parallel()
					s := newSite(t, func(o *options) { o.patience = 400 * time.Millisecond })
					struck := kind.fault
					struck.Method, struck.Path, struck.Times = w.method, w.path, 1
					var writesBefore int
					result, err := act.run(t, s, func() { s.fault(t, struck); writesBefore = len(s.writes()) })
					if err != nil {
						t.Fatalf("the call failed as a whole: %v", err)
					}
					hit := slices.ContainsFunc(s.writes()[writesBefore:], func(r sandbox.Request) bool { return r.Fault == struck.Kind })
					if !hit {
						t.Fatal("the fault never struck: the test proves nothing")
					}
					s.ClearFaults()
					if twice := s.tookEffectTwice(); twice != "" {
						t.Errorf("a write that took effect was sent again: %s", twice)
					}
					for _, lie := range s.lies(t, act.who, result) {
						t.Error(lie)
					}
					switch {
					case kind.done(w) && result.Status != lifecycle.Succeeded:
						t.Errorf("%s, want succeeded\n%s", outcome(result), result.Text())
					case !kind.done(w) && result.Status == lifecycle.Succeeded:
						t.Errorf("told as a success\n%s", result.Text())
					case !kind.done(w) && !kind.unsure(w) && !hasStatus(result, lifecycle.StepFailed):
						t.Errorf("no step is told as failed: %s", outcome(result))
					case kind.unsure(w) && !kind.done(w) && !hasStatus(result, lifecycle.StepUnknown):
						t.Errorf("no step is told as unknown: %s", outcome(result))
					}
				})
			}
		}
	}
}

func hasStatus(r lifecycle.Result, status lifecycle.StepStatus) bool {
	return slices.ContainsFunc(r.Operation.Steps, func(s lifecycle.StepResult) bool { return s.Status == status })
}

// lies compares what the steps say with what the sandbox holds: done and already must be so, failed must not be.
func (s *site) lies(t *testing.T, who string, r lifecycle.Result) []string {
	t.Helper()
	var lies []string
	facts := s.facts(t)[who]
	for _, step := range r.Operation.Steps {
		said := step.Status == lifecycle.StepDone || step.Status == lifecycle.StepAlready
		if !said && step.Status != lifecycle.StepFailed {
			continue
		}
		var is bool
		switch step.Action {
		case lifecycle.Deactivate:
			is = !facts.scimActive
		case lifecycle.Reactivate, lifecycle.CreateUser:
			is = facts.scimActive
		case lifecycle.InviteUser:
			is = facts.onSite && len(facts.groups) > 0
		case lifecycle.AddToGroup:
			is = slices.Contains(facts.groups, step.Target)
		case lifecycle.RemoveFromGroup:
			is = !slices.Contains(facts.groups, step.Target)
		case lifecycle.RemoveFromSite:
			is = !facts.onSite
		default:
			continue // what the other actions change is not among the facts; the status is checked by the table
		}
		if is != said {
			lies = append(lies, fmt.Sprintf("step %s %s is told as %s, and that is not so: %+v", step.Action, step.Target, step.Status, facts))
		}
	}
	return lies
}
