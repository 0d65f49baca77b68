package sandbox

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memberNames returns the user names of a SCIM group's members, sorted.
func memberNames(t *testing.T, g scimGroupBody) []string {
	t.Helper()
	var members []scimReference
	if err := json.Unmarshal(g.Members, &members); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, m := range members {
		names = append(names, m.Display)
	}
	slices.Sort(names)
	return names
}

func TestSCIMGroups(t *testing.T) {
	const jane, boris, eve = "jane.doe@example.com", "boris.backup@example.com", "eve.external@contractor.example"
	c := start(t, Options{Users: 1, Groups: 1})
	ids := map[string]string{}
	for _, name := range []string{jane, boris, eve} {
		ids[name] = c.scimUser(name).ID
	}
	member := func(name string) string { return `{"value":"` + ids[name] + `"}` }
	var g scimGroupBody
	c.scim("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"fresh","externalId":"x1","members":[`+member(jane)+`]}`).into(201, &g)
	if g.ExternalID != "x1" || g.DisplayName != "fresh" {
		t.Errorf("%+v", g)
	}
	jiraID := c.s.GroupID("fresh", true)
	if jiraID == "" || jiraID == g.ID {
		t.Errorf("in Jira the group is %q, in the directory %q", jiraID, g.ID)
	}
	c.scim("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Fresh"}`).want(409)
	c.scim("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`).want(400)

	for _, step := range []struct {
		name, operation string
		want            []string
	}{
		{"add", `{"op":"add","path":"members","value":[` + member(boris) + `,` + member(eve) + `]}`, []string{boris, eve, jane}},
		{"add again", `{"op":"add","path":"members","value":[` + member(boris) + `]}`, []string{boris, eve, jane}},
		{"remove by filter", `{"op":"remove","path":"members[value eq \"` + ids[boris] + `\"]"}`, []string{eve, jane}},
		{"remove one who is not in", `{"op":"remove","path":"members[value eq \"` + ids[boris] + `\"]"}`, []string{eve, jane}},
		{"replace", `{"op":"replace","path":"members","value":[` + member(boris) + `]}`, []string{boris}},
		{"add without a path", `{"op":"add","value":{"members":[` + member(jane) + `]}}`, []string{boris, jane}},
		{"name that stays", `{"op":"replace","path":"displayName","value":"fresh"}`, []string{boris, jane}},
		{"remove all", `{"op":"remove","path":"members"}`, []string{}},
	} {
		var got scimGroupBody
		c.scim("PATCH", "/Groups/"+g.ID, scimPatch(step.operation)).into(200, &got)
		if diff := cmp.Diff(step.want, memberNames(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		var page jiraPage[jiraUser]
		c.jira("GET", "/group/member", "", "groupId", jiraID).into(200, &page)
		if page.Total != len(step.want) {
			t.Errorf("%s: Jira has %d members, want %d", step.name, page.Total, len(step.want))
		}
	}
	nobody := `{"value":"00000000-0000-4000-8000-000000000000"}`
	c.scim("PATCH", "/Groups/"+g.ID, scimPatch(`{"op":"add","path":"members","value":[`+nobody+`]}`)).want(404)
	c.scim("PATCH", "/Groups/"+g.ID, scimPatch(`{"op":"replace","path":"displayName","value":"stale"}`)).want(400)
	put := func(name, members string) answer {
		return c.scim("PUT", "/Groups/"+g.ID, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"`+name+`","members":[`+members+`]}`)
	}
	var got scimGroupBody
	put("fresh", member(jane)).into(200, &got)
	if diff := cmp.Diff([]string{jane}, memberNames(t, got)); diff != "" {
		t.Error(diff)
	}
	put("stale", member(jane)).want(400)
	put("fresh", nobody).want(400)

	c.scim("DELETE", "/Groups/"+g.ID, "").want(204)
	c.scim("GET", "/Groups/"+g.ID, "").want(404)
	if c.s.GroupID("fresh", true) != "" {
		t.Error("Jira still has the group")
	}
	if got := c.user(jane); slices.Contains(groupNames(got.Groups.Items), "fresh") {
		t.Errorf("jane is still in %v", got.Groups)
	}
}

// A generated person, who is not kept until now, moves like a seeded one.
func TestSCIMGroupOfComputedMembers(t *testing.T) {
	c := start(t, Options{Users: 3000})
	before := scimGroup(c, "engineering")
	names := memberNames(t, before)
	if len(names) < 100 {
		t.Fatalf("%d members are too few", len(names))
	}
	leaver := c.scimUser(names[7])
	var after scimGroupBody
	c.scim("PATCH", "/Groups/"+before.ID, scimPatch(`{"op":"remove","path":"members[value eq \"`+leaver.ID+`\"]"}`)).into(200, &after)
	if diff := cmp.Diff(slices.Delete(slices.Clone(names), 7, 8), memberNames(t, after)); diff != "" {
		t.Error(diff)
	}
	if got := c.scimUser(leaver.UserName); slices.ContainsFunc(got.Groups, func(g scimReference) bool { return g.Display == "engineering" }) {
		t.Errorf("%+v", got.Groups)
	}
}
