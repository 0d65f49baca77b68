package review

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

func TestAReviewFile(t *testing.T) {
	got, err := parse([]byte(`
every_days: 30
keep_days: 400
roster_path: people.csv
rules:
  - name: leavers
    finding: active_leaver
    for_days: 7
    in_groups: [engineering]
    except: {people: [boss@example.com], groups: [board], domains: [agency.example]}
    then: offboard_user
  - {name: seats, finding: dormant_seat, then: remove_user_from_group, apply: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Plan{
		EveryDays: 30, KeepDays: 400, RosterPath: "people.csv",
		Rules: []Rule{
			{
				Name: "leavers", Finding: audit.ActiveLeaver, ForDays: 7, InGroups: []string{"engineering"}, Then: "offboard_user",
				Except: Except{People: []string{"boss@example.com"}, Groups: []string{"board"}, Domains: []string{"agency.example"}},
			},
			{Name: "seats", Finding: audit.DormantSeat, Then: "remove_user_from_group", Apply: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAReviewFileThatCanNotBeMeant(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "it is empty",
		"keep_days: 3":                "every_days is 0; it must be between 1 and 366",
		"# ours\nevery_days: 0":       "line 2: every_days is 0; it must be between 1 and 366",
		"every_days: 9\nkeep_days: 3": "line 2: keep_days is less than every_days",
		"every_days: 9\n\nkeep_days: 9999\ninactive_days: -1": "line 3: keep_days is 9999; it must be between 0 and 3660\nline 4: inactive_days is -1",
		"every_days: 9\nkeep: 3":                              "line 2: field keep not found",
		"every_days: often":                                   "line 1: cannot unmarshal",
		"every_days: 9\nrules:\n- {name: a, finding: nonsense, then: offboard_user}":                                   `line 3, rule 1: finding is "nonsense"`,
		"every_days: 9\nrules:\n- {name: a, finding: dormant_seat, then: delete}":                                      `then is "delete"`,
		"every_days: 9\nrules:\n- {name: A b, finding: active_leaver, then: offboard_user}":                            `name is "A b"`,
		"every_days: 9\nrules:\n- {name: a, finding: active_leaver, then: offboard_user, steps: [delete_account]}":     `no step "delete_account"`,
		"every_days: 9\nrules:\n- {name: a, finding: active_leaver, then: offboard_user, groups: [x]}":                 "groups belongs to remove_user_from_group",
		"every_days: 9\nrules:\n- {name: a, finding: dormant_seat, then: remove_user_from_group, steps: [deactivate]}": "steps belongs to offboard_user",
		"every_days: 9\nkeep_days: 9\nrules:\n- {name: a, finding: active_leaver, then: offboard_user, for_days: 10}":  "for_days is 10",
		"every_days: 9\nrules:\n- &r {name: a, finding: active_leaver, then: offboard_user}\n- *r":                     `two rules called "a"`,
		"every_days: 9\nrules:\n- {name: a, finding: dormant_seat, then: offboard_user}":                               "line 3, rule 1: offboard_user does not mend dormant_seat: that takes remove_user_from_group",
		"every_days: 9\nrules:\n\n- {name: a, finding: hidden_email, then: remove_user_from_group, groups: [x]}":       "line 4, rule 1: remove_user_from_group does not mend hidden_email: it is for a person to look at",
		"every_days: 9\nrules:\n- {name: a, finding: joiner_without_account, then: offboard_user}":                     "it is for a person to look at",
		"every_days: 9\nrules:\n- {name: a, finding: active_leaver, then: remove_user_from_group}":                     "that takes offboard_user, or groups to take the people out of",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestWhomARuleIsAbout(t *testing.T) {
	person := func(edit func(*audit.Row)) audit.Found {
		row := &audit.Row{AccountID: "a1", AccountType: "atlassian", Email: "jane@example.com", Groups: []string{"engineering", "staff"}}
		if edit != nil {
			edit(row)
		}
		return audit.Found{Finding: audit.Finding{Code: audit.DormantSeat, AccountID: row.AccountID}, Row: row}
	}
	yes := func(string) bool { return true }
	alias := person(func(r *audit.Row) { r.OtherEmails = []string{"boss@example.com", "jd@agency.example"} })
	listed := person(func(r *audit.Row) { r.Email, r.OtherEmails = "", []string{"boss@example.com"} })
	hidden := person(func(r *audit.Row) { r.Email = "" })
	for name, tt := range map[string]struct {
		rule  Rule
		found audit.Found
		stood func(string) bool
		want  bool
	}{
		"anybody":                                       {found: person(nil), want: true},
		"nobody whom Jira does not list":                {found: audit.Found{Finding: audit.Finding{AccountID: "a1"}}},
		"no app":                                        {found: person(func(r *audit.Row) { r.AccountType = "app" })},
		"members of a group":                            {rule: Rule{InGroups: []string{"Engineering"}}, found: person(nil), want: true},
		"not those of other groups":                     {rule: Rule{InGroups: []string{"sales"}}, found: person(nil)},
		"not an excepted group":                         {rule: Rule{Except: Except{Groups: []string{"STAFF"}}}, found: person(nil)},
		"not an excepted account":                       {rule: Rule{Except: Except{People: []string{"a1"}}}, found: person(nil)},
		"not an excepted e-mail":                        {rule: Rule{Except: Except{People: []string{"Jane@Example.com"}}}, found: person(nil)},
		"not an excepted domain":                        {rule: Rule{Except: Except{Domains: []string{"example.com"}}}, found: person(nil)},
		"another domain than the excepted":              {rule: Rule{Except: Except{Domains: []string{"ample.com"}}}, found: person(nil), want: true},
		"not a person with an excepted second e-mail":   {rule: Rule{Except: Except{People: []string{"Boss@example.com"}}}, found: alias},
		"not a second e-mail of an excepted domain":     {rule: Rule{Except: Except{Domains: []string{"agency.example"}}}, found: alias},
		"an e-mail that the roster alone has, excepted": {rule: Rule{Except: Except{People: []string{"boss@example.com"}}}, found: listed},
		"an e-mail that the roster alone has":           {rule: Rule{Except: Except{People: []string{"other@example.com"}}}, found: listed, want: true},
		"a hidden e-mail may be an exception":           {rule: Rule{Except: Except{Domains: []string{"agency.example"}}}, found: hidden},
		"a hidden e-mail may be the exception":          {rule: Rule{Except: Except{People: []string{"boss@example.com"}}}, found: hidden},
		"a hidden e-mail where no exception needs one":  {rule: Rule{Except: Except{People: []string{"a2"}}}, found: hidden, want: true},
		"what has not stood long enough":                {found: person(nil), stood: func(string) bool { return false }},
	} {
		stood := tt.stood
		if stood == nil {
			stood = yes
		}
		if got := tt.rule.matches(tt.found, stood); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatARuleAsksFor(t *testing.T) {
	target, err := directory.ParseExactTarget("712020:5c1a3c52-0d3f-4d8a-9b0e-2f6d1c0a7e11")
	if err != nil {
		t.Fatal(err)
	}
	advised := func(tool string, a audit.Arguments) []chosen {
		return []chosen{{target: target, fix: audit.Call{Tool: tool, Arguments: a}, reason: "why"}}
	}
	if got := (Rule{}).removals(advised(thenRemove, audit.Arguments{Groups: []string{"g1"}})); len(got) != 1 || !cmp.Equal(got[0].Groups, []string{"g1"}) || got[0].Reason != "why" {
		t.Errorf("the groups of the finding: %+v", got)
	}
	if got := (Rule{Groups: []string{"g2"}}).removals(advised(thenRemove, audit.Arguments{Groups: []string{"g1"}})); !cmp.Equal(got[0].Groups, []string{"g2"}) {
		t.Errorf("the groups of the rule: %+v", got)
	}
	if got := (Rule{}).offboardings(advised(thenOffboard, audit.Arguments{Steps: []string{"revoke_tokens"}})); !cmp.Equal(got[0].Parts, []string{"revoke_tokens"}) {
		t.Errorf("the steps of the finding: %+v", got)
	}
	if got := (Rule{Steps: []string{"deactivate"}}).offboardings(advised(thenOffboard, audit.Arguments{Steps: []string{"revoke_tokens"}})); !cmp.Equal(got[0].Parts, []string{"deactivate"}) {
		t.Errorf("the steps of the rule: %+v", got)
	}
}

// A kind may advise something else for one person than for another, such as where SCIM and Jira disagree: a rule does only what the person's own finding advises.
func TestARuleDoesWhatTheFindingAdvises(t *testing.T) {
	found := func(code audit.Code, fix *audit.Call) audit.Found {
		const id = "712020:5c1a3c52-0d3f-4d8a-9b0e-2f6d1c0a7e11"
		return audit.Found{Finding: audit.Finding{Code: code, AccountID: id, Fix: fix}, Row: &audit.Row{AccountID: id, AccountType: "atlassian", Email: "jane@example.com"}}
	}
	offboard, remove := &audit.Call{Tool: thenOffboard}, &audit.Call{Tool: thenRemove}
	for name, tt := range map[string]struct {
		rule   Rule
		found  audit.Found
		people int
	}{
		"what it advises":               {Rule{Then: thenOffboard}, found(audit.SCIMJiraMismatch, offboard), 1},
		"it advises to look":            {Rule{Then: thenOffboard}, found(audit.SCIMJiraMismatch, nil), 0},
		"it advises another tool":       {Rule{Then: thenRemove}, found(audit.InactiveWithGroups, offboard), 0},
		"groups that the rule names":    {Rule{Then: thenRemove, Groups: []string{"x"}}, found(audit.ActiveLeaver, offboard), 1},
		"groups that the finding names": {Rule{Then: thenRemove}, found(audit.DormantSeat, remove), 1},
	} {
		one := func(yield func(audit.Found, error) bool) { yield(tt.found, nil) }
		people, others, _, err := tt.rule.choose(one, func(string) bool { return true }, 10)
		if err != nil || len(people) != tt.people || others != 1-tt.people {
			t.Errorf("%s: %d people, %d others, %v", name, len(people), others, err)
		}
	}
}
