package jira

import (
	"context"
	"net/http"
	"net/url"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// User is an account as Jira shows it to the credential's owner.
type User struct {
	AccountID    string `json:"accountId"`    // up to 128 characters, may contain ':'; "unknown" marks a corrupted record
	AccountType  string `json:"accountType"`  // atlassian, app, customer, unknown, or a value that is not known yet
	AppType      string `json:"appType"`      // of an app: service, agent, unknown
	DisplayName  string `json:"displayName"`  // privacy may replace it
	EmailAddress string `json:"emailAddress"` // "" = hidden, whether the site leaves it out or sends null or ""
	Active       bool   `json:"active"`
	TimeZone     string `json:"timeZone"`
	Locale       string `json:"locale"`

	// Groups are set by [Client.User] and [Client.Myself] alone. GroupsComplete is false where they were not asked for or the site cut the list short;
	// [Client.UserGroups] then has all.
	Groups         []Group `json:"-"`
	GroupsComplete bool    `json:"-"`
}

func (u *User) clean() {
	u.AccountID = rest.CleanID(u.AccountID)
	u.AccountType = rest.Clean(u.AccountType)
	u.AppType = rest.Clean(u.AppType)
	u.DisplayName = rest.Clean(u.DisplayName)
	u.EmailAddress = rest.Clean(u.EmailAddress)
	u.TimeZone = rest.Clean(u.TimeZone)
	u.Locale = rest.Clean(u.Locale)
}

func cleanUsers(users []User) []User {
	for i := range users {
		users[i].clean()
	}
	return users
}

// expandedUser is a user together with the groups that expand=groups adds.
type expandedUser struct {
	User
	Expanded struct {
		Size  int     `json:"size"`
		Items []Group `json:"items"`
	} `json:"groups"`
}

func (e expandedUser) user() User {
	u := e.User
	u.clean()
	u.Groups = cleanGroups(e.Expanded.Items)
	u.GroupsComplete = e.Expanded.Items != nil && e.Expanded.Size <= len(u.Groups)
	return u
}

const (
	routeUser       = "/rest/api/3/user"
	routeUserGroups = "/rest/api/3/user/groups"
)

// User returns one account with its groups (nested ones too) in one round trip.
//
// GET /rest/api/3/user?expand=groups. Permission: Browse users and groups. Scope read:jira-user, or read:user:jira with
// read:group:jira, read:application-role:jira and read:avatar:jira. 404: no such account.
func (c *Client) User(ctx context.Context, accountID string) (User, error) {
	if accountID == "" {
		return User{}, refuse(http.MethodGet, routeUser, "an account id is needed")
	}
	var out expandedUser
	err := c.rest.Do(ctx, rest.Request{
		Method: http.MethodGet, Route: routeUser,
		Query: url.Values{"accountId": {accountID}, "expand": {"groups"}},
	}, &out)
	return out.user(), err
}

// UserGroups returns every group of an account, without paging.
//
// GET /rest/api/3/user/groups. Permission: Browse users and groups. Scope read:jira-user, or read:group:jira. 404: no such account.
func (c *Client) UserGroups(ctx context.Context, accountID string) ([]Group, error) {
	if accountID == "" {
		return nil, refuse(http.MethodGet, routeUserGroups, "an account id is needed")
	}
	var out []Group
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeUserGroups, Query: url.Values{"accountId": {accountID}}}, &out)
	return cleanGroups(out), err
}

// CreateUser invites email to the site with access to products (jira-core, jira-servicedesk, jira-product-discovery, jira-software;
// none = no product access). The display name is the person's own to set.
//
// POST /rest/api/3/user. Permission: Administer Jira, and an owner who is an organization admin. Scope manage:jira-configuration, or write:user:jira.
// 201 also when the person already has access. 400: exists without access, licences used up, or (a known quirk) invited all the same:
// read back by e-mail before calling it failed.
func (c *Client) CreateUser(ctx context.Context, email string, products []string) (User, error) {
	if email == "" {
		return User{}, refuse(http.MethodPost, routeUser, "an e-mail address is needed")
	}
	body := struct {
		EmailAddress string   `json:"emailAddress"`
		Products     []string `json:"products"` // required: an empty list, never null
	}{email, append([]string{}, products...)}
	var out User
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodPost, Route: routeUser, Body: body}, &out)
	out.clean()
	return out, err
}

// DeleteUser removes an account from the Jira site; the Atlassian account stays.
//
// DELETE /rest/api/3/user. Permission: site administration. Scope manage:jira-configuration, or write:user:jira. 400: can't be removed, as
// with accounts that SCIM manages. 404: not on the site; after [rest.Error.Repeated] that can mean removed by the first attempt.
func (c *Client) DeleteUser(ctx context.Context, accountID string) error {
	if err := writable(http.MethodDelete, routeUser, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{Method: http.MethodDelete, Route: routeUser, Query: url.Values{"accountId": {accountID}}}, nil)
}
