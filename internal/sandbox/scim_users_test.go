package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newSCIMUser(userName string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"emails":[{"value":%q,"type":"work","primary":true}],
		"name":{"givenName":"Nina","familyName":"New"},"title":"Engineer","externalId":"hr-%s","active":true}`, userName, userName, userName)
}

func scimPatch(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func TestSCIMListsPage(t *testing.T) {
	c := start(t, Options{Users: 1500})
	seen := map[string]bool{}
	total := 0
	for startIndex := 1; ; {
		var list scimList
		c.scim("GET", "/Users", "", "startIndex", fmt.Sprint(startIndex), "count", "500").into(200, &list)
		if len(list.Resources) == 0 {
			break
		}
		if len(list.Resources) > 100 || list.ItemsPerPage != len(list.Resources) {
			t.Fatalf("a page of %d says it has %d", len(list.Resources), list.ItemsPerPage)
		}
		for _, u := range list.Resources {
			seen[u.ID] = true
		}
		total = list.TotalResults
		startIndex += len(list.Resources)
	}
	if len(seen) != total || total < 800 {
		t.Errorf("%d users, total %d", len(seen), total)
	}
	if got := len(c.state().SCIM.Users); got != total {
		t.Errorf("the state has %d users, the list %d", got, total)
	}
	c.scim("GET", "/Users", "", "count", "x").want(400)
}

func TestSCIMFilters(t *testing.T) {
	c := start(t, Options{Users: 1000})
	jane := c.scimUser("jane.doe@example.com")
	for filter, want := range map[string]int{
		`userName eq "jane.doe@example.com"`:      1,
		`username EQ "JANE.DOE@example.com"`:      1,
		`userName eq "petra.private@example.com"`: 1,
		`userName eq "nobody@example.com"`:        0,
		`externalId eq "` + jane.ExternalID + `"`: 1,
		`externalId eq "nothing"`:                 0,
		`userName eq "a\" or userName eq \"b"`:    0,
		`userName sw "jane"`:                      -1,
		`emails.value eq "jane.doe@example.com"`:  -1,
		`userName eq "a" or externalId eq "b"`:    -1,
		`userName eq "a" and active eq true`:      -1,
		`active eq true`:                          -1,
		`userName`:                                -1,
		`userName eq jane`:                        -1,
	} {
		answer := c.scim("GET", "/Users", "", "filter", filter)
		if want < 0 {
			if answer.want(400); !strings.Contains(string(answer.body), "invalidFilter") {
				t.Errorf("%s: %s", filter, answer.body)
			}
			continue
		}
		var list scimList
		answer.into(200, &list)
		if list.TotalResults != want || len(list.Resources) != want {
			t.Errorf("%s finds %d, want %d", filter, list.TotalResults, want)
		}
	}
	c.scim("GET", "/Groups", "", "filter", `userName eq "x"`).want(400)
}

func TestSCIMUserAttributes(t *testing.T) {
	c := start(t, Options{})
	jane := c.scimUser("jane.doe@example.com")
	if jane.Atlassian == nil || jane.Atlassian.AccountID != c.s.AccountID("jane.doe@example.com") || jane.ID == jane.Atlassian.AccountID {
		t.Errorf("id %s, extension %+v", jane.ID, jane.Atlassian)
	}
	if len(jane.Groups) != 1 || jane.Groups[0].Display != "engineering" || jane.Title != "Senior Engineer" || !jane.Active {
		t.Errorf("%+v", jane)
	}
	keys := func(query ...string) []string {
		var one, many map[string]any
		c.scim("GET", "/Users/"+jane.ID, "", query...).into(200, &one)
		var list struct{ Resources []map[string]any }
		c.scim("GET", "/Users", "", append(query, "filter", `userName eq "jane.doe@example.com"`)...).into(200, &list)
		many = list.Resources[0]
		names := func(m map[string]any) []string {
			var names []string
			for name := range m {
				names = append(names, name)
			}
			slices.Sort(names)
			return names
		}
		if diff := cmp.Diff(names(one), names(many)); diff != "" {
			t.Errorf("%v: by itself and in a list there are different attributes:\n%s", query, diff)
		}
		return names(one)
	}
	if diff := cmp.Diff([]string{"emails", "id", "schemas", "userName"}, keys("attributes", "userName,emails.value")); diff != "" {
		t.Error(diff)
	}
	if got := keys("excludedAttributes", "groups,name.givenName"); slices.Contains(got, "groups") || !slices.Contains(got, "name") {
		t.Errorf("%v", got)
	}
	if got := keys(); len(got) != 15 {
		t.Errorf("%d attributes: %v", len(got), got)
	}
}

func TestSCIMCreate(t *testing.T) {
	c := start(t, Options{})
	t.Run("makes an account that Jira knows", func(t *testing.T) {
		c := c.on(t)
		var u scimUserBody
		c.scim("POST", "/Users", newSCIMUser("nina.new@example.com")).into(201, &u)
		got := c.user("nina.new@example.com")
		if got.AccountID != u.Atlassian.AccountID || got.DisplayName != "Nina New" || !got.Active || got.Groups.Size != 0 {
			t.Errorf("%+v of %+v", got, u)
		}
		if u := c.scimUser("nina.new@example.com"); u.ExternalID != "hr-nina.new@example.com" {
			t.Errorf("%+v", u)
		}
	})
	t.Run("links an account that is there", func(t *testing.T) {
		c := c.on(t)
		before := c.user("max.manager@example.com")
		var u scimUserBody
		c.scim("POST", "/Users", newSCIMUser("max.manager@example.com")).into(201, &u)
		if u.Atlassian.AccountID != before.AccountID {
			t.Errorf("another account, %s, was made", u.Atlassian.AccountID)
		}
		if diff := cmp.Diff(before.Groups, c.user("max.manager@example.com").Groups); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("lets somebody in who was out", func(t *testing.T) {
		c := c.on(t)
		c.jira("GET", "/user", "", "accountId", c.s.AccountID("olga.outside@partner.example")).want(404)
		c.scim("POST", "/Users", newSCIMUser("olga.outside@partner.example")).want(201)
		if u := c.user("olga.outside@partner.example"); u.DisplayName != "Olga Outside" || !u.Active {
			t.Errorf("%+v: the account is not the directory's to rename", u)
		}
	})
	for name, body := range map[string]string{
		"the same user name": newSCIMUser("jane.doe@example.com"),
		"another case":       newSCIMUser("JANE.doe@example.com"),
		"the same address":   strings.Replace(newSCIMUser("other@example.com"), `"value":"other`, `"value":"jane.doe`, 1),
	} {
		t.Run("conflicts on "+name, func(t *testing.T) {
			c := c.on(t)
			var e struct{ Status, SCIMType string }
			c.scim("POST", "/Users", body).into(409, &e)
			if e.Status != "409" || e.SCIMType != "uniqueness" {
				t.Errorf("%+v", e)
			}
		})
	}
	for name, body := range map[string]string{
		"no user name":       `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"emails":[{"value":"a@example.com","primary":true}]}`,
		"no address":         `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@example.com"}`,
		"no primary address": `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@example.com","emails":[{"value":"a@example.com"}]}`,
		"no schemas":         `{"userName":"a@example.com","emails":[{"value":"a@example.com","primary":true}]}`,
		"a textual active":   strings.Replace(newSCIMUser("a@example.com"), `"active":true`, `"active":"True"`, 1),
		"half a body":        `{"schemas":`,
	} {
		t.Run("refuses "+name, func(t *testing.T) { c.on(t).scim("POST", "/Users", body).want(400) })
	}
}

func TestSCIMDeactivation(t *testing.T) {
	c := start(t, Options{})
	jane := c.scimUser("jane.doe@example.com")
	before := c.user("jane.doe@example.com")
	var u scimUserBody
	c.scim("PATCH", "/Users/"+jane.ID, patchActive("false")).into(200, &u)
	after := c.user("jane.doe@example.com")
	if u.Active || after.Active || c.scimUser("jane.doe@example.com").Active {
		t.Errorf("still active: %+v, %+v", u, after)
	}
	if diff := cmp.Diff(before.Groups, after.Groups); diff != "" {
		t.Errorf("deactivation changed groups:\n%s", diff)
	}
	if got := search(c, "jane.doe"); len(got) != 0 {
		t.Errorf("search still finds %v", got)
	}
	c.scim("PATCH", "/Users/"+jane.ID, patchActive("true")).want(200)
	if !c.user("jane.doe@example.com").Active {
		t.Error("not active again")
	}
}

// An account of another organization is not the directory's to deactivate: it loses what SCIM gave it.
func TestSCIMDeactivationOfAnOutsider(t *testing.T) {
	const eve = "eve.external@contractor.example"
	c := start(t, Options{})
	if diff := cmp.Diff([]string{"jira-software-users", "engineering", "contractors"}, groupNames(c.user(eve).Groups.Items)); diff != "" {
		t.Fatal(diff)
	}
	record := c.scimUser(eve)
	c.scim("PATCH", "/Users/"+record.ID, patchActive("false")).want(200)
	u := c.user(eve)
	if !u.Active || c.scimUser(eve).Active {
		t.Errorf("account active %v, want true; record active %v, want false", u.Active, c.scimUser(eve).Active)
	}
	if diff := cmp.Diff([]string{"jira-software-users"}, groupNames(u.Groups.Items)); diff != "" {
		t.Error(diff)
	}
	var page jiraPage[jiraUser]
	c.jira("GET", "/group/member", "", "groupId", c.s.GroupID("engineering", true), "includeInactiveUsers", "true").into(200, &page)
	if slices.ContainsFunc(page.Values, func(m jiraUser) bool { return m.AccountID == u.AccountID }) {
		t.Error("the group still has the member")
	}
}

func TestSCIMReplace(t *testing.T) {
	c := start(t, Options{})
	jane := c.scimUser("jane.doe@example.com")
	put := func(extra string) scimUserBody {
		var u scimUserBody
		c.scim("PUT", "/Users/"+jane.ID, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"jane.doe@example.com",
			"emails":[{"value":"jane.doe@example.com","primary":true}],"displayName":"Jane D."`+extra+`}`).into(200, &u)
		return u
	}
	u := put("")
	if u.Title != "" || u.Department != "" || u.ExternalID != "" || u.DisplayName != "Jane D." {
		t.Errorf("what was left out is still there: %+v", u)
	}
	if !u.Active || len(u.Groups) != 1 {
		t.Errorf("active %v and groups %v changed although they were left out or read-only", u.Active, u.Groups)
	}
	if got := c.user("jane.doe@example.com"); got.DisplayName != "Jane D." {
		t.Errorf("Jira shows %q", got.DisplayName)
	}
	if u := put(`,"active":false`); u.Active {
		t.Error("still active")
	}
	if u := put(``); u.Active {
		t.Error("active again, unasked")
	}
	c.scim("PUT", "/Users/"+jane.ID, newSCIMUser("alex.kim@example.com")).want(400)
	c.scim("PUT", "/Users/nothing", newSCIMUser("jane.doe@example.com")).want(404)
}

func TestSCIMPatch(t *testing.T) {
	c := start(t, Options{})
	jane := c.scimUser("jane.doe@example.com")
	for _, test := range []struct {
		name, operation string
		want            func(p *profile)
	}{
		{"replaces by path", `{"op":"replace","path":"title","value":"Lead"}`, func(p *profile) { p.Title = "Lead" }},
		{"replaces without a path", `{"op":"Replace","value":{"nickName":"JD","name.familyName":"Roe"}}`, func(p *profile) { p.NickName, p.Name.FamilyName = "JD", "Roe" }},
		{"replaces a part", `{"op":"replace","path":"name.givenName","value":"Janet"}`, func(p *profile) { p.Name.GivenName = "Janet" }},
		{"merges into a complex attribute", `{"op":"add","path":"name","value":{"middleName":"Q"}}`, func(p *profile) { p.Name.MiddleName = "Q" }},
		{"adds to a list", `{"op":"add","path":"phoneNumbers","value":[{"value":"1","type":"work"}]}`, func(p *profile) { p.PhoneNumbers = []profileValue{{Value: "1", Type: "work"}} }},
		{"adds more", `{"op":"add","path":"phoneNumbers","value":[{"value":"2","type":"home"}]}`, func(p *profile) { p.PhoneNumbers = append(p.PhoneNumbers, profileValue{Value: "2", Type: "home"}) }},
		{"does not add twice", `{"op":"add","path":"phoneNumbers","value":[{"value":"2","type":"home"}]}`, func(*profile) {}},
		{"changes a selected item", `{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"3"}`, func(p *profile) { p.PhoneNumbers[0].Value = "3" }},
		{"removes a selected item", `{"op":"remove","path":"phoneNumbers[type eq \"home\"]"}`, func(p *profile) { p.PhoneNumbers = p.PhoneNumbers[:1] }},
		{"changes an extension", `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Ops"}`, func(p *profile) { p.Enterprise.Department = "Ops" }},
		{"removes", `{"op":"remove","path":"title"}`, func(p *profile) { p.Title = "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := c.on(t)
			want := jane.profile
			test.want(&want)
			var got scimUserBody
			c.scim("PATCH", "/Users/"+jane.ID, scimPatch(test.operation)).into(200, &got)
			if diff := cmp.Diff(want, got.profile); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			jane.profile = got.profile
		})
	}
	for name, operation := range map[string]string{
		"an unknown attribute":   `{"op":"replace","path":"shoeSize","value":"44"}`,
		"an unknown operation":   `{"op":"move","path":"title","value":"x"}`,
		"a value of wrong type":  `{"op":"replace","path":"active","value":"yes"}`,
		"a read-only attribute":  `{"op":"replace","path":"groups","value":[]}`,
		"an item that is not":    `{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@example.com"}`,
		"an empty user name":     `{"op":"replace","path":"userName","value":" "}`,
		"removal of the address": `{"op":"remove","path":"emails"}`,
	} {
		t.Run("refuses "+name, func(t *testing.T) { c.on(t).scim("PATCH", "/Users/"+jane.ID, scimPatch(operation)).want(400) })
	}
	c.scim("PATCH", "/Users/"+jane.ID, `{"schemas":[],"Operations":[]}`).want(400)
	if diff := cmp.Diff(jane.profile, c.scimUser("jane.doe@example.com").profile); diff != "" {
		t.Errorf("a refused operation changed the user:\n%s", diff)
	}
}

func TestSCIMDelete(t *testing.T) {
	const email = "jane.doe@example.com"
	c := start(t, Options{})
	jane := c.scimUser(email)
	c.scim("DELETE", "/Users/"+jane.ID, "").want(204)
	for _, method := range []string{"GET", "DELETE", "PATCH", "PUT"} {
		body := ""
		switch method {
		case "PATCH":
			body = patchActive("true")
		case "PUT":
			body = newSCIMUser(email)
		}
		c.scim(method, "/Users/"+jane.ID, body).want(404)
	}
	u := c.user(email)
	if u.Active {
		t.Error("the account is still active")
	}
	if got := groupNames(u.Groups.Items); slices.Contains(got, "engineering") || !slices.Contains(got, "release-managers") {
		t.Errorf("groups %v: want those of the site, without those of SCIM", got)
	}
	// Provisioned again, the person has the old account and a new id, and no group of the directory.
	var again scimUserBody
	c.scim("POST", "/Users", newSCIMUser(email)).into(201, &again)
	if again.ID == jane.ID || again.Atlassian.AccountID != u.AccountID || len(again.Groups) != 0 {
		t.Errorf("%+v", again)
	}
	if !c.user(email).Active {
		t.Error("not active again")
	}
	c.jira("DELETE", "/user", "", "accountId", u.AccountID).want(400)
}

func TestSCIMCredentials(t *testing.T) {
	c := start(t, Options{})
	for authorization, want := range map[string]int{"": 401, "Bearer wrong": 401, "Basic x": 401, "Bearer " + SCIMToken: 200} {
		r := httptest.NewRequest("GET", "/scim/directory/"+DirectoryID+"/Users", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		answer := c.send(r).want(want)
		var failure struct{ Error, TraceID string }
		if want == 401 && (json.Unmarshal(answer.body, &failure) != nil || failure.Error == "" || failure.TraceID == "") {
			t.Errorf("%s", answer.body)
		}
	}
	c.do("GET", "/scim/directory/other/Users", "").want(404)
	c.scim("GET", "/Bulk", "").want(404)
	if got := c.scim("GET", "/Users", "").header.Get("Content-Type"); got != "application/scim+json" {
		t.Errorf("content type %s", got)
	}
}
