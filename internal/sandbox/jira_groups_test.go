package sandbox

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func findGroups(c *client, query ...string) jiraPage[groupItem] {
	c.t.Helper()
	var page jiraPage[groupItem]
	c.jira("GET", "/group/bulk", "", query...).into(200, &page)
	return page
}

func TestGroupsAreFound(t *testing.T) {
	c := start(t, Options{Users: 1, Groups: 1})
	for _, test := range []struct {
		name  string
		query []string
		want  []string
	}{
		{"by access, site administrators", []string{"accessType", "site-admin"}, []string{"site-admins", "break-glass-admins"}},
		{"by access, administrators", []string{"accessType", "admin"}, []string{"jira-administrators"}},
		{"by product", []string{"applicationKey", "jira-software"}, []string{"jira-software-users"}},
		{"by name, one that two groups share", []string{"groupName", "contractors"}, []string{"contractors", "contractors"}},
		{"by several names", []string{"groupName", "partners", "groupName", "engineering"}, []string{"partners", "engineering"}},
		{"by id", []string{"groupId", c.s.GroupID("partners", false)}, []string{"partners"}},
		{"by nothing, a page", []string{"startAt", "1", "maxResults", "2"}, []string{"jira-administrators", "break-glass-admins"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := c.on(t)
			if diff := cmp.Diff(test.want, groupNames(findGroups(c, test.query...).Values)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if page := findGroups(c, "maxResults", "5000"); page.MaxResults != 100 {
		t.Errorf("maxResults is clamped to %d, want 100", page.MaxResults)
	}
	c.jira("GET", "/group/bulk", "", "accessType", "owner").want(400)
	c.jira("GET", "/group/bulk", "", "applicationKey", "jira-hardware").want(400)
}

func TestMembersArePaged(t *testing.T) {
	c := start(t, Options{Users: 2000})
	group := c.s.GroupID("jira-software-users", false)
	for _, inactive := range []bool{false, true} {
		seen, actives := map[string]bool{}, 0
		total := 0
		for startAt := 0; ; startAt += 50 {
			var page jiraPage[jiraUser]
			c.jira("GET", "/group/member", "", "groupId", group, "startAt", fmt.Sprint(startAt), "maxResults", "1000", "includeInactiveUsers", fmt.Sprint(inactive)).into(200, &page)
			if page.MaxResults != 50 || len(page.Values) > 50 {
				t.Fatalf("a page of %d, maxResults %d", len(page.Values), page.MaxResults)
			}
			for _, u := range page.Values {
				seen[u.AccountID] = true
				if u.Active {
					actives++
				}
			}
			total = page.Total
			if (page.NextPage == "") != page.IsLast {
				t.Errorf("last %v, next page %q", page.IsLast, page.NextPage)
			}
			if page.IsLast {
				break
			}
		}
		if len(seen) != total || total < 500 {
			t.Errorf("inactive %v: %d members, total %d", inactive, len(seen), total)
		}
		if all := actives == len(seen); all == inactive {
			t.Errorf("inactive %v: %d of %d are active", inactive, actives, len(seen))
		}
	}
}

func TestMembership(t *testing.T) {
	c := start(t, Options{})
	jane := c.s.AccountID("jane.doe@example.com")
	partners, engineering := c.s.GroupID("partners", false), c.s.GroupID("engineering", true)
	body := func(id string) string { return `{"accountId":"` + id + `"}` }

	c.jira("POST", "/group/user", body(jane), "groupId", partners).want(201)
	c.jira("POST", "/group/user", body(jane), "groupId", partners).want(400)
	if got := groupNames(c.user("jane.doe@example.com").Groups.Items); !slices.Contains(got, "partners") {
		t.Errorf("jane is in %v after joining", got)
	}
	c.jira("DELETE", "/group/user", "", "groupId", partners, "accountId", jane).want(200)
	c.jira("DELETE", "/group/user", "", "groupId", partners, "accountId", jane).want(404)
	if got := groupNames(c.user("jane.doe@example.com").Groups.Items); slices.Contains(got, "partners") {
		t.Errorf("jane is in %v after leaving", got)
	}

	// Groups that SCIM brought are read-only, for the ones in and the ones out.
	c.jira("DELETE", "/group/user", "", "groupId", engineering, "accountId", jane).want(400)
	c.jira("POST", "/group/user", body(c.s.AccountID("sam.partner@partner.example")), "groupId", engineering).want(400)
	c.jira("DELETE", "/group", "", "groupId", engineering).want(400)

	c.jira("POST", "/group/user", body(unknownID), "groupId", partners).want(400)
	c.jira("POST", "/group/user", `{}`, "groupId", partners).want(400)
	c.jira("POST", "/group/user", body("nobody"), "groupId", partners).want(404)
	c.jira("POST", "/group/user", body(jane), "groupId", "nothing").want(404)
	c.jira("POST", "/group/user", body(jane)).want(400)
	c.jira("DELETE", "/group/user", "", "groupId", partners).want(400)
	c.jira("POST", "/group/user", body(jane), "groupname", "partners").want(201)
}

func TestGroupsComeAndGo(t *testing.T) {
	c := start(t, Options{})
	var g groupItem
	c.jira("POST", "/group", `{"name":"fresh"}`).into(201, &g)
	c.jira("POST", "/group", `{"name":"FRESH"}`).want(400)
	c.jira("POST", "/group", `{"name":"engineering"}`).want(400)
	c.jira("POST", "/group", `{"name":" "}`).want(400)
	jane := c.s.AccountID("jane.doe@example.com")
	c.jira("POST", "/group/user", `{"accountId":"`+jane+`"}`, "groupId", g.GroupID).want(201)
	c.jira("DELETE", "/group", "", "groupId", g.GroupID).want(200)
	c.jira("DELETE", "/group", "", "groupId", g.GroupID).want(404)
	c.jira("DELETE", "/group", "").want(400)
	if got := groupNames(c.user("jane.doe@example.com").Groups.Items); slices.Contains(got, "fresh") {
		t.Errorf("jane is still in %v", got)
	}
	if page := findGroups(c, "groupName", "fresh"); page.Total != 0 {
		t.Errorf("still listed: %v", page)
	}
}

func TestGroupPicker(t *testing.T) {
	c := start(t, Options{Users: 1, Groups: 1})
	var found struct {
		Total  int
		Groups []struct{ Name, HTML, ManagedBy string }
	}
	c.jira("GET", "/groups/picker", "", "query", "contract").into(200, &found)
	got := fmt.Sprint(found)
	if want := "{2 [{contractors <strong>contract</strong>ors ADMINS} {contractors <strong>contract</strong>ors EXTERNAL}]}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.jira("GET", "/groups/picker", "", "query", "CONTRACT").into(200, &found)
	if found.Total != 0 {
		t.Errorf("case is ignored unasked: %v", found)
	}
	c.jira("GET", "/groups/picker", "", "query", "CONTRACT", "caseInsensitive", "true", "maxResults", "1").into(200, &found)
	if found.Total != 2 || len(found.Groups) != 1 {
		t.Errorf("%v, want one of two", found)
	}
}

// Somebody is in twenty groups of the site, for those who want to take them all away.
func TestTessaIsInTwentyGroups(t *testing.T) {
	c := start(t, Options{})
	if got := c.user(twentyEmail); got.Groups.Size != 21 {
		t.Errorf("%d groups, want 20 and the product's", got.Groups.Size)
	}
}
