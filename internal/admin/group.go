package admin

import (
	"context"
	"iter"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeGroupSearch = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search"

	maxGroups = 100 // a page
)

// What [GroupQuery.Expand] can hold, beside [ExpandResources].
const ExpandMembers = "counts.users"

// Group is a group of a directory.
type Group struct {
	ID, Name, Description string
	DirectoryID           string
	Synced                bool   // filled by an identity provider: nobody else may change it
	ManagedBy             string // external, admins, team-members, open; "" where not told
	Members, Resources    int    // only when expanded
}

// ReadOnly tells whether only the group's identity provider may change it.
func (g Group) ReadOnly() bool { return g.Synced || g.ManagedBy == "external" }

type groupWire struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	DirectoryID string `json:"directoryId"`
	Synced      bool   `json:"externalSynced"`
	ManagedBy   string `json:"managedBy"`
	Counts      struct {
		Users     int `json:"users"`
		Resources int `json:"resources"`
	} `json:"counts"`
}

func (w groupWire) read() Group {
	return Group{
		ID: rest.CleanID(w.ID), Name: rest.Clean(w.Name), Description: rest.Clean(w.Description), DirectoryID: rest.CleanID(w.DirectoryID),
		Synced: w.Synced, ManagedBy: rest.Clean(w.ManagedBy), Members: w.Counts.Users, Resources: w.Counts.Resources,
	}
}

// GroupQuery narrows a search of groups; zero values leave a part open. Names exclude SearchTerm and IDs.
type GroupQuery struct {
	DirectoryID string   // "" = [AllDirectories]
	IDs         []string // exact
	Names       []string // exact, ignoring case
	SearchTerm  string   // part of a name
	AccountIDs  []string // groups that these are in
	ResourceIDs []string
	RoleIDs     []string
	Expand      []string
	Limit       int // a page; 0 = what the service gives at most
}

type groupSearch struct {
	Cursor      string   `json:"cursor,omitempty"`
	Limit       int      `json:"limit,omitempty"`
	AccountIDs  []string `json:"accountIds,omitempty"`
	RoleIDs     []string `json:"roleIds,omitempty"`
	ResourceIDs []string `json:"resourceIds,omitempty"`
	SearchTerm  string   `json:"searchTerm,omitempty"`
	GroupIDs    []string `json:"groupIds,omitempty"`
	GroupNames  []string `json:"groupNames,omitempty"`
	Expand      []string `json:"expand,omitempty"`
}

// SearchGroups returns the page at cursor ("" = the first) of the groups that q selects.
//
// POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search. Scope read:groups:admin. 400: names together with a search term or ids. 400 with
// [ErrCursorExpired]: the cursor is too old.
func (c *Client) SearchGroups(ctx context.Context, q GroupQuery, cursor string) (Page[Group], error) {
	limit := q.Limit
	if limit <= 0 || limit > maxGroups {
		limit = maxGroups
	}
	var out list[groupWire]
	err := c.search(ctx, routeGroupSearch, q.DirectoryID, groupSearch{
		Cursor: cursor, Limit: limit, AccountIDs: q.AccountIDs, RoleIDs: q.RoleIDs, ResourceIDs: q.ResourceIDs,
		SearchTerm: q.SearchTerm, GroupIDs: q.IDs, GroupNames: q.Names, Expand: q.Expand,
	}, &out)
	return page(out, groupWire.read), expired(err, cursor)
}

// AllGroups walks the groups that q selects. Endpoint, scope and errors as for [Client.SearchGroups].
func (c *Client) AllGroups(ctx context.Context, q GroupQuery) iter.Seq2[[]Group, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Group], error) {
		return c.SearchGroups(ctx, q, cursor)
	})
}
