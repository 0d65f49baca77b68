package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTheMainJob is what the project is for, as an assistant does it: find a person, show the plan, apply it once agreed to, have it verified,
// audit the site, and onboard somebody. Each step goes on from what the one before answered, and from nothing else.
func TestTheMainJob(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport), with("JIRA_LIFECYCLE_TOOLSETS", "default"))

			// Somebody asks for Jane Doe.
			found := c.call(t, "lookup_user", args{"user": "Jane Doe"})
			who := found.str("person.account_id")
			found.wants(t, map[string]any{"person.account_id": s.AccountID(jane), "person.active": true, "person.email": jane, "person.groups.#": 4})

			// A name is not enough to end somebody's access, and the answer says what to do instead.
			refused := c.call(t, "offboard_user", args{"user": "Jane Doe"})
			refused.wants(t, map[string]any{"code": "invalid_argument"})
			refused.says(t, "lookup_user", "account_id")

			// The plan: access ends first, then each group through the side that owns it, then a check. Nothing has been changed by now.
			plan := c.call(t, "offboard_user", args{"user": who, "reason": "HR-4711"})
			plan.wants(t, map[string]any{
				"status": "confirmation_required", "plan.target.account_id": who, "plan.blockers": []string{},
				"plan.steps.#": 6, "plan.steps.0.action": "deactivate", "plan.steps.0.via": "scim", "plan.steps.1.via": "scim", "plan.steps.1.target": "engineering",
				"plan.steps.2.via": "jira", "plan.steps.3.via": "jira", "plan.steps.4.via": "jira", "plan.steps.5.action": "verify",
			})
			plan.says(t, "Jane Doe", jane, "identity provider", "Nothing has been changed")
			if writes := s.writes(); len(writes) != 0 {
				t.Fatalf("the plan wrote %v", writes)
			}

			// A token that was tampered with, or is for somebody else, changes nothing.
			token := plan.str("confirmation.token")
			for _, wrong := range []args{
				{"user": who, "confirm": token[:len(token)-4] + "AAAA"},
				{"user": sam, "confirm": token},
			} {
				c.call(t, "offboard_user", wrong).wants(t, map[string]any{"code": "confirmation_invalid"})
			}
			c.call(t, "remove_user_from_group", args{"user": who, "groups": []string{"engineering"}, "confirm": token}).wants(t, map[string]any{"code": "confirmation_invalid"})
			if writes := s.writes(); len(writes) != 0 {
				t.Fatalf("a wrong token wrote %v", writes)
			}

			// The person agreed.
			done := c.call(t, "offboard_user", args{"user": who, "reason": "HR-4711", "confirm": token})
			done.wants(t, map[string]any{"status": "succeeded", "plan.plan_id": plan.str("plan.plan_id")})
			if statuses := done.all("operation.steps", "status"); !slices.Equal(statuses, []string{"done", "done", "done", "done", "done", "done"}) {
				t.Errorf("steps %v", statuses)
			}
			s.wroteOnce(t, 0, done)
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			done.says(t, "Jane Doe", "verified", "Still to do by a person")

			// The token is spent, and a second offboarding finds nothing to do.
			c.call(t, "offboard_user", args{"user": who, "confirm": token}).wants(t, map[string]any{"code": "confirmation_invalid"})
			c.call(t, "offboard_user", args{"user": who}).wants(t, map[string]any{"status": "succeeded", "operation": nil, "plan.steps.#": 0})
			s.wroteOnce(t, 0, done)

			// Verified: an inactive person is still found by the exact e-mail.
			after := c.call(t, "lookup_user", args{"user": jane})
			after.wants(t, map[string]any{"person.account_id": who, "person.active": false, "person.scim.active": false, "person.groups.#": 0})

			// The audit agrees. Its report has her row, and a finding for lee.left, who was forgotten in two groups.
			audit := c.call(t, "audit_active_users", args{"limit": 200})
			row := reportRow(t, audit, who)
			if row["active"] != false || row["group_count"] != 0.0 || row["email"] != jane {
				t.Errorf("the report's row of %s: %v", jane, row)
			}
			forgotten := slices.Index(audit.all("findings", "account_id"), s.AccountID(lee))
			if forgotten < 0 || audit.all("findings", "code")[forgotten] != "inactive_with_groups" || audit.all("findings", "severity")[forgotten] != "medium" {
				t.Errorf("the audit does not find %s:\n%s", lee, audit.text)
			}

			// Somebody new comes, and gets what Jane had.
			groups := found.all("person.groups", "name")
			joe := args{"email": "joe.new@example.com", "given_name": "Joe", "family_name": "New", "groups": groups}
			before := len(s.writes())
			hired := c.call(t, "provision_user", joe)
			hired.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded"})
			s.wroteOnce(t, before, hired)
			slices.Sort(groups)
			s.want(t, "joe.new@example.com", facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: groups})

			// Jane comes back: the same account, reactivated, no second one.
			c.call(t, "provision_user", args{"email": jane, "given_name": "Jane", "family_name": "Doe"}).wants(t, map[string]any{"status": "succeeded", "operation.steps.0.action": "reactivate"})
			c.call(t, "lookup_user", args{"user": jane}).wants(t, map[string]any{"person.account_id": who, "person.active": true})
		})
	}
}

// reportRow finds an account in the report of an audit.
func reportRow(t *testing.T, audit answer, accountID string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(audit.str("report.folder"), "report.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row["account_id"] == accountID {
			return row
		}
	}
	t.Fatalf("the report has no row of %s", accountID)
	return nil
}
