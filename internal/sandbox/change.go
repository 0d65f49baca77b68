package sandbox

import (
	"slices"
	"time"
)

// The changes. Each is a function of the model and its arguments alone, so that it can be done again on the state that lags behind.

// keep makes the account one that is stored, so that it can be changed.
func (m *model) keep(index int) *account {
	if a, ok := m.kept[index]; ok {
		return a
	}
	var room scratch
	a := m.look(index, &room).clone()
	a.groups = m.groupsOf(index)
	for _, g := range a.groups {
		m.groups[g].members.remove(&m.pop, index)
		m.groups[g].members.extras = append(m.groups[g].members.extras, index)
	}
	m.store(a)
	return a
}

// store puts the account under its look-up keys.
func (m *model) store(a *account) {
	m.kept[a.index] = a
	if a.email != "" {
		m.emails[fold(a.email)] = a.index
	}
	if a.scim != nil {
		m.userNames[fold(a.scim.profile.UserName)] = a.index
		if a.scim.profile.ExternalID != "" {
			m.externals[a.scim.profile.ExternalID] = a.index
		}
	}
}

// forget takes the account's look-up keys out, before they change.
func (m *model) forget(a *account) {
	delete(m.emails, fold(a.email))
	if a.scim != nil {
		delete(m.userNames, fold(a.scim.profile.UserName))
		delete(m.externals, a.scim.profile.ExternalID)
	}
}

// create adds an account. Its index has to be m.next.
func (m *model) create(a *account) {
	m.next = a.index + 1
	m.store(a)
}

// join adds the account to a group; adding a member changes nothing.
func (m *model) join(g, index int) {
	a := m.keep(index)
	if !slices.Contains(a.groups, g) {
		a.groups = append(a.groups, g)
		m.groups[g].members.extras = append(m.groups[g].members.extras, index)
		m.happens("user_added_to_group", index, g, "")
		if m.groups[g].product != "" {
			m.happens("user_granted_product_access", index, -1, m.groups[g].product)
		}
	}
}

// leave takes the account out of a group; taking out one that is not in it changes nothing.
func (m *model) leave(g, index int) {
	a := m.keep(index)
	if !slices.Contains(a.groups, g) {
		return
	}
	a.groups = slices.DeleteFunc(a.groups, func(x int) bool { return x == g })
	m.groups[g].members.remove(&m.pop, index)
	m.happens("user_removed_from_group", index, g, "")
	if m.groups[g].product != "" {
		m.happens("user_revoked_product_access", index, -1, m.groups[g].product)
	}
}

// leaveAll takes the account out of every group that which accepts.
func (m *model) leaveAll(index int, which func(*group) bool) {
	for _, g := range slices.Clone(m.keep(index).groups) {
		if which(m.groups[g]) {
			m.leave(g, index)
		}
	}
}

func anyGroup(*group) bool { return true }

// removeFromSite takes the account's access to the site and its groups. It stays listed as a previously deleted user.
func (m *model) removeFromSite(index int) {
	m.leaveAll(index, anyGroup)
	a := m.keep(index)
	a.access, a.removed = false, true
	m.happens("user_removed_from_org", index, -1, "")
}

// provision makes the directory provision the account with the record s, which lets the account into the site.
func (m *model) provision(index int, s scimUser) {
	a := m.keep(index)
	m.forget(a)
	a.scim, a.access, a.removed = &s, true, false
	m.happens("scim_user_linked", index, -1, "")
	m.adopt(a, s.created)
	m.store(a)
	m.directory.extras = append(m.directory.extras, index)
}

// update replaces the attributes of a provisioned account.
func (m *model) update(index int, p profile, at time.Time) {
	a := m.keep(index)
	m.forget(a)
	a.scim.profile, a.scim.modified = p, at
	m.adopt(a, at)
	m.store(a)
}

// adopt brings what the directory says over to the account. An account of another organization is not the directory's to change.
func (m *model) adopt(a *account, at time.Time) {
	if !a.managed {
		return
	}
	p := &a.scim.profile
	a.display = p.fullName()
	m.activate(a, p.Active, at)
	if email := p.email(); email != "" {
		a.email = email
	}
	if p.Timezone != "" {
		a.timezone = p.Timezone
	}
}

// activate activates or deactivates the account itself.
func (m *model) activate(a *account, active bool, at time.Time) {
	switch {
	case a.active && !active:
		m.happens("managed_account_deactivated", a.index, -1, "")
	case !a.active && active:
		m.happens("managed_account_reactivated", a.index, -1, "")
	}
	a.setActive(active, at)
}

// unlink ends the provisioning of the account: DELETE of the SCIM user. Its SCIM groups are lost for good.
func (m *model) unlink(index int, at time.Time) {
	m.leaveAll(index, (*group).scim)
	a := m.keep(index)
	m.forget(a)
	m.spent[a.scim.id] = true
	a.scim = nil
	m.happens("scim_user_unlinked", index, -1, "")
	if a.managed {
		m.activate(a, false, at)
	}
	m.store(a)
	m.directory.remove(&m.pop, index)
}

// addGroup adds a group. Its index has to be len(m.groups).
func (m *model) addGroup(g group) {
	m.groups = append(m.groups, &g)
	m.groupIDs[g.id] = g.index
	if g.scim() {
		m.scimIDs[g.scimID] = g.index
	}
	m.happens("group_created", -1, g.index, "")
}

// dropGroup deletes a group. Computed members need no change: groupsOf leaves deleted groups out.
func (m *model) dropGroup(g int) {
	for _, index := range m.groups[g].members.extras {
		a := m.keep(index)
		a.groups = slices.DeleteFunc(a.groups, func(x int) bool { return x == g })
	}
	m.groups[g].deleted = true
	m.happens("group_deleted", -1, g, "")
}
