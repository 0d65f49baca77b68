package audit

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	person := account{id: "1", kind: typeAtlassian, name: "Jane Doe", email: "jane.doe@example.com", active: true}
	with := func(change func(*joined)) joined {
		j := joined{account: person, groups: []string{"engineering"}, scim: []scimUser{{id: "s1", userName: person.email, active: true}}}
		change(&j)
		return j
	}
	own := rules{scim: true, domains: newDomains([]string{"example.com"})}
	type found map[Code]Severity

	for name, test := range map[string]struct {
		rules  rules
		joined joined
		want   found
	}{
		"a person in order": {own, with(func(j *joined) {}), found{}},
		"inactive with groups": {
			own, with(func(j *joined) { j.active, j.scim[0].active = false, false }),
			found{InactiveWithGroups: Medium},
		},
		"inactive without groups": {
			own, with(func(j *joined) { j.active, j.scim[0].active, j.groups = false, false, nil }),
			found{},
		},
		"an inactive app with groups": {
			own, with(func(j *joined) { j.kind, j.active, j.scim = typeApp, false, nil }),
			found{InactiveWithGroups: Medium},
		},
		"active without groups":      {own, with(func(j *joined) { j.groups = nil }), found{ActiveWithoutGroups: Low}},
		"a customer has no groups":   {own, with(func(j *joined) { j.kind, j.groups, j.scim = typeCustomer, nil, nil }), found{}},
		"an app may have no groups":  {own, with(func(j *joined) { j.kind, j.groups, j.scim = typeApp, nil, nil }), found{}},
		"hidden, and SCIM knows":     {own, with(func(j *joined) { j.email = "" }), found{HiddenEmail: Info}},
		"hidden, and nobody knows":   {own, with(func(j *joined) { j.email, j.scim = "", nil }), found{HiddenEmail: Info}},
		"a name that others have":    {own, with(func(j *joined) { j.same = sameName{count: 2, others: []string{"2"}} }), found{DuplicateName: Low}},
		"an account of unknown type": {own, with(func(j *joined) { j.kind = typeUnknown }), found{UnknownAccount: Low}},
		"a corrupted record, of which nothing else can be said": {
			own, with(func(j *joined) { j.id, j.groups, j.scim, j.email = unknownID, nil, nil, "x@partner.example" }),
			found{UnknownAccount: Medium},
		},
		"deactivated in SCIM, still active in Jira": {
			own, with(func(j *joined) { j.scim[0].active = false }),
			found{SCIMJiraMismatch: High, DeactivatedButActive: High},
		},
		"active in SCIM, inactive in Jira": {
			own, with(func(j *joined) { j.active = false }),
			found{SCIMJiraMismatch: Medium, InactiveWithGroups: Medium},
		},
		"two SCIM users, one of them active": {
			own, with(func(j *joined) { j.scim = []scimUser{{id: "s1"}, {id: "s2", active: true}} }),
			found{SCIMJiraMismatch: Medium},
		},
		"two SCIM users, both inactive": {
			own, with(func(j *joined) { j.scim = []scimUser{{id: "s1"}, {id: "s2"}} }),
			found{SCIMJiraMismatch: High, DeactivatedButActive: High},
		},
		"external, in groups": {
			own, with(func(j *joined) { j.email, j.scim = "sam@partner.example", nil }),
			found{UnmanagedExternal: Medium},
		},
		"external, in no group": {
			own, with(func(j *joined) { j.email, j.scim, j.groups = "sam@partner.example", nil, nil }),
			found{UnmanagedExternal: Low, ActiveWithoutGroups: Low},
		},
		"external, but SCIM has them under another e-mail": {
			own, with(func(j *joined) { j.email = "sam@partner.example" }),
			found{SourceContradiction: Low},
		},
		"external and inactive": {
			own, with(func(j *joined) { j.email, j.scim, j.active, j.groups = "sam@partner.example", nil, false, nil }),
			found{},
		},
		"a subdomain is another domain": {
			own, with(func(j *joined) { j.email, j.scim = "sam@sub.example.com", nil }),
			found{UnmanagedExternal: Medium},
		},
		"own domain in other letters": {own, with(func(j *joined) { j.email, j.scim = "Jane@EXAMPLE.com", nil }), found{}},
		"domains that are not known":  {rules{scim: true}, with(func(j *joined) { j.email, j.scim = "sam@partner.example", nil }), found{}},
		"external without a directory": {
			rules{domains: newDomains([]string{"@Example.com"})},
			with(func(j *joined) { j.email, j.scim = "sam@partner.example", nil }),
			found{UnmanagedExternal: Medium},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := found{}
			for _, f := range test.rules.judge(test.joined) {
				if _, twice := got[f.Code]; twice {
					t.Errorf("%s twice", f.Code)
				}
				if f.AccountID != test.joined.id || f.Detail == "" {
					t.Errorf("account %q, detail %q", f.AccountID, f.Detail)
				}
				got[f.Code] = f.Severity
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupList(t *testing.T) {
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"a"}, `the group "a"`},
		{[]string{"a", "b"}, `2 groups ("a", "b")`},
		{[]string{"a", "b", "c", "d", "e"}, `5 groups ("a", "b", "c" and 2 more)`},
	} {
		if got := groupList(test.names); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestSampleShowsEveryKind(t *testing.T) {
	tally := newTally(10)
	for range 100 {
		tally.add(Finding{Code: InactiveWithGroups, Severity: Medium}, 0)
		tally.add(Finding{Code: HiddenEmail, Severity: Info}, 0)
	}
	tally.add(Finding{Code: SCIMJiraMismatch, Severity: High}, 0)
	var got []Code
	for _, f := range tally.sample() {
		got = append(got, f.Code)
	}
	want := []Code{
		SCIMJiraMismatch, InactiveWithGroups, InactiveWithGroups, InactiveWithGroups, InactiveWithGroups, InactiveWithGroups, InactiveWithGroups,
		HiddenEmail, HiddenEmail, HiddenEmail,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tally.total != 201 || tally.byCode[HiddenEmail] != 100 || tally.bySeverity["high"] != 1 {
		t.Errorf("%+v", tally)
	}
}

// Of one kind those are shown that are about the most access, and the first of equals.
func TestSampleShowsWhatWeighsMost(t *testing.T) {
	tally := newTally(3)
	for i, weight := range []int{1, 5, 1, 5, 2, 9, 0} {
		tally.add(Finding{Code: HiddenEmail, Severity: Info, AccountID: fmt.Sprint(i)}, weight)
	}
	var got []string
	for _, f := range tally.sample() {
		got = append(got, f.AccountID)
	}
	if want := []string{"5", "1", "3"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// More kinds than the limit: the most severe are shown.
func TestSampleSmallerThanTheKinds(t *testing.T) {
	tally := newTally(1)
	for _, s := range []Severity{Info, High, Low} {
		tally.add(Finding{Code: HiddenEmail, Severity: s}, 0)
	}
	if got := tally.sample(); len(got) != 1 || got[0].Severity != High {
		t.Errorf("%v", got)
	}
}
