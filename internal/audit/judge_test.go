package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/roster"
)

// What five sources say of one person, and what is found.
func TestJudgeFiveSources(t *testing.T) {
	const today = 1_800_000_000
	long, recent := int64(today-200*86400), int64(today-3*86400)
	paid := &group{id: "g1", name: "jira-users", seats: []string{"jira-software"}}
	admins := &group{id: "g2", name: "site-admins", admin: true}
	both := &group{id: "g3", name: "everybody", seats: []string{"jira-servicedesk", "jira-software"}}
	all := rules{
		scim: true, organization: true, export: true, roster: true, domains: newDomains([]string{"example.com"}),
		now: today, exported: today - 86400, window: 90, cutoff: today - 90*86400, seats: true,
	}
	without := func(change func(*rules)) rules {
		r := all
		change(&r)
		return r
	}
	with := func(change func(*joined)) joined {
		j := joined{
			account: account{id: "1", kind: typeAtlassian, name: "Jane Doe", email: "jane@example.com", active: true}, found: true,
			groups: []string{"jira-users"}, in: []*group{paid}, numbers: []int{0},
			scim:   []scimUser{{id: "s1", userName: "jane@example.com", active: true}},
			org:    &orgUser{id: "1", email: "jane@example.com", status: statusActive, managed: true, uses: []use{{"jira-software", recent}}, groups: []int{0}},
			export: &exported{id: "1", email: "jane@example.com", status: consoleexport.Active},
			roster: &listed{line: 7, emails: []string{"jane@example.com"}, status: roster.Active},
		}
		change(&j)
		return j
	}
	type found map[Code]Severity
	type call struct {
		code   Code
		tool   string
		groups []string
	}
	for name, test := range map[string]struct {
		rules  rules
		joined joined
		want   found
		fix    call
	}{
		"in order everywhere": {all, with(func(*joined) {}), found{}, call{}},
		"marked as gone in the roster": {
			all, with(func(j *joined) { j.roster.status = roster.Left }),
			found{ActiveLeaver: High},
			call{ActiveLeaver, "offboard_user", nil},
		},
		"in no row of the roster":       {all, with(func(j *joined) { j.roster = nil }), found{ActiveLeaver: High}, call{}},
		"a status that nobody can read": {all, with(func(j *joined) { j.roster.status = roster.Unclear }), found{}, call{}},
		"no roster at all":              {without(func(r *rules) { r.roster = false }), with(func(j *joined) { j.roster = nil }), found{}, call{}},
		"external and in no row": {
			all, with(func(j *joined) {
				j.email, j.scim, j.org, j.export, j.roster = "sam@partner.example", nil, nil, nil, nil
			}),
			found{ActiveLeaver: Medium, UnmanagedExternal: Medium},
			call{UnmanagedExternal, "remove_user_from_group", []string{"g1"}},
		},
		"in the roster, the account inactive": {
			all, with(func(j *joined) {
				j.active, j.in, j.groups, j.numbers, j.scim, j.export = false, nil, nil, nil, nil, nil
				j.org.status, j.org.groups = statusDeactivated, []int{}
			}),
			found{JoinerWithoutAccount: Low},
			call{JoinerWithoutAccount, "provision_user", nil},
		},
		"dormant": {
			all, with(func(j *joined) { j.org.uses[0].at = long }),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g1"}},
		},
		"dormant by the organization, active by the export": {
			all, with(func(j *joined) {
				j.org.uses[0].at, j.export.uses = long, []use{{"jira-software", recent}}
			}), found{SourceContradiction: Low}, call{SourceContradiction, "lookup_user", nil},
		},
		"never by the organization that was asked, active by the export": {
			all, with(func(j *joined) {
				j.org.uses, j.asked, j.export.uses = nil, true, []use{{"jira-software", recent}}
			}), found{SourceContradiction: Low}, call{},
		},
		"one column of the export for both of Jira's products": {
			all, with(func(j *joined) {
				j.in = []*group{{id: "g1", name: "jira-users", seats: []string{"jira-core"}}}
				j.org.uses, j.export.uses = []use{{"jira-core", recent}}, []use{{"jira-software", long}}
			}), found{SourceContradiction: Low}, call{},
		},
		"a day or two between the organization and the export": {
			all, with(func(j *joined) { j.export.uses = []use{{"jira-software", recent + 2*86400}} }), found{}, call{},
		},
		"an export that was made before the last activity": {
			without(func(r *rules) { r.exported = long + 86400 }),
			with(func(j *joined) { j.export.uses = []use{{"jira-software", long}} }),
			found{},
			call{},
		},
		"the account as a whole in use, on another site perhaps": {
			all, with(func(j *joined) { j.org.uses[0].at, j.export.uses = long, []use{{"", recent}} }), found{DormantSeat: Medium}, call{},
		},
		"never by the export, active by the organization": {
			all, with(func(j *joined) { j.export.uses = []use{{"jira-software", 0}} }), found{SourceContradiction: Low}, call{},
		},
		"an admin by the export alone, where the organization knows better": {
			all, with(func(j *joined) { j.export.role = "Organization admin" }), found{SourceContradiction: Low}, call{},
		},
		"an admin by the organization alone, where the export knows better": {
			all, with(func(j *joined) { j.org.roles, j.export.role = []string{roleOrgAdmin}, "User" }),
			found{OrganizationAdmin: Info, SourceContradiction: Low},
			call{},
		},
		"an admin by the export, without an organization": {
			without(func(r *rules) { r.organization = false }),
			with(func(j *joined) { j.org, j.export.role = nil, "Organization admin" }),
			found{OrganizationAdmin: Info},
			call{OrganizationAdmin, "lookup_user", nil},
		},
		"a role that is not understood": {
			without(func(r *rules) { r.organization = false }),
			with(func(j *joined) { j.org, j.export.role = nil, "Organization analyst" }),
			found{},
			call{},
		},
		"another product used, and this one long ago": {
			all, with(func(j *joined) { j.org.uses = []use{{"jira-software", long}, {"confluence", recent}} }), found{DormantSeat: Medium}, call{},
		},
		"the site as a whole not used for long": {
			without(func(r *rules) { r.organization = false }),
			with(func(j *joined) { j.org, j.export.uses = nil, []use{{"", long}} }),
			found{DormantSeat: Medium},
			call{},
		},
		"the site as a whole used lately says nothing of a product": {
			without(func(r *rules) { r.organization = false }),
			with(func(j *joined) { j.org, j.export.uses = nil, []use{{"", recent}} }),
			found{},
			call{},
		},
		"dormant, and a group that grants another product, which is in use": {
			all, with(func(j *joined) {
				j.in = []*group{both}
				j.org.uses = []use{{"jira-software", recent}, {"jira-servicedesk", long}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"dormant, and a group that grants another product, of which nobody tells": {
			all, with(func(j *joined) { j.in, j.org.uses = []*group{both}, []use{{"jira-servicedesk", long}} }),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"dormant in both products of a group": {
			all, with(func(j *joined) {
				j.in, j.org.uses = []*group{both}, []use{{"jira-software", long}, {"jira-servicedesk", long}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g3"}},
		},
		"dormant, and a second group that grants the product with another one in use": {
			all, with(func(j *joined) {
				j.in = []*group{paid, both}
				j.org.uses = []use{{"jira-software", long}, {"jira-servicedesk", recent}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"dormant in two products, of which one can be freed": {
			all, with(func(j *joined) {
				j.in = []*group{{id: "g4", name: "confluence-users", seats: []string{"confluence"}}, both}
				j.org.uses = []use{{"confluence", long}, {"jira-software", long}, {"jira-servicedesk", recent}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g4"}},
		},
		"dormant, and a group that grants what costs nothing and is not used": {
			all, with(func(j *joined) {
				j.in, j.org.uses[0].at = []*group{{id: "g1", name: "jira-users", seats: []string{"jira-software"}, free: []string{"jira-servicedesk"}}}, long
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g1"}},
		},
		"dormant, and a group that grants what costs nothing and is in use": {
			all, with(func(j *joined) {
				j.in = []*group{{id: "g1", name: "jira-users", seats: []string{"jira-software"}, free: []string{"jira-servicedesk"}}}
				j.org.uses = []use{{"jira-software", long}, {"jira-servicedesk", recent}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"dormant, and another product in use, which the group may grant": {
			all, with(func(j *joined) { j.org.uses = []use{{"jira-software", long}, {"confluence", recent}} }),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"dormant, and another product in use, which the group does not grant": {
			all, with(func(j *joined) {
				j.in = []*group{{id: "g1", name: "jira-users", seats: []string{"jira-software"}, told: true}}
				j.org.uses = []use{{"jira-software", long}, {"confluence", recent}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g1"}},
		},
		"dormant, and another product in use, which another group grants": {
			all, with(func(j *joined) {
				j.in = append(j.in, &group{id: "g4", name: "confluence-users", seats: []string{"confluence"}})
				j.org.uses = []use{{"jira-software", long}, {"confluence", recent}}
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "remove_user_from_group", []string{"g1"}},
		},
		"dormant, and a group that grants something on another site": {
			all, with(func(j *joined) {
				j.in, j.org.uses[0].at = []*group{{id: "g1", name: "jira-users", seats: []string{"jira-software"}, elsewhere: true}}, long
			}),
			found{DormantSeat: Medium},
			call{DormantSeat, "lookup_user", nil},
		},
		"never active": {
			all, with(func(j *joined) { j.org.uses[0].at = 0 }),
			found{NeverActive: Medium},
			call{NeverActive, "remove_user_from_group", []string{"g1"}},
		},
		"never active, since added lately":    {all, with(func(j *joined) { j.org.uses[0].at, j.org.added = 0, recent }), found{}, call{}},
		"nobody tells of activity":            {all, with(func(j *joined) { j.org.uses = nil }), found{}, call{}},
		"asked, and not in the answer":        {all, with(func(j *joined) { j.org.uses, j.asked = nil, true }), found{NeverActive: Medium}, call{}},
		"dormant without a seat":              {all, with(func(j *joined) { j.org.uses[0].at = long; j.in = []*group{{id: "g1", name: "jira-users"}} }), found{}, call{}},
		"dormant where no seats are known":    {without(func(r *rules) { r.seats = false }), with(func(j *joined) { j.org.uses[0].at = long }), found{DormantSeat: Medium}, call{}},
		"suspended holds no seat":             {all, with(func(j *joined) { j.org.status, j.org.uses[0].at = statusSuspended, long }), found{}, call{}},
		"deactivated by the organization":     {all, with(func(j *joined) { j.org.status = statusDeactivated }), found{DeactivatedButActive: High}, call{DeactivatedButActive, "offboard_user", nil}},
		"to be deleted":                       {all, with(func(j *joined) { j.org.status = statusForDeletion }), found{DeactivatedButActive: High}, call{}},
		"managed, and in no SCIM directory":   {all, with(func(j *joined) { j.scim = nil }), found{ManagedOutsideSCIM: Low}, call{}},
		"managed, and no directory anyway":    {without(func(r *rules) { r.scim = false }), with(func(j *joined) { j.scim = nil }), found{}, call{}},
		"an administrator of the site":        {all, with(func(j *joined) { j.in = append(j.in, admins) }), found{SiteAdmin: Info}, call{SiteAdmin, "remove_user_from_group", []string{"g2"}}},
		"an administrator by role":            {all, with(func(j *joined) { j.org.roles = []string{roleOrgAdmin} }), found{OrganizationAdmin: Info}, call{OrganizationAdmin, "lookup_user", nil}},
		"an administrator whom nobody listed": {all, with(func(j *joined) { j.in, j.roster = append(j.in, admins), nil }), found{SiteAdmin: Info, AdminNotInRoster: High, ActiveLeaver: High}, call{}},
		"an app among the administrators": {
			all, with(func(j *joined) {
				j.kind, j.in, j.scim, j.org, j.export, j.roster = typeApp, append(j.in, admins), nil, nil, nil, nil
			}),
			found{AppInAdminGroup: Medium},
			call{AppInAdminGroup, "lookup_user", nil},
		},
		"an old token": {
			all, with(func(j *joined) {
				j.tokens = []token{{id: "t", label: "CI", created: today - 500*86400}, {id: "u", label: "laptop", created: recent}}
			}),
			found{OldToken: Low},
			call{OldToken, "offboard_user", nil},
		},
		"a new token": {all, with(func(j *joined) { j.tokens = []token{{id: "t", label: "CI", created: recent}} }), found{}, call{}},
		"a token of a leaver": {
			all, with(func(j *joined) {
				j.roster.status, j.tokens = roster.Left, []token{{id: "t", label: "CI", created: recent}}
			}),
			found{ActiveLeaver: High, LeaverToken: High},
			call{LeaverToken, "offboard_user", nil},
		},
		"a hidden e-mail that the export has": {
			all, with(func(j *joined) { j.email, j.scim[0].userName, j.org.email = "", "jane", "" }), found{HiddenEmail: Info}, call{HiddenEmail, "lookup_user", nil},
		},
		"two e-mails":                     {all, with(func(j *joined) { j.org.email = "jane.doe@example.com" }), found{SourceContradiction: Low}, call{}},
		"other letters are no other mail": {all, with(func(j *joined) { j.org.email = "Jane@Example.com" }), found{}, call{}},
		"ended by the export":             {all, with(func(j *joined) { j.export.status = consoleexport.Suspended }), found{SourceContradiction: Low}, call{}},
		"groups that only one side has":   {all, with(func(j *joined) { j.org.groups = []int{0, 5} }), found{SourceContradiction: Low}, call{}},
		"one e-mail for two accounts":     {all, with(func(j *joined) { j.twins = sameName{count: 2, others: []string{"2"}} }), found{DuplicateEmail: Medium}, call{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := found{}
			for _, f := range test.rules.judge(test.joined) {
				if _, twice := got[f.Code]; twice {
					t.Errorf("%s twice", f.Code)
				}
				got[f.Code] = f.Severity
				if len(f.Evidence) == 0 || f.Advice == "" || (f.Fix == nil) == (f.Look == nil) {
					t.Errorf("%s lacks evidence, advice or the one call that fits: %+v", f.Code, f)
					continue
				}
				if f.Fix != nil && f.Fix.Tool != Remedy(f.Code) || f.Look != nil && f.Look.Tool != "lookup_user" {
					t.Errorf("%s: fix %+v, look %+v", f.Code, f.Fix, f.Look)
				}
				call := f.Fix
				if call == nil {
					call = f.Look
				}
				if words := map[Code]string{OldToken: "An API token may be used (\"CI\")", LeaverToken: "an API token may still be used"}[f.Code]; !strings.Contains(f.Detail, words) {
					t.Errorf("%s: %q", f.Code, f.Detail)
				}
				if f.Code == OldToken && !cmp.Equal(f.Fix.Arguments.Tokens, []string{"t"}) {
					t.Errorf("the fix is about the tokens %q, want the old one alone", f.Fix.Arguments.Tokens)
				}
				if f.Code == test.fix.code && (call.Tool != test.fix.tool || !cmp.Equal(call.Arguments.Groups, test.fix.groups) || call.Arguments.User != "1" && call.Tool != toolProvision) {
					t.Errorf("%s: %+v", f.Code, call)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeGroups(t *testing.T) {
	r := rules{organization: true, window: 90, cutoff: 1}
	for name, test := range map[string]struct {
		group group
		want  Code
	}{
		"nobody in it":                    {group{}, EmptyGroup},
		"nearly everybody":                {group{members: 95, active: 95, recent: 90}, EveryoneGroup},
		"only accounts that ended":        {group{members: 4}, UnusedGroup},
		"nobody has come for long":        {group{members: 4, active: 4}, UnusedGroup},
		"of one of them it is not known":  {group{members: 4, active: 4, unknown: 1}, ""},
		"somebody came":                   {group{members: 4, active: 4, recent: 1}, ""},
		"the half of everybody, all busy": {group{members: 50, active: 50, recent: 50}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			test.group.id, test.group.name = "g", "a group"
			f, is := r.group(&test.group, 100)
			if f.Code != test.want || is != (test.want != "") {
				t.Errorf("%q, want %q", f.Code, test.want)
			}
			if is && (f.Fix != nil || f.Look == nil || f.Look.Arguments.Group != "g" || f.Advice == "" || len(f.Evidence) == 0) {
				t.Errorf("%+v", f)
			}
		})
	}
	if _, is := r.group(&group{members: 3, active: 3, recent: 3}, 3); is {
		t.Error("in a tiny site everybody is in most groups")
	}
}

// A person who should have access gets the call that gives it, by the e-mail and the name of the account that there is; where that can't be told, a look.
func TestTheCallForAJoiner(t *testing.T) {
	r := rules{roster: true}
	inactive := func(edit func(*joined)) joined {
		j := joined{
			account: account{id: "1", kind: typeAtlassian, name: "Jane Doe", email: "jane@example.com"}, found: true,
			roster: &listed{line: 7, emails: []string{"jane.alias@example.com"}, status: roster.Active},
		}
		edit(&j)
		return j
	}
	for name, test := range map[string]struct {
		joined joined
		want   *Arguments
	}{
		"the account's name and e-mail": {inactive(func(*joined) {}), &Arguments{Email: "jane@example.com", Given: "Jane", Family: "Doe", DryRun: true}},
		"the roster's name": {
			inactive(func(j *joined) { j.roster.name = "Smith, Jane" }), &Arguments{Email: "jane@example.com", Given: "Jane", Family: "Smith", DryRun: true},
		},
		"an e-mail that Jira hides": {
			inactive(func(j *joined) { j.email, j.org = "", &orgUser{email: "jane@old.example"} }), &Arguments{Email: "jane@old.example", Given: "Jane", Family: "Doe", DryRun: true},
		},
		"the e-mail of the roster alone": {
			inactive(func(j *joined) { j.email = "" }), &Arguments{Email: "jane.alias@example.com", Given: "Jane", Family: "Doe", DryRun: true},
		},
		"one name alone": {inactive(func(j *joined) { j.name = "Jane" }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range r.judge(test.joined) {
				if f.Code != JoinerWithoutAccount {
					continue
				}
				switch {
				case test.want == nil && (f.Fix != nil || f.Look == nil):
					t.Errorf("fix %+v, look %+v", f.Fix, f.Look)
				case test.want != nil && (f.Fix == nil || f.Fix.Tool != toolProvision || !cmp.Equal(*test.want, f.Fix.Arguments)):
					t.Errorf("fix %+v, want %+v", f.Fix, test.want)
				}
				if !strings.Contains(f.Advice, "restore_user") {
					t.Errorf("advice %q", f.Advice)
				}
			}
		})
	}
}

// Whoever is to be found by an address is found by any that a source has, each told once.
func TestEveryAddressOfSomebody(t *testing.T) {
	j := joined{
		account: account{id: "1", kind: typeAtlassian, email: "Jane@example.com"}, found: true,
		scim:   []scimUser{{userName: "jd", email: "jane@example.com"}, {userName: "Jane.Old@example.com"}},
		org:    &orgUser{email: "jane.old@example.com"},
		export: &exported{email: "j@agency.example"},
		roster: &listed{emails: []string{"jane.doe@example.com", "jane@example.com", "boss@example.com"}},
	}
	row := j.row()
	if diff := cmp.Diff([]string{"jane.old@example.com", "j@agency.example", "jane.doe@example.com", "boss@example.com"}, row.OtherEmails); diff != "" || row.Email != "Jane@example.com" {
		t.Errorf("%s (-want +got):\n%s", row.Email, diff)
	}
}
