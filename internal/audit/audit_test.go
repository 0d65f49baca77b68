package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Whatever the site, the order and size of the pages, repeated records, and however little memory there is: the report says
// what a join in memory says.
func TestSameAsInMemory(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		a := Auditor{Jira: s, SCIM: directory{s}, StateDir: dir, Parallel: rapid.IntRange(1, 4).Draw(t, "parallel"), memory: rapid.SampledFrom([]int{600, 2000, 1 << 20}).Draw(t, "memory")}
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		got, err := a.Run(context.Background(), Options{Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		r := rules{scim: true, domains: domains{}}
		for _, u := range s.scimUsers {
			r.domains.add(domainOf(u.UserName))
			r.domains.add(domainOf(u.Email))
		}
		rows, findings := naive(s, r)

		gotRows := readAll[Row](t, &a, got.Report.ID, RowsFile)
		if !slices.IsSortedFunc(gotRows, compareRows) {
			t.Errorf("rows are not in the order of account ids")
		}
		slices.SortFunc(gotRows, compareRows)
		if diff := cmp.Diff(rows, gotRows); diff != "" {
			t.Fatalf("rows (-want +got):\n%s", diff)
		}
		gotFindings := readAll[Finding](t, &a, got.Report.ID, FindingsFile)
		for _, f := range gotFindings {
			if f.GroupID != "" {
				findings = append(findings, f) // judged by tables of its own
			}
		}
		slices.SortFunc(findings, compareFindings)
		slices.SortFunc(gotFindings, compareFindings)
		if diff := cmp.Diff(findings, gotFindings, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("findings (-want +got):\n%s", diff)
		}
		checkCounts(t, got, rows, findings)
		if len(got.Users) != min(limit, len(rows)) || len(got.Findings) != min(limit, len(findings)) {
			t.Fatalf("%d users, %d findings in the answer; limit %d of %d and %d", len(got.Users), len(got.Findings), limit, len(rows), len(findings))
		}
	})
}

func checkCounts(t *rapid.T, got Result, rows []Row, findings []Finding) {
	want := Counts{Total: len(rows), ByAccountType: map[string]int{}, ByFinding: map[Code]int{}, BySeverity: map[string]int{}}
	for _, r := range rows {
		want.ByAccountType[r.AccountType]++
		want.Memberships += r.GroupCount
		if r.Active {
			want.Active++
		} else {
			want.Inactive++
		}
		if r.EmailSource != "jira" {
			want.HiddenEmail++
		}
		if r.EmailSource == "scim" {
			want.EmailFromSCIM++
		}
		if r.GroupCount == 0 {
			want.WithoutGroups++
		}
		if r.SCIM != nil {
			want.InSCIM++
		}
	}
	for _, f := range findings {
		want.ByFinding[f.Code]++
		want.BySeverity[string(f.Severity)]++
	}
	if diff := cmp.Diff(want, got.Counts, cmpopts.IgnoreFields(Counts{}, "SCIMUsers", "Groups", "BySource")); diff != "" {
		t.Fatalf("counts (-want +got):\n%s", diff)
	}
	if got.Report.Rows != len(rows) || got.Report.Findings != len(findings) {
		t.Fatalf("report has %d rows, %d findings; want %d, %d", got.Report.Rows, got.Report.Findings, len(rows), len(findings))
	}
}

func readAll[T any](t interface{ Fatal(...any) }, a *Auditor, id, file string) []T {
	f, err := a.Open(id, file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := []T{}
	for in := bufio.NewScanner(f); in.Scan(); {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// drawSite draws a site that has a bit of everything, with names and addresses from so few that they meet.
func drawSite(t *rapid.T) *site {
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	s := &site{members: map[string][]jira.User{}, most: rapid.IntRange(1, 50).Draw(t, "page")}
	people := rapid.IntRange(1, 40).Draw(t, "people")

	var users []jira.User
	var scimUsers []scim.User
	for i := range people {
		u := jira.User{
			AccountID: fmt.Sprintf("712020:%d", i), AccountType: pick("atlassian", "atlassian", "atlassian", "app", "customer", "unknown", ""),
			DisplayName: pick("Jane Doe", "jane  doe", "Sam Partner", "Max", "Ünal", "ünal", ""), Active: rnd.IntN(3) > 0,
		}
		if rnd.IntN(2) == 0 {
			u.EmailAddress = fmt.Sprintf("p%d@%s", rnd.IntN(people), pick("example.com", "Example.com", "partner.example"))
		}
		if rnd.IntN(20) == 0 {
			u.AccountID = "unknown"
		}
		users = append(users, u)
	}
	for i := range rapid.IntRange(0, 30).Draw(t, "scim") {
		u := scim.User{
			ID: fmt.Sprintf("s%d", i), UserName: fmt.Sprintf("p%d@%s", rnd.IntN(people), pick("example.com", "example.org")),
			Active: rnd.IntN(3) > 0,
		}
		if rnd.IntN(4) > 0 {
			u.Email = u.UserName
		}
		if rnd.IntN(3) > 0 {
			u.AccountID = fmt.Sprintf("712020:%d", rnd.IntN(people+3))
		}
		scimUsers = append(scimUsers, u)
	}
	var groups []jira.Group
	for i := range rapid.IntRange(0, 6).Draw(t, "groups") {
		g := jira.Group{ID: fmt.Sprintf("g%d", i), Name: pick("engineering", "partners", "Admins")}
		groups = append(groups, g)
		var members []jira.User
		for _, u := range users {
			if rnd.IntN(4) == 0 {
				members = append(members, u)
			}
		}
		if rnd.IntN(3) == 0 {
			members = append(members, jira.User{AccountID: "gone"})
		}
		s.members[g.ID] = shuffled(rnd, members)
	}
	s.users, s.groups, s.scimUsers = paged(rnd, users), paged(rnd, groups), shuffled(rnd, scimUsers)
	return s
}

// shuffled puts items in any order and repeats some, as pages do that shift while they are read.
func shuffled[T any](rnd *rand.Rand, items []T) []T {
	items = slices.Clone(items)
	for _, i := range items {
		if rnd.IntN(5) == 0 {
			items = append(items, i)
		}
	}
	rnd.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return items
}

// paged cuts such a list into pages.
func paged[T any](rnd *rand.Rand, items []T) [][]T {
	var pages [][]T
	for items = shuffled(rnd, items); len(items) > 0; {
		n := 1 + rnd.IntN(len(items))
		pages = append(pages, items[:n])
		items = items[n:]
	}
	return pages
}

func TestReportIsNamedAfterItsTime(t *testing.T) {
	s := &site{users: [][]jira.User{{{AccountID: "a", AccountType: "atlassian", DisplayName: "A", Active: true}}}}
	a := Auditor{Jira: s, StateDir: t.TempDir(), Now: func() time.Time { return time.Date(2026, 11, 24, 10, 15, 0, 0, time.UTC) }}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "audit-20261124T101500Z-"; r.Report.ID[:len(want)] != want || r.Report.URI != URIPrefix+r.Report.ID+"/"+SummaryFile {
		t.Errorf("id %s, URI %s", r.Report.ID, r.Report.URI)
	}
	again, err := a.Summary(r.Report.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("summary.json differs from the answer (-answer +file):\n%s", diff)
	}
}
