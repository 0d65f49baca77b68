package directory

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// ReadOnlyGroups returns the ids of the groups of an account that an identity provider fills, as the organization has them: Jira refuses to change their
// members (400). It asks only where SCIM, which tells so itself, is not configured.
//
// Scope read:groups:admin.
func (d *Directory) ReadOnlyGroups(ctx context.Context, accountID string) (map[string]bool, error) {
	if accountID == "" {
		return nil, nil
	}
	return d.readOnly(ctx, admin.GroupQuery{AccountIDs: []string{accountID}})
}

// ReadOnlyAmong is ReadOnlyGroups of groups that are named as for [Directory.ResolveGroups], beside which it can be asked.
func (d *Directory) ReadOnlyAmong(ctx context.Context, asked []string) (map[string]bool, error) {
	var ids, names []string
	for _, text := range asked {
		if value := strings.TrimSpace(text); groupIDForm.MatchString(value) {
			ids = append(ids, value)
		} else if value != "" {
			names = append(names, value)
		}
	}
	var queries []admin.GroupQuery
	for some := range slices.Chunk(ids, groupsAtOnce) {
		queries = append(queries, admin.GroupQuery{IDs: some})
	}
	for some := range slices.Chunk(names, groupsAtOnce) {
		queries = append(queries, admin.GroupQuery{Names: some})
	}
	return d.readOnly(ctx, queries...)
}

// groupsAtOnce is how many groups one search names at most.
const groupsAtOnce = 50

func (d *Directory) readOnly(ctx context.Context, queries ...admin.GroupQuery) (map[string]bool, error) {
	if d.org == nil || d.scim != nil {
		return nil, nil
	}
	var mu sync.Mutex
	ids := map[string]bool{}
	all, all1 := parallel.WithContext(ctx)
	for _, q := range queries {
		all.Go(func() error {
			for page, err := range d.org.AllGroups(all1, q) {
				if err != nil {
					return err
				}
				mu.Lock()
				for _, g := range page {
					if g.ReadOnly() {
						ids[g.ID] = true
					}
				}
				mu.Unlock()
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return ids, nil
}
