package lifecycle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// person makes an active SCIM-managed person with one SCIM group and one Jira group, changed by edits.
func person(edits ...func(*directory.Person)) directory.Person {
	yes := true
	p := directory.Person{
		AccountID: "5f:jane", DisplayName: "Jane Doe", Email: "jane.doe@example.com", AccountType: "atlassian", Active: true, Managed: &yes,
		Groups: []directory.GroupRef{
			{ID: "g-eng", Name: "engineering", ManagedBy: "scim", SCIMID: "s-eng"},
			{ID: "g-users", Name: "jira-software-users", ManagedBy: "jira"},
		},
		SCIM:    &directory.SCIMLink{ID: "s-jane", UserName: "jane.doe@example.com", Active: true, Groups: []scim.GroupRef{{ID: "s-eng", Name: "engineering"}}},
		Sources: []string{"jira", "scim"},
	}
	for _, edit := range edits {
		edit(&p)
	}
	return p
}

func outsideSCIM(p *directory.Person) {
	p.SCIM, p.Managed = nil, nil
	p.Groups = []directory.GroupRef{{ID: "g-users", Name: "jira-software-users", ManagedBy: "jira"}}
}

func inactive(p *directory.Person) {
	p.Active = false
	if p.SCIM != nil {
		p.SCIM.Active = false
	}
}

// sketch renders the steps of a plan, a word a step.
func sketch(p Plan) []string {
	lines := []string{}
	for _, s := range p.Steps {
		line := string(s.Action)
		if s.Via != ViaNone {
			line += " via " + string(s.Via)
		}
		if s.Action == AddToGroup || s.Action == RemoveFromGroup || s.Action == RevokeToken {
			line += " " + s.Target
		}
		lines = append(lines, line)
	}
	return lines
}

func TestPlanOffboard(t *testing.T) {
	for _, test := range []struct {
		name    string
		person  directory.Person
		parts   []string
		scim    bool
		steps   []string
		warning string // part of one warning; "" means that no warning is expected
	}{
		{
			name: "a SCIM person is deactivated first, then taken out of the groups of both sides", person: person(), scim: true,
			steps:   []string{"deactivate via scim", "remove_from_group via scim engineering", "remove_from_group via jira jira-software-users", "verify"},
			warning: "identity provider",
		},
		{
			name: "somebody inactive only loses the groups", person: person(inactive), scim: true,
			steps:   []string{"remove_from_group via scim engineering", "remove_from_group via jira jira-software-users", "verify"},
			warning: "identity provider",
		},
		{
			name: "somebody outside of SCIM loses the groups, and the plan says that the account stays", person: person(outsideSCIM), scim: true,
			steps:   []string{"remove_from_group via jira jira-software-users", "verify"},
			warning: "the account itself stays active",
		},
		{
			name: "without SCIM the plan says that nothing can deactivate", person: person(outsideSCIM), scim: false,
			steps:   []string{"remove_from_group via jira jira-software-users", "verify"},
			warning: "Jira itself cannot deactivate anyone",
		},
		{
			name: "only the parts asked for are done", person: person(), scim: true, parts: []string{PartDeactivate},
			steps: []string{"deactivate via scim", "verify"}, warning: "identity provider",
		},
		{
			name: "removal from the site comes last", person: person(outsideSCIM), scim: true, parts: []string{PartRemoveFromSite, PartJiraGroups},
			steps: []string{"remove_from_group via jira jira-software-users", "remove_from_site via jira", "verify"},
		},
		{
			name: "a SCIM group that Jira does not show is taken away as well", scim: true,
			person: person(func(p *directory.Person) { p.Groups = nil }),
			steps:  []string{"deactivate via scim", "remove_from_group via scim engineering", "verify"}, warning: "identity provider",
		},
		{
			name: "of two groups with one name both sides are asked", scim: true,
			person: person(func(p *directory.Person) {
				p.Groups = []directory.GroupRef{
					{ID: "g-1", Name: "engineering", ManagedBy: "unknown", SCIMID: "s-eng"},
					{ID: "g-2", Name: "engineering", ManagedBy: "unknown", SCIMID: "s-eng"},
				}
			}),
			steps:   []string{"deactivate via scim", "remove_from_group via scim engineering", "remove_from_group via jira engineering", "remove_from_group via jira engineering", "verify"},
			warning: "identity provider",
		},
		{
			name: "a SCIM person of a foreign domain is warned about", scim: true,
			person:  person(func(p *directory.Person) { p.Managed = nil }),
			steps:   []string{"deactivate via scim", "remove_from_group via scim engineering", "remove_from_group via jira jira-software-users", "verify"},
			warning: "outside of the directory's own domains",
		},
		{
			name: "nothing to do is an empty plan", scim: true,
			person: person(inactive, func(p *directory.Person) { p.Groups, p.SCIM.Groups = nil, nil }), steps: []string{}, warning: "has ended: SCIM has this person as inactive already",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, err := planOffboard(test.person, chosen{parts: test.parts}, reach{scim: test.scim}, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.steps, sketch(plan)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			warnings := strings.Join(plan.Warnings, "\n")
			if test.warning == "" && warnings != "" || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want one with %q", warnings, test.warning)
			}
		})
	}
}

func TestPlanOffboardRefusesToRemoveSCIMPeopleFromTheSite(t *testing.T) {
	if _, err := planOffboard(person(), chosen{parts: []string{PartRemoveFromSite}}, reach{scim: true}, ""); !fault.Is(err, fault.ManagedExternally) {
		t.Errorf("got %v, want managed_externally", err)
	}
}

func TestPlanIDIsADigestOfTheEffectAlone(t *testing.T) {
	id := func(parts []string, edits ...func(*directory.Person)) string {
		plan, err := planOffboard(person(edits...), chosen{parts: parts}, reach{scim: true}, "")
		if err != nil {
			t.Fatal(err)
		}
		return plan.ID
	}
	base := id(nil)
	same := map[string]string{
		"again":              id(nil),
		"other display name": id(nil, func(p *directory.Person) { p.DisplayName = "Jane Miller" }),
		"another warning":    id(nil, func(p *directory.Person) { p.Warnings = []string{"x"} }),
	}
	different := map[string]string{
		"fewer parts":   id([]string{PartDeactivate}),
		"another group": id(nil, func(p *directory.Person) { p.Groups[1].ID = "g-other" }),
		"a group more": id(nil, func(p *directory.Person) {
			p.Groups = append(p.Groups, directory.GroupRef{ID: "g-new", Name: "new", ManagedBy: "jira"})
		}),
		"inactive":          id(nil, inactive),
		"another account":   id(nil, func(p *directory.Person) { p.AccountID = "5f:other" }),
		"another SCIM user": id(nil, func(p *directory.Person) { p.SCIM.ID = "s-other" }),
	}
	for what, got := range same {
		if got != base {
			t.Errorf("%s: the plan's id changed", what)
		}
	}
	for what, got := range different {
		if got == base {
			t.Errorf("%s: the plan's id stayed the same", what)
		}
	}
}
