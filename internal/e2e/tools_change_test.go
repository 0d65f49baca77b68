package e2e

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// want checks what the sandbox holds of a person.
func (s *site) want(t *testing.T, email string, want facts) {
	t.Helper()
	if diff := cmp.Diff(want, s.facts(t, email)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", email, diff)
	}
}

// confirmed calls a destructive tool twice, as a client without a dialogue of its own does: for the plan, and with its token. Between the two
// nothing may have been changed.
func (c *session) confirmed(t *testing.T, s *site, tool string, arguments args) (plan, done answer) {
	t.Helper()
	before := len(s.writes())
	plan = c.call(t, tool, arguments)
	plan.wants(t, map[string]any{"status": "confirmation_required", "plan.blockers": []string{}, "operation": nil})
	if n := len(s.writes()); n != before {
		t.Errorf("%s wrote before it was confirmed: %v", tool, s.writes()[before:])
	}
	token := plan.str("confirmation.token")
	plan.says(t, token, plan.str("plan.steps.0.detail"))
	again := args{"confirm": token}
	for name, value := range arguments {
		again[name] = value
	}
	done = c.call(t, tool, again)
	done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded", "plan.plan_id": plan.str("plan.plan_id")})
	for i, status := range done.all("operation.steps", "status") {
		if status != "done" {
			t.Errorf("%s: step %d is %s\n%s", tool, i+1, status, done.text)
		}
	}
	done.says(t, done.str("operation.operation_id"))
	s.wroteOnce(t, before, done)
	return plan, done
}

// wroteOnce checks that every step that changes something sent one request, and nothing else sent any.
func (s *site) wroteOnce(t *testing.T, before int, done answer) {
	t.Helper()
	changes := 0
	for _, action := range done.all("operation.steps", "action") {
		if action != "verify" && action != "await_account" {
			changes++
		}
	}
	if writes := s.writes()[before:]; len(writes) != changes {
		t.Errorf("%s: %d steps sent %v", done.tool, changes, writes)
	}
}

var changeCases = []toolCase{
	{"provision_user", func(t *testing.T, s *site, c *session) {
		nina := "nina.new@example.com"
		who := args{"email": nina, "given_name": "Nina", "family_name": "New", "title": "Engineer", "department": "Research", "groups": []string{"engineering", "release-managers"}}
		before := len(s.writes())
		dry := args{"dry_run": true}
		for name, value := range who {
			dry[name] = value
		}
		c.call(t, "provision_user", dry).wants(t, map[string]any{
			"status": "planned", "operation": nil, "plan.steps.0.action": "create_user", "plan.steps.0.via": "scim", "plan.blockers": []string{},
		})
		if len(s.writes()) != before {
			t.Error("a dry run wrote")
		}
		done := c.call(t, "provision_user", who)
		s.wroteOnce(t, before, done)
		done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded", "operation.steps.0.action": "create_user"})
		done.says(t, nina, done.str("operation.operation_id"))
		s.want(t, nina, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"engineering", "release-managers"}})
		c.call(t, "lookup_user", args{"user": nina}).wants(t, map[string]any{
			"person.account_id": s.AccountID(nina), "person.display_name": "Nina New", "person.active": true, "person.groups.#": 2,
		})
		before = len(s.writes())
		c.call(t, "provision_user", who).wants(t, map[string]any{"status": "succeeded"})
		if len(s.writes()) != before {
			t.Errorf("a second time wrote: %v", s.writes()[before:])
		}

		guest := "gast@partner.example"
		invited := c.call(t, "provision_user", args{"email": guest, "given_name": "Gast", "family_name": "Gast", "groups": []string{"partners"}, "products": []string{"jira-servicedesk"}})
		invited.wants(t, map[string]any{"status": "succeeded", "operation.steps.0.action": "invite_user"})
		s.want(t, guest, facts{OnSite: true, Active: true, Groups: []string{"jira-servicemanagement-users", "partners"}})
	}},
	{"offboard_user", func(t *testing.T, s *site, c *session) {
		plan, done := c.confirmed(t, s, "offboard_user", args{"user": petra, "reason": "HR-4711"})
		if got := done.all("operation.steps", "action"); !slices.Equal(got, []string{"deactivate", "remove_from_group", "remove_from_group", "verify"}) {
			t.Errorf("steps %v", got)
		}
		plan.wants(t, map[string]any{"plan.target.account_id": s.AccountID(petra)})
		s.want(t, petra, facts{OnSite: true, InSCIM: true})
		done.says(t, "Petra Private")
		c.call(t, "lookup_user", args{"user": petra}).wants(t, map[string]any{"person.active": false, "person.groups.#": 0, "person.scim.active": false})
	}},
	{"add_user_to_group", func(t *testing.T, s *site, c *session) {
		alex := "alex.kim@example.com"
		before := len(s.writes())
		done := c.call(t, "add_user_to_group", args{"user": alex, "groups": []string{"finance", s.GroupID("partners", false), "engineering"}})
		done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded", "operation.steps.#": 3})
		s.wroteOnce(t, before, done)
		s.want(t, alex, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"engineering", "finance", "jira-software-users", "partners"}})
		done.says(t, "finance", "partners")
	}},
	{"remove_user_from_group", func(t *testing.T, s *site, c *session) {
		_, done := c.confirmed(t, s, "remove_user_from_group", args{"user": manager, "groups": []string{"release-managers"}})
		s.want(t, manager, facts{OnSite: true, Active: true, Groups: []string{"contractors", "jira-software-users"}})
		done.says(t, "release-managers")
	}},
}

var adminCases = []toolCase{
	{"update_user", func(t *testing.T, s *site, c *session) {
		dana := "dana.admin@example.com"
		before := s.facts(t, dana)
		done := c.call(t, "update_user", args{"user": dana, "display_name": "Dana Scully", "title": "Head of IT"})
		done.wants(t, map[string]any{"status": "succeeded", "operation.steps.0.action": "update_user", "operation.steps.0.status": "done"})
		done.says(t, "Dana Admin", "new attributes")
		s.want(t, dana, before)
		c.call(t, "lookup_user", args{"user": dana}).wants(t, map[string]any{"person.display_name": "Dana Scully", "person.active": true})
	}},
	{"delete_user", func(t *testing.T, s *site, c *session) {
		nils := "nils.null@partner.example"
		_, done := c.confirmed(t, s, "delete_user", args{"user": s.AccountID(nils)})
		s.want(t, nils, facts{})
		done.says(t, "Nils Null")
	}},
	{"create_group", func(t *testing.T, s *site, c *session) {
		for _, side := range []string{"jira", "scim"} {
			name := "new in " + side
			c.call(t, "create_group", args{"name": name, "side": side}).wants(t, map[string]any{"status": "succeeded", "operation.steps.0.status": "done"})
			if s.GroupID(name, side == "scim") == "" {
				t.Errorf("%s has no group %q", side, name)
			}
			before := len(s.writes())
			c.call(t, "create_group", args{"name": name, "side": side}).wants(t, map[string]any{"status": "succeeded"})
			if len(s.writes()) != before {
				t.Errorf("a second time wrote: %v", s.writes()[before:])
			}
		}
	}},
	{"delete_group", func(t *testing.T, s *site, c *session) {
		group := s.GroupID("confluence-users", false)
		plan, _ := c.confirmed(t, s, "delete_group", args{"group": "confluence-users"})
		plan.says(t, "people are in this group")
		if slices.ContainsFunc(s.state(t).Jira.Groups, func(g struct {
			GroupID, Name string
			Members       []string
		},
		) bool {
			return g.GroupID == group
		}) {
			t.Error("the group is still there")
		}
	}},
}
