package lifecycle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

var (
	jiraGroup = directory.Group{ID: "g-users", Name: "jira-software-users", ManagedBy: "jira"}
	scimGroup = directory.Group{ID: "g-eng", Name: "engineering", ManagedBy: "scim", SCIMID: "s-eng"}
)

func TestPlanProvision(t *testing.T) {
	own := []string{"example.com"}
	jane := person()
	lee := person(inactive)
	partner := person(outsideSCIM, func(p *directory.Person) { p.Email = "sam@partner.example" })
	goneOutside := person(outsideSCIM, inactive)
	for _, test := range []struct {
		name    string
		facts   provisionFacts
		steps   []string
		warning string
		blocker string
	}{
		{
			name:    "somebody new of the directory's own domain comes in through SCIM",
			facts:   provisionFacts{who: Newcomer{Email: "new@example.com", GivenName: "N", FamilyName: "H"}, hasSCIM: true, domains: own},
			steps:   []string{"create_user via scim", "verify"},
			warning: "identity provider",
		},
		{
			name:  "Jira groups of somebody new wait for the account id",
			facts: provisionFacts{who: Newcomer{Email: "new@example.com"}, hasSCIM: true, domains: own, groups: []directory.Group{jiraGroup, scimGroup}},
			steps: []string{"create_user via scim", "await_account", "add_to_group via jira jira-software-users", "add_to_group via scim engineering", "verify"}, warning: "identity provider",
		},
		{
			name:    "somebody of another domain is invited",
			facts:   provisionFacts{who: Newcomer{Email: "sam@partner.example", GivenName: "Sam", FamilyName: "P"}, hasSCIM: true, domains: own, products: []string{"jira-software"}},
			steps:   []string{"invite_user via jira", "verify"},
			warning: "chooses their own display name",
		},
		{
			name:    "an invitation into a SCIM-managed domain warns",
			facts:   provisionFacts{who: Newcomer{Email: "new@example.com", Route: RouteJira}, hasSCIM: true, domains: own, products: []string{"jira-software"}},
			steps:   []string{"invite_user via jira", "verify"},
			warning: "provisioned through SCIM here",
		},
		{
			name:  "without SCIM everybody is invited",
			facts: provisionFacts{who: Newcomer{Email: "new@example.com"}, products: []string{"jira-software"}},
			steps: []string{"invite_user via jira", "verify"},
		},
		{
			name:    "somebody inactive is reactivated, not duplicated, and the groups they return to are named",
			facts:   provisionFacts{who: Newcomer{Email: lee.Email}, known: &lee, hasSCIM: true, domains: own},
			steps:   []string{"reactivate via scim", "verify"},
			warning: "still in groups",
		},
		{
			name:  "somebody who is complete already needs nothing",
			facts: provisionFacts{who: Newcomer{Email: jane.Email}, known: &jane, hasSCIM: true, domains: own, groups: []directory.Group{jiraGroup, scimGroup}},
			steps: []string{},
		},
		{
			name:  "somebody who lacks a group gets that group alone",
			facts: provisionFacts{who: Newcomer{Email: partner.Email}, known: &partner, hasSCIM: true, domains: own, groups: []directory.Group{jiraGroup, {ID: "g-p", Name: "partners", ManagedBy: "jira"}}},
			steps: []string{"add_to_group via jira partners", "verify"},
		},
		{
			name:    "a SCIM group is closed to people outside of SCIM",
			facts:   provisionFacts{who: Newcomer{Email: partner.Email}, known: &partner, hasSCIM: true, domains: own, groups: []directory.Group{scimGroup}},
			steps:   []string{},
			blocker: "belongs to SCIM",
		},
		{
			name:    "somebody inactive outside of SCIM can't be reactivated",
			facts:   provisionFacts{who: Newcomer{Email: goneOutside.Email, Route: RouteJira}, known: &goneOutside, hasSCIM: true, domains: own},
			steps:   []string{},
			blocker: "nothing configured here can reactivate it",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, err := planProvision(test.facts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.steps, sketch(plan)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if warnings := strings.Join(plan.Warnings, "\n"); test.warning == "" && warnings != "" || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want one with %q", warnings, test.warning)
			}
			if blockers := strings.Join(plan.Blockers, "\n"); test.blocker == "" && blockers != "" || !strings.Contains(blockers, test.blocker) {
				t.Errorf("blockers %q, want one with %q", blockers, test.blocker)
			}
		})
	}
}

func TestProvisionRouteSCIMNeedsADirectory(t *testing.T) {
	if _, err := planProvision(provisionFacts{who: Newcomer{Email: "a@b.example", Route: RouteSCIM}}); !fault.Is(err, fault.NotConfigured) {
		t.Errorf("got %v, want not_configured", err)
	}
}
