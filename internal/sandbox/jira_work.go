package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// What people leave behind: issues, projects, components, filters and dashboards. All of it is computed, as the people are; only what was handed to
// somebody else is kept.

// nobody stands for the account of something that no one has.
const nobody = -1

// work is who has what, where it is not as computed: account indexes by the number of the thing.
type work struct {
	assignees, leads, componentLeads, filters, dashboards map[int]int
	renamed                                               map[int]string // dashboards that got another name
}

func newWork() work {
	return work{map[int]int{}, map[int]int{}, map[int]int{}, map[int]int{}, map[int]int{}, map[int]string{}}
}

func (w work) clone() work {
	return work{
		maps.Clone(w.assignees), maps.Clone(w.leads), maps.Clone(w.componentLeads), maps.Clone(w.filters), maps.Clone(w.dashboards), maps.Clone(w.renamed),
	}
}

// The first ids of each kind.
const (
	firstProject   = 10_000
	firstIssue     = 10_001
	firstComponent = 10_300
	firstFilter    = 10_100
	firstDashboard = 20_100
)

const saltWork = 0x30b1

// seededProject is a project that is always there. A private one shows its issues to its lead alone; team is the group whose members can be assigned its
// issues, -1 for everybody who has Jira.
type seededProject struct {
	key, name, lead string
	private         bool
	team            int
	components      []seededComponent
}

type seededComponent struct{ name, lead string }

var seededProjects = []seededProject{
	{key: "WEB", name: "Website", lead: "jane.doe@example.com", team: -1, components: []seededComponent{{"Frontend", "jane.doe@example.com"}, {"Backend", "alex.kim@example.com"}, {"Content", ""}}},
	{key: "OPS", name: "Operations", lead: "dana.admin@example.com", team: -1, components: []seededComponent{{"Network", "max.manager@example.com"}}},
	{key: "REL", name: "Releases", lead: "max.manager@example.com", team: groupReleaseManagers},
	{key: "HR", name: "People matters", lead: "petra.private@example.com", team: -1, private: true},
	{key: "OLD", name: "Archive", lead: "lee.left@example.com", team: -1, components: []seededComponent{{"Legacy", "lee.left@example.com"}}},
}

// seededIssues says how many issues the seeded people have in which project, and who reported them.
var seededIssues = []struct {
	assignee, reporter, project string
	open, done                  int
}{
	{"jane.doe@example.com", "max.manager@example.com", "WEB", 4, 2},
	{"jane.doe@example.com", "max.manager@example.com", "REL", 2, 0},
	{"jane.doe@example.com", "max.manager@example.com", "OPS", 1, 0},
	{"max.manager@example.com", "jane.doe@example.com", "REL", 3, 1},
	{"max.manager@example.com", "jane.doe@example.com", "WEB", 1, 0},
	{"petra.private@example.com", "boris.backup@example.com", "HR", 2, 0},
	{"petra.private@example.com", "boris.backup@example.com", "WEB", 1, 0},
	{"lee.left@example.com", "jane.doe@example.com", "OLD", 3, 1},
	{"sam.partner@partner.example", "sam.partner@partner.example", "WEB", 2, 0},
	{twentyEmail, twentyEmail, "WEB", 130, 3},
}

// project is a project as it is to begin with.
type project struct {
	number    int
	key, name string
	lead      int
	private   bool
	team      int
}

// issue is an issue as it is to begin with.
type issue struct {
	number, project    int
	assignee, reporter int
	done               bool
}

// component is a component as it is to begin with.
type component struct {
	number, project int
	name            string
	lead            int
}

// seededWork are the seeded things by number.
type seededWork struct {
	issues     []issue
	components []component
	byEmail    map[string]int
}

var workSeed = sync.OnceValue(func() *seededWork {
	w := &seededWork{byEmail: map[string]int{"": nobody}}
	for i, p := range seededPeople {
		if p.email != "" {
			w.byEmail[p.email] = i
		}
	}
	numbers := map[string]int{}
	for i, p := range seededProjects {
		numbers[p.key] = i
		for _, c := range p.components {
			w.components = append(w.components, component{len(w.components), i, c.name, w.byEmail[c.lead]})
		}
	}
	for _, s := range seededIssues {
		for i := range s.open + s.done {
			w.issues = append(w.issues, issue{len(w.issues), numbers[s.project], w.byEmail[s.assignee], w.byEmail[s.reporter], i >= s.open})
		}
	}
	return w
})

// projectCount is how many projects there are: one for each hundred people beside the seeded ones, a thousand at most.
func (m *model) projectCount() int { return len(seededProjects) + min(m.pop.count/100, 1000) }

func (m *model) project(number int) project {
	if number < len(seededProjects) {
		p := seededProjects[number]
		return project{number, p.key, p.name, workSeed().byEmail[p.lead], p.private, p.team}
	}
	lead := m.pop.at(spanActive, int(mix(m.pop.seed^saltWork, uint64(number))%uint64(m.pop.size(spanActive))))
	return project{number, "P" + strconv.Itoa(number), groupName(number), lead, false, -1}
}

// projectNumber finds a project by its id or its key; -1 when there is none.
func (m *model) projectNumber(idOrKey string) int {
	if id, err := strconv.Atoi(idOrKey); err == nil && id >= firstProject && id < firstProject+m.projectCount() {
		return id - firstProject
	}
	for i, p := range seededProjects {
		if p.key == idOrKey {
			return i
		}
	}
	tail, found := strings.CutPrefix(idOrKey, "P")
	if n, err := strconv.Atoi(tail); found && err == nil && n >= len(seededProjects) && n < m.projectCount() && m.project(n).key == idOrKey {
		return n
	}
	return -1
}

// componentCount is how many components there are: one for every fourth generated project.
func (m *model) componentCount() int {
	return len(workSeed().components) + (m.projectCount()-len(seededProjects)+3)/4
}

func (m *model) component(number int) component {
	if seeded := workSeed().components; number < len(seeded) {
		return seeded[number]
	}
	p := m.project(len(seededProjects) + (number-len(workSeed().components))*4)
	return component{number, p.number, "Core", p.lead}
}

// Of each generated person there is room for so many issues; they have up to five.
const issueRoom = 8

// issue returns the issue with this number, and whether there is one.
func (m *model) issue(number int) (issue, bool) {
	seeded := workSeed().issues
	if number < len(seeded) {
		return seeded[number], number >= 0
	}
	g, rank := (number-len(seeded))/issueRoom, (number-len(seeded))%issueRoom
	if g >= m.pop.count || rank >= m.issuesOf(m.pop.first+g) {
		return issue{}, false
	}
	h := mix(m.pop.seed^saltWork<<8, uint64(number))
	p := int(h % uint64(m.projectCount()))
	if m.project(p).private {
		p = 0
	}
	return issue{number, p, m.pop.first + g, m.pop.first + m.reporterOf(g, rank), h>>32%3 == 0}, true
}

// issuesOf returns how many issues a generated person was given.
func (m *model) issuesOf(index int) int {
	slot := m.pop.slot(index - m.pop.first)
	if !spanActive.holds(slot) && !spanInactive.holds(slot) {
		return 0
	}
	return int(mix(m.pop.seed^saltWork<<16, uint64(index)) % 6)
}

// reporterOf says who reported somebody's issue, as places among the generated people. stepBack is its inverse.
func (m *model) reporterOf(g, rank int) int { return (g + (rank+1)*7919) % m.pop.count }

func (m *model) stepBack(g, rank int) int {
	return ((g-(rank+1)*7919)%m.pop.count + m.pop.count) % m.pop.count
}

// key names an issue. Its number is in it, so that nothing has to be looked up.
func (m *model) key(i issue) string { return m.project(i.project).key + "-" + strconv.Itoa(i.number+1) }

// issueByKey finds an issue by its key or its id.
func (m *model) issueByKey(keyOrID string) (issue, bool) {
	if id, err := strconv.Atoi(keyOrID); err == nil {
		return m.issue(id - firstIssue)
	}
	_, tail, _ := strings.Cut(keyOrID, "-")
	n, err := strconv.Atoi(tail)
	if err != nil {
		return issue{}, false
	}
	i, ok := m.issue(n - 1)
	return i, ok && m.key(i) == keyOrID
}

// holder returns who has a thing: whom it was handed to, or who had it to begin with.
func holder(handed map[int]int, number, first int) int {
	if now, ok := handed[number]; ok {
		return now
	}
	return first
}

func (m *model) assignee(i issue) int { return holder(m.work.assignees, i.number, i.assignee) }

// assigned returns the numbers of the issues that an account is assigned, ascending.
func (m *model) assigned(index int) []int {
	return held(m.work.assignees, index, m.given(index))
}

// given returns the numbers of the issues that an account was assigned to begin with, ascending.
func (m *model) given(index int) []int {
	var numbers []int
	if !m.pop.has(index) {
		for _, i := range workSeed().issues {
			if i.assignee == index {
				numbers = append(numbers, i.number)
			}
		}
		return numbers
	}
	for rank := range m.issuesOf(index) {
		numbers = append(numbers, len(workSeed().issues)+(index-m.pop.first)*issueRoom+rank)
	}
	return numbers
}

// reported returns the numbers of the issues that an account reported, ascending.
func (m *model) reported(index int) []int {
	var numbers []int
	if !m.pop.has(index) {
		for _, i := range workSeed().issues {
			if i.reporter == index {
				numbers = append(numbers, i.number)
			}
		}
		return numbers
	}
	for rank := range issueRoom {
		number := len(workSeed().issues) + m.stepBack(index-m.pop.first, rank)*issueRoom + rank
		if i, ok := m.issue(number); ok && i.reporter == index {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// held returns what an account has: what it had to begin with and was not handed on, and what was handed to it, ascending.
func held(handed map[int]int, index int, first []int) []int {
	numbers := slices.DeleteFunc(slices.Clone(first), func(n int) bool { _, moved := handed[n]; return moved })
	for n, now := range handed {
		if now == index {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// assignable tells whether an account can be given an issue of the project: an active person with access to Jira and, where the project has a team, in it.
func (m *model) assignable(index int, p project) bool {
	var room scratch
	a := m.look(index, &room)
	if a == nil || a.kind != typeAtlassian || !a.access || !a.activeInJira() {
		return false
	}
	groups := m.groupsOf(index)
	if p.team >= 0 {
		return slices.Contains(groups, p.team)
	}
	return slices.ContainsFunc(groups, func(g int) bool { return m.groups[g].product != "" })
}

// leads tells whether an account can lead or own things: an active person who may use the site.
func (m *model) leads(index int) bool {
	var room scratch
	a := m.look(index, &room)
	return a != nil && a.kind == typeAtlassian && a.access && a.activeInJira()
}
