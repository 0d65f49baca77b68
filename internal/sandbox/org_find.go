package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// userQuery is what a search for the organization's users asks for.
type userQuery struct {
	Cursor           string   `json:"cursor,omitempty"`
	Limit            *int     `json:"limit,omitempty"`
	AccountIDs       []string `json:"accountIds,omitempty"`
	DirectoryIDs     []string `json:"directoryIds,omitempty"`
	ResourceIDs      []string `json:"resourceIds,omitempty"`
	GroupIDs         []string `json:"groupIds,omitempty"`
	MFAEnabled       *bool    `json:"mfaEnabled,omitempty"`
	ClaimStatus      string   `json:"claimStatus,omitempty"`
	Status           []string `json:"status,omitempty"`
	AccountStatus    []string `json:"accountStatus,omitempty"`
	MembershipStatus []string `json:"membershipStatus,omitempty"`
	RoleIDs          []string `json:"roleIds,omitempty"`
	EmailDomains     []string `json:"emailDomains,omitempty"`
	SearchTerm       string   `json:"searchTerm,omitempty"`
	Emails           []string `json:"emails,omitempty"`
	Expand           []string `json:"expand,omitempty"`
	SortBy           []sortBy `json:"sortBy,omitempty"`
}

type sortBy struct {
	Field     string `json:"field"`
	Direction string `json:"direction"`
}

// mfa tells whether the account uses two-step verification: two in three do.
func (m *model) mfa(a *account) bool { return mix(m.pop.seed^saltActivity, uint64(a.index)<<16)%3 != 0 }

// fits tells whether the account is one that the query asks for. groups are its groups, where the query needs them.
func (q *userQuery) fits(m *model, a *account) bool {
	if !a.inOrg() ||
		q.ClaimStatus != "" && (q.ClaimStatus == "managed") != a.managed ||
		len(q.Status) > 0 && !slices.Contains(q.Status, a.filteredStatus()) ||
		len(q.AccountStatus) > 0 && !slices.Contains(q.AccountStatus, a.accountStatus()) ||
		len(q.MembershipStatus) > 0 && !slices.Contains(q.MembershipStatus, a.membershipStatus()) ||
		len(q.DirectoryIDs) > 0 && (!a.access || !slices.ContainsFunc(a.directoryIDs(), func(id string) bool { return slices.Contains(q.DirectoryIDs, id) })) ||
		q.MFAEnabled != nil && *q.MFAEnabled != m.mfa(a) ||
		len(q.AccountIDs) > 0 && !slices.Contains(q.AccountIDs, a.id) ||
		len(q.EmailDomains) > 0 && !slices.ContainsFunc(q.EmailDomains, func(d string) bool { return strings.HasSuffix(fold(a.email), "@"+fold(d)) }) ||
		q.SearchTerm != "" && !a.matchesInOrg(fold(q.SearchTerm)) ||
		len(q.Emails) > 0 && !slices.ContainsFunc(q.Emails, func(e string) bool { return strings.EqualFold(e, a.email) }) {
		return false
	}
	if len(q.GroupIDs)+len(q.RoleIDs)+len(q.ResourceIDs) == 0 {
		return true
	}
	groups := m.groupsInOrg(a)
	if len(q.GroupIDs) > 0 && !slices.ContainsFunc(groups, func(g int) bool { return slices.Contains(q.GroupIDs, m.groups[g].id) }) {
		return false
	}
	if len(q.RoleIDs)+len(q.ResourceIDs) == 0 {
		return true
	}
	return slices.ContainsFunc(m.assignments(a, groups), func(r assignment) bool {
		return (len(q.ResourceIDs) == 0 || slices.Contains(q.ResourceIDs, r.resource)) &&
			(len(q.RoleIDs) == 0 || slices.ContainsFunc(r.roles, func(role string) bool { return slices.Contains(q.RoleIDs, role) }))
	})
}

// filteredStatus is the status that filters know: unlike what answers say, it tells those who are going to be deleted from the deactivated.
func (a *account) filteredStatus() string {
	if a.forDeletion() {
		return "for_deletion"
	}
	return a.status()
}

// matchesInOrg tells whether the folded term is the beginning of the account's name, of a word of it, or of its address, which nothing hides here.
func (a *account) matchesInOrg(term string) bool {
	return a.matches(term, a.index)
}

// groupsInOrg returns the groups that the account is in, as Jira sees it, too.
func (m *model) groupsInOrg(a *account) []int {
	return slices.DeleteFunc(slices.Clone(m.groupsOf(a.index)), func(g int) bool { return !countsInJira(a, m.groups[g]) })
}

// denseGroup is from how many members on a search for a group's members looks at everybody instead.
const denseGroup = 5000

// find calls visit with the accounts that the query asks for, by ascending index from the given one on, until it returns false.
func (m *model) find(q *userQuery, from int, visit func(a *account) bool) {
	var room scratch
	room.brief = true
	each := func(index int) bool {
		if a := m.look(index, &room); index >= from && a != nil && q.fits(m, a) {
			return visit(a)
		}
		return true
	}
	if list, ok := m.candidates(q); ok {
		slices.Sort(list)
		for _, index := range slices.Compact(list) {
			if !each(index) {
				return
			}
		}
		return
	}
	for index := from; index < m.next; index++ {
		if !each(index) {
			return
		}
	}
}

// candidates returns the accounts that could be what the query asks for, where it narrows them down.
func (m *model) candidates(q *userQuery) (list []int, ok bool) {
	add := func(index int) {
		if index >= 0 {
			list = append(list, index)
		}
	}
	switch {
	case len(q.Emails) > 0:
		for _, email := range q.Emails {
			add(m.byEmail(email))
		}
		return list, true
	case len(q.AccountIDs) > 0:
		for _, id := range q.AccountIDs {
			add(m.byID(id))
		}
		return list, true
	case q.SearchTerm != "":
		list = m.keptInOrder()
		m.pop.candidates(strings.Join(strings.Fields(fold(q.SearchTerm)), " "), func(index int) bool {
			add(index)
			return true
		})
		return list, true
	case len(q.RoleIDs) > 0 && !slices.ContainsFunc(q.RoleIDs, func(role string) bool { return role != roleOrgAdmin && role != roleSiteAdmin }):
		return m.keptInOrder(), true // nobody who is computed is an admin
	case len(q.GroupIDs) > 0:
		members := 0
		for _, id := range q.GroupIDs {
			if g := m.groupByID(m.groupIDs, id); g != nil {
				members += g.members.size()
			}
		}
		if members > denseGroup {
			return nil, false
		}
		for _, id := range q.GroupIDs {
			if g := m.groupByID(m.groupIDs, id); g != nil {
				m.eachMember(&g.members, add)
			}
		}
		return list, true
	}
	return nil, false
}

// size returns how many accounts the roster holds.
func (r *roster) size() int {
	n := len(r.extras)
	for i := range r.segments {
		n += r.left(i)
	}
	return n
}

// assignment is what roles somebody has on a resource.
type assignment struct {
	resource, owner string
	roles           []string
}

// assignments returns the roles that the account has, by itself and by its groups, ordered by resource.
func (m *model) assignments(a *account, groups []int) []assignment {
	var list []assignment
	if a.org != nil {
		for _, r := range a.org.roles {
			resource, owner := r.resource, ownerOf(r.resource)
			if resource == "" {
				resource, owner = orgARI, "platform"
			}
			list = assign(list, resource, owner, r.role)
		}
	}
	for _, index := range groups {
		for _, of := range m.groups[index].assignments() {
			list = assign(list, of.resource, of.owner, of.roles[0])
		}
	}
	slices.SortFunc(list, func(a, b assignment) int { return cmp.Compare(a.resource, b.resource) })
	return list
}

// assign adds a role on a resource.
func assign(list []assignment, resource, owner, role string) []assignment {
	for i := range list {
		if list[i].resource == resource {
			if !slices.Contains(list[i].roles, role) {
				list[i].roles = append(list[i].roles, role)
			}
			return list
		}
	}
	return append(list, assignment{resource, owner, []string{role}})
}

// assignments returns what roles the group gives.
func (g *group) assignments() []assignment {
	grants, siteAdmin := g.grants()
	var list []assignment
	for _, of := range grants {
		list = append(list, assignment{resourceARI(of.product, CloudID), of.product, []string{of.role}})
	}
	if siteAdmin {
		list = append(list, assignment{siteARI, "platform", []string{roleSiteAdmin}})
	}
	return list
}

// ownerOf returns the owner of a resource: the product in its ARI.
func ownerOf(resource string) string {
	parts := strings.Split(resource, ":")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// orgARI names the organization, on which its admins have their role.
const orgARI = "ari:cloud:platform::org/" + OrgID
