package sandbox

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
)

// browses tells whether the caller may see the issues of a project.
func (c *call) browses(p project) bool {
	return c.who.index >= 0 && (!p.private || holder(c.shown.work.leads, p.number, p.lead) == c.who.index)
}

// find returns the numbers of the issues that match a query and that the caller may see, ascending. reconciled are those that are to be shown as they
// are now. It answers what is wrong with the query.
func (c *call) find(text string, reconciled []int) ([]int, bool) {
	q, problem := parseJQL(text)
	if problem != "" {
		c.fail(http.StatusBadRequest, problem)
		return nil, false
	}
	assignee, reporter := nobody, nobody
	for _, person := range []struct {
		asked bool
		id    string
		field string
		index *int
	}{{q.byAssignee, q.assignee, "assignee", &assignee}, {q.byReporter, q.reporter, "reporter", &reporter}} {
		if !person.asked {
			continue
		}
		if *person.index = c.shown.byID(person.id); *person.index < 0 {
			c.fail(http.StatusBadRequest, "The value '"+person.id+"' does not exist for the field '"+person.field+"'.")
			return nil, false
		}
	}
	var numbers []int
	switch {
	case q.keys != nil:
		for _, key := range q.keys {
			i, ok := c.shown.issueByKey(key)
			if !ok || !c.browses(c.shown.project(i.project)) {
				c.fail(http.StatusBadRequest, "An issue with key '"+key+"' does not exist for field 'key'.")
				return nil, false
			}
			numbers = append(numbers, i.number)
		}
	case q.byAssignee:
		numbers = append(c.shown.assigned(assignee), reconciled...)
	default:
		numbers = c.shown.reported(reporter)
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return slices.DeleteFunc(numbers, func(n int) bool {
		i, ok := c.shown.issue(n)
		return !ok || q.byAssignee && c.holds(i, reconciled) != assignee || q.byReporter && i.reporter != reporter || q.open && i.done || !c.browses(c.shown.project(i.project))
	}), true
}

// holds returns who is assigned an issue, as a search shows it.
func (c *call) holds(i issue, reconciled []int) int {
	if slices.Contains(reconciled, i.number) {
		return c.now.assignee(i)
	}
	return c.shown.assignee(i)
}

// countIssues serves POST /search/approximate-count. Above a hundred the count is nearly right.
func (c *call) countIssues() {
	var body struct {
		JQL string `json:"jql"`
	}
	if !c.decode(&body) {
		return
	}
	numbers, ok := c.find(body.JQL, nil)
	if !ok {
		return
	}
	count := len(numbers)
	if count > 100 {
		count += count / 50
	}
	c.json(http.StatusOK, map[string]int{"count": count})
}

// searchIssues serves POST /search/jql.
func (c *call) searchIssues() {
	var body struct {
		JQL       string   `json:"jql"`
		Fields    []string `json:"fields"`
		Max       *int     `json:"maxResults"`
		Token     string   `json:"nextPageToken"`
		Reconcile []int    `json:"reconcileIssues"`
	}
	if !c.decode(&body) {
		return
	}
	size, limit := 50, 5000
	if slices.ContainsFunc(body.Fields, func(f string) bool { return f != "id" && f != "key" }) {
		limit = 100
	}
	if c.fault.Kind == FaultClampPage && c.fault.Max > 0 {
		limit = min(limit, c.fault.Max)
	}
	if body.Max != nil {
		size = *body.Max
	}
	if size <= 0 || len(body.Reconcile) > 50 {
		c.fail(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
		return
	}
	for i := range body.Reconcile {
		body.Reconcile[i] -= firstIssue
	}
	numbers, ok := c.find(body.JQL, body.Reconcile)
	if !ok {
		return
	}
	// A page goes on after the last issue of the one before, so that issues that leave the result meanwhile do not hide others.
	if body.Token != "" {
		after, ok := readPageToken(body.Token, body.JQL)
		if !ok {
			c.fail(http.StatusBadRequest, "The provided next page token is invalid or expired.")
			return
		}
		at, found := slices.BinarySearch(numbers, after)
		if found {
			at++
		}
		numbers = numbers[at:]
	}
	answer := map[string]any{"isLast": true}
	if page := min(size, limit); len(numbers) > page {
		numbers = numbers[:page]
		answer["isLast"], answer["nextPageToken"] = false, pageToken(numbers[page-1], body.JQL)
	}
	issues := make([]map[string]any, len(numbers))
	for k, n := range numbers {
		i, _ := c.shown.issue(n)
		issues[k] = map[string]any{"id": strconv.Itoa(firstIssue + n)}
		if len(body.Fields) == 0 || slices.Equal(body.Fields, []string{"id"}) {
			continue
		}
		issues[k]["key"], issues[k]["self"] = c.shown.key(i), c.base+"/rest/api/3/issue/"+strconv.Itoa(firstIssue+n)
		fields := map[string]any{}
		for _, field := range body.Fields {
			switch field {
			case "assignee":
				fields[field] = c.person(c.holds(i, body.Reconcile))
			case "reporter":
				fields[field] = c.person(i.reporter)
			case "status":
				name := map[bool]string{false: "To Do", true: "Done"}[i.done]
				fields[field] = map[string]any{"name": name, "statusCategory": map[string]string{"key": map[bool]string{false: "new", true: "done"}[i.done], "name": name}}
			}
		}
		issues[k]["fields"] = fields
	}
	answer["issues"] = issues
	c.json(http.StatusOK, answer)
}

func pageToken(after int, jql string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(jql))
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", after, h.Sum32()))
}

func readPageToken(token, jql string) (after int, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	if _, err := fmt.Sscanf(string(text), "%d.", &after); err != nil {
		return 0, false
	}
	return after, pageToken(after, jql) == token
}

// person is what lists of work say of an account; nil for nobody.
func (c *call) person(index int) any {
	if index < 0 {
		return nil
	}
	var room scratch
	a := c.now.look(index, &room)
	return map[string]any{
		"self": c.base + "/rest/api/3/user?accountId=" + a.id, "accountId": a.id, "displayName": a.display, "active": a.activeInJira(),
	}
}

// assignIssue serves PUT /issue/{}/assignee.
func (c *call) assignIssue() {
	var body map[string]any
	if !c.decode(&body) {
		return
	}
	i, ok := c.now.issueByKey(c.segment(2))
	p := project{}
	if ok {
		p = c.now.project(i.project)
		ok = c.browses(p)
	}
	if !ok {
		c.fail(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
		return
	}
	if !c.who.Admin {
		c.fail(http.StatusForbidden, "You do not have permission to assign issues.")
		return
	}
	id, given := body["accountId"]
	to := nobody
	switch text, isText := id.(string); {
	case !given:
		c.fail(http.StatusBadRequest, "The 'accountId' is missing.")
		return
	case id == nil:
	case text == "-1":
		to = holder(c.now.work.leads, p.number, p.lead)
	default:
		if isText {
			to = c.now.byID(text)
		}
		if to < 0 {
			c.failField("assignee", "Specified user does not exist or you do not have required permissions")
			return
		}
		if !c.now.assignable(to, p) {
			c.failField("assignee", "User '"+text+"' cannot be assigned issues.")
			return
		}
	}
	number := i.number
	c.commit(func(m *model) { m.work.assignees[number] = to })
	c.empty(http.StatusNoContent)
}
