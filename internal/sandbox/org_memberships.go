package sandbox

import (
	"net/http"
)

// addMembership serves POST groups/{groupId}/memberships.
func (c *call) addMembership() {
	var body struct {
		AccountID string `json:"accountId"`
	}
	if !c.orgBody(&body) {
		return
	}
	g := c.ownGroup()
	if g == nil {
		return
	}
	var room scratch
	index := c.now.byID(body.AccountID)
	switch {
	case body.AccountID == "":
		c.badRequest("accountId must be given.")
	case index < 0 || !c.now.look(index, &room).member():
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "There is no user "+body.AccountID+" in the organization.")
	case g.members.has(&c.now.pop, index):
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-2", "Resource Conflicts", "The user is in the group already.")
	case g.product != "" && c.full(g.product, 1):
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-3", "Product License Limit Exceeded", "The user limit of "+g.product+" is reached.")
	default:
		group := g.index
		c.commit(func(m *model) { m.join(group, index) })
		c.empty(http.StatusNoContent)
	}
}

// full tells whether so many more people are more than may use the product.
func (c *call) full(product string, more int) bool {
	limit := c.seatLimit(c.now, product)
	return limit >= 0 && c.now.seats(product)+more > limit
}

// seats counts those who use a seat of the product: active people in the group that gives it, who aren't suspended.
func (m *model) seats(product string) int {
	g := m.groups[productGroups[product]]
	room := scratch{brief: true}
	_, n := g.members.page(&m.pop, min(1, len(g.members.segments)), 0, 0, func(index int) bool { return m.look(index, &room).activeInJira() })
	return n
}

// endMembership serves DELETE groups/{groupId}/memberships/{accountId}.
func (c *call) endMembership() {
	g := c.ownGroup()
	if g == nil {
		return
	}
	index := c.now.byID(c.arg(3))
	if index < 0 || !g.members.has(&c.now.pop, index) {
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "The user is not in the group.")
		return
	}
	group := g.index
	c.commit(func(m *model) { m.leave(group, index) })
	c.empty(http.StatusNoContent)
}
