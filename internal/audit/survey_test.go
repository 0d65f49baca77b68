package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// staffed is a site of so many people in the group that grants a seat, with an organization whose pages name no product.
func staffed(t *testing.T, people int) (*Auditor, *organization) {
	s := &site{groups: [][]jira.Group{{{ID: "g-paid", Name: "jira-users"}}}, members: map[string][]jira.User{}}
	o := &organization{people: [][]admin.User{nil}, dates: map[string]admin.Activity{}}
	var users []jira.User
	for i := range people {
		u := person(fmt.Sprintf("p%03d", i), fmt.Sprintf("Person %d", i))
		u.EmailAddress = fmt.Sprintf("p%d@example.com", i)
		users = append(users, u)
		o.people[0] = append(o.people[0], admin.User{AccountID: u.AccountID, Email: u.EmailAddress, Status: admin.StatusActive, Groups: []admin.GroupRef{{ID: "g-paid"}}})
	}
	s.users, s.members["g-paid"] = [][]jira.User{users}, users
	return &Auditor{
		Jira: s, Organization: o, StateDir: t.TempDir(), Files: csvdir.Folder(t.TempDir()),
		CloudID: func(context.Context) (string, error) { return "here", nil },
	}, o
}

// A single question is asked for those alone who hold a seat and of whom no page tells, and its answer is for this site.
func TestDatesAreAskedOfThoseAloneWhoNeedThem(t *testing.T) {
	a, o := staffed(t, 6)
	told := func(key, site string, days int) []admin.ProductAccess {
		return []admin.ProductAccess{{Key: key, ID: "ari:cloud:" + key + "::site/" + site, LastActive: a.now().AddDate(0, 0, -days)}}
	}
	page := o.people[0]
	page[0].Products = told("jira-software", "here", 200) // told by the page
	page[1].Products = told("jira-software", "there", 1)  // by the page, but of another site
	page[2].Status = admin.StatusSuspended                // holds no seat
	page[3].AddedToOrg = a.now().AddDate(0, 0, -5)        // came lately
	o.dates["p001"] = admin.Activity{Products: told("jira-software", "here", 2)}
	o.dates["p004"] = admin.Activity{Products: told("jira-software", "there", 2)}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(o.asked)
	if want := []string{"p001", "p004", "p005"}; !slices.Equal(o.asked, want) {
		t.Errorf("asked of %v, want %v", o.asked, want)
	}
	if r.Counts.ByFinding[DormantSeat] != 1 || r.Counts.ByFinding[NeverActive] != 2 {
		t.Errorf("%v", r.Counts.ByFinding)
	}
	if len(r.Seats) != 1 || r.Seats[0].Used != 6 || r.Seats[0].Reclaimable != 3 {
		t.Errorf("seats %+v", r.Seats)
	}
}

// What a key may not read is told, and the rest is audited; the people themselves are what the organization is asked for.
func TestKeyThatMayNotReadEverything(t *testing.T) {
	for list, says := range map[string]string{
		"tokens": "leaver_api_token", "groups": "what groups grant", "roles": "grant a seat", "domains": "own domains", "dates": "never_active",
	} {
		for _, status := range []int{401, 403} {
			a, o := staffed(t, 3)
			o.refuse = map[string]int{list: status}
			r, err := a.Run(context.Background(), Options{})
			if notes := strings.Join(r.Notes, "\n"); err != nil || !strings.Contains(notes, says) || !strings.Contains(notes, "may not read") {
				t.Errorf("%s refused with %d: %v\n%s", list, status, err, notes)
			}
		}
	}
	a, o := staffed(t, 3)
	o.refuse = map[string]int{"roles": 404}
	r, err := a.Run(context.Background(), Options{})
	if err != nil || !strings.Contains(strings.Join(r.Notes, "\n"), "does not know what 1 of 1 groups grant") {
		t.Errorf("what no group grants: %v\n%s", err, strings.Join(r.Notes, "\n"))
	}
	a, o = staffed(t, 3)
	o.refuse = map[string]int{"users": 403}
	if _, err := a.Run(context.Background(), Options{}); err == nil || len(left(t, a.StateDir)) > 0 {
		t.Errorf("without people: %v, left %v", err, left(t, a.StateDir))
	}
	a, o = staffed(t, 3)
	o.refuse = map[string]int{"tokens": 500}
	if _, err := a.Run(context.Background(), Options{}); err == nil {
		t.Error("a list that broke off is taken for one without entries")
	}
}

// A seat that the organization calls free is none, whatever Jira's licence lists.
func TestFreeRolesTakeNoSeat(t *testing.T) {
	a, _ := staffed(t, 4)
	a.Organization = nil
	a.Jira = licensed{a.Jira.(*site), []jira.ApplicationRole{
		{Key: "jira-software", Name: "Jira", Groups: []jira.Group{{ID: "g-paid"}}, Used: 4, Seats: 10, Left: 6},
		{Key: "jira-servicedesk", Name: "Service", Unlimited: true},
	}}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Seats) != 2 || r.Seats[1].Total != 10 || r.Seats[1].Left != 6 || r.Seats[1].Used != 4 || r.Seats[0].Total != 0 || !slices.Equal(r.Users[0].Seats, []string{"jira-software"}) {
		t.Errorf("%+v, %+v", r.Seats, r.Users[0])
	}
	read := &collected{groups: newGroupTable(), roles: a.Jira.(licensed).roles}
	read.groups.update("g-paid", func(g *group) { g.listed, g.free = true, []string{"jira-software"} })
	if s := newSeats(read); s.known || len(read.groups.all[0].seats) > 0 {
		t.Errorf("a free role takes a seat of %v", read.groups.all[0].seats)
	}
}

// A roster by which most of the site has left is refused with the figure before anything is written, unless it is confirmed.
func TestRosterOfSomebodyElse(t *testing.T) {
	for _, test := range []struct {
		listed    int
		confirmed bool
		refused   bool
	}{{0, false, true}, {4, false, true}, {5, false, false}, {10, false, false}, {0, true, false}} {
		a, _ := staffed(t, 10)
		lines := "email,status\nnobody@elsewhere.example,active\n"
		for i := range test.listed {
			lines += fmt.Sprintf("p%d@example.com,active\n", i)
		}
		if err := os.WriteFile(filepath.Join(string(a.Files), "roster.csv"), []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := a.Run(context.Background(), Options{Roster: "roster.csv", ConfirmRoster: test.confirmed})
		if refused := fault.Is(err, fault.InvalidArgument); refused != test.refused || !refused && err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if test.refused {
			if text := err.Error(); !strings.Contains(text, fmt.Sprintf("%d of the 10", 10-test.listed)) || !strings.Contains(text, "confirm_roster") || len(left(t, a.StateDir)) > 0 {
				t.Errorf("%+v: %s", test, text)
			}
			continue
		}
		if got := r.Counts.ByFinding[ActiveLeaver]; got != 10-test.listed || r.Counts.ByFinding[JoinerWithoutAccount] != 1 {
			t.Errorf("%+v: %v", test, r.Counts.ByFinding)
		}
	}
}
