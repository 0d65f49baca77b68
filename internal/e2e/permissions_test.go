package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestMissingPermissions has credentials whose owner may look but not change. What the service refuses is told with the permission that it
// takes, every request is sent once, and the site stays as it was.
func TestMissingPermissions(t *testing.T) {
	group := args{"user": jane, "groups": []string{"release-managers"}}
	calls := []struct {
		tool       string
		args       args
		permission string
	}{
		{"provision_user", args{"email": "gast@partner.example", "given_name": "Gast", "family_name": "Gast", "route": "jira"}, "Administer Jira"},
		{"offboard_user", args{"user": sam, "steps": []string{"jira_groups"}}, "site administrator"},
		{"add_user_to_group", args{"user": jane, "groups": []string{"partners"}}, "site administrator"},
		{"remove_user_from_group", group, "site administrator"},
		{"delete_user", args{"user": sam}, "site administrator"},
		{"create_group", args{"name": "brand-new"}, "site administrator"},
		{"delete_group", args{"group": "partners"}, "site administrator"},
	}
	for _, token := range []string{sandbox.TokenViewer, sandbox.TokenProjects} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, func(su *setup) { as(token)(t, su) })
			before := s.state(t)
			c.call(t, "get_server_status", args{}).says(t, "look people up", "site administrator")
			plan := c.call(t, "offboard_user", args{"user": sam})
			if warnings, _ := plain(plan.get("plan.warnings")).([]string); !strings.Contains(strings.Join(warnings, "\n"), "refuse") {
				t.Errorf("the plan does not warn of what will be refused: %q", warnings)
			}
			for _, tt := range calls {
				t.Run(tt.tool, func(t *testing.T) {
					sent := len(s.writes())
					got := c.call(t, tt.tool, tt.args)
					if token := got.str("confirmation.token"); token != "" {
						confirmed := maps.Clone(tt.args)
						confirmed["confirm"] = token
						got = c.call(t, tt.tool, confirmed)
					}
					got.wants(t, map[string]any{"status": "failed", "operation.status": "failed"})
					if statuses := got.all("operation.steps", "status"); slices.Contains(statuses, "done") || slices.Contains(statuses, "already") {
						t.Errorf("steps %v, want none done", statuses)
					}
					got.says(t, "403", tt.permission)
					seen := map[string]bool{}
					for _, r := range s.writes()[sent:] {
						key := r.Method + " " + r.Path + " " + r.Query
						if seen[key] {
							t.Errorf("sent twice: %s", key)
						}
						seen[key] = true
					}
				})
			}
			if diff := cmp.Diff(before, s.state(t)); diff != "" {
				t.Errorf("the site changed (-before +after):\n%s", diff)
			}
			c.call(t, "lookup_user", args{"user": jane}).wants(t, map[string]any{"person.account_id": s.AccountID(jane)})
		})
	}
}

// TestNoSettings has a server that was given nothing: it starts, says what it lacks, and sends no request.
func TestNoSettings(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := connect(t, nil, over(transport))
			status := c.call(t, "get_server_status", args{})
			status.wants(t, map[string]any{
				"credentials.0.configured": false, "credentials.0.ok": false, "credentials.1.configured": false, "credentials.1.ok": false,
				"credentials.2.name": "organization", "credentials.2.configured": false, "credentials.2.ok": false,
			})
			for _, setting := range []string{"ATLASSIAN_SITE_URL", "ATLASSIAN_EMAIL", "ATLASSIAN_API_TOKEN", "ATLASSIAN_SCIM_DIRECTORY_ID", "ATLASSIAN_SCIM_TOKEN", "ATLASSIAN_ORG_ID", "ATLASSIAN_ORG_API_KEY"} {
				status.says(t, setting)
			}
			for _, tool := range allTools {
				got := c.call(t, tool, plainArguments(tool))
				if got.str("code") != "not_configured" || !strings.Contains(got.text, firstSetting(tool)) {
					t.Errorf("%s: %s", tool, got.text)
				}
			}
		})
	}
}

// TestScopedToken has a token that the site's own address refuses, as it does with all that have scopes: the server finds the gateway by itself,
// and then asks nowhere else.
func TestScopedToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, func(su *setup) { as(sandbox.TokenScoped)(t, su) })
	c.call(t, "get_server_status", args{}).wants(t, map[string]any{"credentials.0.ok": true})
	settled := len(s.Requests())
	c.call(t, "lookup_user", args{"user": jane}).wants(t, map[string]any{"person.account_id": s.AccountID(jane), "person.groups.#": 4})
	c.confirmed(t, s, "offboard_user", args{"user": jane})
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	for _, r := range s.Requests()[settled:] {
		organization := strings.HasPrefix(r.Path, "/admin/") || strings.HasPrefix(r.Path, "/users/") || r.Path == "/_edge/tenant_info"
		if !strings.HasPrefix(r.Path, "/ex/jira/"+sandbox.CloudID+"/rest/") && !strings.HasPrefix(r.Path, "/scim/") && !organization || r.Status == http.StatusUnauthorized {
			t.Errorf("%s %s: %d", r.Method, r.Path, r.Status)
		}
	}
}
