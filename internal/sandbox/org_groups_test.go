package sandbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (c *client) findGroups(query string) (list []orgGroupItem) {
	c.t.Helper()
	cursor := ""
	for {
		var page orgPage[orgGroupItem]
		sent := query
		if cursor != "" {
			sent = `{"cursor":"` + cursor + `"}` // a cursor stands for the whole query
		}
		c.dir("POST", "/groups/search", sent).into(200, &page)
		list = append(list, page.Data...)
		if cursor = page.Links.Next; cursor == "" {
			return list
		}
	}
}

func namesOf(groups []orgGroupItem) []string {
	list := []string{}
	for _, g := range groups {
		list = append(list, g.Name+" "+g.ManagedBy)
	}
	slices.Sort(list)
	return list
}

func TestGroupsOfTheOrganization(t *testing.T) {
	c := start(t, Options{})
	if n := len(c.findGroups(`{}`)); n != 50 {
		t.Errorf("%d groups", n)
	}
	for name, tt := range map[string]struct {
		query string
		want  []string
	}{
		"exact names whatever their case": {`{"groupNames":["Contractors","finance"]}`, []string{"contractors admins", "contractors external", "finance external"}},
		"a term":                          {`{"searchTerm":"jira-s"}`, []string{"jira-servicemanagement-users admins", "jira-software-users admins"}},
		"somebody's":                      {`{"accountIds":["` + c.s.AccountID("jane.doe@example.com") + `"]}`, []string{"confluence-users admins", "engineering external", "jira-software-users admins", "release-managers team-members"}},
		"by a role":                       {`{"roleIds":["atlassian/site-admin"]}`, []string{"break-glass-admins admins", "site-admins admins"}},
		"by a product":                    {`{"resourceOwners":["jira-software"],"roleIds":["atlassian/user"]}`, []string{"jira-software-users admins"}},
		"of a directory":                  {`{"directoryIds":["` + SyncedID + `"],"groupNames":["contractors"]}`, []string{"contractors external"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, namesOf(c.on(t).findGroups(tt.query))); diff != "" {
				t.Error(diff)
			}
		})
	}
	partners := c.findGroups(`{"groupNames":["partners"],"expand":["counts.users","counts.resources"]}`)[0]
	if len(partners.Counts) != 2 || partners.Counts["users"] < 5 || partners.Counts["resources"] != 1 || partners.DirectoryID != LocalID || *partners.ExternalSynced {
		t.Errorf("%+v", partners)
	}
	var stats struct{ Totals struct{ All, Synced int } }
	c.dir("GET", "/groups/stats", "").into(200, &stats)
	if stats.Totals.All != 50 || stats.Totals.Synced < 3 {
		t.Errorf("%+v", stats)
	}
}

func TestMembershipsByTheOrganization(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	id, partners, engineering := c.s.AccountID(max), c.s.GroupID("partners", false), c.s.GroupID("engineering", true)
	c.v2("POST", "/directories/"+LocalID+"/groups/"+partners+"/memberships", `{"accountId":"`+id+`"}`).want(204)
	if !slices.Contains(groupNames(c.user(max).Groups.Items), "partners") {
		t.Error("Jira does not have it")
	}
	c.dir("POST", "/groups/"+partners+"/memberships", `{"accountId":"`+id+`"}`).want(409)
	c.v2("POST", "/directories/"+SyncedID+"/groups/"+partners+"/memberships", `{"accountId":"`+id+`"}`).want(404)
	c.dir("POST", "/groups/"+engineering+"/memberships", `{"accountId":"`+id+`"}`).want(403)
	c.dir("DELETE", "/groups/"+partners+"/memberships/"+id, "").want(204)
	c.dir("DELETE", "/groups/"+partners+"/memberships/"+id, "").want(404)
	var made struct{ Data orgGroupItem }
	c.dir("POST", "/groups", `{"name":"fresh","description":"of today"}`).into(201, &made)
	var read struct{ Data orgGroupItem }
	c.dir("GET", "/groups/"+made.Data.ID, "").into(200, &read)
	if read.Data.Name != "fresh" || read.Data.Description != "of today" || c.s.GroupID("fresh", false) != made.Data.ID {
		t.Errorf("%+v", read)
	}
	c.dir("DELETE", "/groups/"+made.Data.ID, "").want(204)
	c.dir("GET", "/groups/"+made.Data.ID, "").want(404)
}

// Faults strike the organization's routes as they strike the others, and the log says what took effect.
func TestFaultsOfTheOrganization(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	path := "/users/" + c.s.AccountID(max) + "/manage/lifecycle/disable"
	for name, tt := range map[string]struct {
		fault  string
		status int
		active bool
		body   string
	}{
		"a limit":                     {"kind=rate_limit,retry_after=1", 429, true, `"code":429`},
		"an outage":                   {"kind=unavailable", 503, true, `"code":503`},
		"a refusal":                   {"kind=status,status=403", 403, true, `"key":"forbidden"`},
		"half of an answer that came": {"kind=cut_json", 204, false, ""},
	} {
		f, err := ParseFault(tt.fault + ",path=/users/{}/manage/lifecycle/disable$")
		if err != nil {
			t.Fatal(err)
		}
		c.s.faults.clear()
		c.s.faults.add(f)
		a := c.do("POST", path, `{}`)
		if a.status != tt.status || !strings.Contains(string(a.body), tt.body) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		log := c.s.Requests()
		if last := log[len(log)-1]; last.TookEffect == tt.active || last.Fault == "" {
			t.Errorf("%s: %+v", name, last)
		}
		if account, _ := c.s.OrgAccount(max); (account.AccountStatus == "active") != tt.active {
			t.Errorf("%s: %+v", name, account)
		}
		c.s.ClearFaults()
		c.do("POST", strings.Replace(path, "disable", "enable", 1), "").want(204)
	}
}
