package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

// shareable is a filter or a dashboard as it is to begin with. One that is not shared is seen by its owner alone.
type shareable struct {
	number      int
	name, owner string
	shared      bool
}

// Two people have a filter of one name, which can't be handed to the other.
var (
	seededFilters = []shareable{
		{0, "My open issues", "jane.doe@example.com", false},
		{1, "Web release blockers", "jane.doe@example.com", true},
		{2, "My open issues", "petra.private@example.com", false},
		{3, "Release burndown", "max.manager@example.com", true},
		{4, "Drafts", "max.manager@example.com", false},
		{5, "Left over", "lee.left@example.com", true},
	}
	seededDashboards = []shareable{
		{0, "Web team", "jane.doe@example.com", true},
		{1, "Notes", "jane.doe@example.com", false},
		{2, "Releases", "max.manager@example.com", true},
		{3, "Web team", "max.manager@example.com", true},
	}
)

// filter returns the filter with this number, and whether there is one. One in four of the generated active people has one.
func (m *model) filter(number int) (f shareable, owner int, ok bool) {
	if number >= 0 && number < len(seededFilters) {
		f = seededFilters[number]
		return f, workSeed().byEmail[f.owner], true
	}
	index := m.pop.first + number - len(seededFilters)
	if number < 0 || !m.hasFilter(index) {
		return f, nobody, false
	}
	return shareable{number: number, name: "Mine " + strconv.Itoa(number), shared: number%2 == 0}, index, true
}

func (m *model) hasFilter(index int) bool {
	return m.pop.has(index) && spanActive.holds(m.pop.slot(index-m.pop.first)) && mix(m.pop.seed^saltWork<<24, uint64(index))%4 == 0
}

// filtersOf returns the numbers of the filters that an account owns, ascending.
func (m *model) filtersOf(index int) []int {
	var first []int
	if m.hasFilter(index) {
		first = []int{len(seededFilters) + index - m.pop.first}
	}
	for _, f := range seededFilters {
		if workSeed().byEmail[f.owner] == index {
			first = append(first, f.number)
		}
	}
	return held(m.work.filters, index, first)
}

func (m *model) dashboardsOf(index int) []int {
	var first []int
	for _, d := range seededDashboards {
		if workSeed().byEmail[d.owner] == index {
			first = append(first, d.number)
		}
	}
	return held(m.work.dashboards, index, first)
}

// searchFilters serves GET /filter/search, by owner or by ids.
func (c *call) searchFilters() {
	start, size, ok := c.page(50, 100)
	if !ok {
		return
	}
	ids, owner := c.query["id"], c.query.Get("accountId")
	var numbers []int
	switch {
	case len(ids) > 200:
		c.fail(http.StatusBadRequest, "The number of filter ids must not exceed 200.")
		return
	case owner != "":
		numbers = c.shown.filtersOf(c.shown.byID(owner))
	case len(ids) > 0:
		for _, text := range ids {
			if id, err := strconv.Atoi(text); err == nil {
				numbers = append(numbers, id-firstFilter)
			}
		}
		slices.Sort(numbers)
	default:
		c.fail(http.StatusBadRequest, "The sandbox lists filters by accountId or by id.")
		return
	}
	// Somebody who may not override share permissions is shown what is shared, without a word.
	all := c.query.Get("overrideSharePermissions") == "true" && c.who.Admin
	values := []map[string]any{}
	for _, n := range numbers {
		f, first, ok := c.shown.filter(n)
		now := holder(c.shown.work.filters, n, first)
		if !ok || !f.shared && !all && now != c.who.index || owner != "" && len(ids) > 0 && !slices.Contains(ids, strconv.Itoa(firstFilter+n)) {
			continue
		}
		id := strconv.Itoa(firstFilter + n)
		item := map[string]any{"self": c.base + "/rest/api/3/filter/" + id, "id": id, "name": f.name}
		if c.expands("owner") {
			item["owner"] = c.person(now)
		}
		values = append(values, item)
	}
	c.list(start, size, len(values), window(values, start, size))
}

// putFilterOwner serves PUT /filter/{}/owner.
func (c *call) putFilterOwner() {
	var body struct {
		AccountID string `json:"accountId"`
	}
	if !c.decode(&body) {
		return
	}
	id, err := strconv.Atoi(c.segment(2))
	n := id - firstFilter
	f, first, ok := c.now.filter(n)
	if err != nil || !ok {
		c.fail(http.StatusNotFound, "The selected filter is not available to you, perhaps it has been deleted or had its permissions changed.")
		return
	}
	to := c.now.byID(body.AccountID)
	switch {
	case !c.who.Admin && holder(c.now.work.filters, n, first) != c.who.index:
		c.fail(http.StatusForbidden, "Only the owner of the filter or an administrator can change its owner.")
		return
	case to < 0:
		c.fail(http.StatusNotFound, "The user does not exist.")
		return
	case !c.now.leads(to):
		c.fail(http.StatusBadRequest, "The user can't own a filter.")
		return
	}
	for _, other := range c.now.filtersOf(to) {
		if g, _, _ := c.now.filter(other); g.name == f.name && other != n {
			c.fail(http.StatusBadRequest, "The new owner has a filter with the name '"+f.name+"' already.")
			return
		}
	}
	c.commit(func(m *model) { m.work.filters[n] = to })
	c.empty(http.StatusNoContent)
}

func (m *model) dashboardName(n int) string {
	return cmp.Or(m.work.renamed[n], seededDashboards[n].name)
}

// searchDashboards serves GET /dashboard/search, by owner.
func (c *call) searchDashboards() {
	start, size, ok := c.page(50, 100)
	if !ok {
		return
	}
	owner := c.query.Get("accountId")
	if owner == "" {
		c.fail(http.StatusBadRequest, "The sandbox lists dashboards by accountId.")
		return
	}
	index := c.shown.byID(owner)
	values := []map[string]any{}
	for _, n := range c.shown.dashboardsOf(index) {
		if !seededDashboards[n].shared && index != c.who.index {
			continue
		}
		id := strconv.Itoa(firstDashboard + n)
		item := map[string]any{"self": c.base + "/rest/api/3/dashboard/" + id, "id": id, "name": c.shown.dashboardName(n), "isFavourite": false, "popularity": 1}
		if c.expands("owner") {
			item["owner"] = c.person(index)
		}
		values = append(values, item)
	}
	c.list(start, size, len(values), window(values, start, size))
}

// editDashboards serves PUT /dashboard/bulk/edit: of what it can change, the owner.
func (c *call) editDashboards() {
	var body struct {
		Action string `json:"action"`
		IDs    []int  `json:"entityIds"`
		Admin  bool   `json:"extendAdminPermissions"`
		Owner  struct {
			To  string `json:"newOwner"`
			Fix bool   `json:"autofixName"`
		} `json:"changeOwnerDetails"`
	}
	if !c.decode(&body) {
		return
	}
	to := c.now.byID(body.Owner.To)
	switch {
	case body.Action != "changeOwner" || len(body.IDs) == 0 || len(body.IDs) > 100:
		c.fail(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
		return
	case to < 0 || !c.now.leads(to):
		c.failField("newOwner", "The new owner is not valid.")
		return
	}
	refused := map[string]errorCollection{}
	for _, id := range body.IDs {
		n := id - firstDashboard
		refuse := func(why string) {
			refused[strconv.Itoa(id)] = errorCollection{ErrorMessages: []string{why}, Errors: map[string]string{}}
		}
		if n < 0 || n >= len(seededDashboards) {
			refuse("The dashboard does not exist.")
			continue
		}
		if owns := holder(c.now.work.dashboards, n, workSeed().byEmail[seededDashboards[n].owner]) == c.who.index; !owns && !(c.who.Admin && body.Admin) {
			refuse("Only the owner of the dashboard can change its owner.")
			continue
		}
		name := c.now.dashboardName(n)
		taken := slices.ContainsFunc(c.now.dashboardsOf(to), func(other int) bool { return other != n && c.now.dashboardName(other) == name })
		if taken && !body.Owner.Fix {
			refuse("The new owner has a dashboard with the name '" + name + "' already.")
			continue
		}
		c.commit(func(m *model) {
			m.work.dashboards[n] = to
			if taken {
				m.work.renamed[n] = "Copy of " + name
			}
		})
	}
	c.json(http.StatusOK, map[string]any{"action": body.Action, "entityErrors": refused})
}
