package directory

import (
	"context"
	"errors"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// searchDepth is how many matches a name or an e-mail is looked for among.
const searchDepth = 50

// Resolve finds the one person that target means, joined from Jira, SCIM and the organization, with the groups.
//
// It costs one round trip by account id when the link to SCIM is known (two at first), two by e-mail, and three by name; the organization is asked
// beside. One that can't be asked is no error where the others lead to somebody: [Person.OrgUnread] says so.
// Errors are faults: not_found with near matches, ambiguous with candidates, permission_denied where an empty answer proves nothing.
func (d *Directory) Resolve(ctx context.Context, target Target) (Person, error) {
	return d.resolve(ctx, target, false, func(string) {})
}

// ResolveToChange is Resolve for whoever is to be changed: it also asks what the organization's key may do to an account that it owns, and for its API
// tokens ([Person.Control]). By account id that costs one round trip more, by e-mail none.
func (d *Directory) ResolveToChange(ctx context.Context, target Target) (Person, error) {
	return d.resolve(ctx, target, d.org != nil, func(string) {})
}

// ResolveAhead is ResolveToChange for whoever has more to read of the person: known is called with the account id as soon as there is one, before the
// account itself is read; at most once, and not for a target that is a name.
func (d *Directory) ResolveAhead(ctx context.Context, target Target, known func(accountID string)) (Person, error) {
	return d.resolve(ctx, target, d.org != nil, known)
}

func (d *Directory) resolve(ctx context.Context, target Target, control bool, known func(string)) (Person, error) {
	client, err := d.Jira()
	if err != nil {
		return Person{}, err
	}
	switch target.Kind {
	case ByAccountID:
		known(target.Value)
		return d.byAccountID(ctx, client, target.Value, control)
	case ByEmail:
		return d.byEmail(ctx, client, target.Value, control, known)
	case ByName:
		return d.byName(ctx, client, target.Value, control)
	}
	return Person{}, errors.New("directory: a target of no kind")
}

// jiraUser reads a user with all groups; a site that cuts the expansion short is asked again for them.
func (d *Directory) jiraUser(ctx context.Context, client *jira.Client, id string) (jira.User, error) {
	user, err := client.User(ctx, id)
	if rest.IsStatus(err, 404) {
		return jira.User{}, fault.New(fault.NotFound, "Check the id, or look the person up by e-mail.", "Jira has no account %s on this site.", id).Because(err)
	}
	if err != nil {
		return jira.User{}, err
	}
	if !user.GroupsComplete {
		user.Groups, err = client.UserGroups(ctx, id)
	}
	return user, err
}

// joined makes the person of a Jira user, nil where the site does not show one, and what SCIM and the organization said of the account.
func (d *Directory) joined(user *jira.User, answer scimAnswer, org orgAnswer) Person {
	p := join(user, answer.user, d.scim != nil, d.knownDomains())
	if user == nil && answer.user == nil && org.account != nil {
		o := *org.account
		p.AccountID, p.DisplayName, p.AccountType, p.Active = o.AccountID, o.Name, AccountTypePerson, o.Status == admin.StatusActive
		p.Warnings = append(p.Warnings, WarnNotOnSite)
	}
	if !answer.settled && (user == nil || user.AccountType == AccountTypePerson) {
		p.SCIMUnsure = true
		p.Warnings = append(p.Warnings, "No SCIM user has this e-mail, and not every SCIM user could be compared by account id (the directory is large, or has users whose account id is not known yet): whether SCIM manages the account under another address is not known.")
	}
	if d.org != nil {
		p.joinOrg(org)
	}
	return p
}
