package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// orgName is the organization's name.
const orgName = "Example"

// orgs serves GET v1 orgs: the one that the key is for.
func (c *call) orgs() {
	c.json(http.StatusOK, map[string]any{"data": []any{c.orgBodyOf(c.orgKey.Org)}, "links": map[string]string{"self": c.base + c.path}})
}

// org serves GET v1 orgs/{orgId}.
func (c *call) org() { c.json(http.StatusOK, map[string]any{"data": c.orgBodyOf(c.arg(0))}) }

func (c *call) orgBodyOf(id string) any {
	name, self := orgName, c.base+"/admin/v1/orgs/"+id
	if id != OrgID {
		name = "Another organization"
	}
	related := func(what string) any { return map[string]any{"links": map[string]string{"related": self + "/" + what}} }
	return map[string]any{
		"id": id, "type": "orgs", "attributes": map[string]string{"name": name},
		"relationships": map[string]any{"domains": related("domains"), "users": related("users")}, "links": map[string]string{"self": self},
	}
}

// directories serves GET v2 directories. With accountId, those that the account is in.
func (c *call) directories() {
	list := []any{}
	for _, of := range orgDirectories {
		if id := c.query.Get("accountId"); id != "" {
			var room scratch
			index := c.shown.byID(id)
			if index < 0 {
				continue
			}
			if a := c.shown.look(index, &room); !a.member() || !slices.Contains(a.directoryIDs(), of.id) {
				continue
			}
		}
		if term := c.query.Get("searchTerm"); !strings.Contains(fold(of.name), fold(term)) {
			continue
		}
		list = append(list, map[string]string{"directoryId": of.id, "name": of.name})
	}
	c.json(http.StatusOK, map[string]any{"data": list, "links": map[string]string{}})
}

// domains serves GET v1 domains: a verified one, and one that somebody began to verify.
func (c *call) domains() {
	if c.query.Get("cursor") != "" {
		c.badCursor()
		return
	}
	c.json(http.StatusOK, map[string]any{
		"data": []any{c.domainBody(verifiedDomain, "verified"), c.domainBody("example.org", "unverified")}, "links": map[string]string{"self": c.base + c.path},
	})
}

func domainID(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func (c *call) domainBody(name, status string) any {
	return map[string]any{
		"id": domainID(name), "type": "domains", "attributes": map[string]any{"name": name, "claim": map[string]string{"type": "dns", "status": status}},
		"links": map[string]string{"self": c.base + "/admin/v1/orgs/" + OrgID + "/domains/" + domainID(name)},
	}
}

// domain serves GET v1 domains/{domainId}.
func (c *call) domain() {
	name, err := base64.RawURLEncoding.DecodeString(c.arg(1))
	switch {
	case err != nil || !strings.Contains(string(name), "."):
		c.orgError(http.StatusBadRequest, "ADMIN-400-2", "Invalid domain identifier", "The domain identifier is not valid.")
	case string(name) == verifiedDomain:
		c.json(http.StatusOK, map[string]any{"data": c.domainBody(verifiedDomain, "verified")})
	case string(name) == "example.org":
		c.json(http.StatusOK, map[string]any{"data": c.domainBody("example.org", "unverified")})
	default:
		c.orgError(http.StatusNotFound, "ADMIN-404-3", "Domain not found", "There is no such domain.")
	}
}

// managedPage is how many accounts a page of GET v1 users holds.
const managedPage = 100

// managedAccounts serves GET v1 users: managed accounts alone.
func (c *call) managedAccounts() {
	from := 0
	if text := c.query.Get("cursor"); text != "" && !c.openCursor(text, "accounts", &from) {
		c.badCursor()
		return
	}
	list, next := []any{}, ""
	c.shown.find(&userQuery{ClaimStatus: "managed"}, from, func(a *account) bool {
		if len(list) == c.clamped(managedPage) {
			next = c.nextLink(c.sealCursor("accounts", a.index))
			return false
		}
		list = append(list, c.managedBody(a))
		return true
	})
	links := map[string]string{"self": c.base + c.path}
	if next != "" {
		links["next"] = next
	}
	c.json(http.StatusOK, map[string]any{"data": list, "meta": map[string]int{"total": c.shown.managedCount()}, "links": links})
}

func (c *call) managedBody(a *account) any {
	products, groups := []any{}, c.shown.groupsInOrg(a)
	for _, of := range c.shown.uses(a, groups) {
		key, known := v1Keys[of.product]
		if !known {
			continue
		}
		product := map[string]string{"key": key, "name": productName(of.product), "url": siteURL(of.cloudID)}
		if !of.at.IsZero() {
			product["last_active"] = of.at.Format(time.RFC3339)
		}
		products = append(products, product)
	}
	user := map[string]any{
		"account_id": a.id, "account_type": "atlassian", "account_status": a.accountStatus(), "name": a.display, "picture": avatarOf(a), "email": a.email,
		"access_billable": a.active && len(products) > 0, "product_access": products,
		"links": map[string]string{"self": "http://" + c.r.Host + "/users/" + a.id + "/manage/profile"},
	}
	if at, _, ok := c.shown.activity(a); ok {
		user["last_active"] = at.Format(time.RFC3339)
	}
	return user
}

// managedCount counts the managed accounts, by arithmetic for those that are computed.
func (m *model) managedCount() int {
	n := m.pop.size(spanSCIM) + m.pop.size(spanManaged) + m.pop.size(spanSCIMInactive)
	room := scratch{brief: true}
	for index, a := range m.kept {
		if m.pop.has(index) {
			if m.pop.fill(index, &room); room.account.managed {
				n--
			}
		}
		if a.managed && a.kind == typeAtlassian {
			n++
		}
	}
	return n
}

func productName(product string) string {
	return map[string]string{
		"jira-software": "Jira", "jira-servicedesk": "Jira Service Management", "jira-core": "Jira Work Management", "confluence": "Confluence",
		"jira-product-discovery": "Jira Product Discovery",
	}[product]
}

func siteURL(cloudID string) string {
	if cloudID == CloudID {
		return "https://sandbox.atlassian.example"
	}
	return "https://sandbox-two.atlassian.example"
}

// lastActiveDates serves GET v1 directory/users/{accountId}/last-active-dates: days alone, a day late, and nothing of what was never used.
func (c *call) lastActiveDates() {
	if c.query.Get("cursor") != "" {
		c.orgError(http.StatusBadRequest, "ADMIN-400-1", "Invalid page cursor", "The cursor is not valid, or has expired.")
		return
	}
	index := c.shown.byID(c.arg(1))
	var room scratch
	if index < 0 || !c.shown.look(index, &room).inOrg() {
		c.orgError(http.StatusNotFound, "ADMIN-404-5", "User not found", "There is no such user in the organization.")
		return
	}
	a := c.shown.look(index, &room)
	list := []any{}
	for _, of := range c.shown.used(a, c.shown.groupsInOrg(a)) {
		if key, known := v1Keys[of.product]; known && !of.at.IsZero() {
			list = append(list, map[string]string{"id": resourceARI(of.product, of.cloudID), "key": key, "last_active": of.at.Format(time.DateOnly)})
		}
	}
	c.json(http.StatusOK, map[string]any{
		"data": map[string]any{"product_access": list, "added_to_org": c.shown.added(a).Format(time.DateOnly)}, "links": map[string]string{},
	})
}

// scimLinks serves GET get-scim-links: what stands behind the account in the directory, also before the SCIM record knows the account.
func (c *call) scimLinks() {
	index := c.now.byID(c.arg(1))
	if index < 0 {
		c.orgError(http.StatusNotFound, "ADMIN-404-5", "User not found", "There is no such user.")
		return
	}
	c.answerLinks(index)
}

// scimLinksByEmail serves POST get-scim-links-for-email.
func (c *call) scimLinksByEmail() {
	var body struct {
		Email string `json:"email"`
	}
	switch {
	case !c.orgBody(&body):
	case body.Email == "":
		c.badRequest("email must be given.")
	default:
		c.answerLinks(c.now.byEmail(body.Email))
	}
}

func (c *call) answerLinks(index int) {
	list := []any{}
	var room scratch
	if a := c.now.look(index, &room); index >= 0 && a.scim != nil {
		list = append(list, map[string]any{"scimUserId": a.scim.id, "atlassianAccountId": a.id, "orgId": OrgID, "directoryId": DirectoryID})
	}
	c.json(http.StatusOK, map[string]any{"scimLinks": list})
}

// workspaces serves POST v2 workspaces: the products of both sites. Filters by name or type are followed.
func (c *call) workspaces() {
	var body struct {
		Query  map[string]any `json:"query"`
		Limit  int            `json:"limit"`
		Sort   []any          `json:"sort"`
		Cursor string         `json:"cursor"`
	}
	if len(c.sent) > 0 && (!c.isJSON() || json.Unmarshal(c.sent, &body) != nil) || body.Cursor != "" {
		c.badRequest("The request body is not valid.")
		return
	}
	wanted := workspaceTypes(body.Query)
	list := []any{}
	for _, cloudID := range []string{CloudID, OtherSiteID} {
		for _, product := range append(slices.Clone(productKeys), "confluence") {
			if cloudID == OtherSiteID && product != "jira-software" || len(wanted) > 0 && !slices.Contains(wanted, product) {
				continue
			}
			attributes := map[string]any{
				"name": strings.TrimPrefix(siteURL(cloudID), "https://"), "typeKey": product, "type": productName(product), "status": "online", "hostUrl": siteURL(cloudID),
				"createdAt": epoch.Format(time.RFC3339),
			}
			if cloudID == CloudID && product != "confluence" {
				attributes["usage"] = c.shown.seats(product)
				if limit := c.seatLimit(c.shown, product); limit >= 0 {
					attributes["capacity"] = limit
				}
			}
			id := resourceARI(product, cloudID)
			list = append(list, map[string]any{"id": id, "type": "workspace", "attributes": attributes, "links": map[string]string{"self": c.base + c.path + "/" + id}})
		}
	}
	c.json(http.StatusOK, map[string]any{"data": list, "links": map[string]string{"self": c.base + c.path}, "meta": map[string]int{"pageSize": len(list), "total": len(list)}})
}

// workspaceTypes returns the types that a query asks for: a field operand, or one inside an and.
func workspaceTypes(query map[string]any) (types []string) {
	if field, ok := query["field"].(map[string]any); ok {
		if values, ok := field["values"].([]any); ok {
			for _, v := range values {
				if text, ok := v.(string); ok {
					types = append(types, text)
				}
			}
		}
	}
	if nested, ok := query["and"].([]any); ok {
		for _, q := range nested {
			if q, ok := q.(map[string]any); ok {
				types = append(types, workspaceTypes(q)...)
			}
		}
	}
	return types
}
