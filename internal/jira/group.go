package jira

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Group is a Jira group. Its name can change and two may share one (as with a deleted and a new one), so everything goes by ID.
type Group struct {
	ID   string `json:"groupId"` // "" where the site gives none
	Name string `json:"name"`
}

func cleanGroups(groups []Group) []Group {
	for i := range groups {
		groups[i].ID = rest.CleanID(groups[i].ID)
		groups[i].Name = rest.Clean(groups[i].Name)
	}
	return groups
}

func groupID(g Group) string {
	if g.ID == "" {
		return "name:" + g.Name
	}
	return g.ID
}

const (
	routeGroup       = "/rest/api/3/group"
	routeGroupBulk   = "/rest/api/3/group/bulk"
	routeGroupPicker = "/rest/api/3/groups/picker"

	maxGroupsPage = 1000
)

// GroupQuery narrows a list of groups; zero values leave a part open.
type GroupQuery struct {
	IDs, Names     []string
	AccessType     string // site-admin, admin or user
	ApplicationKey string // jira-core, jira-software, jira-servicedesk, jira-product-discovery
}

func (q GroupQuery) values(startAt, max int) url.Values {
	v := span(startAt, max)
	if len(q.IDs) > 0 {
		v["groupId"] = q.IDs
	}
	if len(q.Names) > 0 {
		v["groupName"] = q.Names
	}
	if q.AccessType != "" {
		v.Set("accessType", q.AccessType)
	}
	if q.ApplicationKey != "" {
		v.Set("applicationKey", q.ApplicationKey)
	}
	return v
}

// GroupPage is one page of groups. Total is -1 where the site does not tell it.
type GroupPage struct {
	Groups []Group
	Total  int
	Last   bool
}

// Groups returns up to max groups that match q, after the first startAt. The site may give fewer than max on any page.
//
// GET /rest/api/3/group/bulk. Permission: Browse users and groups. Scope read:jira-user, or read:group:jira. 500: groups of that access type can't be had.
func (c *Client) Groups(ctx context.Context, q GroupQuery, startAt, max int) (GroupPage, error) {
	page, err := c.groupPage(ctx, routeGroupBulk, q.values(startAt, max))
	return GroupPage{Groups: page.Items, Total: page.Total, Last: page.Last}, err
}

// AllGroups walks the groups that match q, each once. Endpoint and permission as for [Client.Groups].
func (c *Client) AllGroups(ctx context.Context, q GroupQuery, o rest.PageOptions) iter.Seq2[[]Group, error] {
	o.Size = pageSize(o.Size, maxGroupsPage)
	return rest.Pages(ctx, o, groupID, func(ctx context.Context, start, size int) (rest.Page[Group], error) {
		return c.groupPage(ctx, routeGroupBulk, q.values(start, size))
	})
}

// FindGroups returns up to max groups whose names contain query, whatever its case, sorted by name. Without the permission only an exact name is found.
//
// GET /rest/api/3/groups/picker. Permission: Browse users and groups. Scope read:jira-user, or read:group:jira.
func (c *Client) FindGroups(ctx context.Context, query string, max int) ([]Group, error) {
	var out struct {
		Groups []Group `json:"groups"`
	}
	err := c.rest.Do(ctx, rest.Request{
		Method: http.MethodGet, Route: routeGroupPicker,
		Query: url.Values{"query": {query}, "maxResults": {strconv.Itoa(max)}, "caseInsensitive": {"true"}},
	}, &out)
	return cleanGroups(out.Groups), err
}

// CreateGroup makes an empty group.
//
// POST /rest/api/3/group. Permission: site administration. Scope manage:jira-configuration, or write:group:jira with read:group:jira, read:user:jira and
// read:avatar:jira. 400: no name, or the name is taken.
func (c *Client) CreateGroup(ctx context.Context, name string) (Group, error) {
	if name == "" {
		return Group{}, refuse(http.MethodPost, routeGroup, "a group name is needed")
	}
	out := make([]Group, 1)
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodPost, Route: routeGroup, Body: map[string]string{"name": name}}, &out[0])
	return cleanGroups(out)[0], err
}

// DeleteGroup deletes a group. Its members lose what it granted.
//
// DELETE /rest/api/3/group. Permission: site administration. Scope manage:jira-configuration, or delete:group:jira. 404: no such group.
func (c *Client) DeleteGroup(ctx context.Context, groupID string) error {
	if groupID == "" {
		return refuse(http.MethodDelete, routeGroup, "a group id is needed")
	}
	return c.rest.Do(ctx, rest.Request{Method: http.MethodDelete, Route: routeGroup, Query: url.Values{"groupId": {groupID}}}, nil)
}
