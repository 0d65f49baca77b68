package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// groupItem is a group as Jira lists it.
type groupItem struct {
	Name    string `json:"name"`
	GroupID string `json:"groupId"`
	Self    string `json:"self,omitempty"`
}

func (c *call) groupItem(g *group) groupItem {
	return groupItem{Name: g.name, GroupID: g.id, Self: c.base + "/rest/api/3/group?groupId=" + url.QueryEscape(g.id)}
}

// appendGroups appends a SimpleListWrapperGroupName with at most limit items.
func (c *call) appendGroups(b []byte, groups []*group, limit int) []byte {
	b = append(b, `{"size":`...)
	b = strconv.AppendInt(b, int64(len(groups)), 10)
	b = append(b, `,"items":[`...)
	for i, g := range window(groups, 0, limit) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendString(b, g.name)
		b = append(b, `,"groupId":`...)
		b = appendString(b, g.id)
		b = append(b, `,"self":`...)
		b = appendString(b, c.groupItem(g).Self)
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

// group finds the group that the parameters groupId or groupname name, as the model m has it, or answers why it cannot.
func (c *call) group(m *model) *group {
	id, name := c.query.Get("groupId"), c.query.Get("groupname")
	if (id == "") == (name == "") {
		c.fail(http.StatusBadRequest, "Exactly one of the query parameters 'groupId' and 'groupname' must be provided.")
		return nil
	}
	g := m.groupByID(m.groupIDs, id)
	if name != "" {
		g = m.groupByName(name, anyGroup)
	}
	if g == nil {
		c.fail(http.StatusNotFound, "The group was not found.")
	}
	return g
}

// getGroup serves GET /group, which is deprecated: the group with the first fifty of its active members, if asked for.
func (c *call) getGroup() {
	g := c.group(c.shown)
	if g == nil {
		return
	}
	members, total := c.members(g, false, 0, 50)
	c.begin()
	b := append(c.body.AvailableBuffer(), `{"name":`...)
	b = appendString(b, g.name)
	b = append(b, `,"groupId":`...)
	b = appendString(b, g.id)
	b = append(b, `,"self":`...)
	b = appendString(b, c.groupItem(g).Self)
	b = append(b, `,"users":{"size":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"items":`...)
	c.body.Write(b)
	if !strings.HasPrefix(c.query.Get("expand"), "users") {
		members = nil
	}
	c.users(members, viewDetails)
	last := max(0, min(total, 50)-1)
	c.body.WriteString(`,"max-results":50,"start-index":0,"end-index":` + strconv.Itoa(last) + `},"expand":"users"}`)
}

// members returns a page of the group's members and how many there are.
func (c *call) members(g *group, inactive bool, start, size int) (page []int, total int) {
	room := scratch{brief: true}
	m := c.shown
	keep := func(index int) bool {
		a := m.look(index, &room)
		return (inactive || a.activeInJira()) && countsInJira(a, g)
	}
	segments := min(1, len(g.members.segments))
	if inactive {
		segments = len(g.members.segments)
	}
	return g.members.page(&m.pop, segments, start, size, keep)
}

// groupMembers serves GET /group/member. Pages hold 50 at most.
func (c *call) groupMembers() {
	g := c.group(c.shown)
	if g == nil {
		return
	}
	start, size, ok := c.page(50, 50)
	if !ok {
		return
	}
	page, total := c.members(g, c.query.Get("includeInactiveUsers") == "true", start, size)
	c.begin()
	c.pageOf(start, size, total, func() { c.users(page, viewDetails) })
}

// pageOf writes a PageBean: values writes its array.
func (c *call) pageOf(start, size, total int, values func()) {
	last := size == 0 || start+size >= total
	address := func(start int) string {
		query := url.Values{}
		for name, values := range c.query {
			query[name] = values
		}
		query.Set("startAt", strconv.Itoa(start))
		query.Set("maxResults", strconv.Itoa(size))
		return c.base + c.path + "?" + query.Encode()
	}
	b := append(c.body.AvailableBuffer(), `{"self":`...)
	b = appendString(b, address(start))
	if !last {
		b = append(b, `,"nextPage":`...)
		b = appendString(b, address(start+size))
	}
	b = append(b, `,"maxResults":`...)
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(b, `,"startAt":`...)
	b = strconv.AppendInt(b, int64(start), 10)
	b = append(b, `,"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"isLast":`...)
	b = strconv.AppendBool(b, last)
	b = append(b, `,"values":`...)
	c.body.Write(b)
	values()
	c.body.WriteByte('}')
}

// postGroup serves POST /group.
func (c *call) postGroup() {
	var body struct {
		Name string `json:"name"`
	}
	if !c.decode(&body) {
		return
	}
	if strings.TrimSpace(body.Name) == "" || len(body.Name) > 255 {
		c.failField("name", "You must specify a group name of up to 255 characters.")
		return
	}
	if c.now.groupByName(body.Name, anyGroup) != nil {
		c.fail(http.StatusBadRequest, "A group or user with this name already exists.")
		return
	}
	index := len(c.now.groups)
	now := time.Now().UTC()
	g := group{index: index, id: uuid(c.now.pop.seed, saltGroup, uint64(index)), name: body.Name, created: now, modified: now}
	c.commit(func(m *model) { m.addGroup(g) })
	c.oneGroup(http.StatusCreated, &g)
}

// oneGroup answers with a group by itself.
func (c *call) oneGroup(status int, g *group) {
	c.json(status, struct {
		groupItem
		Expand string `json:"expand"`
	}{c.groupItem(g), "users"})
}

// siteGroup finds the group that shall be changed, or answers why it cannot be: groups that SCIM brought are read-only in Jira.
func (c *call) siteGroup() *group {
	g := c.group(c.now)
	if g != nil && g.scim() {
		c.fail(http.StatusBadRequest, "The group '"+g.name+"' is managed externally and cannot be changed in Jira.")
		return nil
	}
	return g
}

// deleteGroup serves DELETE /group.
func (c *call) deleteGroup() {
	if g := c.siteGroup(); g != nil {
		index := g.index
		c.commit(func(m *model) { m.dropGroup(index) })
		c.empty(http.StatusOK)
	}
}

// addMember serves POST /group/user.
func (c *call) addMember() {
	var body struct {
		AccountID string `json:"accountId"`
	}
	if !c.decode(&body) {
		return
	}
	if body.AccountID == "" {
		c.fail(http.StatusBadRequest, "The 'accountId' is missing.")
		return
	}
	g := c.siteGroup()
	if g == nil {
		return
	}
	var room scratch
	a := c.accountByID(c.now, body.AccountID, &room)
	if a == nil {
		return
	}
	if a.kind == typeUnknown {
		c.fail(http.StatusBadRequest, "Cannot add user. The account is not valid.")
		return
	}
	if g.members.has(&c.now.pop, a.index) {
		c.fail(http.StatusBadRequest, "Cannot add user. '"+a.display+"' is already a member of '"+g.name+"'")
		return
	}
	group, index := g.index, a.index
	c.commit(func(m *model) { m.join(group, index) })
	c.oneGroup(http.StatusCreated, g)
}

// removeMember serves DELETE /group/user.
func (c *call) removeMember() {
	var room scratch
	a := c.account(c.now, &room)
	if a == nil {
		return
	}
	g := c.siteGroup()
	if g == nil {
		return
	}
	if !g.members.has(&c.now.pop, a.index) {
		c.fail(http.StatusNotFound, "Cannot remove user '"+a.display+"' from group '"+g.name+"' since the user is not a member of the group")
		return
	}
	group, index := g.index, a.index
	c.commit(func(m *model) { m.leave(group, index) })
	c.empty(http.StatusOK)
}
