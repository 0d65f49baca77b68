package sandbox

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// orgRoute is one operation of the organization's, or of the management of one of its accounts.
type orgRoute struct {
	// scope is what a key with scopes has to have.
	scope string
	// refusals are those of 403 and 404 that the document has for the operation; what else would be one of them is 401.
	refusals []int
	handle   func(*call)
	writes   bool
}

var (
	both      = []int{http.StatusForbidden, http.StatusNotFound}
	forbidden = []int{http.StatusForbidden}
	missing   = []int{http.StatusNotFound}
)

// orgRoutes returns the served operations, by method and path. A {} stands for one segment, which c.arg gives by its place.
func orgRoutes() map[string]orgRoute {
	const (
		v1    = "/admin/v1/orgs/{}"
		v2    = "/admin/v2/orgs/{}"
		dir   = v2 + "/directories/{}"
		links = "/admin/user-provisioning/v1/org/{}"
		token = "/admin/api-access/v1/orgs/{}/api-tokens"
		user  = "/users/{}/manage"
	)
	return map[string]orgRoute{
		"GET /admin/v1/orgs":                                  {scopeAny, nil, (*call).orgs, false},
		"GET " + v1:                                           {scopeReadOrgs, missing, (*call).org, false},
		"GET " + v1 + "/users":                                {scopeReadAccounts, missing, (*call).managedAccounts, false},
		"GET " + v1 + "/domains":                              {scopeReadDomains, forbidden, (*call).domains, false},
		"GET " + v1 + "/domains/{}":                           {scopeReadDomains, both, (*call).domain, false},
		"GET " + v1 + "/events":                               {scopeNone, nil, (*call).events, false},
		"GET " + v1 + "/events/{}":                            {scopeReadEvents, missing, (*call).event, false},
		"GET " + v1 + "/events-stream":                        {scopeReadEvents, nil, (*call).eventStream, false},
		"GET " + v1 + "/event-actions":                        {scopeReadEvents, missing, (*call).eventActions, false},
		"GET " + v1 + "/directory/users/{}/last-active-dates": {scopeReadAccounts, both, (*call).lastActiveDates, false},
		"POST " + v1 + "/users/{}/roles/assign":               {scopeWriteDirectories, both, (*call).assignRole, true},
		"POST " + v1 + "/users/{}/roles/revoke":               {scopeWriteDirectories, both, (*call).revokeRole, true},
		"GET " + v2 + "/directories":                          {scopeReadDirectories, nil, (*call).directories, false},
		"POST " + v2 + "/workspaces":                          {scopeReadWorkspaces, both, (*call).workspaces, false},
		"POST " + v2 + "/users/invite":                        {scopeWriteDirectories, both, (*call).inviteUsers, true},
		"GET " + dir + "/users":                               {scopeReadDirectories, missing, (*call).listUsers, false},
		"POST " + dir + "/users/search":                       {scopeReadDirectories, both, (*call).findUsers, false},
		"GET " + dir + "/users/count":                         {scopeReadDirectories, both, (*call).countUsers, false},
		"GET " + dir + "/users/stats":                         {scopeReadDirectories, missing, (*call).userStats, false},
		"GET " + dir + "/users/{}":                            {scopeReadDirectories, both, (*call).orgUser, false},
		"DELETE " + dir + "/users/{}":                         {scopeWriteDirectories, both, (*call).removeFromDirectory, true},
		"POST " + dir + "/users/{}/suspend":                   {scopeWriteDirectories, both, (*call).suspendUser, true},
		"POST " + dir + "/users/{}/restore":                   {scopeWriteDirectories, both, (*call).restoreUser, true},
		"GET " + dir + "/users/{}/role-assignments":           {scopeReadDirectories, missing, (*call).userRoles, false},
		"GET " + dir + "/groups":                              {scopeReadGroups, missing, (*call).listGroups, false},
		"POST " + dir + "/groups/search":                      {scopeReadGroups, both, (*call).findGroups, false},
		"GET " + dir + "/groups/stats":                        {scopeReadGroups, missing, (*call).groupStats, false},
		"POST " + dir + "/groups":                             {scopeWriteGroups, both, (*call).createGroup, true},
		"GET " + dir + "/groups/{}":                           {scopeReadGroups, missing, (*call).orgGroup, false},
		"DELETE " + dir + "/groups/{}":                        {scopeWriteGroups, both, (*call).removeGroup, true},
		"GET " + dir + "/groups/{}/role-assignments":          {scopeReadGroups, both, (*call).groupRoles, false},
		"POST " + dir + "/groups/{}/memberships":              {scopeWriteGroups, both, (*call).addMembership, true},
		"DELETE " + dir + "/groups/{}/memberships/{}":         {scopeWriteGroups, both, (*call).endMembership, true},
		"GET " + links + "/user/{}/get-scim-links":            {scopeReadDirectories, both, (*call).scimLinks, false},
		"POST " + links + "/get-scim-links-for-email":         {scopeReadDirectories, both, (*call).scimLinksByEmail, false},
		"GET " + token:                                        {scopeReadTokens, both, (*call).orgTokens, false},
		// In no document, and there all the same: it revokes every token of the organization.
		"DELETE " + token:                           {scopeWriteTokens, both, (*call).revokeAllTokens, true},
		"GET " + user:                               {scopeReadAccounts, both, (*call).manage, false},
		"GET " + user + "/profile":                  {scopeReadAccounts, both, (*call).profile, false},
		"PATCH " + user + "/profile":                {scopeWriteAccounts, both, (*call).changeProfile, true},
		"PUT " + user + "/email":                    {scopeWriteAccounts, both, (*call).setEmail, true},
		"GET " + user + "/api-tokens":               {scopeReadTokens, both, (*call).userTokens, false},
		"DELETE " + user + "/api-tokens/{}":         {scopeWriteTokens, both, (*call).revokeToken, true},
		"POST " + user + "/lifecycle/disable":       {scopeWriteAccounts, both, (*call).disable, true},
		"POST " + user + "/lifecycle/enable":        {scopeWriteAccounts, both, (*call).enable, true},
		"POST " + user + "/lifecycle/delete":        {scopeWriteAccounts, both, (*call).deleteAccount, true},
		"POST " + user + "/lifecycle/cancel-delete": {scopeWriteAccounts, both, (*call).cancelDelete, true},
	}
}

// ended are the v1 paths that stopped working on 30 June 2026, with the methods that they had.
var ended = []string{
	"POST /admin/v1/orgs/{}/directory/users/{}/suspend-access", "POST /admin/v1/orgs/{}/directory/users/{}/restore-access",
	"DELETE /admin/v1/orgs/{}/directory/users/{}", "POST /admin/v1/orgs/{}/users/search", "POST /admin/v1/orgs/{}/groups/search",
	"POST /admin/v1/orgs/{}/users/invite", "POST /admin/v1/orgs/{}/directory/groups", "DELETE /admin/v1/orgs/{}/directory/groups/{}",
	"GET /admin/v1/orgs/{}/directory/groups", "GET /admin/v1/orgs/{}/directory/groups/{}", "GET /admin/v1/orgs/{}/directory/groups/{}/memberships",
	"POST /admin/v1/orgs/{}/directory/groups/{}/memberships", "DELETE /admin/v1/orgs/{}/directory/groups/{}/memberships/{}",
}

// findRoute returns the route with this method and path, its place in the table and what stands for its {}. A path that is spelled out counts
// before one with a {}.
func findRoute[T any](routes map[string]T, method, path string) (route T, name string, args []string) {
	got := strings.Split(path, "/")
	for candidate, r := range routes {
		verb, pattern, _ := strings.Cut(candidate, " ")
		if verb != method {
			continue
		}
		if values, ok := segments(pattern, got); ok && (name == "" || len(values) < len(args)) {
			route, name, args = r, candidate, values
		}
	}
	return route, name, args
}

// segments compares a path with a pattern and returns what stands for its {}.
func segments(pattern string, got []string) (args []string, ok bool) {
	wanted := strings.Split(pattern, "/")
	if len(wanted) != len(got) {
		return nil, false
	}
	args = []string{}
	for i, segment := range wanted {
		switch {
		case segment == "{}" && got[i] != "":
			args = append(args, got[i])
		case segment != got[i]:
			return nil, false
		}
	}
	return args, true
}

// organization serves one request to the organization.
func (c *call) organization() {
	key, ok := orgKey(c.r)
	c.orgKey = key
	route, name, args := findRoute(c.s.orgRoutes, c.r.Method, c.path)
	c.args = args
	switch {
	case !ok:
		c.orgDenied("Unauthorized")
	case slices.ContainsFunc(ended, func(path string) bool {
		verb, pattern, _ := strings.Cut(path, " ")
		_, fits := segments(pattern, strings.Split(c.path, "/"))
		return fits && verb == c.r.Method
	}):
		c.orgError(http.StatusGone, "ADMIN-410-1", "Gone", "This resource stopped working on 30 June 2026. Use the v2 resources.")
	case name == "":
		c.orgError(http.StatusNotFound, "ADMIN-404-1", "Not found", "There is no such resource.")
	case !key.may(route.scope):
		c.outOfScope(route)
	case c.ofAccount() && len(key.Scopes) > 0 && c.s.knobs.get().UnscopedAccounts:
		c.json(http.StatusForbidden, map[string]string{"key": "forbidden", "message": "The API key does not have the scope manage:org."})
	case !c.withinMinute(name):
	case c.foreign():
		c.elsewhere(route, name)
	case route.writes:
		c.write(func() { route.handle(c) })
	default:
		c.s.world.read(func(shown, now *model) {
			c.shown, c.now = shown, now
			route.handle(c)
		})
	}
}

// arg returns what stands for the k-th {} of the path.
func (c *call) arg(k int) string { return c.args[k] }

func (c *call) ofAccount() bool { return strings.HasPrefix(c.path, "/users/") }

// foreign tells whether the key, or the path, is another organization's.
func (c *call) foreign() bool {
	return c.orgKey.Org != OrgID || len(c.args) > 0 && !c.ofAccount() && c.arg(0) != OrgID
}

// elsewhere answers what concerns another organization. One that the key belongs to has nobody in it.
func (c *call) elsewhere(route orgRoute, name string) {
	switch {
	case c.ofAccount():
		c.manageError(http.StatusForbidden, "forbidden")
	case len(c.args) == 0:
		c.orgs()
	case c.arg(0) == c.orgKey.Org && len(c.args) == 1 && strings.HasSuffix(name, "/orgs/{}"):
		c.org()
	case c.arg(0) == c.orgKey.Org && !route.writes && len(c.args) < 3 && !strings.Contains(name, "/{}/role") && !strings.HasSuffix(name, "workspaces"):
		c.json(http.StatusOK, map[string]any{"data": []string{}, "links": map[string]any{}})
	case slices.Contains(route.refusals, http.StatusNotFound):
		c.orgError(http.StatusNotFound, "ADMIN-404-2", "Organization not found", "There is no organization with this id, or the key is not for it.")
	case slices.Contains(route.refusals, http.StatusForbidden):
		c.orgForbidden("The key is not for this organization.")
	default:
		c.orgDenied("Unauthorized")
	}
}

// outOfScope answers a key whose scopes don't allow the operation.
func (c *call) outOfScope(route orgRoute) {
	switch {
	case c.ofAccount():
		c.manageError(http.StatusForbidden, "forbidden")
	case slices.Contains(route.refusals, http.StatusForbidden):
		c.orgForbidden("The API key does not have the scope " + route.scope + ".")
	default:
		c.orgDenied("Unauthorized; scope does not match")
	}
}

// orgDenied answers 401.
func (c *call) orgDenied(message string) {
	if c.ofAccount() {
		c.manageError(http.StatusUnauthorized, "unauthorized")
		return
	}
	c.gatewayError(http.StatusUnauthorized, message)
}

// gatewayError answers for what stands before the organization's services: ProxyError on the v1 paths, Errors on the others.
func (c *call) gatewayError(status int, message string) {
	if strings.HasPrefix(c.path, "/admin/v1/") || c.ofAccount() || strings.HasSuffix(c.path, "/workspaces") {
		c.json(status, map[string]any{"code": status, "message": message})
		return
	}
	c.orgError(status, "ADMIN-UAM-"+strconv.Itoa(status)+"-1", http.StatusText(status), message)
}

// orgForbidden answers 403: NoPermsError where the domains are, errors elsewhere.
func (c *call) orgForbidden(message string) {
	if strings.HasPrefix(c.path, "/admin/v1/") && strings.Contains(c.path, "/domains") {
		c.json(http.StatusForbidden, map[string]any{
			"timestamp": time.Now().UTC().Format(time.RFC3339), "path": c.path, "status": http.StatusForbidden, "error": "Forbidden", "message": message, "requestId": c.trace,
		})
		return
	}
	c.orgError(http.StatusForbidden, "ADMIN-UAM-403-1", "Forbidden", message)
}

// orgError answers with the organization's error body.
func (c *call) orgError(status int, code, title, detail string) {
	c.json(status, map[string]any{"errors": []map[string]string{{
		"id": c.trace, "status": strconv.Itoa(status), "code": code, "title": title, "detail": detail,
	}}})
}

// badRequest answers 400 of the user management behind the v2 paths.
func (c *call) badRequest(detail string) {
	c.orgError(http.StatusBadRequest, "ADMIN-UAM-400-1", "Bad Request", detail)
}

// orgBody reads a JSON body into v, or answers why it cannot. Unknown names are refused.
func (c *call) orgBody(v any) bool {
	if !c.isJSON() {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(string(c.sent)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		c.badRequest("The request body is not valid: " + err.Error())
		return false
	}
	return true
}

// isJSON answers 415 to a body that is missing or of another type.
func (c *call) isJSON() bool {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" && len(c.sent) > 0 {
		return true
	}
	c.orgError(http.StatusUnsupportedMediaType, "ADMIN-UAM-415-1", "Unsupported Media Type", "Content type must be application/json.")
	return false
}

// clamped is how many items a page holds, of those that were asked for.
func (c *call) clamped(size int) int {
	if c.fault.Kind == FaultClampPage && c.fault.Max > 0 {
		return min(size, c.fault.Max)
	}
	return size
}
