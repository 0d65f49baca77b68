package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// segment returns one segment of the request's path below /rest/api/3, from 1.
func (c *call) segment(n int) string {
	parts := strings.Split(strings.TrimPrefix(c.path, "/rest/api/3/"), "/")
	if n > len(parts) {
		return ""
	}
	return parts[n-1]
}

// expands tells whether a part of the answer is asked for.
func (c *call) expands(part string) bool {
	return slices.Contains(strings.Split(c.query.Get("expand"), ","), part)
}

// seesProject tells whether the caller may see that a project is there.
func (c *call) seesProject(p project) bool { return c.who.Admin || c.browses(p) }

func (c *call) projectItem(m *model, p project, lead bool) map[string]any {
	item := map[string]any{
		"self": c.base + "/rest/api/3/project/" + strconv.Itoa(firstProject+p.number), "id": strconv.Itoa(firstProject + p.number), "key": p.key, "name": p.name,
		"projectTypeKey": "software", "simplified": false, "style": "classic", "isPrivate": p.private,
	}
	if lead {
		item["lead"] = c.person(holder(m.work.leads, p.number, p.lead))
	}
	return item
}

// searchProjects serves GET /project/search. Pages hold 100 at most.
func (c *call) searchProjects() {
	start, size, ok := c.page(50, 100)
	if !ok {
		return
	}
	ids, keys := c.query["id"], c.query["keys"]
	if len(ids) > 50 || len(keys) > 50 {
		c.fail(http.StatusBadRequest, "Up to 50 projects can be named.")
		return
	}
	var found []int
	if len(ids)+len(keys) > 0 {
		for _, name := range append(slices.Clone(ids), keys...) {
			if n := c.shown.projectNumber(name); n >= 0 && c.seesProject(c.shown.project(n)) {
				found = append(found, n)
			}
		}
		slices.Sort(found)
		found = slices.Compact(found)
	} else {
		for n := range c.shown.projectCount() {
			if n >= len(seededProjects) || c.seesProject(c.shown.project(n)) {
				found = append(found, n)
			}
		}
	}
	values := []map[string]any{}
	for _, n := range window(found, start, size) {
		values = append(values, c.projectItem(c.shown, c.shown.project(n), c.expands("lead")))
	}
	c.list(start, size, len(found), values)
}

// list answers with a page of values.
func (c *call) list(start, size, total int, values []map[string]any) {
	last := size == 0 || start+size >= total
	c.json(http.StatusOK, map[string]any{
		"self": c.base + c.path, "maxResults": size, "startAt": start, "total": total, "isLast": last, "values": values,
	})
}

// putProject serves PUT /project/{}: of what it can change, the lead.
func (c *call) putProject() {
	var body struct {
		Lead *string `json:"leadAccountId"`
	}
	if !c.decode(&body) {
		return
	}
	n := c.now.projectNumber(c.segment(2))
	if n < 0 || !c.seesProject(c.now.project(n)) {
		c.fail(http.StatusNotFound, "No project could be found with key '"+c.segment(2)+"'.")
		return
	}
	p := c.now.project(n)
	if !c.who.Admin && holder(c.now.work.leads, n, p.lead) != c.who.index {
		c.fail(http.StatusForbidden, "You cannot edit the configuration of this project.")
		return
	}
	if body.Lead != nil {
		to := c.now.byID(*body.Lead)
		if to < 0 || !c.now.leads(to) {
			c.failField("projectLead", "You must specify a valid project lead.")
			return
		}
		c.commit(func(m *model) { m.work.leads[n] = to })
	}
	c.json(http.StatusOK, c.projectItem(c.now, p, true))
}

func (c *call) componentSelf(n int) string {
	return c.base + "/rest/api/3/component/" + strconv.Itoa(firstComponent+n)
}

// listComponents serves GET /component. The list does not tell who leads them.
func (c *call) listComponents() {
	start, size, ok := c.page(50, 100)
	if !ok {
		return
	}
	projects := c.query["projectIdsOrKeys"]
	var found []int
	for n := range c.shown.componentCount() {
		p := c.shown.project(c.shown.component(n).project)
		named := len(projects) == 0 || slices.Contains(projects, p.key) || slices.Contains(projects, strconv.Itoa(firstProject+p.number))
		if named && c.browses(p) {
			found = append(found, n)
		}
	}
	values := []map[string]any{}
	for _, n := range window(found, start, size) {
		values = append(values, map[string]any{"self": c.componentSelf(n), "id": strconv.Itoa(firstComponent + n), "name": c.shown.component(n).name})
	}
	c.list(start, size, len(found), values)
}

// oneComponent finds the component that the path names, as the model m has it, or answers that there is none.
func (c *call) oneComponent(m *model) (component, bool) {
	id, err := strconv.Atoi(c.segment(2))
	if n := id - firstComponent; err == nil && n >= 0 && n < m.componentCount() {
		if k := m.component(n); c.seesProject(m.project(k.project)) {
			return k, true
		}
	}
	c.fail(http.StatusNotFound, "The component with id "+c.segment(2)+" does not exist.")
	return component{}, false
}

func (c *call) componentItem(m *model, k component) map[string]any {
	item := map[string]any{
		"self": c.componentSelf(k.number), "id": strconv.Itoa(firstComponent + k.number), "name": k.name, "project": m.project(k.project).key,
		"projectId": firstProject + k.project, "assigneeType": "PROJECT_DEFAULT",
	}
	if lead := holder(m.work.componentLeads, k.number, k.lead); lead >= 0 {
		item["lead"] = c.person(lead)
	}
	return item
}

// getComponent serves GET /component/{}.
func (c *call) getComponent() {
	if k, ok := c.oneComponent(c.shown); ok {
		c.json(http.StatusOK, c.componentItem(c.shown, k))
	}
}

// putComponent serves PUT /component/{}: of what it can change, the lead.
func (c *call) putComponent() {
	var body struct {
		Lead *string `json:"leadAccountId"`
	}
	if !c.decode(&body) {
		return
	}
	k, ok := c.oneComponent(c.now)
	if !ok {
		return
	}
	p := c.now.project(k.project)
	if !c.who.Admin && holder(c.now.work.leads, p.number, p.lead) != c.who.index {
		c.fail(http.StatusForbidden, "The user does not have permission to manage the project containing the component.")
		return
	}
	if body.Lead != nil {
		to := nobody
		if *body.Lead != "" {
			if to = c.now.byID(*body.Lead); to < 0 || !c.now.leads(to) {
				c.failField("leadAccountId", "The user does not exist or can't lead the component.")
				return
			}
		}
		number := k.number
		c.commit(func(m *model) { m.work.componentLeads[number] = to })
	}
	c.json(http.StatusOK, c.componentItem(c.now, k))
}
