package directory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// AdminGroup is a group that makes its members administrators, of the site or of a product.
type AdminGroup struct {
	jira.Group
	SiteAdmin bool
}

const accessSiteAdmin = "site-admin"

// IsSiteAdmin tells whether somebody is in one of the site administrators' groups among admins.
func IsSiteAdmin(user jira.User, admins []AdminGroup) bool {
	return slices.ContainsFunc(admins, func(a AdminGroup) bool {
		return a.SiteAdmin && slices.ContainsFunc(user.Groups, func(g jira.Group) bool { return g.ID == a.ID })
	})
}

// AdminGroups returns the groups that make their members administrators of the site or of a product. Their names differ from
// site to site, so they are found by what they grant (GET /group/bulk?accessType=).
//
// The answer is at most adminsAge old, so that the people of a batch are not each asked for. It is the callers' to read only.
func (d *Directory) AdminGroups(ctx context.Context) ([]AdminGroup, error) {
	client, err := d.Jira()
	if err != nil {
		return nil, err
	}
	return d.admins.get(ctx, adminsAge, func(ctx context.Context) ([]AdminGroup, error) { return readAdminGroups(ctx, client) })
}

// adminsAge is less than what may pass between a guard's look and the write that it guards.
const adminsAge = 2 * time.Second

func readAdminGroups(ctx context.Context, client *jira.Client) ([]AdminGroup, error) {
	var mu sync.Mutex
	var admins []AdminGroup
	all, all1 := parallel.WithContext(ctx)
	for _, access := range []string{accessSiteAdmin, "admin"} {
		all.Go(func() error {
			for page, err := range client.AllGroups(all1, jira.GroupQuery{AccessType: access}, rest.PageOptions{}) {
				if err != nil {
					return err
				}
				mu.Lock()
				for _, g := range page {
					i := slices.IndexFunc(admins, func(a AdminGroup) bool { return a.ID == g.ID })
					if i < 0 {
						i = len(admins)
						admins = append(admins, AdminGroup{Group: g})
					}
					admins[i].SiteAdmin = admins[i].SiteAdmin || access == accessSiteAdmin
				}
				mu.Unlock()
			}
			return nil
		})
	}
	return admins, all.Wait()
}

// HasOtherMember tells whether a group has an active person beside the given account. It stops reading at the first one.
func (d *Directory) HasOtherMember(ctx context.Context, groupID, accountID string) (bool, error) {
	client, err := d.Jira()
	if err != nil {
		return false, err
	}
	for page, err := range client.AllGroupMembers(ctx, groupID, false, rest.PageOptions{Size: 50, MaxParallel: 1}) {
		if err != nil {
			return false, err
		}
		for _, u := range page {
			if u.AccountID != accountID && u.Active && u.AccountType == AccountTypePerson {
				return true, nil
			}
		}
	}
	return false, nil
}
