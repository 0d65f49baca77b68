package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// diff gives what changed between rows.
func diff(t interface{ Fatal(...any) }, before, after []Row, b basis) []Change {
	var all []Change
	for c, err := range diffRows(each(before), each(after), b) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

var everySource = map[string]bool{sourceJira: true, sourceSCIM: true, sourceOrganization: true, sourceExport: true, sourceRoster: true}

func TestWhatChangesInARow(t *testing.T) {
	full := Row{
		AccountID: "1", DisplayName: "Jane Doe", Email: "jane@example.com", EmailSource: sourceJira, Active: true, Groups: []string{"a", "b"}, Seats: []string{"jira-software"}, Admin: true,
		SCIM: &SCIMRef{Active: true}, Organization: &OrganizationRef{Status: "active", Roles: []string{"org-admin"}}, Export: &ExportRef{Status: "active", Role: "User"}, Roster: &RosterRef{Status: "active"},
	}
	justJira := map[string]bool{sourceJira: true}
	for name, tt := range map[string]struct {
		change func(*Row)
		basis  basis
		want   []Change
	}{
		"nothing":                        {func(*Row) {}, basis{before: everySource, after: everySource}, nil},
		"deactivated in Jira":            {func(r *Row) { r.Active = false }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceJira, Before: "active", After: "inactive"}}},
		"suspended in the organization":  {func(r *Row) { r.Organization.Status = "suspended" }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceOrganization, Before: "active", After: "suspended"}}},
		"left by the roster":             {func(r *Row) { r.Roster.Status = "left" }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceRoster, Before: "active", After: "left"}}},
		"gone from the roster":           {func(r *Row) { r.Roster = nil }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceRoster, Before: "active", After: "not there"}}},
		"not compared with the roster":   {func(r *Row) { r.Roster, r.Findings = nil, []Code{HiddenEmail, NotComparedWithRoster} }, basis{before: everySource, after: everySource}, nil},
		"inactive, and not compared":     {func(r *Row) { r.Roster, r.EmailSource, r.Active = nil, sourceHidden, false }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceJira, Before: "active", After: "inactive"}}},
		"no roster was read":             {func(r *Row) { r.Roster = nil }, basis{before: everySource, after: map[string]bool{sourceJira: true, sourceSCIM: true, sourceOrganization: true, sourceExport: true}}, nil},
		"deactivated in SCIM":            {func(r *Row) { r.SCIM.Active = false }, basis{before: everySource, after: everySource}, []Change{{Kind: StatusChange, Source: sourceSCIM, Before: "active", After: "inactive"}}},
		"groups":                         {func(r *Row) { r.Groups = []string{"b", "c"} }, basis{before: everySource, after: everySource}, []Change{{Kind: GroupChange, Added: []string{"c"}, Removed: []string{"a"}}}},
		"no administrator any more":      {func(r *Row) { r.Admin, r.Organization.Roles = false, nil }, basis{before: everySource, after: everySource}, []Change{{Kind: RoleChange, Removed: []string{"org-admin"}}, {Kind: AdminChange, Before: "administrator", After: "no administrator"}}},
		"no organization was read":       {func(r *Row) { r.Admin, r.Organization, r.Seats, r.Active = false, nil, nil, false }, basis{before: everySource, after: justJira}, []Change{{Kind: StatusChange, Source: sourceJira, Before: "active", After: "inactive"}}},
		"a role in the export":           {func(r *Row) { r.Export.Role = "Organization admin" }, basis{before: everySource, after: everySource}, []Change{{Kind: RoleChange, Source: sourceExport, Before: "User", After: "Organization admin"}}},
		"a seat":                         {func(r *Row) { r.Seats = nil }, basis{before: everySource, after: everySource}, []Change{{Kind: SeatChange, Removed: []string{"jira-software"}}}},
		"an e-mail":                      {func(r *Row) { r.Email = "jane.doe@example.com" }, basis{before: everySource, after: everySource}, []Change{{Kind: EmailChange, Source: sourceJira, Before: "jane@example.com", After: "jane.doe@example.com"}}},
		"an e-mail in capitals":          {func(r *Row) { r.Email = "Jane@example.com" }, basis{before: everySource, after: everySource}, nil},
		"an e-mail from another source":  {func(r *Row) { r.Email, r.EmailSource = "j@example.com", sourceSCIM }, basis{before: everySource, after: everySource}, nil},
		"a name":                         {func(r *Row) { r.DisplayName = "Jane Roe" }, basis{before: everySource, after: everySource}, []Change{{Kind: NameChange, Source: sourceJira, Before: "Jane Doe", After: "Jane Roe"}}},
		"a last activity is no change":   {func(r *Row) { r.LastActive = "2026-01-01" }, basis{before: everySource, after: everySource}, nil},
		"only neither read organization": {func(r *Row) { r.Admin = false }, basis{before: justJira, after: justJira}, []Change{{Kind: AdminChange, Before: "administrator", After: "no administrator"}}},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(full)
			if err != nil {
				t.Fatal(err)
			}
			var now Row
			if err := json.Unmarshal(raw, &now); err != nil {
				t.Fatal(err)
			}
			tt.change(&now)
			for i := range tt.want {
				tt.want[i].AccountID, tt.want[i].Name, tt.want[i].Email = now.AccountID, now.DisplayName, now.Email
			}
			c := comparer{basis: tt.basis}
			c.basis.uncompared = &c.uncompared
			if diff := cmp.Diff(tt.want, diff(t, []Row{full}, []Row{now}, c.basis), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if told := strings.Contains(strings.Join(c.warnings(), ""), "could not compare with the roster"); told != strings.Contains(name, "not compared") {
				t.Errorf("warnings %q", c.warnings())
			}
		})
	}
}

func TestRowsThatAreOutOfOrderOrDamaged(t *testing.T) {
	broken := errors.New("broken")
	for _, err := range []error{errOrder, broken} {
		rows := each([]Row{{AccountID: "2"}, {AccountID: "1"}})
		if errors.Is(err, broken) {
			rows = func(yield func(Row, error) bool) { yield(Row{}, broken) }
		}
		var last error
		for _, e := range diffRows(rows, each[Row](nil), basis{}) {
			last = e
		}
		if !errors.Is(last, err) {
			t.Errorf("error %v, want %v", last, err)
		}
	}
}

func drawRows(t *rapid.T, label string) []Row {
	group := rapid.SampledFrom([]string{"a", "b", "c"})
	rows := map[string]Row{}
	for _, id := range rapid.SliceOfDistinct(rapid.StringMatching(`[1-9]:?[a-c]?`), rapid.ID).Draw(t, label) {
		rows[id] = Row{
			AccountID: id, DisplayName: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "name"), Active: rapid.Bool().Draw(t, "active"), Admin: rapid.Bool().Draw(t, "admin"),
			Groups: slices.Sorted(slices.Values(rapid.SliceOfDistinct(group, rapid.ID).Draw(t, "groups"))),
		}
	}
	var list []Row
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, rows[id])
	}
	return list
}

// What changed, applied to the earlier report, gives the later one; and the way back is the mirror of it.
func TestPropertyChangesLeadFromOneReportToTheOther(t *testing.T) {
	b := basis{before: everySource, after: everySource}
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawRows(t, "before"), drawRows(t, "after")
		if same := diff(t, before, before, b); len(same) > 0 {
			t.Errorf("changes to itself: %+v", same)
		}
		state := map[string]Row{}
		for _, r := range before {
			state[r.AccountID] = r
		}
		later := map[string]Row{}
		for _, r := range after {
			later[r.AccountID] = r
		}
		last := ""
		for _, c := range diff(t, before, after, b) {
			if c.AccountID < last {
				t.Errorf("%s after %s", c.AccountID, last)
			}
			last = c.AccountID
			r := state[c.AccountID]
			switch c.Kind {
			case NewAccount:
				r = later[c.AccountID]
			case GoneAccount:
				delete(state, c.AccountID)
				continue
			case StatusChange:
				r.Active = c.After == "active"
			case AdminChange:
				r.Admin = c.After == "administrator"
			case NameChange:
				r.DisplayName = c.After
			case GroupChange:
				r.Groups = slices.Sorted(slices.Values(append(without(r.Groups, c.Removed), c.Added...)))
			}
			state[c.AccountID] = r
		}
		if diff := cmp.Diff(later, state, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-later +earlier with the changes):\n%s", diff)
		}
		back := map[ChangeKind]ChangeKind{NewAccount: GoneAccount, GoneAccount: NewAccount}
		counts := map[ChangeKind]int{}
		for _, c := range diff(t, before, after, b) {
			counts[c.Kind]++
		}
		for _, c := range diff(t, after, before, b) {
			kind := c.Kind
			if mirrored, ok := back[kind]; ok {
				kind = mirrored
			}
			counts[kind]--
		}
		for kind, n := range counts {
			if n != 0 {
				t.Errorf("%d more of %s than the way back", n, kind)
			}
		}
	})
}

func TestFindingsThatAreNewOrFixed(t *testing.T) {
	token := func(detail string) Finding {
		return Finding{Code: OldToken, Severity: Low, AccountID: "1", Detail: detail, Evidence: []Evidence{{Source: sourceOrganization}}}
	}
	dormant := func(detail string) Finding {
		return Finding{Code: DormantSeat, AccountID: "1", Detail: detail, Evidence: []Evidence{{Source: sourceOrganization}}}
	}
	leaver := Finding{Code: ActiveLeaver, Severity: High, AccountID: "1", Evidence: []Evidence{{Source: sourceRoster}, {Source: sourceJira}}}
	all := basis{before: everySource, after: everySource, sameWindow: true}
	noExport := map[string]bool{sourceJira: true, sourceSCIM: true, sourceOrganization: true, sourceRoster: true}
	for name, tt := range map[string]struct {
		before, after []Finding
		basis         basis
		want          []string // kind and detail
		untold        int
	}{
		"the same":                           {[]Finding{token("a")}, []Finding{token("a")}, all, nil, 0},
		"a day later":                        {[]Finding{dormant("91 days")}, []Finding{dormant("92 days")}, all, nil, 0},
		"fixed":                              {[]Finding{token("a")}, nil, all, []string{"fixed_finding a"}, 0},
		"one of three tokens, all a day old": {[]Finding{token("a 1"), token("b 1"), token("c 1")}, []Finding{token("b 2"), token("c 2")}, all, []string{"fixed_finding c 1"}, 0},
		"one that reads the same, and a new": {[]Finding{token("b")}, []Finding{token("a"), token("b"), token("c")}, all, []string{"new_finding a", "new_finding c"}, 0},
		"no roster any more":                 {[]Finding{leaver}, nil, basis{before: everySource, after: map[string]bool{sourceJira: true}, sameWindow: true}, nil, 1},
		"a roster now":                       {nil, []Finding{leaver}, basis{before: map[string]bool{sourceJira: true}, after: everySource, sameWindow: true}, nil, 1},
		"another window":                     {[]Finding{dormant("91 days")}, nil, basis{before: everySource, after: everySource}, nil, 1},
		"dormant since the export is gone":   {nil, []Finding{dormant("91 days")}, basis{before: everySource, after: noExport, sameWindow: true}, nil, 1},
		"not dormant by the export now":      {[]Finding{dormant("91 days")}, nil, basis{before: noExport, after: everySource, sameWindow: true}, nil, 1},
		"dormant, never with an export":      {nil, []Finding{dormant("91 days")}, basis{before: noExport, after: noExport, sameWindow: true}, []string{"new_finding 91 days"}, 0},
		"a token, whatever the export":       {nil, []Finding{token("a")}, basis{before: everySource, after: noExport, sameWindow: true}, []string{"new_finding a"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			changes, untold := tt.basis.compareFindings(tt.before, tt.after)
			var got []string
			for _, c := range changes {
				got = append(got, string(c.Kind)+" "+c.Detail)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || len(untold) != tt.untold {
				t.Errorf("%d can't be told, want %d (-want +got):\n%s", len(untold), tt.untold, diff)
			}
		})
	}
}

// clock gives every audit a second of its own.
func clock() func() time.Time {
	at := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

func TestStoredReportsAreCompared(t *testing.T) {
	s := largeSite(400)
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir(), Now: clock(), memory: 4000, Site: "https://one.example"}
	first, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	users := slices.Concat(s.users...)
	gone, changed := users[3].AccountID, users[5].AccountID
	users = slices.Delete(users, 3, 4)
	for i := range users {
		if users[i].AccountID == changed {
			users[i].Active = !users[i].Active
		}
	}
	users = append(users, jira.User{AccountID: "zz-new", AccountType: "atlassian", DisplayName: "New Person", Active: true})
	s.users = [][]jira.User{users}
	second, err := a.Run(context.Background(), Options{CompareTo: Latest})
	if err != nil {
		t.Fatal(err)
	}
	c := second.Comparison
	if c == nil {
		t.Fatal("there is no comparison")
	}
	if c.Before != first.Report.ID || c.After != second.Report.ID || c.Counts[NewAccount] != 1 || c.Counts[GoneAccount] != 1 || c.Counts[StatusChange] == 0 || len(c.Warnings) > 0 {
		t.Errorf("%+v", c)
	}
	var news int
	for code, n := range second.Counts.ByFinding {
		news += n - first.Counts.ByFinding[code]
	}
	for code, n := range first.Counts.ByFinding {
		if _, ok := second.Counts.ByFinding[code]; !ok {
			news -= n
		}
	}
	if c.Counts[NewFinding]-c.Counts[FixedFinding] != news {
		t.Errorf("%d new and %d fixed findings, and the counts differ by %d", c.Counts[NewFinding], c.Counts[FixedFinding], news)
	}
	total := 0
	for _, n := range c.Counts {
		total += n
	}
	file := strings.TrimPrefix(c.URI, URIPrefix+second.Report.ID+"/")
	written := readAll[Change](t, &a, second.Report.ID, file)
	if len(written) != total || c.Total != total || c.File != filepath.Join(second.Report.Folder, file) {
		t.Errorf("%d changes in %s, %d in all, %d counted", len(written), c.File, c.Total, total)
	}
	ids := map[ChangeKind][]string{}
	for _, w := range written {
		ids[w.Kind] = append(ids[w.Kind], w.AccountID)
	}
	if !slices.Equal(ids[NewAccount], []string{"zz-new"}) || !slices.Equal(ids[GoneAccount], []string{gone}) || !slices.Contains(ids[StatusChange], changed) {
		t.Errorf("%v", ids)
	}
	// The same again gives the same, and nothing of the work is left.
	again, err := a.Compare(context.Background(), first.Report.ID, second.Report.ID, DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*c, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	entries, err := os.ReadDir(filepath.Join(a.StateDir, reportsFolder))
	if err != nil || len(entries) != 3 { // two reports and the door's lock
		t.Errorf("%v, %v", entries, err)
	}
}

func TestReportsThatCanNotBeCompared(t *testing.T) {
	s := largeSite(50)
	a := Auditor{Jira: s, StateDir: t.TempDir(), Now: clock()}
	run := func(o Options) string {
		r, err := a.Run(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		return r.Report.ID
	}
	if _, err := a.Run(context.Background(), Options{CompareTo: Latest}); !fault.Is(err, fault.NotFound) || s.served > 0 {
		t.Errorf("error %v after %d pages", err, s.served)
	}
	first, second, apps := run(Options{}), run(Options{}), run(Options{AccountTypes: []string{typeApp}})
	const never = "audit-20260102T030405Z-ffff"
	for name, tt := range map[string]struct {
		before, after string
		code          fault.Code
		says          string
	}{
		"with itself":             {first, first, fault.InvalidArgument, "with itself"},
		"the wrong way":           {second, first, fault.InvalidArgument, "is older than"},
		"of other types":          {second, apps, fault.InvalidArgument, "covers accounts of every type"},
		"one that does not exist": {never, second, fault.NotFound, "There is no report " + never},
		"another":                 {first, never, fault.NotFound, "There is no report " + never},
		"a path":                  {"../reports/" + first, second, fault.InvalidArgument, "is not the id of a report"},
		"a path behind it":        {first, second + "/../../x", fault.InvalidArgument, "is not the id of a report"},
		"nothing":                 {"", second, fault.InvalidArgument, "is not the id of a report"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := a.Compare(context.Background(), tt.before, tt.after, 5); !fault.Is(err, tt.code) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	served := s.served
	for _, to := range []string{never, "../x"} {
		if _, err := a.Run(context.Background(), Options{CompareTo: to}); err == nil || s.served != served {
			t.Errorf("%q: error %v after %d pages", to, err, s.served-served)
		}
	}
	if _, err := a.Run(context.Background(), Options{CompareTo: apps}); !fault.Is(err, fault.InvalidArgument) || s.served != served {
		t.Errorf("error %v after %d pages", err, s.served-served)
	}
	if _, err := a.Open(second, "changes-since-../x.jsonl"); !fault.Is(err, fault.InvalidArgument) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.users = largeSite(4000).users
	third, fourth := run(Options{}), run(Options{})
	if _, err := a.Compare(ctx, third, fourth, 5); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAComparisonIsShort(t *testing.T) {
	l := newChangeList(50)
	for i := range 10_000 {
		l.add(Change{Kind: NewFinding, Severity: High, Code: ActiveLeaver, AccountID: fmt.Sprint(i), Detail: strings.Repeat("x", 1000)})
		l.add(Change{Kind: NameChange, AccountID: fmt.Sprint(i)})
		l.add(Change{Kind: GroupChange, AccountID: fmt.Sprint(i), Added: slices.Repeat([]string{"some group"}, 500)})
	}
	c := l.comparison("a", "b")
	kinds := map[ChangeKind]int{}
	for _, change := range c.Changes {
		kinds[change.Kind]++
	}
	if c.Total != 30_000 || len(c.Changes) != 50 || kinds[NameChange] < 10 || c.Changes[0].Kind != NewFinding {
		t.Errorf("%d in all, %v", c.Total, kinds)
	}
	const most = 6000
	short := c.Within(most)
	if n := size(short); n > most || len(short.Changes) == 0 || short.Total != c.Total {
		t.Errorf("%d bytes, %d changes", n, len(short.Changes))
	}
	for class, kept := range l.kept {
		if class.rank() < 0 || len(kept) > 50 {
			t.Errorf("%v has the place %d in the order; %d are kept", class, class.rank(), len(kept))
		}
	}
}
