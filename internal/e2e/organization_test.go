package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestTheOrganizationsKey gives the server keys that are none, and keys of others: each is told apart, with what to do.
func TestTheOrganizationsKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	keys := sandbox.OrgKeys()
	const mine = sandbox.OrgID
	for name, test := range map[string]struct {
		org, key       string
		configured, ok bool
		identity       string
		says           []string
	}{
		"a good one":                      {mine, keys[sandbox.OrgKeyFull].Key, true, true, "Example", []string{"expire within a year"}},
		"one with every scope":            {mine, keys[sandbox.OrgKeyScoped].Key, true, true, "Example", nil},
		"one that may only find people":   {mine, keys[sandbox.OrgKeyNarrow].Key, true, true, "Example", []string{"has scopes"}},
		"one that has expired":            {mine, keys[sandbox.OrgKeyExpired].Key, true, false, "", []string{"401", "Settings, API keys", "expire"}},
		"another organization's":          {mine, keys[sandbox.OrgKeyForeign].Key, true, false, "", []string{"ATLASSIAN_ORG_ID", `belongs to the organization "Another organization" (` + sandbox.OtherOrgID + ")"}},
		"a person's token, of some site":  {mine, "ATATT3xFfGF0-of-somebody", true, false, "", []string{"401", "looks like the API token of a person", "Settings, API keys"}},
		"the Jira token of this very one": {mine, s.env["ATLASSIAN_API_TOKEN"], false, false, "", []string{"the same text as ATLASSIAN_API_TOKEN"}},
		"the SCIM token":                  {mine, s.env["ATLASSIAN_SCIM_TOKEN"], false, false, "", []string{"the same text as ATLASSIAN_SCIM_TOKEN"}},
		"key and id of another":           {sandbox.OtherOrgID, keys[sandbox.OrgKeyForeign].Key, true, false, "Another organization", []string{"doesn't know the owner of the Jira credential"}},
		"none":                            {"", "", false, false, "", []string{"ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, s, with("ATLASSIAN_ORG_ID", test.org, "ATLASSIAN_ORG_API_KEY", test.key))
			got := c.call(t, "get_server_status", args{})
			got.wants(t, map[string]any{
				"credentials.2.name": "organization", "credentials.2.configured": test.configured, "credentials.2.ok": test.ok, "credentials.2.identity": test.identity,
			})
			got.says(t, test.says...)
			if person := c.call(t, "lookup_user", args{"user": "max.manager@example.com"}); test.org != "" && !test.configured {
				person.says(t, append(test.says, "The organization was not asked")...)
			}
			if test.org != sandbox.OtherOrgID {
				return
			}
			for tool, arguments := range map[string]args{
				"audit_active_users": {}, "list_lifecycle_events": {}, "offboard_user": {"user": "max.manager@example.com"}, "provision_user": {"email": "ann@elsewhere.example", "given_name": "Ann", "family_name": "Else"},
			} {
				refused := c.call(t, tool, arguments)
				refused.wants(t, map[string]any{"code": "not_configured"})
				refused.says(t, append(test.says, "ATLASSIAN_ORG_ID")...)
			}
		})
	}
}

// neverSent looks through what the real server sent to a site for requests to addresses that have ended, and for the one that revokes everybody's API tokens.
func neverSent(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	for _, r := range box.Requests() {
		switch {
		case r.Status == http.StatusGone:
			t.Errorf("%s %s was sent, an address that has ended", r.Method, r.Path)
		case r.Method == http.MethodDelete && strings.HasPrefix(r.Path, "/admin/api-access/"):
			t.Errorf("%s %s was sent, which revokes every API token of the organization", r.Method, r.Path)
		case r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/admin/v2/") && (strings.HasSuffix(r.Path, "/users") || strings.HasSuffix(r.Path, "/groups")):
			t.Errorf("%s %s was sent, which ends in June 2027", r.Method, r.Path)
		}
	}
}
