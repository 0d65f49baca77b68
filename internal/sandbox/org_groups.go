package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupQuery is what a search for groups asks for.
type groupQuery struct {
	Cursor         string   `json:"cursor,omitempty"`
	Limit          *int     `json:"limit,omitempty"`
	AccountIDs     []string `json:"accountIds,omitempty"`
	DirectoryIDs   []string `json:"directoryIds,omitempty"`
	RoleIDs        []string `json:"roleIds,omitempty"`
	ResourceOwners []string `json:"resourceOwners,omitempty"`
	ResourceIDs    []string `json:"resourceIds,omitempty"`
	SearchTerm     string   `json:"searchTerm,omitempty"`
	GroupIDs       []string `json:"groupIds,omitempty"`
	GroupNames     []string `json:"groupNames,omitempty"`
	Expand         []string `json:"expand,omitempty"`
}

// groupCursor is a place in the answer to a search for groups.
type groupCursor struct {
	Query     groupQuery `json:"q"`
	Directory string     `json:"d"`
	From      int        `json:"f"`
}

// orgGroupItem is a group as the v2 paths list one.
type orgGroupItem struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Description    string            `json:"description"`
	DirectoryID    string            `json:"directoryId"`
	Counts         map[string]int    `json:"counts,omitempty"`
	Links          map[string]string `json:"links"`
	ExternalSynced *bool             `json:"externalSynced,omitempty"`
	ManagedBy      string            `json:"managedBy,omitempty"`
}

func (g *group) item(expand []string) orgGroupItem {
	synced, managedBy := g.scim(), "admins"
	switch {
	case synced:
		managedBy = "external"
	case g.index == groupReleaseManagers:
		managedBy = "team-members"
	}
	item := orgGroupItem{
		ID: g.id, Name: g.name, Description: g.description, DirectoryID: g.directoryID(), Links: map[string]string{"self": g.id},
		ExternalSynced: &synced, ManagedBy: managedBy,
	}
	for _, what := range expand {
		if item.Counts == nil {
			item.Counts = map[string]int{}
		}
		switch what {
		case "counts.users":
			item.Counts["users"] = g.members.size()
		case "counts.resources":
			item.Counts["resources"] = len(g.assignments())
		}
	}
	return item
}

// findGroups serves POST groups/search.
func (c *call) findGroups() {
	var q groupQuery
	if c.orgBody(&q) {
		c.answerGroups(&q)
	}
}

// listGroups serves GET groups, which ends on 30 June 2027.
func (c *call) listGroups() {
	c.header.Set("Sunset", "Wed, 30 Jun 2027 00:00:00 GMT")
	q := groupQuery{
		Cursor: c.query.Get("cursor"), AccountIDs: c.query["accountIds"], DirectoryIDs: c.query["directoryIds"], ResourceOwners: c.query["resourceOwners"],
		ResourceIDs: c.query["resourceIds"], SearchTerm: c.query.Get("searchTerm"), GroupIDs: c.query["groupIds"], Expand: []string{"counts.users", "counts.resources"},
	}
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n > 100 {
			c.badRequest("limit must be 1 to 100.")
			return
		}
		q.Limit = &n
	}
	c.answerGroups(&q)
}

func (c *call) answerGroups(q *groupQuery) {
	at := groupCursor{Query: *q, Directory: c.arg(1)}
	if q.Cursor != "" && !c.openCursor(q.Cursor, "groups", &at) {
		c.badRequest("The cursor is not valid, or has expired.")
		return
	}
	q = &at.Query
	q.Cursor = ""
	size := 20
	switch {
	case q.SearchTerm != "" && len(q.GroupNames) > 0 || len(q.GroupIDs) > 0 && len(q.GroupNames) > 0:
		c.badRequest("groupNames must not be used together with searchTerm or groupIds.")
		return
	case q.Limit != nil && *q.Limit < 1:
		c.badRequest("limit must be at least 1.")
		return
	case q.Limit != nil:
		size = min(*q.Limit, orgUserPage)
	}
	for _, what := range q.Expand {
		if what != "counts.users" && what != "counts.resources" {
			c.badRequest("expand has a value that is not known.")
			return
		}
	}
	if !isDirectory(at.Directory) {
		c.noDirectory()
		return
	}
	size = c.clamped(size)
	page, links := []orgGroupItem{}, map[string]string{}
	for ; at.From < len(c.shown.groups); at.From++ {
		g := c.shown.groups[at.From]
		if at.Directory != "-" && at.Directory != g.directoryID() || !q.fits(c.shown, g) {
			continue
		}
		if len(page) == size {
			links["next"] = c.sealCursor("groups", at)
			break
		}
		page = append(page, g.item(q.Expand))
	}
	c.json(http.StatusOK, map[string]any{"data": page, "links": links})
}

// fits tells whether the group is one that the query asks for.
func (q *groupQuery) fits(m *model, g *group) bool {
	if g.deleted || len(q.DirectoryIDs) > 0 && !slices.Contains(q.DirectoryIDs, g.directoryID()) ||
		len(q.GroupIDs) > 0 && !slices.Contains(q.GroupIDs, g.id) ||
		len(q.GroupNames) > 0 && !slices.ContainsFunc(q.GroupNames, func(name string) bool { return strings.EqualFold(name, g.name) }) ||
		q.SearchTerm != "" && !strings.Contains(fold(g.name), fold(q.SearchTerm)) {
		return false
	}
	if len(q.AccountIDs) > 0 && !slices.ContainsFunc(q.AccountIDs, func(id string) bool {
		index := m.byID(id)
		return index >= 0 && g.members.has(&m.pop, index)
	}) {
		return false
	}
	if len(q.RoleIDs)+len(q.ResourceIDs)+len(q.ResourceOwners) == 0 {
		return true
	}
	return slices.ContainsFunc(g.assignments(), func(of assignment) bool {
		return (len(q.RoleIDs) == 0 || slices.Contains(q.RoleIDs, of.roles[0])) && (len(q.ResourceIDs) == 0 || slices.Contains(q.ResourceIDs, of.resource)) &&
			(len(q.ResourceOwners) == 0 || slices.Contains(q.ResourceOwners, of.owner))
	})
}

// groupStats serves GET groups/stats.
func (c *call) groupStats() {
	all, synced := 0, 0
	for _, g := range c.shown.groups {
		if g.deleted || c.arg(1) != "-" && c.arg(1) != g.directoryID() {
			continue
		}
		all++
		if g.scim() {
			synced++
		}
	}
	c.json(http.StatusOK, map[string]any{
		"types": []any{map[string]any{"type": "GROUP", "count": all}}, "totals": map[string]int{"all": all, "synced": synced},
	})
}

// pathGroup finds the group that the path names, in its directory. It answers when there is none.
func (c *call) pathGroup(m *model) *group {
	if !isDirectory(c.arg(1)) {
		c.noDirectory()
		return nil
	}
	g := m.groupByID(m.groupIDs, c.arg(2))
	if g == nil || c.arg(1) != "-" && c.arg(1) != g.directoryID() {
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-3", "Group Not Found", "There is no group "+c.arg(2)+" in the directory.")
		return nil
	}
	return g
}

// ownGroup finds the group that the path names, to change it: what is synced is read-only here.
func (c *call) ownGroup() *group {
	g := c.pathGroup(c.now)
	if g != nil && g.scim() {
		c.orgForbidden("The group " + g.name + " is synced from an identity provider and can't be changed here.")
		return nil
	}
	return g
}

// orgGroup serves GET groups/{groupId}.
func (c *call) orgGroup() {
	if g := c.pathGroup(c.shown); g != nil {
		item := g.item(nil)
		item.ExternalSynced, item.ManagedBy = nil, ""
		c.json(http.StatusOK, map[string]any{"data": item})
	}
}

// groupRoles serves GET groups/{groupId}/role-assignments.
func (c *call) groupRoles() {
	if g := c.pathGroup(c.shown); g != nil {
		c.answerRoles(g.assignments())
	}
}

// createGroup serves POST groups: one of the local directory's.
func (c *call) createGroup() {
	var body struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	if !c.orgBody(&body) {
		return
	}
	switch {
	case c.arg(1) == SyncedID:
		c.orgForbidden("Groups of this directory come from an identity provider.")
		return
	case c.arg(1) == PartnersID:
		c.orgForbidden("This directory has no groups of its own.")
		return
	case !isDirectory(c.arg(1)):
		c.noDirectory()
		return
	case strings.TrimSpace(body.Name) == "" || len(body.Name) > 255:
		c.badRequest("name must be given, in up to 255 characters.")
		return
	case c.now.groupByName(body.Name, anyGroup) != nil:
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-2", "Resource Conflicts", "There is a group with this name.")
		return
	}
	index, now := len(c.now.groups), time.Now().UTC()
	g := group{index: index, id: uuid(c.now.pop.seed, saltGroup, uint64(index)), name: body.Name, description: body.Description, created: now, modified: now}
	c.commit(func(m *model) { m.addGroup(g) })
	c.json(http.StatusCreated, map[string]any{"data": g.item(nil)})
}

// removeGroup serves DELETE groups/{groupId}. A group that gives a product to newcomers stays.
func (c *call) removeGroup() {
	g := c.ownGroup()
	switch {
	case g == nil:
	case g.product != "":
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-2", "Resource Conflicts", "The group is a default group of "+g.product+".")
	default:
		index := g.index
		c.commit(func(m *model) { m.dropGroup(index) })
		c.empty(http.StatusNoContent)
	}
}
