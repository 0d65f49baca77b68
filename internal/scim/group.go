package scim

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	groups   = "/Groups"
	idGroups = "{id}"
)

// Group is a provisioned group. Its name can't change once it was synced.
type Group struct {
	ID          string // SCIM's own id, not the Jira group id
	ExternalID  string
	DisplayName string
	Members     []string // SCIM user ids
}

// UnmarshalJSON reads a resource.
func (g *Group) UnmarshalJSON(data []byte) error {
	var w struct {
		ID          string   `json:"id"`
		ExternalID  string   `json:"externalId"`
		DisplayName string   `json:"displayName"`
		Members     []member `json:"members"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*g = Group{ID: rest.CleanID(w.ID), ExternalID: rest.CleanID(w.ExternalID), DisplayName: rest.Clean(w.DisplayName), Members: make([]string, 0, len(w.Members))}
	for _, m := range w.Members {
		if id := rest.CleanID(m.Value); id != "" {
			g.Members = append(g.Members, id)
		}
	}
	return nil
}

// GroupPage is one page of groups. StartIndex is 1-based.
type GroupPage struct {
	Groups     []Group
	Total      int
	StartIndex int
}

// Groups returns up to count groups (about 100 at most) that f selects, from startIndex (1-based).
//
// GET …/Groups. Permission: the directory's token. 401: not this directory's. 400 invalidFilter: the filter is not one equality on displayName.
func (c *Client) Groups(ctx context.Context, f Filter, startIndex, count int) (GroupPage, error) {
	var out list[Group]
	err := c.do(ctx, call{method: http.MethodGet, collection: groups, query: listQuery(f, startIndex, count)}, &out)
	return GroupPage{Groups: out.Resources, Total: out.TotalResults, StartIndex: out.StartIndex}, err
}

// AllGroups walks every group of the directory, each once. Endpoint, permission and errors as for [Client.Groups].
func (c *Client) AllGroups(ctx context.Context, o rest.PageOptions) iter.Seq2[[]Group, error] {
	o.Size = pageSize(o.Size)
	id := func(g Group) string { return g.ID }
	return rest.Pages(ctx, o, id, func(ctx context.Context, start, size int) (rest.Page[Group], error) {
		page, err := c.Groups(ctx, Filter{}, start+1, size)
		return rest.Page[Group]{Items: page.Groups, Total: page.Total}, err
	})
}

// FindGroup returns the group of exactly that name; a match in another case is taken where there is none in this.
//
// GET …/Groups?filter=displayName eq "…". Permission: the directory's token. 401: not this directory's.
func (c *Client) FindGroup(ctx context.Context, displayName string) (Group, bool, error) {
	page, err := c.Groups(ctx, ByDisplayName(displayName), 1, maxPage)
	if err != nil {
		return Group{}, false, err
	}
	i := slices.IndexFunc(page.Groups, func(g Group) bool { return g.DisplayName == displayName })
	if i < 0 {
		i = slices.IndexFunc(page.Groups, func(g Group) bool { return strings.EqualFold(g.DisplayName, displayName) })
	}
	if i < 0 {
		return Group{}, false, nil
	}
	return page.Groups[i], true, nil
}

// Group returns one group with its members.
//
// GET …/Groups/{id}. Permission: the directory's token. 401: not this directory's. 404: no such group.
func (c *Client) Group(ctx context.Context, id string) (Group, error) {
	var out Group
	err := c.do(ctx, call{method: http.MethodGet, collection: groups, param: idGroups, id: id}, &out)
	return out, err
}

// CreateGroup makes a group with members (SCIM user ids; may be none).
//
// POST …/Groups. Permission: the directory's token. 401: not this directory's. 409 uniqueness: the name is taken.
func (c *Client) CreateGroup(ctx context.Context, displayName string, members ...string) (Group, error) {
	if displayName == "" {
		return Group{}, refuse(http.MethodPost, root+groups, "a group name is needed")
	}
	body := map[string]any{"schemas": []string{schemaGroup}, "displayName": displayName}
	if len(members) > 0 {
		body["members"] = asMembers(members)
	}
	var out Group
	err := c.do(ctx, call{method: http.MethodPost, collection: groups, body: body}, &out)
	return out, err
}

// ReplaceGroup writes the members of g; the name has to be the one that it has.
//
// PUT …/Groups/{id}. Permission: the directory's token. 401: not this directory's. 400: a member doesn't exist. 404: no such group.
func (c *Client) ReplaceGroup(ctx context.Context, g Group) (Group, error) {
	body := map[string]any{"schemas": []string{schemaGroup}, "displayName": g.DisplayName, "members": asMembers(g.Members)}
	if g.ExternalID != "" {
		body["externalId"] = g.ExternalID
	}
	var out Group
	err := c.do(ctx, call{method: http.MethodPut, collection: groups, param: idGroups, id: g.ID, body: body}, &out)
	return out, err
}

// PatchGroup adds and removes members (SCIM user ids) in one call.
//
// PATCH …/Groups/{id}. Permission: the directory's token. 401: not this directory's. 404: no such group or user.
func (c *Client) PatchGroup(ctx context.Context, id string, add, remove []string) error {
	var ops []operation
	if len(add) > 0 {
		ops = append(ops, operation{Op: "add", Path: "members", Value: asMembers(add)})
	}
	for _, userID := range remove {
		ops = append(ops, operation{Op: "remove", Path: memberPath(userID)})
	}
	if len(ops) == 0 || slices.Contains(add, "") || slices.Contains(remove, "") {
		return refuse(http.MethodPatch, root+groups+"/"+idGroups, "the ids of the members to add or remove are needed")
	}
	return c.do(ctx, call{method: http.MethodPatch, collection: groups, param: idGroups, id: id, body: patch(ops...)}, nil)
}

// AddMember puts a user into a group. Adding a member again changes nothing.
//
// PATCH …/Groups/{id}. Permission: the directory's token. 401: not this directory's. 404: no such group or user.
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	return c.PatchGroup(ctx, groupID, []string{userID}, nil)
}

// RemoveMember takes a user out of a group. 400 noTarget or 404 may mean that the user is not a member: read back.
//
// PATCH …/Groups/{id}. Permission: the directory's token. 401: not this directory's.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	return c.PatchGroup(ctx, groupID, nil, []string{userID})
}

// DeleteGroup deletes a group here and on every site that it is synced to; its members lose what it granted.
//
// DELETE …/Groups/{id}. Permission: the directory's token. 401: not this directory's. 404: no such group.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, collection: groups, param: idGroups, id: id}, nil)
}

func asMembers(ids []string) []member {
	out := make([]member, len(ids))
	for i, id := range ids {
		out[i] = member{Value: id}
	}
	return out
}
