package audit

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// group is what is known of one group. There are few enough to hold them all.
type group struct {
	id, name  string
	listed    bool     // Jira lists it
	admin     bool     // it makes administrators of the site or of a product
	synced    bool     // an identity provider owns it
	counted   bool     // the organization says how many resources it has roles on
	roles     int      // that number
	seats     []string // products of this site of which it grants a seat that costs
	free      []string // products of which it grants what costs nothing, by the organization's word
	told      bool     // the organization says all that it grants
	elsewhere bool     // it has a role on what is not of this site, by the organization's word
	rank      int      // place in the order of names, once the table is sealed

	members, active, recent, unknown int // of Jira, counted while the rows go by: all; active people; those active within the window; those of whom it isn't known
}

// groupTable numbers the groups as sources name them: Jira's list and the organization's people arrive side by side.
type groupTable struct {
	mu   sync.Mutex
	byID map[string]int
	all  []*group
}

func newGroupTable() *groupTable { return &groupTable{byID: map[string]int{}} }

// number gives the number of the group with that id, a new one when it is new.
func (t *groupTable) number(id string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.numberOf(id)
}

func (t *groupTable) numberOf(id string) int {
	n, known := t.byID[id]
	if !known {
		n = len(t.all)
		t.byID[id] = n
		t.all = append(t.all, &group{id: id})
	}
	return n
}

// update changes the group with that id under the table's lock.
func (t *groupTable) update(id string, change func(*group)) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.numberOf(id)
	change(t.all[n])
	return n
}

// byName changes the listed group of that name, if there is one alone.
func (t *groupTable) byName(name string, change func(*group)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found *group
	for _, g := range t.all {
		if g.listed && strings.EqualFold(g.name, name) {
			if found != nil {
				return
			}
			found = g
		}
	}
	if found != nil {
		change(found)
	}
}

// sorted gives the groups that Jira lists, by name, and ranks all. Nothing is added afterwards.
func (t *groupTable) sorted() []*group {
	all := slices.Clone(t.all)
	slices.SortFunc(all, func(a, b *group) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.id, b.id)) })
	listed := all[:0:0]
	for i, g := range all {
		g.rank = i
		if g.listed {
			listed = append(listed, g)
		}
	}
	return listed
}

// of gives the groups of those numbers, by name.
func (t *groupTable) of(numbers []int) []*group {
	groups := make([]*group, len(numbers))
	for i, n := range numbers {
		groups[i] = t.all[n]
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.rank, b.rank) })
	return groups
}

func namesOf(groups []*group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	return names
}

func idsOf(groups []*group) []string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.id
	}
	return ids
}

// grant adds a product to those of which the group grants a seat.
func (g *group) grant(product string) {
	if !slices.Contains(g.seats, product) {
		g.seats = append(g.seats, product)
		slices.Sort(g.seats)
	}
}
