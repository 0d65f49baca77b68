package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// model is one state of the site and the directory: the computed population and what differs from it.
type model struct {
	pop     population
	layouts []*layout
	kept    map[int]*account // accounts that are not computed: seeded, created and changed ones
	next    int              // index that the next created account gets
	fixed   map[string]int   // account ids that are not computed

	// Exact look-ups of kept accounts, keys in lower case.
	emails, userNames, externals map[string]int

	groups    []*group
	groupIDs  map[string]int  // Jira's group ids
	scimIDs   map[string]int  // the directory's group ids
	directory roster          // accounts that SCIM provisions
	spent     map[string]bool // ids of SCIM users that were deleted
	work      work            // who has what

	today    time.Time      // the day on which the sandbox started, from which activity is counted back
	noTokens bool           // every API token of the organization was revoked at once
	tell     func(happened) // gets what a change does; set while one is made to what is so
}

// group is a group of the site. A SCIM group is in the directory too, under another id.
type group struct {
	index       int
	id          string
	name        string
	description string
	access      string // "site-admin", "admin", "user" or ""
	product     string // the product that membership gives access to, or ""
	scimID      string // "" for a group that the site owns
	externalID  string
	members     roster
	deleted     bool
	created     time.Time
	modified    time.Time
}

func (g *group) scim() bool { return g.scimID != "" }

// clone returns a copy that shares nothing which a write changes.
func (m *model) clone() *model {
	c := *m
	c.kept = make(map[int]*account, len(m.kept))
	for index, a := range m.kept {
		c.kept[index] = a.clone()
	}
	c.fixed, c.emails = maps.Clone(m.fixed), maps.Clone(m.emails)
	c.userNames, c.externals = maps.Clone(m.userNames), maps.Clone(m.externals)
	c.groupIDs, c.scimIDs = maps.Clone(m.groupIDs), maps.Clone(m.scimIDs)
	c.groups = make([]*group, len(m.groups))
	for i, g := range m.groups {
		copied := *g
		copied.members = g.members.clone()
		c.groups[i] = &copied
	}
	c.directory, c.spent, c.work = m.directory.clone(), maps.Clone(m.spent), m.work.clone()
	return &c
}

func (a *account) clone() *account {
	c := *a
	c.groups = slices.Clone(a.groups)
	if a.scim != nil {
		s := *a.scim
		c.scim = &s
	}
	c.org = a.org.clone()
	return &c
}

// scratch is room for one computed account.
type scratch struct {
	// brief leaves the SCIM record of a computed account empty: all that Jira's lists need is that there is one.
	brief   bool
	account account
	scim    scimUser
}

// look returns the account with this index: the kept one, or the computed one in room. It must not be changed. nil when there is none.
func (m *model) look(index int, room *scratch) *account {
	if a, ok := m.kept[index]; ok {
		return a
	}
	if !m.pop.has(index) {
		return nil
	}
	m.pop.fill(index, room)
	return &room.account
}

// groupsOf returns the indexes of the groups that the account is in.
func (m *model) groupsOf(index int) []int {
	if a, ok := m.kept[index]; ok {
		return a.groups
	}
	var groups []int
	for _, l := range m.layouts {
		if g := l.groupOf(&m.pop, index); g >= 0 && !m.groups[g].deleted {
			groups = append(groups, g)
		}
	}
	return groups
}

// byID returns the index of the account with this account id, or -1. Accounts that were removed from the site are found too.
func (m *model) byID(id string) int {
	if index, ok := m.fixed[id]; ok {
		return index
	}
	if index := parseAccountID(m.pop.seed, id); index >= m.pop.first && index < m.next {
		return index
	}
	return -1
}

// byEmail returns the index of the account with this address, or -1. Case does not count.
func (m *model) byEmail(email string) int {
	return m.exact(m.emails, email, func(a *account) string { return a.email })
}

// byUserName returns the index of the account whose SCIM userName this is, or -1. Case does not count (RFC 7643, 4.1.1).
func (m *model) byUserName(userName string) int {
	return m.exact(m.userNames, userName, func(a *account) string {
		if a.scim == nil {
			return ""
		}
		return a.scim.profile.UserName
	})
}

func (m *model) exact(kept map[string]int, wanted string, has func(*account) string) int {
	if index, ok := kept[fold(wanted)]; ok {
		return index
	}
	local, _, _ := strings.Cut(wanted, "@")
	index := m.pop.byLocal(local)
	if index < 0 {
		return -1
	}
	var room scratch
	if a := m.look(index, &room); strings.EqualFold(has(a), wanted) {
		return index
	}
	return -1
}

// byExternalID returns the index of the account whose SCIM externalId this is, or -1. Case counts (caseExact in the specification).
func (m *model) byExternalID(id string) int {
	if index, ok := m.externals[id]; ok {
		return index
	}
	index := parseExternalID(m.pop.seed, id)
	if !m.pop.has(index) {
		return -1
	}
	var room scratch
	if a := m.look(index, &room); a.scim != nil && a.scim.profile.ExternalID == id {
		return index
	}
	return -1
}

// generations sit above the account's index in the number behind a SCIM user id: one that is provisioned again gets a new id.
const generationShift = 40

// bySCIMID returns the index of the account behind a SCIM user id, or -1.
func (m *model) bySCIMID(id string) int {
	n, ok := parseUUID(m.pop.seed, saltSCIMUser, id)
	if !ok {
		return -1
	}
	index := int(n & (1<<generationShift - 1))
	var room scratch
	if a := m.look(index, &room); a == nil || a.scim == nil || a.scim.id != id {
		return -1
	}
	return index
}

// groupByName returns the first group with this name that which accepts, or nil.
func (m *model) groupByName(name string, which func(*group) bool) *group {
	for _, g := range m.groups {
		if !g.deleted && strings.EqualFold(g.name, name) && which(g) {
			return g
		}
	}
	return nil
}

func (m *model) groupByID(ids map[string]int, id string) *group {
	index, ok := ids[id]
	if !ok || m.groups[index].deleted {
		return nil
	}
	return m.groups[index]
}

// countsInJira tells whether Jira sees the account as a member of g. SCIM takes what it gave an external person back when it deactivates them,
// since it cannot deactivate their account.
func countsInJira(a *account, g *group) bool {
	return !(g.scim() && a.scim != nil && !a.managed && !a.scim.profile.Active)
}
