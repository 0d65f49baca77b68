package sandbox

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
)

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

// invited is what became of one invitation, in the shape that the vendor's published types have.
type invited struct {
	ID      string         `json:"id,omitempty"`
	Email   string         `json:"email"`
	Results []inviteResult `json:"results"`
}

type inviteResult struct {
	Roles  []roleResult  `json:"roleAssignmentResult"`
	Groups []groupResult `json:"groupAssignmentResult"`
}

type roleResult struct {
	Resource string `json:"resource"`
	Role     string `json:"role"`
	Status   string `json:"status"`
	Reason   string `json:"statusReason,omitempty"`
}

type groupResult struct {
	Group  string `json:"group"`
	Status string `json:"status"`
	Reason string `json:"statusReason,omitempty"`
}

// Statuses of what an invitation asked for.
const (
	inviteDone   = "INVITED"
	inviteFailed = "ERROR"
)

// maxInvited is how many addresses an invitation has at most.
const maxInvited = 25

// terms are what everybody gets whom an invitation is for, and what nobody does.
type terms struct {
	groups []int
	roles  []orgRole
	result inviteResult
	failed bool // some of it
}

// inviteUsers serves POST users/invite. What fails for one address fails for that one alone: 206.
func (c *call) inviteUsers() {
	var body invitation
	if !c.orgBody(&body) {
		return
	}
	if len(body.Emails) == 0 || len(body.Emails) > maxInvited {
		c.badRequest("There must be 1 to 25 emails.")
		return
	}
	if c.s.knobs.get().Unpaid {
		c.orgError(http.StatusPaymentRequired, "ADMIN-UAM-402-1", "Payment Required", "The organization has no paid subscription.")
		return
	}
	asked, ok := c.inviteTerms(&body)
	if !ok {
		return
	}
	data, failed := []invited{}, asked.failed
	for _, email := range body.Emails {
		one := c.invite(email, asked)
		failed = failed || one.ID == ""
		data = append(data, one)
	}
	status := http.StatusOK
	if failed {
		status = http.StatusPartialContent
	}
	c.json(status, map[string]any{"data": data})
}

// inviteTerms reads what an invitation gives, or answers why it can't be given.
func (c *call) inviteTerms(body *invitation) (t terms, ok bool) {
	t.result = inviteResult{Roles: []roleResult{}, Groups: []groupResult{}}
	for _, rule := range body.PermissionRules {
		product := ownerOf(rule.Resource)
		index, known := productGroups[product]
		if product == "confluence" {
			index, known = groupConfluence, true
		}
		one := roleResult{Resource: rule.Resource, Role: rule.Role, Status: inviteDone}
		switch {
		case rule.Resource != resourceARI(product, CloudID) || !known:
			c.badRequest("There is no resource " + rule.Resource + ".")
			return t, false
		case rule.Role == roleUser && product != "confluence" && c.full(product, len(body.Emails)):
			c.orgError(http.StatusConflict, "ADMIN-UAM-409-3", "Product License Limit Exceeded", "The user limit of "+product+" is reached.")
			return t, false
		case rule.Role == roleUser:
			t.groups = append(t.groups, index)
		case slices.Contains(freeRoles, rule.Role):
			t.roles = append(t.roles, orgRole{rule.Role, rule.Resource})
		default:
			one.Status, one.Reason, t.failed = inviteFailed, "Invalid Role for Resource", true
		}
		t.result.Roles = append(t.result.Roles, one)
	}
	for _, id := range body.AdditionalGroups {
		g := c.now.groupByID(c.now.groupIDs, id)
		one := groupResult{Group: id, Status: inviteDone}
		switch {
		case g == nil:
			c.badRequest("There is no group " + id + ".")
			return t, false
		case g.scim():
			one.Status, one.Reason, t.failed = inviteFailed, "The group is synced from an identity provider.", true
		default:
			t.groups = append(t.groups, g.index)
		}
		t.result.Groups = append(t.result.Groups, one)
	}
	return t, true
}

// refused is what becomes of an invitation that fails as a whole: everything that it asked for does.
func (t terms) refused(email, reason string) invited {
	all := inviteResult{Roles: []roleResult{}, Groups: []groupResult{}}
	for _, r := range t.result.Roles {
		r.Status, r.Reason = inviteFailed, reason
		all.Roles = append(all.Roles, r)
	}
	for _, g := range t.result.Groups {
		g.Status, g.Reason = inviteFailed, reason
		all.Groups = append(all.Groups, g)
	}
	if len(all.Roles)+len(all.Groups) == 0 {
		all.Roles = append(all.Roles, roleResult{Status: inviteFailed, Reason: reason})
	}
	return invited{Email: email, Results: []inviteResult{all}}
}

// invite lets one address in. Somebody who was removed comes back without what they had.
func (c *call) invite(email string, t terms) invited {
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email || len(email) > 254 {
		return t.refused(email, "The email address is not valid.")
	}
	var room scratch
	index := c.now.byEmail(email)
	known := index >= 0
	if known {
		a := c.now.look(index, &room)
		switch {
		case a.kind != typeAtlassian || a.closed():
			return t.refused(email, "The account can't be invited.")
		case !a.active:
			return t.refused(email, "The account is not active.")
		case a.suspended():
			return t.refused(email, "The user is suspended. Restore their access instead.")
		}
	} else {
		index = c.now.next
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
		for _, g := range t.groups {
			m.join(g, index)
		}
		for _, role := range t.roles {
			if r := m.keep(index).record(); !slices.Contains(r.roles, role) {
				r.roles = append(r.roles, role)
				m.happens("user_granted_role", index, -1, role.role)
			}
		}
	})
	return invited{ID: c.now.look(index, &room).id, Email: email, Results: []inviteResult{t.result}}
}
