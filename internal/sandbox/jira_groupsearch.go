package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// bulkGroups serves GET /group/bulk.
func (c *call) bulkGroups() {
	start, size, ok := c.page(50, 100)
	if !ok {
		return
	}
	ids, names := c.query["groupId"], c.query["groupName"]
	access, product := c.query.Get("accessType"), c.query.Get("applicationKey")
	if access != "" && !slices.Contains([]string{"site-admin", "admin", "user"}, access) {
		c.fail(http.StatusBadRequest, "The access type is not valid. It must be one of site-admin, admin and user.")
		return
	}
	if _, known := productGroups[product]; product != "" && !known {
		c.fail(http.StatusBadRequest, "The application key is not valid.")
		return
	}
	var found []*group
	for _, g := range c.shown.groups {
		if g.deleted || access != "" && g.access != access || product != "" && g.product != product ||
			len(ids) > 0 && !slices.Contains(ids, g.id) || len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		found = append(found, g)
	}
	c.begin()
	c.pageOf(start, size, len(found), func() {
		b := append(c.body.AvailableBuffer(), '[')
		for i, g := range window(found, start, size) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"name":`...)
			b = appendString(b, g.name)
			b = append(b, `,"groupId":`...)
			b = appendString(b, g.id)
			b = append(b, '}')
		}
		c.body.Write(append(b, ']'))
	})
}

// pickGroups serves GET /groups/picker.
func (c *call) pickGroups() {
	limit, ok := c.number("maxResults", 20)
	if !ok {
		return
	}
	type found struct {
		Name      string     `json:"name"`
		GroupID   string     `json:"groupId"`
		HTML      string     `json:"html"`
		Labels    []struct{} `json:"labels"`
		ManagedBy string     `json:"managedBy"`
	}
	query, fits := c.query.Get("query"), strings.Contains
	if c.query.Get("caseInsensitive") == "true" {
		fits = func(name, query string) bool { return strings.Contains(fold(name), fold(query)) }
	}
	groups, total := []found{}, 0
	for _, g := range c.shown.groups {
		if !c.who.Browse || g.deleted || !fits(g.name, query) || slices.Contains(c.query["excludeId"], g.id) || slices.Contains(c.query["exclude"], g.name) {
			continue
		}
		total++
		if len(groups) >= max(0, min(limit, 1000)) {
			continue
		}
		item := found{Name: g.name, GroupID: g.id, HTML: highlight(g.name, query), Labels: []struct{}{}, ManagedBy: "ADMINS"}
		if g.scim() {
			item.ManagedBy = "EXTERNAL"
		}
		groups = append(groups, item)
	}
	header := "Showing " + strconv.Itoa(len(groups)) + " of " + strconv.Itoa(total) + " matching groups"
	c.json(http.StatusOK, map[string]any{"header": header, "total": total, "groups": groups})
}
