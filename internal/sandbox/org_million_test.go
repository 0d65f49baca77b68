package sandbox

import (
	"strconv"
	"testing"
)

// Pages of the organization's lists cost as much as the page, at a million people too, wherever they begin: whoever looks at everybody makes
// millions of allocations.
func TestMillionPeopleInTheOrganization(t *testing.T) {
	before := heap()
	c := start(t, Options{Users: 1_000_000, Groups: 500, Organization: OrgKnobs{NoMinuteLimits: true}})
	const everything = `{"limit":100,"expand":["groups","productAccess","platformRoles","counts.resources"]`
	var late string
	c.s.world.read(func(_, now *model) {
		on := call{s: c.s, now: now, shown: now}
		late = on.sealCursor("users", userCursor{Directory: "-", Query: userQuery{Expand: []string{"groups"}}, From: now.next - 5000})
	})
	for _, query := range []string{
		`}`, `,"status":["deactivated"]}`, `,"searchTerm":"jane greenfield"}`, `,"emails":["jane.greenfield@example.com"]}`, `,"roleIds":["atlassian/org-admin"]}`,
		`,"groupIds":[` + strconv.Quote(c.s.GroupID("partners", false)) + `]}`, `,"cursor":` + strconv.Quote(late) + `}`,
	} {
		allocations := testing.AllocsPerRun(1, func() { c.post("/admin/v2/orgs/"+OrgID+"/directories/-/users/search", everything+query) })
		if allocations > 400_000 {
			t.Errorf("%s makes %v allocations", query, allocations)
		}
	}
	if used := heap() - before; used > 60<<20 {
		t.Errorf("%d MB are in use", used>>20)
	}
}
