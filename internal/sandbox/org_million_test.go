package sandbox

import (
	"testing"
	"time"
)

// Pages of the organization's lists cost as much as the page, at a million people too, wherever they begin.
func TestMillionPeopleInTheOrganization(t *testing.T) {
	before := heap()
	c := start(t, Options{Users: 1_000_000, Groups: 500, Organization: OrgKnobs{NoMinuteLimits: true}})
	const everything = `{"limit":100,"expand":["groups","productAccess","platformRoles","counts.resources"]`
	late := c.s.world.now.pop.count - 2000
	began := time.Now()
	for range 10 {
		var page orgPage[orgUser]
		c.dir("POST", "/users/search", everything+`}`).into(200, &page)
		if len(page.Data) != 100 || page.Links.Next == "" {
			t.Fatalf("%d users", len(page.Data))
		}
	}
	c.s.world.read(func(_, now *model) {
		n := 0
		now.find(&userQuery{}, late, func(*account) bool { n++; return n < 100 })
		if n != 100 {
			t.Errorf("%d users late in the list", n)
		}
	})
	for _, query := range []string{`,"status":["deactivated"]}`, `,"searchTerm":"jane green"}`, `,"emails":["jane.greenfield@example.com"]}`, `,"groupIds":["` + c.s.GroupID("partners", false) + `"]}`} {
		c.dir("POST", "/users/search", everything+query).want(200)
	}
	took := time.Since(began)
	used := heap() - before
	t.Logf("%v, heap %d MB", took, used>>20)
	if took > 5*time.Second || used > 60<<20 {
		t.Errorf("it took %v and %d MB", took, used>>20)
	}
}
