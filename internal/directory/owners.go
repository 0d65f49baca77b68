package directory

import (
	"context"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// owners are SCIM group ids by name: the groups that SCIM manages.
type owners map[string]string

// learnOwners asks SCIM for each name, side by side. A SCIM group comes with all its members, so that no more groups are asked for than are needed.
func (d *Directory) learnOwners(ctx context.Context, into owners, names []string) error {
	if d.scim == nil {
		return nil
	}
	var mu sync.Mutex
	all, all1 := parallel.WithContext(ctx)
	for _, name := range names {
		all.Go(func() error {
			group, ok, err := d.scim.FindGroup(all1, name)
			if ok && group.DisplayName == name {
				mu.Lock()
				into[name] = group.ID
				mu.Unlock()
			}
			return err
		})
	}
	return all.Wait()
}

func namesOf(groups []jira.Group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return names
}

// scimGroupIDs returns every SCIM group id by name, at most a minute old; nil without SCIM.
func (d *Directory) scimGroupIDs(ctx context.Context) (owners, error) {
	if d.scim == nil {
		return nil, nil
	}
	return d.scimGroups.get(ctx, wholeAge, func(ctx context.Context) (owners, error) {
		ids := owners{}
		for page, err := range d.scim.AllGroups(ctx, rest.PageOptions{Size: scimPage}) {
			if err != nil {
				return nil, err
			}
			for _, g := range page {
				ids[g.DisplayName] = g.ID
			}
		}
		return ids, nil
	})
}

// ForgetGroups drops what is remembered of SCIM's groups, after one was created or deleted.
func (d *Directory) ForgetGroups() { d.scimGroups.forget() }

// SCIMGroup returns the SCIM group of that name, read now.
func (d *Directory) SCIMGroup(ctx context.Context, name string) (scim.Group, bool, error) {
	if d.scim == nil {
		return scim.Group{}, false, nil
	}
	return d.scim.FindGroup(ctx, name)
}

// owned says which side manages a group, by the names of SCIM's groups.
func (d *Directory) owned(g jira.Group, owners owners) Group {
	group := Group{ID: g.ID, Name: g.Name, ManagedBy: ManagedByUnknown}
	if d.scim != nil {
		group.ManagedBy = ManagedByJira
		if id, ok := owners[g.Name]; ok {
			group.ManagedBy, group.SCIMID = ManagedBySCIM, id
		}
	}
	return group
}
