package sandbox

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
)

// account finds the account that the accountId parameter names, as the model m has it: one that may use the site. It answers when there is none.
func (c *call) account(m *model, room *scratch) *account {
	// The specification has no 400 for reading a user.
	status := http.StatusBadRequest
	if c.r.Method == http.MethodGet {
		status = http.StatusNotFound
	}
	for _, gone := range [...]string{"username", "key"} {
		if c.query.Has(gone) {
			c.fail(status, "The query parameter '"+gone+"' is not supported in GDPR strict mode.")
			return nil
		}
	}
	id := c.query.Get("accountId")
	if id == "" || len(id) > 128 {
		c.fail(status, "The query parameter 'accountId' is missing or not valid.")
		return nil
	}
	return c.accountByID(m, id, room)
}

func (c *call) accountByID(m *model, id string, room *scratch) *account {
	if index := m.byID(id); index >= 0 {
		if a := m.look(index, room); a.access {
			return a
		}
	}
	c.fail(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	return nil
}

// expandedGroups is how many groups GET /user?expand=groups lists; its size counts all.
const expandedGroups = 50

// getUser serves GET /user.
func (c *call) getUser() {
	var room scratch
	if a := c.account(c.shown, &room); a != nil {
		c.fullUser(a)
	}
}

// myself serves GET /myself.
func (c *call) myself() {
	var room scratch
	c.fullUser(c.shown.look(c.who.index, &room))
}

func (c *call) fullUser(a *account) {
	c.begin()
	b := appendUser(c.body.AvailableBuffer(), c.base, a, c.who.index, viewFull)
	groups := c.jiraGroups(a)
	b = append(b, `,"groups":`...)
	if slices.Contains(strings.Split(c.query.Get("expand"), ","), "groups") {
		b = c.appendGroups(b, groups, expandedGroups)
	} else {
		b = c.appendGroups(b, groups, 0)
	}
	b = append(b, `,"applicationRoles":`...)
	c.body.Write(append(c.appendRoles(b, groups), `,"expand":"groups,applicationRoles"}`...))
}

// jiraGroups returns the groups in which Jira sees the account.
func (c *call) jiraGroups(a *account) []*group {
	var groups []*group
	for _, index := range c.shown.groupsOf(a.index) {
		if g := c.shown.groups[index]; countsInJira(a, g) {
			groups = append(groups, g)
		}
	}
	return groups
}

// getUserGroups serves GET /user/groups.
func (c *call) getUserGroups() {
	var room scratch
	a := c.account(c.shown, &room)
	if a == nil {
		return
	}
	list := []groupItem{}
	for _, g := range c.jiraGroups(a) {
		list = append(list, c.groupItem(g))
	}
	c.json(http.StatusOK, list)
}

// getUserBulk serves GET /user/bulk. Ids that are nobody's are left out.
func (c *call) getUserBulk() {
	ids := c.query["accountId"]
	if len(ids) == 0 {
		c.fail(http.StatusBadRequest, "The query parameter 'accountId' is missing.")
		return
	}
	if len(ids) > 200 {
		c.fail(http.StatusBadRequest, "The number of account IDs must not exceed 200.")
		return
	}
	start, size, ok := c.page(10, 200)
	if !ok {
		return
	}
	var found []int
	var room scratch
	for _, id := range ids {
		if index := c.shown.byID(id); index >= 0 && c.shown.look(index, &room).access && !slices.Contains(found, index) {
			found = append(found, index)
		}
	}
	c.begin()
	c.pageOf(start, size, len(found), func() { c.users(window(found, start, size), viewUser) })
}

func window[T any](list []T, start, size int) []T {
	start = min(start, len(list))
	return list[start:min(start+size, len(list))]
}

// productGroups are the groups that give access to a product, by the product's key.
var productGroups = map[string]int{
	"jira-software": groupSoftware, "jira-servicedesk": groupServiceDesk, "jira-core": groupWorkManagement, "jira-product-discovery": groupDiscovery,
}

// postUser serves POST /user: an invitation.
func (c *call) postUser() {
	var body struct {
		EmailAddress string    `json:"emailAddress"`
		Products     *[]string `json:"products"`
	}
	if !c.decode(&body) {
		return
	}
	address, err := mail.ParseAddress(body.EmailAddress)
	if err != nil || address.Address != body.EmailAddress || len(body.EmailAddress) > 254 {
		c.failField("emailAddress", "You must specify a valid email address.")
		return
	}
	if body.Products == nil {
		c.failField("products", "You must specify the products that the user can access.")
		return
	}
	for _, product := range *body.Products {
		if _, ok := productGroups[product]; !ok {
			c.failField("products", "The product '"+product+"' is not valid.")
			return
		}
	}
	var room scratch
	if index := c.now.byEmail(body.EmailAddress); index >= 0 {
		if a := c.now.look(index, &room); a.access && a.activeInJira() {
			c.fullUser(a)
			c.status = http.StatusCreated
			return
		}
		c.fail(http.StatusBadRequest, "User exists but does not have access to Jira.")
		return
	}
	index := c.now.next
	local, _, _ := strings.Cut(body.EmailAddress, "@")
	a := account{
		index: index, id: accountID(c.now.pop.seed, index), kind: typeAtlassian, display: local, email: body.EmailAddress,
		active: true, access: true, managed: ownDomain(body.EmailAddress), timezone: "Europe/Berlin", locale: "en_US",
	}
	c.commit(func(m *model) {
		m.create(a.clone())
		m.happens("user_invited", index, -1, "")
		for _, product := range *body.Products {
			m.join(productGroups[product], index)
		}
	})
	if c.fault.Kind == FaultInviteQuirk {
		c.fail(http.StatusBadRequest, "User could not be created: User not found")
		return
	}
	c.fullUser(c.now.look(index, &room))
	c.status = http.StatusCreated
}

// deleteUser serves DELETE /user: it ends the access to the site, not the account.
func (c *call) deleteUser() {
	var room scratch
	a := c.account(c.now, &room)
	switch {
	case a == nil:
	case a.scim != nil:
		c.fail(http.StatusBadRequest, "Cannot remove user, the user is managed externally by an identity provider.")
	case a.index == c.who.index:
		c.fail(http.StatusBadRequest, "You cannot remove yourself.")
	case a.kind == typeApp || a.kind == typeUnknown:
		c.fail(http.StatusBadRequest, "Cannot remove user, the account is not a regular one.")
	default:
		index := a.index
		c.commit(func(m *model) { m.removeFromSite(index) })
		c.empty(http.StatusNoContent)
	}
}
