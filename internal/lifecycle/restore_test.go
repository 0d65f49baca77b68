package lifecycle

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

func adminGroup(id, name string) []directory.AdminGroup {
	return []directory.AdminGroup{{Group: jira.Group{ID: id, Name: name}}}
}

func TestPlanRestore(t *testing.T) {
	users, engineering := removal(ViaJira, jiraGroup), removal(ViaSCIM, scimGroup)
	shared := removal(ViaSCIM, directory.Group{SCIMID: "s-shared", Name: "contractors", ManagedBy: "scim"}) // Jira's id is not known, since two have the name
	all := taken{access: true, groups: []Step{engineering, users}, before: snapshot{
		Jira: &jiraSnapshot{AccountID: "5f:jane", Active: true, Groups: []jira.Group{{ID: "g-eng", Name: "engineering"}, {ID: "g-users", Name: "jira-software-users"}}},
		SCIM: &scimSnapshot{ID: "s-jane", Active: true, Groups: []scim.GroupRef{{ID: "s-eng", Name: "engineering"}}},
	}}
	leaver := person(inactive, func(p *directory.Person) { p.Groups, p.SCIM.Groups = nil, nil })
	unlinked := person(outsideSCIM, inactive, func(p *directory.Person) { p.Groups = nil })
	offSite := person(outsideSCIM, func(p *directory.Person) { p.Groups, p.Sources = nil, []string{"scim"} })
	back := []string{"reactivate via scim", "add_to_group via scim engineering", "add_to_group via jira jira-software-users", "verify"}
	for _, test := range []struct {
		name    string
		person  directory.Person
		taken   taken
		gone    []int // which of the groups are gone
		admins  []directory.AdminGroup
		policy  Policy
		steps   []string
		warning string
		blocker string
		widens  bool
	}{
		{name: "everything that was taken, access first", person: leaver, taken: all, steps: back, warning: "identity provider"},
		{name: "what is so already stays a step", person: person(), taken: all, steps: back, warning: "identity provider"},
		{name: "only groups that were taken", person: leaver, taken: taken{groups: []Step{users}}, steps: []string{"add_to_group via jira jira-software-users", "verify"}},
		{name: "a group that is gone is told", person: leaver, taken: all, gone: []int{0}, steps: []string{"reactivate via scim", "add_to_group via jira jira-software-users", "verify"}, warning: "engineering is gone since"},
		{
			name: "administrators are never made", person: leaver, taken: all, admins: adminGroup("g-users", "whatever"),
			steps: []string{"reactivate via scim", "add_to_group via scim engineering", "verify"}, warning: "makes its members administrators",
		},
		{
			name: "not by a group whose id Jira would not tell", person: leaver, taken: taken{access: true, groups: []Step{shared}}, admins: adminGroup("g-1", "contractors"),
			steps: []string{"reactivate via scim", "verify"}, warning: "makes its members administrators",
		},
		{
			name: "an administrators' group of the same name is another group", person: leaver, taken: taken{groups: []Step{users}}, admins: adminGroup("g-1", "jira-software-users"),
			steps: []string{"add_to_group via jira jira-software-users", "verify"},
		},
		{
			name: "a group that is protected by now", person: leaver, taken: all, policy: Policy{ProtectedGroups: []string{"engineering"}},
			steps: []string{"reactivate via scim", "add_to_group via jira jira-software-users", "verify"}, warning: "protected by the policy by now",
		},
		{name: "without the link to SCIM only what Jira can give", person: unlinked, taken: all, steps: []string{"add_to_group via jira jira-software-users", "verify"}, warning: "its link to the SCIM directory is gone"},
		{name: "nothing that can be put back is a blocker", person: unlinked, taken: taken{access: true, groups: []Step{engineering}}, steps: []string{}, blocker: "can't be reactivated"},
		{name: "removal from the site can't be undone", person: offSite, taken: taken{site: true}, steps: []string{}, blocker: "invite the person again"},
		{
			name: "an account that comes back to groups that it was not in widens", widens: true, taken: all, steps: back, warning: "groups that it was not in before",
			person: person(inactive, func(p *directory.Person) {
				p.Groups = append(p.Groups, directory.GroupRef{ID: "g-new", Name: "new", ManagedBy: "jira"})
			}),
		},
		{name: "groups that it was in do not", taken: all, steps: back, person: person(inactive), warning: "identity provider"},
		{
			name: "nor do new ones of an account that is active", taken: all, steps: back, warning: "identity provider",
			person: person(func(p *directory.Person) {
				p.Groups = append(p.Groups, directory.GroupRef{ID: "g-new", Name: "new", ManagedBy: "jira"})
			}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			there := make([]bool, len(test.taken.groups))
			for i := range there {
				there[i] = true
			}
			for _, i := range test.gone {
				there[i] = false
			}
			plan := planRestore(test.person, "op-1", test.taken, there, test.admins, test.policy)
			if diff := cmp.Diff(test.steps, sketch(plan)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if warnings := strings.Join(plan.Warnings, "\n"); !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want one with %q", warnings, test.warning)
			}
			if blockers := strings.Join(plan.Blockers, "\n"); test.blocker == "" && blockers != "" || !strings.Contains(blockers, test.blocker) {
				t.Errorf("blockers %q, want one with %q", blockers, test.blocker)
			}
			if len(plan.widens) > 0 != test.widens || needsAgreement(RestoreRequest{}, plan) != test.widens {
				t.Errorf("widens is %v", plan.widens)
			}
			if later := append(plan.Warnings, plan.Blockers...); len(test.gone) > 0 && len(plan.followUps) == 0 {
				t.Errorf("nobody is told to put back the rest: %q", later)
			}
		})
	}
}

// TestWhatAnOperationTook: only what was really done, or may have been, is put back.
func TestWhatAnOperationTook(t *testing.T) {
	plan, err := planOffboard(person(), chosen{}, reach{scim: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	record, err := plan.encode()
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[StepStatus]bool{StepDone: true, StepUnknown: true, StepAlready: false, StepFailed: false, StepSkipped: false} {
		op := journal.Operation{ID: "op-1", Plan: record, Snapshot: json.RawMessage(`{}`), Steps: plan.pending()}
		for i := range op.Steps {
			op.Steps[i].Status = status
		}
		got, err := takenBy(op)
		if err != nil {
			t.Fatal(err)
		}
		groups := 0
		if want {
			groups = 2
		}
		if got.access != want || len(got.groups) != groups || got.anything() != want || got.site {
			t.Errorf("%s: %+v", status, got)
		}
	}
	if _, err := takenBy(journal.Operation{Plan: record, Snapshot: json.RawMessage(`{}`), Steps: plan.pending()[1:]}); err == nil {
		t.Error("a record whose steps are not those of its plan was read")
	}
}
