package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// orgUserPage is how many users a page holds at most, and orgUserDefault how many it holds when nothing is said.
const (
	orgUserPage    = 100
	orgUserDefault = 50
)

// findUsers serves POST users/search.
func (c *call) findUsers() {
	var q userQuery
	if c.orgBody(&q) {
		c.answerUsers(&q, orgUserDefault)
	}
}

// listUsers serves GET users, which ends on 30 June 2027.
func (c *call) listUsers() {
	c.header.Set("Sunset", "Wed, 30 Jun 2027 00:00:00 GMT")
	q := userQuery{
		Cursor: c.query.Get("cursor"), AccountIDs: c.query["accountIds"], DirectoryIDs: c.query["directoryIds"], ResourceIDs: c.query["resourceIds"],
		GroupIDs: c.query["groupIds"], ClaimStatus: c.query.Get("claimStatus"), Status: c.query["status"], AccountStatus: c.query["accountStatus"],
		MembershipStatus: c.query["membershipStatus"], RoleIDs: c.query["roleIds"], SearchTerm: c.query.Get("searchTerm"),
		Expand: []string{"platformRoles", "counts.resources"},
	}
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n > 100 {
			c.badRequest("limit must be 1 to 100.")
			return
		}
		q.Limit = &n
	}
	c.answerUsers(&q, 20)
}

// userCursor is a place in the answer to a search: a search goes by ascending index, so that nobody is lost or told twice when people come and go.
type userCursor struct {
	Query     userQuery `json:"q"`
	Directory string    `json:"d"`
	From      int       `json:"f"`
}

func (c *call) answerUsers(q *userQuery, size int) {
	at := userCursor{Query: *q, Directory: c.arg(1)}
	if q.Cursor != "" && !c.openCursor(q.Cursor, "users", &at) {
		c.badRequest("The cursor is not valid, or has expired.")
		return
	}
	q = &at.Query
	q.Cursor = ""
	if !c.validUsers(q) || !c.inDirectory(q, at.Directory) {
		return
	}
	if q.Limit != nil {
		size = min(*q.Limit, orgUserPage)
	}
	size = c.clamped(size)
	page := []orgUser{}
	next := ""
	c.shown.find(q, at.From, func(a *account) bool {
		if len(page) == size {
			at.From = a.index
			next = c.sealCursor("users", at)
			return false
		}
		body := c.userBody(c.shown, c.shown.full(a), q.Expand)
		page = append(page, body)
		if at.Directory == "-" && a.access && c.s.knobs.get().RowPerDirectory && len(page)+len(a.directoryIDs())-1 <= size {
			page = append(page, slices.Repeat([]orgUser{body}, len(a.directoryIDs())-1)...)
		}
		return true
	})
	links := map[string]string{}
	if next != "" {
		links["next"] = next
	}
	c.json(http.StatusOK, map[string]any{"data": page, "links": links})
}

// full returns the account with its whole SCIM record, where a is a computed one without.
func (m *model) full(a *account) *account {
	if a.scim == nil || a.scim.id != "" {
		return a
	}
	var room scratch
	return m.look(a.index, &room).clone()
}

// inDirectory narrows the query down to a directory, unless it is for all. It answers when there is none with this id.
func (c *call) inDirectory(q *userQuery, directory string) bool {
	switch {
	case !isDirectory(directory):
		c.noDirectory()
		return false
	case directory != "-" && (len(q.DirectoryIDs) == 0 || slices.Contains(q.DirectoryIDs, directory)):
		q.DirectoryIDs = []string{directory}
	}
	return true
}

func (c *call) noDirectory() {
	c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "There is no directory with this id.")
}

// maxEmails is how many addresses a search takes.
const maxEmails = 100

// validUsers answers 400 to a query that contradicts itself or has values that the specification does not know.
func (c *call) validUsers(q *userQuery) bool {
	known := func(values []string, allowed ...string) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(allowed, v) })
	}
	switch {
	case len(q.Emails) > 0 && q.SearchTerm != "":
		c.badRequest("emails and searchTerm must not be used together.")
	case len(q.Emails) > maxEmails:
		c.badRequest("There may be 100 emails.")
	case q.Limit != nil && *q.Limit < 1:
		c.badRequest("limit must be at least 1.")
	case q.ClaimStatus != "" && !known([]string{q.ClaimStatus}, "managed", "unmanaged"),
		!known(q.Status, "active", "suspended", "not_invited", "deactivated", "for_deletion"),
		!known(q.AccountStatus, "active", "inactive", "closed"),
		!known(q.MembershipStatus, "active", "suspended", "no_membership"),
		!known(q.Expand, "platformRoles", "counts.resources", "productAccess", "groups"):
		c.badRequest("A filter or expand has a value that is not known.")
	case slices.ContainsFunc(q.SortBy, func(s sortBy) bool { return s.Field != "nick_name" }):
		c.badRequest("sortBy must be nick_name.")
	default:
		return true
	}
	return false
}

// countUsers serves GET users/count.
func (c *call) countUsers() {
	q := userQuery{ClaimStatus: c.query.Get("claimStatus"), Status: split(c.query.Get("status"))}
	if !c.validUsers(&q) || !c.inDirectory(&q, c.arg(1)) {
		return
	}
	count := 0
	c.shown.find(&q, 0, func(*account) bool { count++; return true })
	c.json(http.StatusOK, map[string]int{"count": count})
}

// userStats serves GET users/stats.
func (c *call) userStats() {
	var q userQuery
	if !c.inDirectory(&q, c.arg(1)) {
		return
	}
	status, roles := map[string]int{}, map[string]int{}
	c.shown.find(&q, 0, func(a *account) bool {
		status[a.accountStatus()]++
		for _, of := range c.shown.assignments(a, c.shown.groupsInOrg(a)) {
			for _, role := range of.roles {
				roles[role]++
			}
		}
		return true
	})
	list, byRole := []any{}, []any{}
	for _, s := range []string{"active", "inactive", "closed"} {
		list = append(list, map[string]any{"status": s, "count": status[s]})
	}
	for _, role := range allRoles {
		byRole = append(byRole, map[string]any{"roleId": role, "count": roles[role]})
	}
	c.json(http.StatusOK, map[string]any{"accountStatus": list, "roles": byRole})
}

// freeRoles are the roles on a product that cost no seat.
var freeRoles = []string{"atlassian/guest", "atlassian/customer", roleUserAccessAdmin, "atlassian/contributor", "atlassian/basic", "atlassian/stakeholder"}

var allRoles = append([]string{roleUser, roleAdmin, roleOrgAdmin, roleSiteAdmin}, freeRoles...)

// member finds the user whom the path names, in its directory, as the model m has them. It answers when there is none.
func (c *call) member(m *model, room *scratch) *account {
	if !isDirectory(c.arg(1)) {
		c.noDirectory()
		return nil
	}
	if index := m.byID(c.arg(2)); index >= 0 {
		if a := m.look(index, room); a.inOrg() && (c.arg(1) == "-" || a.access && slices.Contains(a.directoryIDs(), c.arg(1))) {
			return a
		}
	}
	c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "There is no user "+c.arg(2)+" in the directory.")
	return nil
}

// orgUser serves GET users/{accountId}.
func (c *call) orgUser() {
	var room scratch
	if a := c.member(c.shown, &room); a != nil {
		c.json(http.StatusOK, map[string]any{"data": c.userBody(c.shown, a, []string{"platformRoles", "counts.resources"})})
	}
}

// userRoles serves GET users/{accountId}/role-assignments.
func (c *call) userRoles() {
	var room scratch
	if a := c.member(c.shown, &room); a != nil {
		c.answerRoles(c.shown.assignments(a, c.shown.groupsInOrg(a)))
	}
}

// answerRoles answers with a page of role assignments. The specification has each role in a list of its own.
func (c *call) answerRoles(list []assignment) {
	owners, resources, roles := c.query["resourceOwners"], c.query["resourceIds"], c.query["roleIds"]
	data := []any{}
	for _, of := range list {
		if len(owners) > 0 && !slices.Contains(owners, of.owner) || len(resources) > 0 && !slices.Contains(resources, of.resource) {
			continue
		}
		nested := [][]string{}
		for _, role := range of.roles {
			if len(roles) == 0 || slices.Contains(roles, role) {
				nested = append(nested, []string{role})
			}
		}
		if len(nested) > 0 {
			data = append(data, map[string]any{"resourceId": of.resource, "resourceOwner": of.owner, "roles": nested})
		}
	}
	c.json(http.StatusOK, map[string]any{"data": data, "links": map[string]string{}})
}

// nextLink is an address of the next page, as the v1 paths tell it.
func (c *call) nextLink(cursor string) string {
	return c.base + c.path + "?cursor=" + url.QueryEscape(cursor)
}
