package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// issuePage is what tests look at in a search's answer.
type issuePage struct {
	Issues []struct {
		ID, Key string
		Fields  struct{ Assignee *struct{ AccountID string } }
	}
	IsLast        bool
	NextPageToken string
}

// issues walks the issues that match, page after page.
func (c *client) issues(jql string, reconcile ...string) map[string]string {
	c.t.Helper()
	found := map[string]string{}
	for token := ""; ; {
		var page issuePage
		body := fmt.Sprintf(`{"jql":%q,"fields":["assignee"],"maxResults":1000,"nextPageToken":%q,"reconcileIssues":[%s]}`, jql, token, strings.Join(reconcile, ","))
		c.jira("POST", "/search/jql", body).into(200, &page)
		for _, i := range page.Issues {
			if _, twice := found[i.Key]; twice {
				c.t.Errorf("%s comes twice", i.Key)
			}
			found[i.Key] = ""
			if i.Fields.Assignee != nil {
				found[i.Key] = i.Fields.Assignee.AccountID
			}
		}
		if page.IsLast != (page.NextPageToken == "") || len(page.Issues) > 100 {
			c.t.Fatalf("a page of %d issues, last %v, token %q", len(page.Issues), page.IsLast, page.NextPageToken)
		}
		if token = page.NextPageToken; token == "" {
			return found
		}
	}
}

func (c *client) count(jql string) int {
	c.t.Helper()
	var out struct{ Count int }
	c.jira("POST", "/search/approximate-count", fmt.Sprintf(`{"jql":%q}`, jql)).into(200, &out)
	return out.Count
}

func openOf(id string) string { return `assignee = "` + id + `" AND statusCategory != Done` }

func TestSeededWork(t *testing.T) {
	c := start(t, Options{})
	jane, max, tessa, petra := c.s.AccountID("jane.doe@example.com"), c.s.AccountID("max.manager@example.com"), c.s.AccountID(twentyEmail), c.s.AccountID("petra.private@example.com")
	for name, tt := range map[string]struct {
		jql         string
		want, count int
	}{
		"Jane's open issues":              {openOf(jane), 7, 7},
		"all of Jane's issues":            {`assignee = "` + jane + `"`, 9, 9},
		"what Max reported and is open":   {`statusCategory != Done AND reporter = "` + max + `"`, 7, 7},
		"more than a page, about counted": {openOf(tessa), 130, 132},
		"a private project's are hidden":  {openOf(petra), 1, 1},
		"by key, some of somebody":        {`key in (WEB-1, "WEB-2", REL-10) AND assignee = "` + jane + `"`, 2, 2},
	} {
		if got := len(c.issues(tt.jql)); got != tt.want {
			t.Errorf("%s: %d issues, want %d", name, got, tt.want)
		}
		if got := c.count(tt.jql); got != tt.count {
			t.Errorf("%s: counted as %d, want %d", name, got, tt.count)
		}
	}
	for _, jql := range []string{
		"", "statusCategory != Done", "project = WEB", `assignee = "nobody"`, openOf(jane) + " OR key in (WEB-1)", "key in (WEB-1, NONE-1)", "key in ()",
		`assignee = "` + jane + `" ORDER BY key`, `key in (` + firstHidden(c) + `)`,
	} {
		c.jira("POST", "/search/jql", fmt.Sprintf(`{"jql":%q}`, jql)).want(400)
	}
	c.jira("POST", "/search/jql", fmt.Sprintf(`{"jql":%q,"nextPageToken":"bm9uZQ"}`, openOf(jane))).want(400)
	var page issuePage
	if c.jira("POST", "/search/jql", fmt.Sprintf(`{"jql":%q}`, openOf(jane))).into(200, &page); page.Issues[0].Key != "" || page.Issues[0].ID == "" {
		t.Errorf("without fields only ids are told: %+v", page.Issues[0])
	}
}

// firstHidden is the key of an issue that an administrator may not see.
func firstHidden(c *client) string {
	for _, i := range c.s.Work().Issues {
		if strings.HasPrefix(i.Name, "HR-") {
			return i.Name
		}
	}
	return "HR-0"
}

// Every issue of the site is somebody's, and is found by its assignee and by its reporter.
func TestGeneratedWorkAddsUp(t *testing.T) {
	s, err := New(Options{Users: 3000})
	if err != nil {
		t.Fatal(err)
	}
	m := s.world.now
	byAssignee, byReporter, projects := 0, map[int]bool{}, map[int]bool{}
	for index := range m.next {
		for _, n := range m.assigned(index) {
			byAssignee++
			i, ok := m.issue(n)
			if found, ok2 := m.issueByKey(m.key(i)); !ok || !ok2 || found != i || i.assignee != index || m.project(i.project).private && n >= len(workSeed().issues) {
				t.Fatalf("issue %d of %d: %+v, %+v", n, index, i, found)
			}
			if !slices.Contains(m.reported(i.reporter), n) {
				t.Fatalf("issue %d is not among those that %d reported", n, i.reporter)
			}
			projects[i.project] = true
		}
		for _, n := range m.reported(index) {
			if i, _ := m.issue(n); i.reporter != index || byReporter[n] {
				t.Fatalf("issue %d was reported by %d, not %d", n, i.reporter, index)
			}
			byReporter[n] = true
		}
	}
	if byAssignee != len(byReporter) || byAssignee < 5000 {
		t.Errorf("%d issues by assignee, %d by reporter", byAssignee, len(byReporter))
	}
	for n := range m.projectCount() {
		if p := m.project(n); m.projectNumber(p.key) != n || m.projectNumber(fmt.Sprint(firstProject+n)) != n || !m.pop.has(p.lead) && n >= len(seededProjects) {
			t.Errorf("project %d: %+v", n, p)
		}
	}
	if m.projectCount() < 30 || len(projects) < 20 {
		t.Errorf("%d projects, %d with issues", m.projectCount(), len(projects))
	}
}

func TestAssigning(t *testing.T) {
	c := start(t, Options{})
	jane, max, vera, lee := c.s.AccountID("jane.doe@example.com"), c.s.AccountID("max.manager@example.com"), c.s.AccountID(viewerEmail), c.s.AccountID("lee.left@example.com")
	rel := ""
	for _, i := range c.s.Work().Issues {
		if strings.HasPrefix(i.Name, "REL-") && i.Holder == jane {
			rel = i.Name
		}
	}
	put := func(c *client, key, body string) answer { return c.jira("PUT", "/issue/"+key+"/assignee", body) }
	put(c, "WEB-1", `{"accountId":"`+max+`"}`).want(204)
	if got := c.issues(openOf(jane)); len(got) != 6 {
		t.Errorf("Jane has %d left", len(got))
	}
	if got := c.issues(openOf(max)); len(got) != 5 || got["WEB-1"] != max {
		t.Errorf("Max has %v", got)
	}
	put(c, "WEB-1", `{"accountId":"`+jane+`"}`).want(204)
	if got := c.issues(openOf(jane)); len(got) != 7 {
		t.Errorf("Jane has %d again", len(got))
	}
	for name, tt := range map[string]struct {
		who        *client
		key, body  string
		wantStatus int
	}{
		"to somebody outside the project's team": {c, rel, `{"accountId":"` + vera + `"}`, 400},
		"to somebody inactive":                   {c, "WEB-2", `{"accountId":"` + lee + `"}`, 400},
		"to nobody who exists":                   {c, "WEB-2", `{"accountId":"712020:none"}`, 400},
		"without saying to whom":                 {c, "WEB-2", `{}`, 400},
		"an issue that may not be seen":          {c, firstHidden(c), `{"accountId":"` + jane + `"}`, 404},
		"without the permission":                 {c.as(TokenViewer), "WEB-2", `{"accountId":"` + vera + `"}`, 403},
		"from everybody, which Jira allows":      {c, "WEB-3", `{"accountId":null}`, 204},
		"to the project's default":               {c, "WEB-4", `{"accountId":"-1"}`, 204},
	} {
		if got := put(tt.who, tt.key, tt.body).status; got != tt.wantStatus {
			t.Errorf("%s: %d, want %d", name, got, tt.wantStatus)
		}
	}
	for _, i := range c.s.Work().Issues {
		if want := map[string]string{"WEB-2": jane, "WEB-3": "", "WEB-4": jane}; i.Name == "WEB-2" || i.Name == "WEB-3" || i.Name == "WEB-4" {
			if i.Holder != want[i.Name] {
				t.Errorf("%s is with %q", i.Name, i.Holder)
			}
		}
	}
}

// A search shows what was changed only after a while, and at once for issues that it is told to reconcile.
func TestSearchLagsAndReconciles(t *testing.T) {
	c := start(t, Options{Lag: time.Hour})
	jane, max := c.s.AccountID("jane.doe@example.com"), c.s.AccountID("max.manager@example.com")
	c.jira("PUT", "/issue/WEB-1/assignee", `{"accountId":"`+max+`"}`).want(204)
	if got := c.issues("key in (WEB-1)"); got["WEB-1"] != jane {
		t.Errorf("shown at once: %v", got)
	}
	if got := c.issues("key in (WEB-1)", "10001"); got["WEB-1"] != max {
		t.Errorf("reconciled: %v", got)
	}
	if _, still := c.issues(openOf(jane), "10001")["WEB-1"]; still {
		t.Error("a reconciled issue is still found with who had it")
	}
	if got := c.issues(openOf(max), "10001"); got["WEB-1"] != max {
		t.Errorf("a reconciled issue is not found with who has it: %v", got)
	}
}

func TestLeadsAndOwners(t *testing.T) {
	c := start(t, Options{})
	jane, max, lee, vera := c.s.AccountID("jane.doe@example.com"), c.s.AccountID("max.manager@example.com"), c.s.AccountID("lee.left@example.com"), c.s.AccountID(viewerEmail)
	type item struct {
		ID, Key, Name string
		Lead, Owner   *struct{ AccountID string }
	}
	list := func(c *client, path string, query ...string) []item {
		c.t.Helper()
		var page jiraPage[item]
		c.jira("GET", path, "", query...).into(200, &page)
		return page.Values
	}
	names := func(items []item) string {
		var list []string
		for _, i := range items {
			list = append(list, i.Name)
		}
		return strings.Join(list, ", ")
	}
	for name, tt := range map[string]struct{ got, want string }{
		"an administrator sees all of Jane's filters":  {names(list(c, "/filter/search", "accountId", jane, "overrideSharePermissions", "true")), "My open issues, Web release blockers"},
		"without asking for it those that are shared":  {names(list(c, "/filter/search", "accountId", jane)), "Web release blockers"},
		"somebody else too, whatever they ask for":     {names(list(c.as(TokenViewer), "/filter/search", "accountId", jane, "overrideSharePermissions", "true")), "Web release blockers"},
		"a private dashboard is shown to nobody":       {names(list(c, "/dashboard/search", "accountId", jane)), "Web team"},
		"a private project is not shown to a viewer":   {fmt.Sprint(len(list(c, "/project/search")) - len(list(c.as(TokenViewer), "/project/search"))), "1"},
		"projects by id, with the lead if asked for":   {list(c, "/project/search", "id", "10000", "expand", "lead")[0].Lead.AccountID, jane},
		"the list of components does not tell leads":   {fmt.Sprint(list(c, "/component")[0].Lead == nil), "true"},
		"the page of a filter by id, when it is there": {names(list(c, "/filter/search", "id", "10101", "id", "99999")), "Web release blockers"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		who          *client
		path, body   string
		status       int
		kind, holder string
	}{
		"a project gets a lead":                        {c, "/project/WEB", `{"leadAccountId":"` + max + `"}`, 200, "WEB", max},
		"no inactive one":                              {c, "/project/OPS", `{"leadAccountId":"` + lee + `"}`, 400, "", ""},
		"not by somebody else":                         {c.as(TokenViewer), "/project/REL", `{"leadAccountId":"` + vera + `"}`, 403, "", ""},
		"a component gets a lead":                      {c, "/component/10301", `{"leadAccountId":"` + max + `"}`, 200, "Backend", max},
		"a filter gets an owner":                       {c, "/filter/10101/owner", `{"accountId":"` + max + `"}`, 204, "Web release blockers", max},
		"no inactive one owns a filter":                {c, "/filter/10103/owner", `{"accountId":"` + lee + `"}`, 400, "", ""},
		"nor one who has a filter of that name":        {c, "/filter/10100/owner", `{"accountId":"` + c.s.AccountID("petra.private@example.com") + `"}`, 400, "", ""},
		"nor does somebody else take it":               {c.as(TokenViewer), "/filter/10103/owner", `{"accountId":"` + vera + `"}`, 403, "", ""},
		"a dashboard of a name that is taken gets one": {c, "/dashboard/bulk/edit", `{"action":"changeOwner","entityIds":[20100],"changeOwnerDetails":{"newOwner":"` + max + `","autofixName":true},"extendAdminPermissions":true}`, 200, "Copy of Web team", max},
		"but no inactive owner":                        {c, "/dashboard/bulk/edit", `{"action":"changeOwner","entityIds":[20102],"changeOwnerDetails":{"newOwner":"` + lee + `","autofixName":true},"extendAdminPermissions":true}`, 400, "", ""},
	} {
		tt.who.jira("PUT", tt.path, tt.body).want(tt.status)
		w := c.s.Work()
		all := slices.Concat(w.Projects, w.Components, w.Filters, w.Dashboards)
		if i := slices.IndexFunc(all, func(i WorkItem) bool { return i.Name == tt.kind && i.Holder == tt.holder }); tt.kind != "" && i < 0 {
			t.Errorf("%s: %+v", name, all)
		}
	}
	var edited struct{ EntityErrors map[string]errorCollection }
	c.as(TokenViewer).jira("PUT", "/dashboard/bulk/edit", `{"action":"changeOwner","entityIds":[20103],"changeOwnerDetails":{"newOwner":"`+vera+`","autofixName":true}}`).into(200, &edited)
	if len(edited.EntityErrors) != 1 {
		t.Errorf("somebody else's dashboard: %+v", edited)
	}
}

// A seat is held by an active member of a product's group: who is deactivated frees it.
func TestSeats(t *testing.T) {
	c := start(t, Options{})
	type role struct {
		Key                                      string
		UserCount, NumberOfSeats, RemainingSeats int
		HasUnlimitedSeats                        bool
		GroupDetails                             []groupItem
	}
	roles := func() map[string]role {
		var list []role
		c.jira("GET", "/applicationrole", "").into(200, &list)
		all := map[string]role{}
		for _, r := range list {
			all[r.Key] = r
		}
		return all
	}
	before := roles()["jira-software"]
	if before.RemainingSeats != before.NumberOfSeats-before.UserCount || before.RemainingSeats <= 0 || before.GroupDetails[0].Name != "jira-software-users" {
		t.Errorf("%+v", before)
	}
	if core := roles()["jira-core"]; !core.HasUnlimitedSeats {
		t.Errorf("%+v", core)
	}
	jane := c.scimUser("jane.doe@example.com")
	c.scim("PATCH", "/Users/"+jane.ID, patchActive("false")).want(200)
	after := roles()["jira-software"]
	if after.UserCount != before.UserCount-1 || after.RemainingSeats != before.RemainingSeats+1 || after.NumberOfSeats != before.NumberOfSeats {
		t.Errorf("%+v after %+v", after, before)
	}
}
