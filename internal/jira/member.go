package jira

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeMembers = "/rest/api/3/group/member"
	routeMember  = "/rest/api/3/group/user"

	maxMembersPage = 50
)

// MemberPage is one page of a group's members. Total is -1 where the site does not tell it.
type MemberPage struct {
	Users []User
	Total int
	Last  bool
}

// GroupMembers returns up to max members (1 to 50) of a group after the first startAt, ordered by a name that the site keeps to itself.
//
// GET /rest/api/3/group/member. Permission: Browse users and groups, or Administer Jira. Scope manage:jira-configuration, or read:group:jira with
// read:user:jira and read:avatar:jira. 404: no such group.
func (c *Client) GroupMembers(ctx context.Context, groupID string, includeInactive bool, startAt, max int) (MemberPage, error) {
	if groupID == "" {
		return MemberPage{}, refuse(http.MethodGet, routeMembers, "a group id is needed")
	}
	page, err := c.userPage(ctx, routeMembers, memberQuery(groupID, includeInactive, startAt, max))
	return MemberPage{Users: page.Items, Total: page.Total, Last: page.Last}, err
}

// AllGroupMembers walks the members of a group, each once. Endpoint and permission as for [Client.GroupMembers].
func (c *Client) AllGroupMembers(ctx context.Context, groupID string, includeInactive bool, o rest.PageOptions) iter.Seq2[[]User, error] {
	o.Size = pageSize(o.Size, maxMembersPage)
	return rest.Pages(ctx, o, userID, func(ctx context.Context, start, size int) (rest.Page[User], error) {
		if groupID == "" {
			return rest.Page[User]{}, refuse(http.MethodGet, routeMembers, "a group id is needed")
		}
		return c.userPage(ctx, routeMembers, memberQuery(groupID, includeInactive, start, size))
	})
}

func memberQuery(groupID string, includeInactive bool, startAt, max int) url.Values {
	q := span(startAt, max)
	q.Set("groupId", groupID)
	q.Set("includeInactiveUsers", strconv.FormatBool(includeInactive))
	return q
}

// AddMember puts an account into a group.
//
// POST /rest/api/3/group/user. Permission: site administration. Scope manage:jira-configuration, or write:group:jira with read:group:jira, read:user:jira
// and read:avatar:jira. 400 or 404 may also mean that the account is a member already, and 400 or 403 that SCIM manages the group: read back.
func (c *Client) AddMember(ctx context.Context, groupID, accountID string) error {
	if err := memberWrite(http.MethodPost, groupID, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPost, Route: routeMember,
		Query: url.Values{"groupId": {groupID}}, Body: map[string]string{"accountId": accountID},
	}, nil)
}

// RemoveMember takes an account out of a group.
//
// DELETE /rest/api/3/group/user. Permission: site administration. Scope manage:jira-configuration, or write:group:jira. 400 or 404 may also mean that the
// account is not a member: read back.
func (c *Client) RemoveMember(ctx context.Context, groupID, accountID string) error {
	if err := memberWrite(http.MethodDelete, groupID, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodDelete, Route: routeMember,
		Query: url.Values{"groupId": {groupID}, "accountId": {accountID}},
	}, nil)
}

func memberWrite(method, groupID, accountID string) error {
	if groupID == "" {
		return refuse(method, routeMember, "a group id is needed")
	}
	return writable(method, routeMember, accountID)
}
