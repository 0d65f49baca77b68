package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListHoldsEveryKindOfAccount(t *testing.T) {
	c := start(t, Options{})
	kinds, apps := map[string]bool{}, map[string]bool{}
	states := map[bool]int{}
	var emails [3]bool // absent, null, ""
	for _, u := range listed(c) {
		kinds[u.AccountType], apps[u.AppType] = true, true
		states[u.Active]++
		if u.EmailAddress != nil && *u.EmailAddress == "" {
			emails[2] = true
		}
	}
	raw := string(c.jira("GET", "/users/search", "", "maxResults", "1000").body)
	for object := range strings.SplitSeq(raw, `{"self"`) {
		if strings.Contains(object, `"emailAddress":null`) {
			emails[1] = true
		} else if strings.Contains(object, `"accountId"`) && !strings.Contains(object, "emailAddress") {
			emails[0] = true
		}
	}
	if want := map[string]bool{typeAtlassian: true, typeApp: true, typeCustomer: true, typeUnknown: true}; !cmp.Equal(want, kinds) {
		t.Errorf("account types %v", kinds)
	}
	if !apps["service"] || !apps["agent"] {
		t.Errorf("app types %v, want service and agent among them", apps)
	}
	if emails != [3]bool{true, true, true} {
		t.Errorf("hidden addresses: absent, null and empty are %v, want all", emails)
	}
	if states[false] == 0 {
		t.Error("nobody inactive is listed")
	}
}

// Pages overlap, are shorter than asked for, and are clamped; an empty one ends the list and nothing else does.
func TestListPages(t *testing.T) {
	c := start(t, Options{Users: 1200})
	var page []jiraUser
	c.jira("GET", "/users/search", "", "maxResults", "5000").into(200, &page)
	if len(page) >= 1000 || len(page) < 900 {
		t.Errorf("a full page has %d accounts, want somewhat less than 1000", len(page))
	}
	for _, size := range []int{7, 97, 98, 99, 400, 1000} {
		seen := map[string]bool{}
		for startAt := 0; ; startAt += size {
			c.jira("GET", "/users/search", "", "startAt", fmt.Sprint(startAt), "maxResults", fmt.Sprint(size)).into(200, &page)
			if len(page) == 0 {
				break
			}
			for _, u := range page {
				seen[u.AccountID] = true
			}
		}
		if len(seen) != 1200 {
			t.Errorf("pages of %d give %d accounts, want 1200", size, len(seen))
		}
	}
	// Place 97 is one that shows nothing; a page of it alone is not empty all the same.
	if c.jira("GET", "/users/search", "", "startAt", "97", "maxResults", "1").into(200, &page); len(page) != 1 {
		t.Errorf("a page of one in the middle has %d accounts", len(page))
	}
	c.jira("GET", "/users/search", "", "startAt", "-1").want(400)
	c.jira("GET", "/users/search", "", "startAt", "9000").into(200, &page)
	if len(page) != 0 {
		t.Errorf("%d accounts past the end", len(page))
	}
}

func search(c *client, query string, more ...string) []string {
	c.t.Helper()
	var users []jiraUser
	c.jira("GET", "/user/search", "", append([]string{"query", query, "maxResults", "1000"}, more...)...).into(200, &users)
	names := []string{}
	for _, u := range users {
		names = append(names, u.DisplayName)
	}
	return names
}

func TestSearchMatchesPrefixesOfVisibleThings(t *testing.T) {
	c := start(t, Options{Users: 1})
	for query, want := range map[string][]string{
		"jane":                      {"Jane Doe"},
		"JANE d":                    {"Jane Doe"},
		"doe":                       {"Jane Doe"},
		"oe":                        {},
		"jane.doe@example.com":      {"Jane Doe"},
		"Jane.Doe@Example":          {"Jane Doe"},
		"example.com":               {},
		"alex":                      {"Alex Kim", "Alex Kim"},
		"petra":                     {"Petra Private"},
		"petra.private@example.com": {}, // hidden
		"lee":                       {}, // inactive
		"olga":                      {}, // not let in
		"release-bot":               {"release-bot"},
		"casey":                     {"Casey Customer"},
		`jane" or "a`:               {},
	} {
		if diff := cmp.Diff(want, search(c, query)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	if got := len(search(c, "")); got < 15 {
		t.Errorf("an empty query finds %d people, want every active one", got)
	}
	// Everybody sees their own address.
	if got := search(c, "admin@example.com"); !slices.Equal(got, []string{"Avery Admin"}) {
		t.Errorf("the token's owner finds %v", got)
	}
	c.jira("GET", "/user/search", "").want(400)
	c.jira("GET", "/user/search", "", "query", "a", "accountId", "b").want(400)
}

// The quick search over many people finds exactly those whom looking at everybody finds.
func TestSearchFindsWhatLookingAtEverybodyFinds(t *testing.T) {
	// More than there are pairs of names, so that some have a middle initial.
	m := newModel(5, 70_000, 0)
	for index := range 50 {
		m.keep(40 + index*7)
	}
	queries := []string{
		"jane ash", "jane b. as", "b. as", "b.", "zoë", "zoe.w", "jose.alley", "josé alley", "ashford", "alford bot", "bot", "harry.kingwood2",
		"felix.barbury@example.com", "qqq", "x. yz",
	}
	want := map[string]map[int]bool{}
	for _, query := range queries {
		want[query] = map[int]bool{}
	}
	var room scratch
	for index := range m.next {
		a := m.look(index, &room)
		if !a.access || !a.activeInJira() || a.kind == typeUnknown {
			continue
		}
		for _, query := range queries {
			if a.matches(query, -1) {
				want[query][index] = true
			}
		}
	}
	found := 0
	for _, query := range queries {
		for _, index := range m.search(query, -1, 1<<30) {
			if !want[query][index] {
				t.Fatalf("%q finds %d twice or wrongly", query, index)
			}
			delete(want[query], index)
			found++
		}
		if len(want[query]) > 0 {
			t.Errorf("%q misses %d", query, len(want[query]))
		}
	}
	if found < 1000 {
		t.Errorf("%d matches in all: too few to show anything", found)
	}
}

func TestSearchEndsAtTheThousandthMatch(t *testing.T) {
	c := start(t, Options{Users: 5000})
	if got := len(search(c, "")); got != 1000 {
		t.Errorf("%d matches, want 1000", got)
	}
	if got := len(search(c, "", "startAt", "990")); got != 10 {
		t.Errorf("%d matches from 990, want 10", got)
	}
	if got := len(search(c, "", "startAt", "1000")); got != 0 {
		t.Errorf("%d matches from 1000, want none", got)
	}
}

func TestBulkTakesUpTo200IDs(t *testing.T) {
	c := start(t, Options{Users: 400})
	var query []string
	for _, u := range listed(c)[:200] {
		query = append(query, "accountId", u.AccountID)
	}
	var page jiraPage[jiraUser]
	c.jira("GET", "/user/bulk", "", query...).into(200, &page)
	if len(page.Values) != 10 || page.Total != 200 || page.IsLast {
		t.Errorf("by default %d of %d accounts, last %v; want 10 of 200 and more to come", len(page.Values), page.Total, page.IsLast)
	}
	c.jira("GET", "/user/bulk", "", append(query, "maxResults", "200")...).into(200, &page)
	if len(page.Values) != 200 {
		t.Errorf("%d accounts, want 200", len(page.Values))
	}
	c.jira("GET", "/user/bulk", "", append(query, "accountId", "x")...).want(400)
	c.jira("GET", "/user/bulk", "").want(400)
	c.jira("GET", "/user/bulk", "", "accountId", "nobody", "accountId", unknownID).into(200, &page)
	if len(page.Values) != 1 || page.Values[0].AccountType != typeUnknown {
		t.Errorf("%v, want the corrupted record alone", page.Values)
	}
}

func TestInvitation(t *testing.T) {
	const body = `{"emailAddress":"%s","products":["jira-software","jira-servicedesk"],"displayName":"Ignored"}`
	c := start(t, Options{})
	t.Run("creates an account with the products' groups and without the name that was asked for", func(t *testing.T) {
		c := c.on(t)
		var u jiraUser
		c.jira("POST", "/user", fmt.Sprintf(body, "nina.new@partner.example")).into(201, &u)
		got := c.user("nina.new@partner.example")
		if got.AccountID != u.AccountID || got.DisplayName == "Ignored" || !got.Active {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff([]string{"jira-software-users", "jira-servicemanagement-users"}, groupNames(got.Groups.Items)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("answers 201 for somebody who has access", func(t *testing.T) {
		c := c.on(t)
		var u jiraUser
		c.jira("POST", "/user", fmt.Sprintf(body, "SAM.Partner@partner.example")).into(201, &u)
		if u.DisplayName != "Sam Partner" {
			t.Errorf("%+v", u)
		}
	})
	for name, email := range map[string]string{"who was never let in": "olga.outside@partner.example", "who is inactive": "lee.left@example.com"} {
		t.Run("answers 400 for somebody "+name, func(t *testing.T) { c.on(t).jira("POST", "/user", fmt.Sprintf(body, email)).want(400) })
	}
	for name, body := range map[string]string{
		"no products":        `{"emailAddress":"a@partner.example"}`,
		"an unknown product": `{"emailAddress":"a@partner.example","products":["jira-hardware"]}`,
		"no address":         `{"products":[]}`,
		"a bad address":      `{"emailAddress":"a@b@c","products":[]}`,
		"a name in it":       `{"emailAddress":"A <a@partner.example>","products":[]}`,
		"half a body":        `{"emailAddress":`,
	} {
		t.Run("refuses "+name, func(t *testing.T) { c.on(t).jira("POST", "/user", body).want(400) })
	}
	t.Run("takes an empty list of products", func(t *testing.T) {
		c := c.on(t)
		c.jira("POST", "/user", `{"emailAddress":"free@partner.example","products":[]}`).want(201)
		if got := c.user("free@partner.example"); got.Groups.Size != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestRemovalFromTheSite(t *testing.T) {
	c := start(t, Options{})
	sam := c.s.AccountID("sam.partner@partner.example")
	for name, call := range map[string]struct {
		id     string
		status int
	}{
		"a SCIM-managed person": {c.s.AccountID("jane.doe@example.com"), 400},
		"oneself":               {c.s.AccountID(adminEmail), 400},
		"a corrupted record":    {unknownID, 400},
		"an app":                {listedByName(c, "release-bot").AccountID, 400},
		"nobody":                {"712020:00000000-0000-4000-8000-000000000000", 404},
		"no id":                 {"", 400},
	} {
		t.Run("refuses "+name, func(t *testing.T) { c.on(t).jira("DELETE", "/user", "", "accountId", call.id).want(call.status) })
	}
	c.jira("DELETE", "/user", "", "accountId", sam).want(204)
	c.jira("GET", "/user", "", "accountId", sam).want(404)
	c.jira("DELETE", "/user", "", "accountId", sam).want(404)
	if got := search(c, "sam.partner"); len(got) > 0 {
		t.Errorf("search still finds %v", got)
	}
	if u := listedByName(c, "Sam Partner"); u.AccountID != sam || u.Active {
		t.Errorf("the list has %+v, want the account as a previously deleted one", u)
	}
	for _, u := range c.state().Jira.Users {
		if u.AccountID == sam {
			t.Error("the state still has the account")
		}
	}
	for _, g := range c.state().Jira.Groups {
		if slices.Contains(g.Members, sam) {
			t.Errorf("still in %s", g.Name)
		}
	}
}

// listedByName returns the first account of the list with this display name.
func listedByName(c *client, name string) jiraUser {
	c.t.Helper()
	all := listed(c)
	i := slices.IndexFunc(all, func(u jiraUser) bool { return u.DisplayName == name })
	if i < 0 {
		c.t.Fatalf("nobody is called %s", name)
	}
	return all[i]
}

func TestReadingAUser(t *testing.T) {
	c := start(t, Options{})
	jane := c.s.AccountID("jane.doe@example.com")
	if !strings.Contains(jane, ":") {
		t.Fatalf("jane's account id %s has no colon to trip over", jane)
	}
	var u jiraUser
	c.jira("GET", "/user", "", "accountId", jane).into(200, &u)
	if u.Groups.Size != 4 || len(u.Groups.Items) != 0 {
		t.Errorf("unexpanded groups are %+v, want their number alone", u.Groups)
	}
	c.jira("GET", "/user", "", "accountId", "x"+jane).want(404)
	c.jira("GET", "/user", "", "username", "jane").want(404)
	c.jira("GET", "/user", "").want(404)
	c.jira("GET", "/user", "", "accountId", strings.Repeat("a", 129)).want(404)
	c.jira("GET", "/user/nothing", "").want(404)
	c.jira("PATCH", "/user", "{}").want(405)
	if got := c.do("GET", "/nothing", ""); got.status != 404 || !strings.Contains(string(got.body), "<html>") {
		t.Errorf("outside the API: %d %s", got.status, got.body)
	}
	answer := c.jira("GET", "/user", "", "accountId", jane)
	if answer.header.Get("Atl-Traceid") == "" || answer.header.Get("X-Arequestid") == "" {
		t.Errorf("no request id in %v", answer.header)
	}
}

// Past fifty groups the expansion is cut, and its size tells.
func TestExpandedGroupsAreCut(t *testing.T) {
	c := start(t, Options{Groups: 200})
	tessa := c.s.AccountID(twentyEmail)
	var groups jiraPage[groupItem]
	c.jira("GET", "/group/bulk", "", "maxResults", "100").into(200, &groups)
	for _, g := range groups.Values {
		c.jira("POST", "/group/user", `{"accountId":"`+tessa+`"}`, "groupId", g.GroupID)
	}
	var all []groupItem
	c.jira("GET", "/user/groups", "", "accountId", tessa).into(200, &all)
	u := c.user(twentyEmail)
	if len(u.Groups.Items) != 50 || u.Groups.Size != len(all) || len(all) <= 50 {
		t.Errorf("%d of %d groups are expanded, in %d", len(u.Groups.Items), u.Groups.Size, len(all))
	}
}

func TestContentTypeIsChecked(t *testing.T) {
	c := start(t, Options{})
	r, err := http.NewRequest("POST", "http://127.0.0.1/rest/api/3/group", strings.NewReader(`{"name":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	authorize(r, c.token)
	c.send(r).want(415)
}
