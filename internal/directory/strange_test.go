package directory_test

import (
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// Whether the organization is the site's is asked until it is known; one that can't be asked, or does not tell its name, is not taken for another.
func TestWhetherTheOrganizationIsTheSites(t *testing.T) {
	admin := sandbox.Tokens()[sandbox.TokenAdmin].Email
	for name, test := range map[string]struct {
		org, key, owner string
		searches        int // for two questions
		strange         string
	}{
		"it is":                                  {key: sandbox.OrgKeyFull, owner: admin, searches: 1},
		"it is, and the key has one scope":       {key: sandbox.OrgKeyNarrow, owner: admin, searches: 1},
		"it knows the owner by another address":  {key: sandbox.OrgKeyFull, owner: "alias@example.com", searches: 2},
		"the owner's address is not known":       {key: sandbox.OrgKeyFull, searches: 1},
		"the key has expired":                    {key: sandbox.OrgKeyExpired, owner: admin, searches: 2},
		"the key is another organization's":      {key: sandbox.OrgKeyForeign, owner: admin, searches: 2},
		"the id and the key are another's":       {org: sandbox.OtherOrgID, key: sandbox.OrgKeyForeign, owner: admin, searches: 4, strange: "Another organization"},
		"the same, and the owner has no address": {org: sandbox.OtherOrgID, key: sandbox.OrgKeyForeign, searches: 2, strange: "Another organization"},
	} {
		t.Run(name, func(t *testing.T) {
			d, box := newOrganizationOf(t, sandbox.Options{Seed: 1, Users: 60}, test.org, test.key, false, test.owner)
			for range 2 {
				err := d.CheckSiteOrganization(t.Context())
				if test.strange == "" && err != nil || test.strange != "" && (!fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), test.strange)) {
					t.Errorf("got %v, want one of %q", err, test.strange)
				}
			}
			searches := 0
			for _, r := range box.Requests() {
				if strings.HasSuffix(r.Path, "/users/search") && strings.HasPrefix(r.Path, "/admin/") {
					searches++
				}
			}
			if searches != test.searches {
				t.Errorf("asked %d times, want %d", searches, test.searches)
			}
		})
	}
}
