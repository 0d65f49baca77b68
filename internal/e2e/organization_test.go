package e2e

import (
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
		"one that may only find people":   {mine, keys[sandbox.OrgKeyNarrow].Key, true, true, "organization " + mine, []string{"has scopes"}},
		"one that has expired":            {mine, keys[sandbox.OrgKeyExpired].Key, true, false, "", []string{"401", "Settings, API keys", "expire"}},
		"another organization's":          {mine, keys[sandbox.OrgKeyForeign].Key, true, false, "", []string{"ATLASSIAN_ORG_ID", `belongs to the organization "Another organization" (` + sandbox.OtherOrgID + ")"}},
		"a person's token, of some site":  {mine, "ATATT3xFfGF0-of-somebody", true, false, "", []string{"401", "ATATT", "Settings, API keys"}},
		"the Jira token of this very one": {mine, s.env["ATLASSIAN_API_TOKEN"], false, false, "", []string{"the same text as ATLASSIAN_API_TOKEN"}},
		"the SCIM token":                  {mine, s.env["ATLASSIAN_SCIM_TOKEN"], false, false, "", []string{"the same text as ATLASSIAN_SCIM_TOKEN"}},
		"none":                            {"", "", false, false, "", []string{"ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, s, with("ATLASSIAN_ORG_ID", test.org, "ATLASSIAN_ORG_API_KEY", test.key))
			got := c.call(t, "get_server_status", args{})
			got.wants(t, map[string]any{
				"credentials.2.name": "organization", "credentials.2.configured": test.configured, "credentials.2.ok": test.ok, "credentials.2.identity": test.identity,
			})
			got.says(t, test.says...)
		})
	}
}
