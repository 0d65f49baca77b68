package sandbox

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The state says the same as Jira and SCIM do.
func TestStateAgreesWithTheServices(t *testing.T) {
	c := start(t, Options{Users: 400})
	s := c.state()
	inState := map[string]bool{}
	for _, u := range s.Jira.Users {
		inState[u.AccountID] = u.Active
	}
	inList := map[string]bool{}
	for _, u := range listed(c) {
		inList[u.AccountID] = u.Active
	}
	if diff := cmp.Diff(inList, inState); diff != "" {
		t.Errorf("users (-listed +state):\n%s", diff)
	}
	if total := findGroups(c).Total; len(s.Jira.Groups) != total {
		t.Errorf("%d groups in the state, %d in Jira", len(s.Jira.Groups), total)
	}
	for _, g := range s.Jira.Groups {
		var page jiraPage[jiraUser]
		c.jira("GET", "/group/member", "", "groupId", g.GroupID, "includeInactiveUsers", "true").into(200, &page)
		if page.Total != len(g.Members) {
			t.Errorf("%s: %d members in the state, %d in Jira", g.Name, len(g.Members), page.Total)
		}
	}
	if len(s.SCIM.Groups) == 0 || len(s.SCIM.Users) == 0 {
		t.Errorf("%d SCIM groups, %d SCIM users", len(s.SCIM.Groups), len(s.SCIM.Users))
	}
	for _, u := range s.SCIM.Users {
		if _, ok := inState[u.AccountID]; !ok {
			t.Errorf("SCIM user %s has an account that the site does not know", u.UserName)
		}
	}
	// An address that Jira hides is in the state: it says what is so.
	petra := c.s.AccountID("petra.private@example.com")
	for _, u := range s.Jira.Users {
		if u.AccountID == petra && u.EmailAddress != "petra.private@example.com" {
			t.Errorf("petra is %+v", u)
		}
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	c := start(t, Options{Faults: []string{"kind=unavailable,path=/rest/api/3/serverInfo"}})
	c.jira("GET", "/myself", "")
	c.as("none").jira("GET", "/myself", "")
	c.jira("GET", "/user/search", "", "query", "jane doe")
	c.jira("GET", "/serverInfo", "")
	var got []Request
	c.do("GET", "/_sandbox/requests", "").into(200, &got)
	lines := []string{}
	for _, r := range got {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{r.Method, r.Path, r.Query, r.Fault}, " ")))
		if r.InFlight != 1 || r.Time.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	want := []string{"GET /rest/api/3/myself", "GET /rest/api/3/myself", "GET /rest/api/3/user/search query=jane+doe", "GET /rest/api/3/serverInfo  unavailable"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if got[0].Status != 200 || got[1].Status != 401 || got[3].Status != 503 {
		t.Errorf("%+v", got)
	}
	c.do("DELETE", "/_sandbox/requests", "").want(204)
	c.do("GET", "/_sandbox/requests", "").into(200, &got)
	if len(got) != 0 {
		t.Errorf("%v after clearing", got)
	}
}

func TestOldRequestsAreForgotten(t *testing.T) {
	var l requestLog
	for i := range logSize + 5 {
		path := "late"
		if i < 5 {
			path = "early"
		}
		l.end(l.begin("GET", path, ""), 200, "")
	}
	list := l.list()
	if len(list) != logSize || list[0].Path != "late" || l.inFlight != 0 {
		t.Errorf("%d requests, first %q, %d in flight", len(list), list[0].Path, l.inFlight)
	}
}

func TestFaultsAreControlled(t *testing.T) {
	c := start(t, Options{})
	c.do("POST", "/_sandbox/faults", `{"kind":"unavailable","path":"/rest/api/3/myself"}`).want(200)
	c.do("POST", "/_sandbox/faults", `[{"kind":"delay","delay_ms":1},{"kind":"html","method":"PUT"}]`).want(200)
	c.jira("GET", "/myself", "").want(503)
	var rules []Fault
	c.do("GET", "/_sandbox/faults", "").into(200, &rules)
	if len(rules) != 3 || rules[0].Struck != 1 || rules[1].Seen != 1 || rules[1].Struck != 0 {
		t.Errorf("%+v", rules)
	}
	c.do("DELETE", "/_sandbox/faults", "").want(204)
	c.jira("GET", "/myself", "").want(200)
	for _, body := range []string{``, `{"kind":"flood"}`, `{"kind":"delay","colour":"red"}`, `[{]`, `null`} {
		c.do("POST", "/_sandbox/faults", body).want(400)
	}
	c.do("GET", "/_sandbox/nothing", "").want(404)
}
