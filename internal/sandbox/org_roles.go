package sandbox

import (
	"net/http"
	"slices"
)

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
