package directory

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// ReadOnlyGroups returns the ids of the groups of an account that an identity provider fills, as the organization has them: Jira refuses to change their
// members (400). It asks only where SCIM, which tells so itself, is not configured.
//
// Scope read:groups:admin.
func (d *Directory) ReadOnlyGroups(ctx context.Context, accountID string) (map[string]bool, error) {
	if d.org == nil || d.scim != nil || accountID == "" {
		return nil, nil
	}
	ids := map[string]bool{}
	for page, err := range d.org.AllGroups(ctx, admin.GroupQuery{AccountIDs: []string{accountID}}) {
		if err != nil {
			return nil, err
		}
		for _, g := range page {
			if g.ReadOnly() {
				ids[g.ID] = true
			}
		}
	}
	return ids, nil
}
