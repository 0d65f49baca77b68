package scim

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	users   = "/Users"
	idUsers = "{userId}"
)

// UserPage is one page of users. StartIndex is 1-based.
type UserPage struct {
	Users      []User
	Total      int
	StartIndex int
}

// Users returns up to count users (about 100 at most) that f selects, from startIndex (1-based).
//
// GET …/Users. Permission: the directory's token. 401: not this directory's. 400 invalidFilter: the filter is not one equality on userName or externalId.
func (c *Client) Users(ctx context.Context, f Filter, startIndex, count int) (UserPage, error) {
	var out list[userWire]
	err := c.do(ctx, call{method: http.MethodGet, collection: users, query: listQuery(f, startIndex, count)}, &out)
	page := UserPage{Users: make([]User, len(out.Resources)), Total: out.TotalResults, StartIndex: out.StartIndex}
	for i, w := range out.Resources {
		page.Users[i] = w.user()
	}
	return page, err
}

// AllUsers walks every user of the directory, each once. Endpoint, permission and errors as for [Client.Users].
func (c *Client) AllUsers(ctx context.Context, o rest.PageOptions) iter.Seq2[[]User, error] {
	o.Size = pageSize(o.Size)
	id := func(u User) string { return u.ID }
	return rest.Pages(ctx, o, id, func(ctx context.Context, start, size int) (rest.Page[User], error) {
		page, err := c.Users(ctx, Filter{}, start+1, size)
		return rest.Page[User]{Items: page.Users, Total: page.Total}, err
	})
}

// FindUser returns the user whose userName is exactly that, ignoring case. The answer is compared here too: a service that ignored
// the filter would otherwise answer with somebody else.
//
// GET …/Users?filter=userName eq "…". Permission: the directory's token. 401: not this directory's.
func (c *Client) FindUser(ctx context.Context, userName string) (User, bool, error) {
	page, err := c.Users(ctx, ByUserName(userName), 1, maxPage)
	if err != nil {
		return User{}, false, err
	}
	i := slices.IndexFunc(page.Users, func(u User) bool { return strings.EqualFold(u.UserName, userName) })
	if i < 0 {
		return User{}, false, nil
	}
	return page.Users[i], true, nil
}

// User returns one user.
//
// GET …/Users/{userId}. Permission: the directory's token. 401: not this directory's. 404: no such user, or one that was deleted.
func (c *Client) User(ctx context.Context, id string) (User, error) {
	var out User
	err := c.do(ctx, call{method: http.MethodGet, collection: users, param: idUsers, id: id}, &out)
	return out, err
}

// NewUser is a person to provision. UserName and Email are needed.
type NewUser struct {
	UserName, Email, ExternalID    string
	GivenName, FamilyName          string
	DisplayName, Title, Department string
}

// CreateUser provisions a person, active. An Atlassian account of that address is linked rather than created.
//
// POST …/Users. Permission: the directory's token. 401: not this directory's. 400: an attribute is missing or wrong, or the domain is refused. 409 uniqueness: the user exists.
func (c *Client) CreateUser(ctx context.Context, n NewUser) (User, error) {
	if n.UserName == "" || n.Email == "" {
		return User{}, refuse(http.MethodPost, root+users, "a user name and an e-mail address are needed")
	}
	body := map[string]any{
		"schemas": []string{schemaUser}, "userName": n.UserName, "active": true,
		"emails": []emailWire{{Value: n.Email, Type: "work", Primary: true}},
	}
	if n.GivenName != "" || n.FamilyName != "" {
		body["name"] = nameWire{n.GivenName, n.FamilyName}
	}
	for key, value := range map[string]string{"externalId": n.ExternalID, "displayName": n.DisplayName, "title": n.Title, "department": n.Department} {
		if value != "" {
			body[key] = value
		}
	}
	var out User
	err := c.do(ctx, call{method: http.MethodPost, collection: users, body: body}, &out)
	return out, err
}

// SetActive deactivates (false) or reactivates (true) a user and changes nothing else.
//
// PATCH …/Users/{userId}. Permission: the directory's token. 401: not this directory's. 404: no such user.
func (c *Client) SetActive(ctx context.Context, id string, active bool) (User, error) {
	return c.PatchUser(ctx, id, active, nil)
}

// PatchUser sets attributes by SCIM path (title, department, displayName, name.givenName …; "" clears one). It always says active too.
//
// PATCH …/Users/{userId}. Permission: the directory's token. 401: not this directory's. 400 invalidPath or invalidValue: no such attribute, or not a value of it. 404: no such user.
func (c *Client) PatchUser(ctx context.Context, id string, active bool, attrs map[string]string) (User, error) {
	ops := []operation{{Op: "replace", Path: "active", Value: active}}
	for _, path := range sortedKeys(attrs) {
		ops = append(ops, operation{Op: "replace", Path: path, Value: attrs[path]})
	}
	return c.changed(ctx, call{method: http.MethodPatch, collection: users, param: idUsers, id: id, body: patch(ops...)})
}

// changed sends a change of a user and returns the user as it is then. RFC 7644 allows an answer without a body; the user is read in that case.
func (c *Client) changed(ctx context.Context, r call) (User, error) {
	var out User
	if err := c.do(ctx, r, &out); err != nil || out.raw != nil {
		return out, err
	}
	return c.User(ctx, r.id)
}

// DeleteUser deactivates a user and unlinks the account for good: every later call for the id is a 404, and provisioning the person again does not
// bring groups back. Prefer [Client.SetActive].
//
// DELETE …/Users/{userId}. Permission: the directory's token. 401: not this directory's. 404: no such user; after [rest.Error.Repeated] that can mean deleted by the first attempt.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, collection: users, param: idUsers, id: id}, nil)
}
