package e2e

import (
	"slices"
	"testing"
	"time"
)

const alex2 = "alex.kim2@example.com" // in jira-software-users, and through SCIM in contractors

var operationCases = []toolCase{
	{"restore_user", func(t *testing.T, s *site, c *session) {
		before := s.facts(t, alex2)
		_, gone := c.confirmed(t, s, "offboard_user", args{"user": alex2})
		s.want(t, alex2, facts{OnSite: true, InSCIM: true})
		sent := len(s.writes())
		back := c.call(t, "restore_user", args{"operation_id": gone.str("operation.operation_id"), "reason": "HR-4712"})
		back.wants(t, map[string]any{"status": "succeeded", "confirmation": nil, "plan.target.account_id": s.AccountID(alex2), "operation.reason": "HR-4712"})
		back.wantSteps(t, "operation.steps", "reactivate Alex Kim (alex.kim2@example.com): done", "add_to_group contractors: done", "add_to_group jira-software-users: done", "verify Alex Kim (alex.kim2@example.com): done")
		back.says(t, "Alex Kim", back.str("operation.operation_id"))
		s.wroteOnce(t, sent, back)
		s.want(t, alex2, before)
	}},
	{"list_operations", func(t *testing.T, s *site, c *session) {
		began := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
		done := c.call(t, "add_user_to_group", args{"user": sam, "groups": []string{"release-managers"}})
		id := done.str("operation.operation_id")
		got := c.call(t, "list_operations", args{"person": sam, "kind": "add_user_to_group", "since": began})
		got.wants(t, map[string]any{
			"operations.#": 1, "next_cursor": "", "operations.0.operation_id": id, "operations.0.status": "succeeded", "operations.0.account_id": s.AccountID(sam),
		})
		got.says(t, id, "Sam Partner", "succeeded")
		if all := c.call(t, "list_operations", args{"limit": 200}).all("operations", "operation_id"); !slices.Contains(all, id) || len(all) < 2 {
			t.Errorf("the whole list lacks %s: %v", id, all)
		}
	}},
	{"get_operation", func(t *testing.T, s *site, c *session) {
		done := c.call(t, "add_user_to_group", args{"user": sam, "groups": []string{"confluence-users"}})
		id := done.str("operation.operation_id")
		got := c.operation(t, id)
		got.wants(t, map[string]any{
			"operation.operation_id": id, "operation.kind": "add_user_to_group", "operation.status": "succeeded", "operation.plan_id": done.str("plan.plan_id"),
			"operation.steps.0.before.member": false, "operation.steps.0.after.member": true, "operation.steps.0.attempts": 1, "operation.confirmation": nil,
		})
		got.says(t, id, "Sam Partner", "confluence-users", "succeeded")
	}},
	{"update_operation", func(t *testing.T, s *site, c *session) {
		before := len(s.writes())
		waiting := c.change(t, "offboard_user", args{"user": "vera.viewer@example.com", "effective_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
		waiting.wants(t, map[string]any{"status": "scheduled"})
		id := waiting.str("operation.operation_id")
		got := c.steer(t, id, "cancel")
		got.wants(t, map[string]any{"operation.operation_id": id, "operation.status": "cancelled"})
		got.says(t, id, "cancelled")
		if len(s.writes()) != before {
			t.Errorf("wrote %v", s.writes()[before:])
		}
	}},
}
