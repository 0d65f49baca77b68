package lifecycle

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

func drawGroups(t *rapid.T, label string) []directory.Group {
	var groups []directory.Group
	for i := range rapid.IntRange(0, 4).Draw(t, label) {
		g := directory.Group{
			ID: fmt.Sprintf("g-%d", i), Name: rapid.SampledFrom([]string{"engineering", "contractors", "Ünïted \"x\"", "a"}).Draw(t, "name"),
			ManagedBy: rapid.SampledFrom([]string{directory.ManagedByJira, directory.ManagedBySCIM, directory.ManagedByUnknown}).Draw(t, "managed by"),
		}
		if g.ManagedBy == directory.ManagedBySCIM {
			g.SCIMID = fmt.Sprintf("s-%d", i)
		}
		groups = append(groups, g)
	}
	return groups
}

func drawPerson(t *rapid.T) directory.Person {
	p := person()
	p.Groups, p.SCIM.Groups = nil, nil
	for _, g := range drawGroups(t, "groups") {
		p.Groups = append(p.Groups, directory.GroupRef(g))
		if g.SCIMID != "" {
			p.SCIM.Groups = append(p.SCIM.Groups, scim.GroupRef{ID: g.SCIMID, Name: g.Name})
		}
	}
	if rapid.Bool().Draw(t, "inactive") {
		inactive(&p)
	}
	if rapid.Bool().Draw(t, "outside SCIM") {
		p.SCIM, p.Managed = nil, nil
	}
	if rapid.Bool().Draw(t, "in the organization") {
		owned := rapid.Bool().Draw(t, "owned")
		inOrg(rapid.SampledFrom([]string{admin.StatusActive, admin.StatusSuspended, admin.StatusDeactivated}).Draw(t, "status"), owned)(&p)
		if owned {
			holding(admin.Token{ID: "t-1", Label: "laptop"}, admin.Token{ID: "t-2"})(&p)
		}
	}
	return p
}

// drawPlan draws a plan of every planner.
func drawPlan(t *rapid.T) Plan {
	p := drawPerson(t)
	groups := drawGroups(t, "asked")
	plans := []func() (Plan, error){
		func() (Plan, error) {
			parts := rapid.SliceOfNDistinct(rapid.SampledFrom(OffboardParts), 0, 4, rapid.ID).Draw(t, "parts")
			r := reach{scim: rapid.Bool().Draw(t, "scim"), org: true, suspend: rapid.Bool().Draw(t, "suspend")}
			return planOffboard(p, chosen{parts: parts}, r, "bye")
		},
		func() (Plan, error) {
			f := provisionFacts{
				who:    Newcomer{Email: "new@example.com", GivenName: "N", FamilyName: "H", Title: rapid.SampledFrom([]string{"", "T"}).Draw(t, "title"), Route: rapid.SampledFrom([]string{RouteAuto, RouteJira, RouteSCIM}).Draw(t, "route")},
				groups: groups, hasSCIM: true, domains: []string{"example.com"}, products: []string{"jira-software", "jira-core"},
			}
			if rapid.Bool().Draw(t, "known") {
				f.known = &p
			}
			return planProvision(f)
		},
		func() (Plan, error) { return planAddToGroups(p, groups, closedGroups{}), nil },
		func() (Plan, error) { return planRemoveFromGroups(p, groups, nil), nil },
		func() (Plan, error) {
			return planUpdate(p, &scim.User{Title: "old"}, map[string]string{"title": "new"})
		},
		func() (Plan, error) { return planDelete(p) },
		func() (Plan, error) {
			return planCreateGroup("new", rapid.SampledFrom([]Via{ViaJira, ViaSCIM}).Draw(t, "via"), nil)
		},
		func() (Plan, error) {
			return planDeleteGroup(directory.Group{ID: "g-1", Name: "old", SCIMID: rapid.SampledFrom([]string{"", "s-1"}).Draw(t, "of SCIM")}, 3), nil
		},
		func() (Plan, error) {
			took := taken{access: rapid.Bool().Draw(t, "access"), groups: groupRemovals(p)}
			there := make([]bool, len(took.groups))
			for i := range there {
				there[i] = rapid.Bool().Draw(t, "there")
			}
			return planRestore(p, "op-1", took, there, nil, Policy{}), nil
		},
	}
	plan, err := plans[rapid.IntRange(0, len(plans)-1).Draw(t, "planner")]()
	if err != nil {
		t.Skip(err)
	}
	plan.site = rapid.SampledFrom([]string{"", "https://example.atlassian.net d1"}).Draw(t, "site")
	return plan
}

// TestARecordedPlanIsThePlan: what another process reads of a plan has the same effect, the same steps, and says the same.
func TestARecordedPlanIsThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := drawPlan(t)
		record, err := plan.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodePlan(record)
		if err != nil {
			t.Fatal(err)
		}
		if again := got.seal(); got.ID != plan.ID || again.ID != plan.ID {
			t.Errorf("the plan %s reads as %s, and its effect as %s", plan.ID, got.ID, again.ID)
		}
		plan.from, plan.people, plan.adminOf, plan.powerless = State{}, nil, nil, "" // of the moment that it was made in
		if diff := cmp.Diff(plan, got, cmp.AllowUnexported(Plan{}, Step{}, Subject{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if beyond := plan.beyond(got) + got.beyond(plan); beyond != "" {
			t.Errorf("a plan goes beyond itself: %s", beyond)
		}
		if twice, err := got.encode(); err != nil || string(twice) != string(record) {
			t.Errorf("recorded again it is another record (%v):\n%s\n%s", err, record, twice)
		}
	})
}

func TestARecordThatIsNoPlanIsRefused(t *testing.T) {
	for name, record := range map[string]string{
		"not JSON":               `{`,
		"steps without groups":   `{"steps":[{"action":"verify"}],"groups":[]}`,
		"more groups than steps": `{"steps":[],"groups":[{}]}`,
	} {
		if _, err := decodePlan([]byte(record)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
