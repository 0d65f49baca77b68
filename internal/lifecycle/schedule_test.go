package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// TestWhatCountsAsMoreThanWasAgreedTo: a change that waited may do less when it begins, but nothing else and nothing more.
func TestWhatCountsAsMoreThanWasAgreedTo(t *testing.T) {
	offboarding := func(edits ...func(*directory.Person)) Plan {
		plan, err := planOffboard(person(edits...), chosen{}, reach{scim: true}, "")
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	newcomer := func(edit func(*provisionFacts)) Plan {
		f := provisionFacts{who: Newcomer{Email: "new@example.com", GivenName: "N", FamilyName: "H"}, hasSCIM: true, domains: []string{"example.com"}, groups: []directory.Group{scimGroup}}
		edit(&f)
		plan, err := planProvision(f)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	same := func(*provisionFacts) {}
	restoring := func(widens ...string) Plan {
		p := offboarding()
		p.widens = widens
		return p
	}
	tokens := func(ids ...string) Plan {
		var list []admin.Token
		for _, id := range ids {
			list = append(list, admin.Token{ID: id, Label: "laptop"})
		}
		plan, err := planOffboard(person(outsideSCIM, inOrg(admin.StatusActive, true), holding(list...)), chosen{}, everything, "")
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	known := person()
	for _, test := range []struct {
		name        string
		now, agreed Plan
		want        string // part of what is told; "" = it may go on
	}{
		{"the same", offboarding(), offboarding(), ""},
		{"another name and other warnings", offboarding(func(p *directory.Person) { p.DisplayName, p.Warnings = "Jane Miller", []string{"x"} }), offboarding(), ""},
		{"less: a group is gone", offboarding(func(p *directory.Person) { p.Groups = p.Groups[:1] }), offboarding(), ""},
		{"less: inactive by now", offboarding(inactive), offboarding(), ""},
		{"nothing left to do", offboarding(inactive, func(p *directory.Person) { p.Groups, p.SCIM.Groups = nil, nil }), offboarding(), ""},
		{"a group more", offboarding(func(p *directory.Person) {
			p.Groups = append(p.Groups, directory.GroupRef{ID: "g-new", Name: "new", ManagedBy: "jira"})
		}), offboarding(), "it would also remove from the group new through Jira"},
		{"a group of the same name under another id", offboarding(func(p *directory.Person) { p.Groups[1].ID = "g-other" }), offboarding(), "it would also remove from the group jira-software-users"},
		{"the same SCIM group, whose id in Jira is not known by now", offboarding(func(p *directory.Person) { p.Groups = p.Groups[1:] }), offboarding(), ""},
		{"another SCIM group of the same name", offboarding(func(p *directory.Person) {
			p.Groups[0].SCIMID, p.SCIM.Groups = "s-other", []scim.GroupRef{{ID: "s-other", Name: "engineering"}}
		}), offboarding(), "it would also remove from the group engineering through SCIM"},
		{"active again", offboarding(), offboarding(inactive), "it would also deactivate"},
		{"somebody else", offboarding(func(p *directory.Person) { p.AccountID = "5f:other" }), offboarding(), "it would change Jane Doe"},
		{"the account id of a newcomer is known by now", newcomer(func(f *provisionFacts) { f.known = &known; f.groups = nil }), newcomer(same), ""},
		{"a newcomer exists, and lacks the group", newcomer(func(f *provisionFacts) {
			gone := person(func(p *directory.Person) { p.Groups, p.SCIM.Groups = nil, nil })
			f.known = &gone
		}), newcomer(same), ""},
		{"a newcomer exists and is inactive", newcomer(func(f *provisionFacts) { gone := person(inactive); f.known = &gone }), newcomer(same), "it would also reactivate"},
		{"other attributes", newcomer(func(f *provisionFacts) { f.who.GivenName = "M" }), newcomer(same), "it would set other values"},
		{
			"an invitation with another product", newcomer(func(f *provisionFacts) { f.hasSCIM, f.groups, f.products = false, nil, []string{"jira-core"} }),
			newcomer(func(f *provisionFacts) { f.hasSCIM, f.groups, f.products = false, nil, []string{"jira-software"} }), "it would set other values",
		},
		{"through the other side", newcomer(func(f *provisionFacts) { f.hasSCIM, f.groups, f.products = false, nil, []string{"jira-core"} }), newcomer(same), "it would also invite"},
		{"another API token of the same name", tokens("t-2"), tokens("t-1"), "it would also revoke the API token “laptop”"},
		{"an API token fewer", tokens("t-1"), tokens("t-1", "t-2"), ""},
		{"an undo that gives more by now", restoring("g-9"), restoring(), "give back more"},
		{"an undo that gives more, as was agreed to", restoring("g-9"), restoring("g-9"), ""},
		{"an undo that gives less by now", restoring(), restoring("g-9"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.now.beyond(test.agreed); got != test.want && (test.want == "" || !strings.Contains(got, test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHowLateAScheduledOperationBegan(t *testing.T) {
	at := time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name          string
		at, startedAt time.Time
		want          string
	}{
		{"not scheduled", time.Time{}, at, ""},
		{"not begun", at, time.Time{}, ""},
		{"on time", at, at, ""},
		{"a sweep later", at, at.Add(5 * time.Second), ""},
		{"just under a minute", at, at.Add(time.Minute - time.Microsecond), ""},
		{"a minute", at, at.Add(time.Minute), "1m"},
		{"a weekend", at, at.Add(62 * time.Hour), "62h"},
		{"by a clock that was set back", at, at.Add(-time.Hour), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := lateness(journal.Operation{EffectiveAt: test.at, StartedAt: test.startedAt})
			if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhenAChangeMayBeScheduled(t *testing.T) {
	now := time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)
	s := &Service{now: func() time.Time { return now }}
	for _, test := range []struct {
		name string
		at   time.Time
		ok   bool
	}{
		{"at once", time.Time{}, true},
		{"this very moment", now, true},
		{"a moment ago", now.Add(-time.Microsecond), false},
		{"in a year", now.Add(furthest), true},
		{"in more than a year", now.Add(furthest + time.Second), false},
		{"in another zone", now.Add(time.Second).In(time.FixedZone("", 5*3600)), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := s.checkTime(test.at); (err == nil) != test.ok || err != nil && !fault.Is(err, fault.InvalidArgument) {
				t.Errorf("got %v", err)
			}
		})
	}
}
