package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// route is one person who leaves, by the route that is theirs, over the real program.
type route struct {
	who, name string
	steps     []string // the argument; nil = the default
	status    string   // of the plan, where it is not to be confirmed, or of the operation
	did       string   // actions, each with its side and status
	says      string   // a part of the plan's text
	after     string   // status in the organization
	tokens    int      // that are left
	restored  string   // status in the organization after restore_user; "" = not tried
}

// routes are the routes by setup: every way out, by what may be done and what state the person is in.
var routes = map[string]struct {
	env    []string
	routes []route
}{
	"everything": {nil, []route{
		{who: jane, name: "SCIM", status: "succeeded", did: "deactivate/scim=done remove_from_group/scim=done remove_from_group/jira=done remove_from_group/jira=done remove_from_group/jira=done verify/=done", says: "SCIM has this person", after: "deactivated", restored: "active"},
		{who: manager, name: "managed", status: "succeeded", did: "deactivate/organization=done revoke_token/organization=done revoke_token/organization=done remove_from_group/jira=done remove_from_group/jira=done remove_from_group/jira=done verify/=done", says: "the organization owns the account", after: "deactivated", restored: "active"},
		{who: sam, name: "somebody else's", status: "succeeded", did: "suspend/organization=done remove_from_group/jira=done remove_from_group/jira=done verify/=done", says: "every app of the organization", after: "suspended", restored: "active"},
		{who: "gina.google@example.com", name: "not permitted", status: "blocked", says: "Google Workspace", after: "active"},
		{who: "gina.google@example.com", name: "not permitted, but for the groups", steps: []string{"jira_groups"}, status: "succeeded", did: "remove_from_group/jira=done verify/=done", after: "active"},
		{who: "uma.unverified@example.com", name: "never verified", status: "blocked", says: "never verified", after: "active"},
		{who: "tessa.twenty@example.com", name: "an organization admin", status: "blocked", says: "administrator of the organization", after: "active"},
		{who: "susi.suspended@partner.example", name: "suspended already", status: "succeeded", did: "remove_from_group/jira=done remove_from_group/jira=done verify/=done", after: "suspended"},
		{who: lee, name: "inactive already, with a forgotten token", status: "succeeded", did: "revoke_token/organization=done remove_from_group/scim=done remove_from_group/jira=done verify/=done", after: "deactivated"},
		{who: "kilian.export@example.com", name: "nothing left to do", status: "succeeded", after: "deactivated"},
		{who: "dora.deletion@example.com", name: "being deleted", status: "succeeded", did: "remove_from_group/jira=done verify/=done", after: "for_deletion"},
		{who: "neo.notinvited@example.com", name: "on no site", status: "succeeded", did: "deactivate/organization=done verify/=done", after: "deactivated", restored: "not_invited"},
		{who: "bill.billing@example.com", name: "deletion against the policy", steps: []string{"delete_account"}, status: "", says: "JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION", after: "active"},
	}},
	"no suspension": {[]string{"JIRA_LIFECYCLE_ORGANIZATION_SUSPEND", "false"}, []route{
		{who: sam, name: "somebody else's", status: "succeeded", did: "remove_from_group/jira=done remove_from_group/jira=done verify/=done", says: "JIRA_LIFECYCLE_ORGANIZATION_SUSPEND", after: "active"},
	}},
	"no SCIM": {[]string{"ATLASSIAN_SCIM_DIRECTORY_ID", "", "ATLASSIAN_SCIM_TOKEN", ""}, []route{
		{who: jane, name: "another's SCIM", status: "blocked", says: "externalDirectory.scim", after: "active"},
	}},
	"no organization": {[]string{"ATLASSIAN_ORG_ID", "", "ATLASSIAN_ORG_API_KEY", ""}, []route{
		{who: manager, name: "groups alone", status: "succeeded", did: "remove_from_group/jira=done remove_from_group/jira=done remove_from_group/jira=done verify/=done", says: "ATLASSIAN_ORG_API_KEY", after: "active", tokens: 2},
	}},
	"half an organization": {[]string{"ATLASSIAN_ORG_API_KEY", ""}, []route{
		{who: manager, name: "refused", says: "ATLASSIAN_ORG_API_KEY", after: "active", tokens: 2},
	}},
	"a key that expired": {[]string{"ATLASSIAN_ORG_API_KEY", "sandbox-org-expired-key"}, []route{
		{who: manager, name: "refused", says: "could not be asked", after: "active", tokens: 2},
	}},
	"deletion allowed": {[]string{"JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION", "true"}, []route{
		{who: manager, name: "deleted", steps: []string{"delete_account"}, status: "succeeded", did: "delete_account/organization=done verify/=done", says: "14 days", after: "for_deletion", tokens: 2, restored: "active"},
		{who: "theo.tokens@example.com", name: "together with another part", steps: []string{"deactivate", "delete_account"}, says: "confirmation of its own", after: "active", tokens: 3},
		{who: "bill.billing@example.com", name: "can't be deleted", steps: []string{"delete_account"}, status: "failed", did: "delete_account/organization=failed verify/=failed", after: "active"},
	}},
}

// TestEveryRouteOverTheProgram takes people out by every route, permission and state, and brings them back.
func TestEveryRouteOverTheProgram(t *testing.T) {
	for setup, group := range routes {
		t.Run(setup, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over("stdio"), impatient, with(group.env...))
			s.makeOrgAdmin(t, "tessa.twenty@example.com")
			for _, r := range group.routes {
				t.Run(r.name, func(t *testing.T) { r.run(t, s, c) })
			}
		})
	}
}

func (r route) run(t *testing.T, s *site, c *session) {
	call := args{"user": r.who, "reason": "HR-4711"}
	if r.steps != nil {
		call["steps"] = r.steps
	}
	plan := c.call(t, "offboard_user", call)
	plan.says(t, r.says)
	done := plan
	if token := plan.str("confirmation.token"); token != "" {
		if plan.get("follow_ups.0") == nil {
			t.Error("the plan says nothing of what is left for a person")
		}
		confirmed := maps.Clone(call)
		confirmed["confirm"] = token
		done = c.call(t, "offboard_user", confirmed)
	}
	if got := done.str("status"); got != r.status {
		t.Errorf("%s, want %s\n%s", got, r.status, done.text)
	}
	var did []string
	for i, action := range done.all("operation.steps", "action") {
		did = append(did, fmt.Sprintf("%s/%s=%s", action, done.str(fmt.Sprintf("plan.steps.%d.via", i)), done.str(fmt.Sprintf("operation.steps.%d.status", i))))
	}
	if diff := cmp.Diff(r.did, strings.Join(did, " ")); diff != "" {
		t.Errorf("steps (-want +got):\n%s\n%s", diff, done.text)
	}
	s.wantInOrg(t, r.who, r.after, r.tokens)
	if r.restored == "" {
		return
	}
	back := c.restore(t, done.id())
	back.wants(t, map[string]any{"status": "succeeded"})
	s.wantInOrg(t, r.who, r.restored, r.tokens)
}

func (s *site) wantInOrg(t *testing.T, who, status string, tokens int) {
	t.Helper()
	if a, ok := s.OrgAccount(who); !ok || a.Status != status || len(a.Tokens) != tokens {
		t.Errorf("the organization has %s as %s with %d tokens, want %s with %d", who, a.Status, len(a.Tokens), status, tokens)
	}
}

// makeOrgAdmin gives somebody the role as an administrator would.
func (s *site) makeOrgAdmin(t *testing.T, who string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/admin/v1/orgs/"+sandbox.OrgID+"/users/"+s.AccountID(who)+"/roles/assign", strings.NewReader(`{"role":"atlassian/org-admin"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+sandbox.OrgKeys()[sandbox.OrgKeyFull].Key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("make an organization admin: %v, %v", res, err)
	}
}

// TestAnAccountIsDeletedByItsOwnConfirmationAlone: a person's agreement to an offboarding is none to a deletion, and several are never deleted together.
func TestAnAccountIsDeletedByItsOwnConfirmationAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, with("JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION", "true"))
	deletion := args{"user": manager, "steps": []string{"delete_account"}}
	offboarding := args{"user": manager}
	confirm := func(plan answer, call args) answer {
		with := maps.Clone(call)
		with["confirm"] = plan.str("confirmation.token")
		return c.call(t, "offboard_user", with)
	}
	confirm(c.call(t, "offboard_user", offboarding), deletion).wants(t, map[string]any{"code": "plan_changed"})
	confirm(c.call(t, "offboard_user", deletion), offboarding).wants(t, map[string]any{"code": "plan_changed"})
	many := c.call(t, "offboard_user", args{"users": []string{manager, "theo.tokens@example.com"}, "steps": []string{"delete_account"}})
	many.wants(t, map[string]any{"code": "invalid_argument"})
	many.says(t, "one at a time")
	s.wantInOrg(t, manager, "active", 2)
	if sent := s.writes(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}
