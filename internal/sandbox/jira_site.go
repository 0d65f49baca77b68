package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// jiraPermission is one permission that Jira knows, and what holds it.
type jiraPermission struct {
	key, name, kind string
	held            func(*call) bool
}

var (
	always      = func(c *call) bool { return c.who.index >= 0 }
	permissions = []jiraPermission{
		{"ADMINISTER", "Administer Jira", "GLOBAL", func(c *call) bool { return c.who.Admin }},
		{"SYSTEM_ADMIN", "Jira System Administrators", "GLOBAL", func(c *call) bool { return c.who.SiteAdmin }},
		{"USER_PICKER", "Browse users and groups", "GLOBAL", func(c *call) bool { return c.who.Browse }},
		{"CREATE_SHARED_OBJECTS", "Share dashboards and filters", "GLOBAL", always},
		{"MANAGE_GROUP_FILTER_SUBSCRIPTIONS", "Manage group filter subscriptions", "GLOBAL", func(c *call) bool { return c.who.Browse }},
		{"BULK_CHANGE", "Make bulk changes", "GLOBAL", always},
		{"BROWSE_PROJECTS", "Browse Projects", "PROJECT", always},
		{"ADMINISTER_PROJECTS", "Administer Projects", "PROJECT", func(c *call) bool { return c.who.Admin }},
		{"EDIT_ISSUES", "Edit Issues", "PROJECT", always},
		{"ASSIGN_ISSUES", "Assign Issues", "PROJECT", func(c *call) bool { return c.who.Admin }},
	}
)

type userPermission struct {
	ID             string `json:"id"`
	Key            string `json:"key"`
	Name           string `json:"name"`
	Type           string `json:"type"`
	Description    string `json:"description"`
	HavePermission *bool  `json:"havePermission,omitempty"`
}

func (p jiraPermission) json(i int) userPermission {
	return userPermission{ID: strconv.Itoa(i), Key: p.key, Name: p.name, Type: p.kind, Description: p.name + "."}
}

// myPermissions serves GET /mypermissions.
func (c *call) myPermissions() {
	wanted := strings.Split(c.query.Get("permissions"), ",")
	list := map[string]userPermission{}
	for _, key := range wanted {
		for i, p := range permissions {
			if p.key == strings.TrimSpace(key) {
				item, held := p.json(i), p.held(c)
				item.HavePermission = &held
				list[p.key] = item
			}
		}
	}
	if len(list) < len(wanted) {
		c.fail(http.StatusBadRequest, "The 'permissions' query parameter is missing or has a permission key that is not valid.")
		return
	}
	c.json(http.StatusOK, map[string]any{"permissions": list})
}

// allPermissions serves GET /permissions.
func (c *call) allPermissions() {
	list := map[string]userPermission{}
	for i, p := range permissions {
		list[p.key] = p.json(i)
	}
	c.json(http.StatusOK, map[string]any{"permissions": list})
}

// serverInfo serves GET /serverInfo.
func (c *call) serverInfo() {
	c.json(http.StatusOK, map[string]any{
		"baseUrl": "http://" + c.r.Host, "displayUrl": "http://" + c.r.Host, "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
		"deploymentType": "Cloud", "buildNumber": 100284, "buildDate": epoch.Format(jiraTime), "serverTime": time.Now().UTC().Format(jiraTime),
		"scmInfo": "sandbox", "serverTitle": "Sandbox", "serverTimeZone": "Etc/UTC",
	})
}

// jiraTime is how Jira writes times, in the stricter form that the specification asks for.
const jiraTime = "2006-01-02T15:04:05.000Z07:00"

// role returns the application role behind a product.
func (c *call) role(product string) map[string]any {
	g := c.shown.groups[productGroups[product]]
	_, users := c.members(g, false, 0, 0)
	names := []string{g.name}
	seats, left := c.seatLimit(c.shown, product), 0
	if left = seats - users; seats < 0 {
		left = seats
	}
	return map[string]any{
		"key": product, "name": strings.ReplaceAll(product, "-", " "), "groups": names, "defaultGroups": names, "groupDetails": []groupItem{c.groupItem(g)},
		"defaultGroupsDetails": []groupItem{c.groupItem(g)}, "selectedByDefault": product == "jira-software", "defined": true, "platform": false,
		"numberOfSeats": seats, "remainingSeats": left, "userCount": users, "userCountDescription": "users", "hasUnlimitedSeats": seats < 0,
	}
}

// licence is how many people the licence of a product lets in: a tenth more than the product began with, in the steps in which licences are sold. Jira Work
// Management has no limit, which is written as -1.
func (m *model) licence(product string) int {
	if product == "jira-core" {
		return -1
	}
	began := m.groups[productGroups[product]].members.segments[0].n + len(seededPeople)
	for tier := 25; ; tier *= 2 {
		if tier >= began+began/10 {
			return tier
		}
	}
}

// productKeys are the products in the order in which they are listed.
var productKeys = []string{"jira-core", "jira-product-discovery", "jira-servicedesk", "jira-software"}

// applicationRoles serves GET /applicationrole.
func (c *call) applicationRoles() {
	list := []map[string]any{}
	for _, product := range productKeys {
		list = append(list, c.role(product))
	}
	c.json(http.StatusOK, list)
}

// applicationRole serves GET /applicationrole/{key}.
func (c *call) applicationRole() {
	key := strings.TrimPrefix(c.path, "/rest/api/3/applicationrole/")
	if _, ok := productGroups[key]; !ok {
		c.fail(http.StatusNotFound, "No application role with the key '"+key+"' exists.")
		return
	}
	c.json(http.StatusOK, c.role(key))
}

// appendRoles appends the wrapper for the roles that the groups give.
func (c *call) appendRoles(b []byte, groups []*group) []byte {
	size := 0
	for _, g := range groups {
		if g.product != "" {
			size++
		}
	}
	b = append(b, `{"size":`...)
	b = strconv.AppendInt(b, int64(size), 10)
	return append(b, `,"items":[]}`...)
}
