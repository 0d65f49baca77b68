package directory

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// RoleOrgAdmin makes an administrator of the organization, who can be neither suspended nor removed.
const RoleOrgAdmin = "atlassian/org-admin"

// OrgAccount is what the organization says of an account. Status is one of package admin's.
type OrgAccount struct {
	Status string   `json:"status" jsonschema:"active, suspended, not_invited, deactivated or for_deletion"`
	Roles  []string `json:"roles" jsonschema:"administrator roles"`
	MFA    *bool    `json:"mfa"`

	AccountID, Name, Email string `json:"-"`
	// Managed tells whether the organization owns the account (it is claimed).
	Managed bool `json:"-"`
	// Gone tells that the person is in none of the organization's directories, whatever the account's status is.
	Gone bool `json:"-"`
	// Synced tells that an identity provider or SCIM put the person into the directory.
	Synced bool `json:"-"`
	// Products are the apps that the person may use, on every site.
	Products []admin.ProductAccess `json:"-"`
}

// Admin tells whether the account administers the organization.
func (o OrgAccount) Admin() bool { return slices.Contains(o.Roles, RoleOrgAdmin) }

// Ended tells whether the organization lets the account into none of its apps.
func (o OrgAccount) Ended() bool {
	return o.Status == admin.StatusSuspended || o.Inactive()
}

// Inactive tells whether nobody can sign in with the account.
func (o OrgAccount) Inactive() bool {
	return o.Status == admin.StatusDeactivated || o.Status == admin.StatusForDeletion
}

// Control is what the organization's key may do to one account that it owns.
type Control struct {
	May admin.Permissions
	// Tokens are the account's API tokens, read where that is permitted; TokensUnread is why they could not be.
	Tokens       []admin.Token
	TokensUnread error
}

// HasOrganization tells whether the organization is configured.
func (d *Directory) HasOrganization() bool { return d.org != nil }

// Organization returns the organization's client, or the fault that names the missing setting.
func (d *Directory) Organization() (*admin.Client, error) {
	if d.org == nil && d.orgMissing != nil {
		return nil, d.orgMissing
	}
	if d.org == nil {
		return nil, fault.New(fault.NotConfigured, "Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY and start the server again.", "The organization is not configured.")
	}
	return d.org, nil
}

// CloudID is the id by which Atlassian names the site, asked once.
func (d *Directory) CloudID(ctx context.Context) (string, error) {
	client, err := d.Jira()
	if err != nil {
		return "", err
	}
	return d.cloudID.get(ctx, 0, client.CloudID)
}

// DirectoriesOf returns the directories of the organization that an account is in, read now.
func (d *Directory) DirectoriesOf(ctx context.Context, accountID string) ([]admin.Directory, error) {
	client, err := d.Organization()
	if err != nil {
		return nil, err
	}
	return client.Directories(ctx, accountID)
}

// OrganizationID is the organization that is asked, "" where none is configured.
func (d *Directory) OrganizationID() string {
	if d.org == nil {
		return ""
	}
	return d.org.OrgID()
}

// CheckOrganization returns the fault of a setting of the organization that can't be used: what is set there would be missed, and not seen to be.
// Nil where it works, and where nothing is set for it.
func (d *Directory) CheckOrganization() error {
	if d.orgBroken {
		return d.orgMissing
	}
	return nil
}

// orgExpand is what one request gives of a person.
var orgExpand = []string{admin.ExpandRoles, admin.ExpandProducts}

// OrgAccount returns the account as the organization has it, read now: by id, or by e-mail while the id is not known. It is nil where the organization
// does not know it.
func (d *Directory) OrgAccount(ctx context.Context, id, email string) (*OrgAccount, error) {
	client, err := d.Organization()
	if err != nil {
		return nil, err
	}
	var users []admin.User
	if id != "" {
		users, err = client.UsersByID(ctx, []string{id}, orgExpand...)
	} else {
		users, err = client.UsersByEmail(ctx, []string{email}, orgExpand...)
	}
	if err != nil || len(users) == 0 {
		return nil, err
	}
	account := orgAccount(users[0])
	return &account, nil
}

func orgAccount(u admin.User) OrgAccount {
	o := OrgAccount{
		Status: u.Status, Roles: append([]string{}, u.PlatformRoles...), MFA: u.MFA, AccountID: u.AccountID, Name: u.Name, Email: u.Email,
		Managed: u.ClaimStatus == admin.Managed, Gone: u.MembershipStatus == admin.NoMembership, Synced: u.ManagementSource == "synced", Products: u.Products,
	}
	if u.ForDeletion {
		o.Status = admin.StatusForDeletion
	}
	return o
}

// Tokens returns the API tokens of an account that the organization owns, read now.
func (d *Directory) Tokens(ctx context.Context, accountID string) ([]admin.Token, error) {
	client, err := d.Organization()
	if err != nil {
		return nil, err
	}
	return client.AccountTokens(ctx, accountID)
}

// Warnings of the state that the organization has somebody in.
const (
	WarnSuspended   = "The organization has suspended this person's access to every app."
	WarnForDeletion = "The account is marked for deletion: 14 days after that nothing brings it back."
	WarnNotOnSite   = "The organization has this person, but Jira does not show the account on this site."
)

// orgAnswer is what the organization said about one person, or why it could not be asked.
type orgAnswer struct {
	account *OrgAccount
	unread  error
	// cloudID is the site's, whose activity counts; "" where it is not known.
	cloudID string
	control *Control
	denied  error // why control is not known
}

// askOrg asks for an account and for what tells the site's activity from another's. An organization that can't be asked ends nothing: whoever changes
// somebody looks at why.
func (d *Directory) askOrg(ctx context.Context, id, email string) (orgAnswer, error) {
	var answer orgAnswer
	if d.org == nil {
		return answer, nil
	}
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() error {
		answer.account, answer.unread = d.OrgAccount(both1, id, email)
		return nil
	})
	both.Go(func() error {
		answer.cloudID, _ = d.CloudID(both1) // without it the last activity is not told
		return nil
	})
	return answer, errors.Join(both.Wait(), ctx.Err())
}

// askControl asks what the key may do to an account, and where tokens is set for its API tokens beside.
func (d *Directory) askControl(ctx context.Context, id string, tokens bool) (*Control, error) {
	var control Control
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		control.May, err = d.org.Permissions(both1, id)
		if rest.IsStatus(err, http.StatusForbidden) || rest.IsStatus(err, http.StatusNotFound) { // not the organization's: nothing may be done
			control.May, err = deniedAll(err), nil
		}
		return err
	})
	if tokens {
		both.Go(func() error {
			control.Tokens, control.TokensUnread = d.org.AccountTokens(both1, id)
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		return nil, err
	}
	return &control, ctx.Err()
}

// deniedAll are the permissions of a key that may not ask for them.
func deniedAll(err error) admin.Permissions {
	var e *rest.Error
	errors.As(err, &e)
	all := admin.Permissions{}
	for _, what := range []admin.Privilege{admin.MayEnable, admin.MayDelete, admin.MayReadTokens, admin.MayDeleteTokens} {
		all[what] = admin.Permission{Reason: admin.Reason(e.Code)}
	}
	return all
}

// joinOrg adds what the organization says to a person.
func (p *Person) joinOrg(a orgAnswer) {
	p.OrgUnread, p.Org, p.Control, p.ControlUnread = a.unread, a.account, a.control, a.denied
	switch {
	case a.unread != nil:
		p.Warnings = append(p.Warnings, "The organization could not be asked, so this is what Jira and SCIM know: "+rest.Clean(a.unread.Error()))
		p.LastActiveNote = "the organization could not be asked"
		return
	case a.account == nil:
		p.LastActiveNote = "the organization does not know this account"
		return
	}
	p.Sources = append(p.Sources, SourceOrganization)
	managed := a.account.Managed
	p.Managed = &managed
	if p.Email == "" && a.account.Email != "" {
		p.Email, p.EmailSource = a.account.Email, EmailFromOrganization
	}
	p.lastActive(*a.account, a.cloudID)
	switch a.account.Status {
	case admin.StatusForDeletion:
		p.Warnings = append(p.Warnings, WarnForDeletion)
	case admin.StatusSuspended:
		p.Warnings = append(p.Warnings, WarnSuspended)
	}
	if p.SCIM != nil && p.SCIM.Active && a.account.Inactive() {
		p.Warnings = append(p.Warnings, "SCIM says active, the organization says "+a.account.Status+": one of them lags behind, or they disagree.")
	}
}
