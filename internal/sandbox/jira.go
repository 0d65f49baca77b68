package sandbox

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// errorCollection is how Jira writes errors.
type errorCollection struct {
	ErrorMessages []string          `json:"errorMessages"`
	Errors        map[string]string `json:"errors"`
}

// permission is what an endpoint asks of its caller.
type permission uint8

const (
	permitAnyone    permission = iota // also without a credential
	permitUser                        // permission to access Jira
	permitBrowse                      // Browse users and groups
	permitBrowseOr                    // Browse users and groups, or Administer Jira
	permitAdmin                       // Administer Jira
	permitSiteAdmin                   // membership of a site-admin group
)

// endpoint is one operation of Jira's.
type endpoint struct {
	needs  permission
	handle func(*call)
	writes bool
}

// jiraOperations returns the served operations, by method and path below /rest/api/3.
func jiraOperations() map[string]endpoint {
	return map[string]endpoint{
		"GET /user":               {permitBrowse, (*call).getUser, false},
		"POST /user":              {permitSiteAdmin, (*call).postUser, true},
		"DELETE /user":            {permitSiteAdmin, (*call).deleteUser, true},
		"GET /user/groups":        {permitBrowse, (*call).getUserGroups, false},
		"GET /user/bulk":          {permitUser, (*call).getUserBulk, false},
		"GET /user/search":        {permitAnyone, (*call).searchUsers, false},
		"GET /user/picker":        {permitAnyone, (*call).pickUsers, false},
		"GET /users/search":       {permitBrowse, (*call).allUsers, false},
		"GET /users":              {permitBrowse, (*call).allUsers, false},
		"GET /group":              {permitBrowseOr, (*call).getGroup, false},
		"POST /group":             {permitSiteAdmin, (*call).postGroup, true},
		"DELETE /group":           {permitSiteAdmin, (*call).deleteGroup, true},
		"GET /group/bulk":         {permitBrowse, (*call).bulkGroups, false},
		"GET /group/member":       {permitBrowseOr, (*call).groupMembers, false},
		"POST /group/user":        {permitSiteAdmin, (*call).addMember, true},
		"DELETE /group/user":      {permitSiteAdmin, (*call).removeMember, true},
		"GET /groups/picker":      {permitAnyone, (*call).pickGroups, false},
		"GET /myself":             {permitUser, (*call).myself, false},
		"GET /mypermissions":      {permitAnyone, (*call).myPermissions, false},
		"GET /permissions":        {permitAnyone, (*call).allPermissions, false},
		"GET /serverInfo":         {permitAnyone, (*call).serverInfo, false},
		"GET /applicationrole":    {permitAdmin, (*call).applicationRoles, false},
		"GET /applicationrole/{}": {permitAdmin, (*call).applicationRole, false},

		"POST /search/approximate-count": {permitAnyone, (*call).countIssues, false},
		"POST /search/jql":               {permitAnyone, (*call).searchIssues, false},
		"PUT /issue/{}/assignee":         {permitUser, (*call).assignIssue, true},
		"GET /project/search":            {permitAnyone, (*call).searchProjects, false},
		"PUT /project/{}":                {permitUser, (*call).putProject, true},
		"GET /component":                 {permitAnyone, (*call).listComponents, false},
		"GET /component/{}":              {permitAnyone, (*call).getComponent, false},
		"PUT /component/{}":              {permitUser, (*call).putComponent, true},
		"GET /filter/search":             {permitAnyone, (*call).searchFilters, false},
		"PUT /filter/{}/owner":           {permitUser, (*call).putFilterOwner, true},
		"GET /dashboard/search":          {permitAnyone, (*call).searchDashboards, false},
		"PUT /dashboard/bulk/edit":       {permitUser, (*call).editDashboards, true},
	}
}

// jira serves one request to Jira.
func (c *call) jira(gateway bool) {
	path := c.s.template(strings.TrimPrefix(c.path, "/rest/api/3"))
	e, known := c.s.operations[c.r.Method+" "+path]
	answer := func() {
		who, ok := authenticate(c.r, gateway, c.now)
		c.who = who
		switch {
		case !ok || who.index < 0 && (gateway || e.needs > permitAnyone):
			c.unauthorized(gateway)
		case !known:
			c.unknown(path)
		case !c.may(e.needs):
			c.fail(http.StatusForbidden, "You do not have permission to perform this operation.")
		default:
			e.handle(c)
		}
	}
	if e.writes {
		c.write(answer)
		return
	}
	c.s.world.read(func(shown, now *model) {
		c.shown, c.now = shown, now
		answer()
	})
}

// template returns the path with {} in place of the segment that names something, where an operation has such a path.
func (s *Sandbox) template(path string) string {
	if s.paths[path] {
		return path
	}
	parts := strings.Split(path, "/")
	for i := 2; i < len(parts); i++ {
		if parts[i] == "" {
			continue
		}
		named := strings.Join(parts[:i], "/") + "/{}"
		if i+1 < len(parts) {
			named += "/" + strings.Join(parts[i+1:], "/")
		}
		if s.paths[named] {
			return named
		}
	}
	return path
}

func (c *call) may(needs permission) bool {
	switch needs {
	case permitBrowse:
		return c.who.Browse
	case permitBrowseOr:
		return c.who.Browse || c.who.Admin
	case permitAdmin:
		return c.who.Admin
	case permitSiteAdmin:
		return c.who.SiteAdmin
	}
	return true
}

func (c *call) unauthorized(gateway bool) {
	if gateway {
		c.json(http.StatusUnauthorized, map[string]any{"code": 401, "message": "Unauthorized"})
		return
	}
	c.header.Set("Www-Authenticate", `OAuth realm="http%3A%2F%2F`+c.r.Host+`"`)
	c.fail(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
}

// unknown answers for a path or method that is not served.
func (c *call) unknown(path string) {
	for operation := range c.s.operations {
		if _, known, _ := strings.Cut(operation, " "); known == path {
			c.json(http.StatusMethodNotAllowed, map[string]any{"message": "HTTP 405 Method Not Allowed", "status-code": 405})
			return
		}
	}
	c.json(http.StatusNotFound, map[string]any{"message": "null for uri: " + c.base + c.path, "status-code": 404})
}

// fail answers with an error message.
func (c *call) fail(status int, message string) {
	c.json(status, errorCollection{ErrorMessages: []string{message}, Errors: map[string]string{}})
}

// failField answers 400 with an error that belongs to a field.
func (c *call) failField(field, message string) {
	c.json(http.StatusBadRequest, errorCollection{ErrorMessages: []string{}, Errors: map[string]string{field: message}})
}

// number reads a whole-number parameter; on a bad one it answers as Jira does, which is with 404, and returns false.
func (c *call) number(name string, fallback int) (int, bool) {
	text := c.query.Get(name)
	if text == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		c.json(http.StatusNotFound, map[string]any{"message": "HTTP 404 Not Found", "status-code": 404})
		return 0, false
	}
	return n, true
}

// page reads startAt and maxResults. maxResults above limit becomes limit, without a word.
func (c *call) page(fallback, limit int) (start, size int, ok bool) {
	start, ok = c.number("startAt", 0)
	if !ok {
		return 0, 0, false
	}
	size, ok = c.number("maxResults", fallback)
	if !ok {
		return 0, 0, false
	}
	if start < 0 || size < 0 {
		c.fail(http.StatusBadRequest, "The 'startAt' and 'maxResults' parameters must not be negative.")
		return 0, 0, false
	}
	if c.fault.Kind == FaultClampPage && c.fault.Max > 0 {
		limit = min(limit, c.fault.Max)
	}
	return start, min(size, limit), true
}

// decode reads a JSON body into v, or answers why it cannot.
func (c *call) decode(v any) bool {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		c.json(http.StatusUnsupportedMediaType, map[string]any{"message": "HTTP 415 Unsupported Media Type", "status-code": 415})
		return false
	}
	if err := json.Unmarshal(c.sent, v); err != nil {
		c.fail(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
		return false
	}
	return true
}
