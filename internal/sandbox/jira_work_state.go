package sandbox

import (
	"slices"
	"strconv"
)

// WorkState is who really has what, also what reads do not show yet: all that is seeded, and what was handed on.
type WorkState struct {
	Issues     []WorkItem `json:"issues"`
	Projects   []WorkItem `json:"projects"`
	Components []WorkItem `json:"components"`
	Filters    []WorkItem `json:"filters"`
	Dashboards []WorkItem `json:"dashboards"`
}

// WorkItem is one thing. Holder is the account id of its assignee, lead or owner, "" for nobody.
type WorkItem struct {
	ID     string `json:"id"`
	Name   string `json:"name"` // of an issue its key
	Holder string `json:"holder"`
	Done   bool   `json:"done,omitempty"`
}

// Work returns who has what.
func (s *Sandbox) Work() WorkState {
	var w WorkState
	s.world.read(func(_, m *model) {
		id := func(index int) string {
			if index < 0 {
				return ""
			}
			var room scratch
			return m.look(index, &room).id
		}
		for _, n := range numbers(len(workSeed().issues), m.work.assignees) {
			i, _ := m.issue(n)
			w.Issues = append(w.Issues, WorkItem{strconv.Itoa(firstIssue + n), m.key(i), id(m.assignee(i)), i.done})
		}
		for _, n := range numbers(len(seededProjects), m.work.leads) {
			p := m.project(n)
			w.Projects = append(w.Projects, WorkItem{strconv.Itoa(firstProject + n), p.key, id(holder(m.work.leads, n, p.lead)), false})
		}
		for _, n := range numbers(len(workSeed().components), m.work.componentLeads) {
			k := m.component(n)
			w.Components = append(w.Components, WorkItem{strconv.Itoa(firstComponent + n), k.name, id(holder(m.work.componentLeads, n, k.lead)), false})
		}
		for _, n := range numbers(len(seededFilters), m.work.filters) {
			f, owner, _ := m.filter(n)
			w.Filters = append(w.Filters, WorkItem{strconv.Itoa(firstFilter + n), f.name, id(holder(m.work.filters, n, owner)), false})
		}
		for n, d := range seededDashboards {
			w.Dashboards = append(w.Dashboards, WorkItem{strconv.Itoa(firstDashboard + n), m.dashboardName(n), id(holder(m.work.dashboards, n, workSeed().byEmail[d.owner])), false})
		}
	})
	return w
}

// numbers are those of what is seeded and of what was handed on, ascending.
func numbers(seeded int, handed map[int]int) []int {
	var list []int
	for n := range seeded {
		list = append(list, n)
	}
	for n := range handed {
		if n >= seeded {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}
