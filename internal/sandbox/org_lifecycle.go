package sandbox

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// suspendUser serves POST users/{accountId}/suspend. The account stays active; roles and groups stay, seats are freed.
func (c *call) suspendUser() { c.setSuspended(true) }

// restoreUser serves POST users/{accountId}/restore.
func (c *call) restoreUser() { c.setSuspended(false) }

func (c *call) setSuspended(suspended bool) {
	if !c.isJSON() {
		return
	}
	var room scratch
	a := c.member(c.now, &room)
	switch {
	case a == nil:
	case !a.access:
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "The user is in no directory.")
	case !a.active:
		c.orgError(http.StatusBadRequest, "ADMIN-UAM-400-2", "Inactive user", "The account is not active.")
	case suspended && a.isOrgAdmin():
		c.orgForbidden("An organization admin can't be suspended. Revoke the role first.")
	default:
		index, was := a.index, a.suspended()
		c.commit(func(m *model) {
			a := m.keep(index)
			switch a.record().suspended = suspended; {
			case suspended && !was:
				m.happens("user_disabled_org_access", index, -1, "")
			case !suspended && was:
				m.happens("user_enabled_org_access", index, -1, "")
			}
		})
		c.empty(http.StatusNoContent)
	}
}

// removeFromDirectory serves DELETE users/{accountId}: it is queued, and shows later.
func (c *call) removeFromDirectory() {
	var room scratch
	a := c.member(c.now, &room)
	switch {
	case a == nil:
	case !a.access:
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "The user is in no directory.")
	case a.isOrgAdmin():
		c.orgForbidden("An organization admin can't be removed. Revoke the role first.")
	case a.scim != nil:
		c.orgForbidden("The user is synced from an identity provider and can't be removed here.")
	default:
		delay := 200 * time.Millisecond
		if ms := c.s.knobs.get().RemovalDelayMS; ms > 0 {
			delay = time.Duration(ms) * time.Millisecond
		}
		index, who := a.index, *c
		c.s.requests.effect(c.entry)
		c.s.world.later(delay, func(m *model) { m.removeFromOrg(index) }, func(m *model, did []happened) { who.record(m, did) })
		c.empty(http.StatusNoContent)
	}
}

// removeFromOrg takes the account out of the directories, with its roles and groups.
func (m *model) removeFromOrg(index int) {
	m.removeFromSite(index)
	r := m.keep(index).record()
	r.roles, r.suspended = nil, false
}

// invitation is the body of an invitation.
type invitation struct {
	Emails          []string `json:"emails"`
	PermissionRules []struct {
		Resource string `json:"resource"`
		Role     string `json:"role"`
	} `json:"permissionRules"`
	AdditionalGroups []string `json:"additionalGroups"`
	SendNotification *bool    `json:"sendNotification"`
	NotificationText string   `json:"notificationText"`
}

// invited is what became of one invitation.
type invited struct {
	ID      string           `json:"id,omitempty"`
	Email   string           `json:"email"`
	Results []map[string]any `json:"results"`
}

// inviteUsers serves POST users/invite. What fails for one address fails for that one alone: 206.
func (c *call) inviteUsers() {
	var body invitation
	if !c.orgBody(&body) {
		return
	}
	if len(body.Emails) == 0 || len(body.Emails) > maxEmails {
		c.badRequest("There must be 1 to 100 emails.")
		return
	}
	if c.s.knobs.get().Unpaid {
		c.orgError(http.StatusPaymentRequired, "ADMIN-UAM-402-1", "Payment Required", "The organization has no paid subscription.")
		return
	}
	var groups []int
	var roles []orgRole
	var failed []map[string]any // of every address
	for _, rule := range body.PermissionRules {
		product := ownerOf(rule.Resource)
		index, known := productGroups[product]
		if product == "confluence" {
			index, known = groupConfluence, true
		}
		switch {
		case rule.Resource != resourceARI(product, CloudID) || !known:
			c.badRequest("There is no resource " + rule.Resource + ".")
			return
		case rule.Role != roleUser && slices.Contains(freeRoles, rule.Role):
			roles = append(roles, orgRole{rule.Role, rule.Resource})
			continue
		case rule.Role != roleUser:
			failed = append(failed, map[string]any{"resource": rule.Resource, "role": rule.Role, "status": "FAILED", "error": "ADMIN-UAM-400-3", "message": "Invalid Role for Resource"})
			continue
		case product != "confluence" && c.full(product, len(body.Emails)):
			c.orgError(http.StatusConflict, "ADMIN-UAM-409-3", "Product License Limit Exceeded", "The user limit of "+product+" is reached.")
			return
		}
		groups = append(groups, index)
	}
	for _, id := range body.AdditionalGroups {
		g := c.now.groupByID(c.now.groupIDs, id)
		switch {
		case g == nil:
			c.badRequest("There is no group " + id + ".")
			return
		case g.scim():
			failed = append(failed, map[string]any{"group": id, "status": "FAILED", "error": "ADMIN-UAM-403-1", "message": "The group is synced from an identity provider."})
		default:
			groups = append(groups, g.index)
		}
	}
	data, failures := []invited{}, len(failed)
	for _, email := range body.Emails {
		one := c.invite(email, groups, roles)
		one.Results = append(one.Results, failed...)
		if one.ID == "" {
			failures++
		}
		data = append(data, one)
	}
	status := http.StatusOK
	if failures > 0 {
		status = http.StatusPartialContent
	}
	c.json(status, map[string]any{"data": data})
}

// invite lets one address in. Somebody who was removed comes back without what they had.
func (c *call) invite(email string, groups []int, roles []orgRole) invited {
	one := invited{Email: email, Results: []map[string]any{}}
	fail := func(code, message string) invited {
		one.Results = append(one.Results, map[string]any{"status": "FAILED", "error": code, "message": message})
		return one
	}
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email || len(email) > 254 {
		return fail("ADMIN-UAM-400-1", "The email address is not valid.")
	}
	var room scratch
	index := c.now.byEmail(email)
	known := index >= 0
	if known {
		a := c.now.look(index, &room)
		switch {
		case a.kind != typeAtlassian || a.closed():
			return fail("ADMIN-UAM-400-1", "The account can't be invited.")
		case !a.active:
			return fail("ADMIN-UAM-400-2", "Inactive user")
		case a.suspended():
			return fail("ADMIN-UAM-409-2", "The user is suspended. Restore their access instead.")
		}
		one.ID = a.id
	} else {
		index = c.now.next
		one.ID = accountID(c.now.pop.seed, index)
	}
	local, _, _ := strings.Cut(email, "@")
	now := time.Now().UTC()
	c.commit(func(m *model) {
		if !known {
			m.create(&account{
				index: index, id: accountID(m.pop.seed, index), kind: typeAtlassian, display: local, email: email, active: true, managed: ownDomain(email),
				timezone: "Europe/Berlin", locale: "en_US", org: &orgRecord{idle: never, added: now},
			})
		}
		if a := m.keep(index); !a.access {
			a.access, a.removed = true, false
			m.happens("user_invited", index, -1, "")
		}
		for _, g := range groups {
			m.join(g, index)
		}
		for _, role := range roles {
			if r := m.keep(index).record(); !slices.Contains(r.roles, role) {
				r.roles = append(r.roles, role)
			}
		}
	})
	one.Results = append(one.Results, map[string]any{"status": "SUCCESS"})
	return one
}

// assignRole serves POST v1 users/{userId}/roles/assign, and revokeRole POST …/roles/revoke.
func (c *call) assignRole() { c.changeRole(true) }

func (c *call) revokeRole() { c.changeRole(false) }

func (c *call) changeRole(assign bool) {
	var body struct {
		Role     string `json:"role"`
		Resource string `json:"resource"`
	}
	if !c.orgBody(&body) {
		return
	}
	if !slices.Contains(allRoles, body.Role) {
		c.badRequest("There is no role " + body.Role + ".")
		return
	}
	platform := body.Role == roleOrgAdmin || body.Role == roleSiteAdmin
	if platform {
		body.Resource = ""
	} else if body.Resource == "" {
		c.orgError(http.StatusBadRequest, "ADMIN-UAM-400-3", "Invalid Role for Resource", "The role needs a resource.")
		return
	}
	index := c.now.byID(c.arg(1))
	var room scratch
	if index < 0 || !c.now.look(index, &room).inOrg() {
		c.orgError(http.StatusNotFound, "ADMIN-UAM-404-1", "Unknown Resource", "There is no user "+c.arg(1)+".")
		return
	}
	role := orgRole{body.Role, body.Resource}
	a := c.now.look(index, &room)
	has := a.org != nil && slices.Contains(a.org.roles, role)
	switch {
	case assign && has:
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-2", "Resource Conflicts", "The user has the role already.")
	case !assign && !has:
		c.orgError(http.StatusBadRequest, "ADMIN-UAM-400-1", "Bad Request", "The user does not have the role by itself. A group may give it.")
	case !assign && body.Role == roleOrgAdmin && c.now.orgAdmins() == 1:
		c.orgError(http.StatusConflict, "ADMIN-UAM-409-2", "Resource Conflicts", "The user is the last organization admin.")
	default:
		c.commit(func(m *model) {
			r := m.keep(index).record()
			if assign {
				r.roles = append(r.roles, role)
				m.happens("user_granted_role", index, -1, body.Role)
			} else {
				r.roles = slices.DeleteFunc(r.roles, func(x orgRole) bool { return x == role })
				m.happens("user_revoked_role", index, -1, body.Role)
			}
		})
		c.empty(http.StatusNoContent)
	}
}

// orgAdmins counts the organization's admins. Nobody who is computed is one.
func (m *model) orgAdmins() int {
	n := 0
	for _, a := range m.kept {
		if a.isOrgAdmin() {
			n++
		}
	}
	return n
}
