package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// suspendUser serves POST users/{accountId}/suspend. The account stays active; roles and groups stay, seats are freed. Whoever is in two directories is
// suspended in both, whichever was named.
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
		index, who, from := a.index, *c, c.arg(1)
		c.s.requests.effect(c.entry)
		c.s.world.later(delay, func(m *model) { m.removeFromDirectory(index, from) }, func(m *model, did []happened) { who.record(m, did) })
		c.empty(http.StatusNoContent)
	}
}

// removeFromDirectory takes the account out of one directory, or with - out of all. Who stays in another keeps roles and groups.
func (m *model) removeFromDirectory(index int, from string) {
	a := m.keep(index)
	left := slices.DeleteFunc(slices.Clone(a.directoryIDs()), func(id string) bool { return from == "-" || id == from })
	if a.record().directories = left; len(left) == 0 {
		a.record().directories = nil
		m.removeFromOrg(index)
	}
}

// removeFromOrg takes the account out of the directories, with its roles and groups.
func (m *model) removeFromOrg(index int) {
	m.removeFromSite(index)
	r := m.keep(index).record()
	r.roles, r.suspended = nil, false
}
