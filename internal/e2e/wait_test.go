package e2e

import (
	"net/http"
	"testing"
	"time"
)

// TestACallWaitsOnlySoLong has an offboarding that the site holds up. The call answers that it is under way, and with which id; it goes on without the
// call, and can be followed to its end.
func TestACallWaitsOnlySoLong(t *testing.T) {
	for _, wait := range []string{"0s", "300ms"} {
		for _, transport := range transports {
			t.Run(wait+" "+transport, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				c := connect(t, s, over(transport), with("JIRA_LIFECYCLE_WAIT", wait))
				plan := c.call(t, "offboard_user", args{"user": jane})
				release := s.hold(t, http.MethodDelete, membershipPath)
				began := time.Now()
				got := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")})
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("answered after %s", took)
				}
				got.wants(t, map[string]any{"status": "running", "operation.status": "running", "confirmation": nil, "plan.plan_id": plan.str("plan.plan_id")})
				id := got.str("operation.operation_id")
				got.says(t, "Under way", "get_operation", id)

				s.held(t)
				now := c.operation(t, id)
				now.wants(t, map[string]any{
					"operation.status": "running", "operation.ended_at": nil,
					"operation.steps.0.status": "done", "operation.steps.1.status": "running", "operation.steps.5.status": "pending",
				})
				if f := s.facts(t, jane); f.SCIMActive || len(f.Groups) == 0 {
					t.Errorf("the site has %+v while the operation runs", f)
				}
				c.call(t, "list_operations", args{"status": "open"}).wants(t, map[string]any{"operations.#": 1, "operations.0.operation_id": id})
				busy := c.call(t, "add_user_to_group", args{"user": jane, "groups": []string{"partners"}})
				busy.wants(t, map[string]any{"code": "conflict"})
				busy.says(t, id, "Nothing was changed by this call")

				release()
				done := c.becomes(t, id, "succeeded")
				for i, status := range done.all("operation.steps", "status") {
					if status != "done" {
						t.Errorf("step %d is %s", i+1, status)
					}
				}
				s.want(t, jane, facts{OnSite: true, InSCIM: true})
				s.didOnce(t)
				if writes := s.writes(); len(writes) != 5 {
					t.Errorf("sent %v", writes)
				}
			})
		}
	}
}

// TestACallOfAnyWriteToolMayEndBeforeItsOperation has tools that need no confirmation answer at once as well.
func TestACallOfAnyWriteToolMayEndBeforeItsOperation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, with("JIRA_LIFECYCLE_WAIT", "0s"))
	for tool, arguments := range map[string]args{
		"provision_user":    {"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New", "groups": []string{"engineering", "partners"}},
		"add_user_to_group": {"user": sam, "groups": []string{"release-managers"}},
		"create_group":      {"name": "brand-new"},
	} {
		t.Run(tool, func(t *testing.T) {
			got := c.call(t, tool, arguments)
			if status := got.str("status"); status != "running" && status != "succeeded" {
				t.Fatalf("status %q: %s", status, got.text)
			}
			c.becomes(t, got.str("operation.operation_id"), "succeeded")
		})
	}
	s.want(t, "nina.new@example.com", facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"engineering", "partners"}})
	s.want(t, sam, facts{OnSite: true, Active: true, Groups: []string{"jira-software-users", "partners", "release-managers"}})
	if s.GroupID("brand-new", false) == "" {
		t.Error("the group is not there")
	}
}
