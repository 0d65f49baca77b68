package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

func audited(t *testing.T, a Auditor, o Options) Result {
	t.Helper()
	a.StateDir = t.TempDir()
	r, err := a.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// person is an active person without an e-mail.
func person(id, name string) jira.User {
	return jira.User{AccountID: id, AccountType: "atlassian", DisplayName: name, Active: true}
}

func TestAccountTypesNarrowEverything(t *testing.T) {
	app, customer := person("app", "Bot"), person("customer", "Portal")
	app.AccountType, customer.AccountType = "app", "customer"
	s := &site{
		users:     [][]jira.User{{person("1", "Jane"), app, customer}},
		groups:    [][]jira.Group{{{ID: "g", Name: "everybody"}}},
		members:   map[string][]jira.User{"g": {person("1", "Jane"), app, customer}},
		scimUsers: []scim.User{{ID: "s1", UserName: "x@example.com", AccountID: "elsewhere", Active: true}},
	}
	r := audited(t, Auditor{Jira: s, SCIM: directory{s}}, Options{AccountTypes: []string{"app", "customer"}})
	c := r.Counts
	if diff := cmp.Diff(map[string]int{"app": 1, "customer": 1}, c.ByAccountType); diff != "" || c.Total != 2 || c.Memberships != 2 || c.SCIMUsers != 1 {
		t.Errorf("%+v", c)
	}
	if c.ByFinding[SCIMJiraMismatch] != 0 || c.ByFinding[HiddenEmail] != 2 || len(r.Users) != 2 {
		t.Errorf("findings %v, %d users", c.ByFinding, len(r.Users))
	}
	if all := audited(t, Auditor{Jira: s, SCIM: directory{s}}, Options{}).Counts; all.Total != 3 || all.ByFinding[SCIMJiraMismatch] != 1 {
		t.Errorf("without a filter: %+v", all)
	}
}

func TestAnswerNamesTwentyGroupsAndTheReportAll(t *testing.T) {
	s := &site{users: [][]jira.User{{person("1", "Jane")}}, members: map[string][]jira.User{}}
	for i := range 25 {
		g := jira.Group{ID: fmt.Sprint(i), Name: fmt.Sprintf("group %02d", i)}
		s.groups = append(s.groups, []jira.Group{g})
		s.members[g.ID] = s.users[0]
	}
	a := Auditor{Jira: s, StateDir: t.TempDir()}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Users[0]; len(got.Groups) != 20 || got.GroupCount != 25 || got.Groups[19] != "group 19" {
		t.Errorf("answer: %+v", got)
	}
	if rows := readAll[Row](t, &a, r.Report.ID, RowsFile); len(rows[0].Groups) != 25 {
		t.Errorf("report: %+v", rows)
	}
}

// What can't be told is said, and does not look like a clean result.
func TestNotes(t *testing.T) {
	broken := person("", "Former user")
	s := &site{
		users:  [][]jira.User{{person("1", "Jane"), person("unknown", "Former user 1"), person("unknown", "Former user 2"), broken}},
		groups: [][]jira.Group{{{ID: "g", Name: "everybody"}, {ID: "", Name: "odd"}}},
		members: map[string][]jira.User{
			"g": {person("1", "Jane"), person("late", "Late"), person("unknown", "Former user 1"), broken},
		},
	}
	r := audited(t, Auditor{Jira: s}, Options{})
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{
		"No SCIM directory is configured", "domains are not known", `"odd" has no usable id`,
		"ran: 1.", "can't be told apart: 1.", // both records have one id, so their memberships of one group are one
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q:\n%s", want, notes)
		}
	}
	if r.Counts.Total != 4 || r.Counts.ByFinding[UnknownAccount] != 3 || r.Counts.Memberships != 1 {
		t.Errorf("%+v", r.Counts)
	}
}

func TestMoreDomainsThanCanBeTold(t *testing.T) {
	outsider := person("1", "Jane")
	outsider.EmailAddress = "jane@elsewhere.example"
	s := &site{users: [][]jira.User{{outsider}}}
	for i := range maxDomains {
		s.scimUsers = append(s.scimUsers, scim.User{ID: fmt.Sprint(i), UserName: fmt.Sprintf("x@d%d.example", i), AccountID: fmt.Sprint("a", i)})
	}
	few := audited(t, Auditor{Jira: s, SCIM: directory{s}, Domains: []string{"example.com"}}, Options{})
	if few.Counts.ByFinding[UnmanagedExternal] != 1 {
		t.Errorf("with domains given: %v", few.Counts.ByFinding)
	}
	many := audited(t, Auditor{Jira: s, SCIM: directory{s}}, Options{})
	if many.Counts.ByFinding[UnmanagedExternal] != 0 || !strings.Contains(strings.Join(many.Notes, "\n"), "unmanaged_external was not checked") {
		t.Errorf("learned: %v, notes %q", many.Counts.ByFinding, many.Notes)
	}
}

// A SCIM user without an account id gets the account that shows its e-mail, but only if there is one.
func TestLinkByEmail(t *testing.T) {
	with := func(id, email string) jira.User {
		u := person(id, "Person "+id)
		u.EmailAddress = email
		return u
	}
	customer := with("customer", "one@example.com")
	customer.AccountType = "customer"
	s := &site{
		users: [][]jira.User{{with("1", "One@example.com"), customer, with("2", "two@example.com"), with("3", "two@example.com")}},
		scimUsers: []scim.User{
			{ID: "s1", UserName: "u1", Email: "one@Example.com", Active: true},
			{ID: "s2", UserName: "two@example.com", Active: true},
			{ID: "s3", UserName: "three@example.com", Active: true},
			{ID: "s4", UserName: "nobody", Active: true},
		},
	}
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir()}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range r.Users {
		if row.SCIM != nil {
			got[row.AccountID] = row.SCIM.ID
		}
	}
	if diff := cmp.Diff(map[string]string{"1": "s1"}, got); diff != "" {
		t.Errorf("linked (-want +got):\n%s", diff)
	}
	var strays []string
	for _, f := range readAll[Finding](t, &a, r.Report.ID, FindingsFile) {
		if f.Code == SCIMJiraMismatch {
			strays = append(strays, f.Detail)
		}
	}
	slices.Sort(strays)
	if len(strays) != 3 || !strings.Contains(strays[0], "s2") || !strings.Contains(strays[0], "2 accounts") ||
		!strings.Contains(strays[1], "s3") || !strings.Contains(strays[2], "s4") {
		t.Errorf("findings: %q", strays)
	}
}

// However many people have one name, each is found, and memory holds no more than maxSameName of them.
func TestVeryCommonName(t *testing.T) {
	for _, people := range []int{1, 2, maxSameName, maxSameName + 1, 2*maxSameName + 7} {
		s := &site{users: [][]jira.User{{}}}
		for i := range people {
			s.users[0] = append(s.users[0], person(fmt.Sprintf("p%05d", i), "Jane Doe"))
		}
		s.users = append(s.users, s.users[0][:people/2], []jira.User{person("other", "Sam")})
		a := Auditor{Jira: s, StateDir: t.TempDir()}
		r, err := a.Run(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, says := people, fmt.Sprintf("%d active accounts", people)
		if people == 1 {
			want = 0
		}
		if people > maxSameName {
			says = fmt.Sprintf("More than %d active accounts", maxSameName)
		}
		if got := r.Counts.ByFinding[DuplicateName]; got != want {
			t.Errorf("%d of %d people found", got, people)
		}
		for _, f := range readAll[Finding](t, &a, r.Report.ID, FindingsFile) {
			if f.Code == DuplicateName && (!strings.HasPrefix(f.Detail, says) || strings.Contains(f.Detail, f.AccountID)) {
				t.Fatalf("%s: %s", f.AccountID, f.Detail)
			}
		}
	}
}

func TestProgressOnlyGrows(t *testing.T) {
	s := largeSite(3000)
	var done, total []float64
	ctx := request.With(context.Background(), request.Info{Progress: func(d, of float64, message string) {
		done, total = append(done, d), append(total, of)
		if message == "" {
			t.Error("progress without words")
		}
	}})
	p := newProgress(ctx)
	for range 5 {
		p.last = p.last.Add(-progressEvery)
		p.read("accounts", 100)
	}
	p.last = p.last.Add(-progressEvery)
	p.joined(60)
	p.last = p.last.Add(time.Hour)
	p.joined(80) // too soon after the last
	if want := []float64{100, 200, 300, 400, 500, 560}; !slices.Equal(done, want) || total[4] != 0 || total[5] != 1000 {
		t.Errorf("done %v of %v, want %v", done, total, want)
	}

	done = nil
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir()}
	if _, err := a.Run(ctx, Options{}); err != nil {
		t.Fatal(err)
	}
	if len(done) == 0 || !slices.IsSorted(done) {
		t.Errorf("progress of an audit: %v", done)
	}
}
