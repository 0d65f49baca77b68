package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
)

func TestBothSidesOfAContradictionAreShown(t *testing.T) {
	const today = 1_800_000_000
	j := joined{
		account: account{id: "1", kind: typeAtlassian, email: "jane@example.com", active: true}, found: true,
		org:    &orgUser{id: "1", status: statusActive, uses: []use{{"jira-software", today - 200*86400}}},
		export: &exported{id: "1", status: consoleexport.Active, role: "User, Organization admin", uses: []use{{"jira-software", today - 86400}}},
	}
	r := rules{organization: true, export: true, now: today, exported: today}
	want := []Evidence{
		{sourceJira, "active"},
		{sourceOrganization, "active"},
		{sourceExport, "active"},
		{sourceOrganization, "Jira: 2026-06-29"},
		{sourceExport, "Jira: 2027-01-14"},
		{sourceOrganization, "no role in the organization"},
		{sourceExport, "role User, Organization admin"},
	}
	for _, f := range r.judge(j) {
		if f.Code != SourceContradiction {
			continue
		}
		if diff := cmp.Diff(want, f.Evidence); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
		if said := "The sources disagree about the last activity and whether the person is an organization admin."; f.Detail != said {
			t.Errorf("%q, want %q", f.Detail, said)
		}
		return
	}
	t.Error("no contradiction")
}

func TestWhoKnowsAnAccountThatJiraDoesNotList(t *testing.T) {
	for name, test := range map[string]struct {
		joined joined
		want   []Evidence
	}{
		"the export, with a status": {
			joined{account: account{id: "1"}, export: &exported{status: consoleexport.Suspended}},
			[]Evidence{{sourceExport, "suspended"}},
		},
		"the export, with a status that is not understood": {
			joined{account: account{id: "1"}, export: &exported{statusText: "Weird"}},
			[]Evidence{{sourceExport, "has the account, as \"Weird\""}},
		},
		"the organization and the export, without a status": {
			joined{account: account{id: "1"}, org: &orgUser{}, export: &exported{}},
			[]Evidence{{sourceOrganization, "has the account"}, {sourceExport, "has the account"}},
		},
		"a token alone": {
			joined{account: account{id: "1"}, tokens: []token{{id: "t", label: "CI"}}},
			[]Evidence{{sourceOrganization, "token CI"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := rules{}.elsewhere(&test.joined)
			if len(found) != 1 || found[0].Code != NotInJira {
				t.Fatalf("%+v", found)
			}
			want := append([]Evidence{{sourceJira, "does not list the account"}}, test.want...)
			if diff := cmp.Diff(want, found[0].Evidence); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}
