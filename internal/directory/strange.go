package directory

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// CheckSiteOrganization returns the fault of an organization that isn't the site's: one that does not know even the owner of the Jira credential. It would answer
// every question, and know nobody. Nil where the two belong together, where none is configured, where the owner is no person's account (an organization
// does not list those), and where the organization can't be asked, which whoever asks it for something else is told.
//
// A good answer is remembered: it costs one round trip a process, beside what else is read, since the owner is asked for by the credential's e-mail first; only whom
// that doesn't find is asked for by account id.
//
// Scope read:directories:admin; with read:orgs:admin the organization is called by its name.
func (d *Directory) CheckSiteOrganization(ctx context.Context) (strange error) {
	if d.org == nil {
		return nil
	}
	_, _ = d.together.get(ctx, 0, func(ctx context.Context) (bool, error) {
		if d.owner != "" {
			if found, err := d.org.UsersByEmail(ctx, []string{d.owner}); err != nil || len(found) > 0 {
				return true, err
			}
		}
		me, err := d.Myself(ctx)
		if err != nil || me.AccountType != AccountTypePerson {
			return true, err
		}
		found, err := d.org.UsersByID(ctx, []string{me.AccountID})
		if err != nil || len(found) > 0 {
			return true, err
		}
		strange = d.strange(ctx)
		return false, strange
	})
	return strange
}

func (d *Directory) strange(ctx context.Context) error {
	name := d.org.OrgID()
	if org, err := d.org.Organization(ctx); err == nil && org.Name != "" {
		name = org.Name
	}
	return fault.New(fault.NotConfigured,
		"Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY to those of the site's organization and start the server again. If they are, let somebody whom the organization knows own the Jira credential.",
		"The organization %q accepts the key, and doesn't know the owner of the Jira credential: it probably is another organization than the site's, and then it knows nobody of the site.", name)
}
