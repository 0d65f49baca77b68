package audit

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// somebody is a person, and which sources know them by what.
type somebody struct {
	id, email                     string
	jira, shown, active           bool // listed by Jira, with the e-mail
	scim, scimID                  bool // a SCIM user, that knows the account id
	org                           bool
	export, exportID              bool
	roster, rosterID, rosterEmail bool
	rosterSecond, left            bool // under a second e-mail; marked as gone
	quiet                         bool // the organization's page names no product
}

// identified reports whether any source ties the person's e-mail to their account. A SCIM user that alone does so can't be tied to another SCIM user.
func (p somebody) identified(forSCIM bool) bool {
	return p.jira && p.shown || p.org || p.export && p.exportID || !forSCIM && p.scim && p.scimID
}

// known gives the sources that a row or a finding of the person has to have.
func (p somebody) known() []string {
	var names []string
	add := func(name string, is bool) {
		if is {
			names = append(names, name)
		}
	}
	add(sourceJira, p.jira)
	add(sourceSCIM, p.scim && (p.scimID || p.identified(true)))
	add(sourceOrganization, p.org)
	add(sourceExport, p.export && (p.exportID || p.identified(false)))
	add(sourceRoster, p.roster && (p.rosterID && p.hasID() || p.rosterEmail && p.identified(false)))
	return names
}

// hasID reports whether any source beside the roster has the account id.
func (p somebody) hasID() bool {
	return p.jira || p.org || p.scim && (p.scimID || p.identified(true)) || p.export && (p.exportID || p.identified(false))
}

type world struct {
	people []somebody
	*site
	org *organization
	dir string // of the files
}

func drawWorld(t *rapid.T, dir string) *world {
	w := &world{dir: dir, site: &site{members: map[string][]jira.User{}, most: 7}}
	some := rapid.Bool()
	for i := range rapid.IntRange(1, 25).Draw(t, "people") {
		p := somebody{id: fmt.Sprintf("712020:%03d", i), email: fmt.Sprintf("p%03d@example.com", i)}
		for _, is := range []*bool{
			&p.jira, &p.shown, &p.active, &p.scim, &p.scimID, &p.org, &p.export, &p.exportID, &p.roster, &p.rosterID, &p.rosterEmail, &p.rosterSecond, &p.left, &p.quiet,
		} {
			*is = some.Draw(t, "is")
		}
		p.rosterEmail = p.rosterEmail || !p.rosterID
		w.people = append(w.people, p)
	}
	return w
}

// fill puts the people into the sources, in an order of its own.
func (w *world) fill(t *rapid.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	users := []jira.User{{AccountID: "somebody-else", AccountType: "atlassian", DisplayName: "Somebody Else", EmailAddress: "else@example.com", Active: true}}
	var provisioned []scim.User
	var people []admin.User
	groups := []jira.Group{{ID: "g-paid", Name: "jira-users"}, {ID: "g-other", Name: "everything else"}}
	w.site.members = map[string][]jira.User{}
	for i, p := range w.people {
		if p.jira {
			u := jira.User{AccountID: p.id, AccountType: "atlassian", DisplayName: "Person " + p.id, Active: p.active}
			if p.shown {
				u.EmailAddress = p.email
			}
			users = append(users, u)
			group := groups[i%2].ID
			w.site.members[group] = append(w.site.members[group], u)
		}
		if p.scim {
			u := scim.User{ID: "scim-" + p.id, UserName: p.email, Email: p.email, Active: p.active}
			if p.scimID {
				u.AccountID = p.id
			}
			provisioned = append(provisioned, u)
		}
		if p.org {
			u := admin.User{AccountID: p.id, AccountType: "atlassian", Name: "Person " + p.id, Email: p.email, Status: admin.StatusActive, ClaimStatus: admin.Managed}
			if !p.quiet {
				u.Products = []admin.ProductAccess{
					{Key: "jira-software", ID: "ari:cloud:jira-software::site/here", LastActive: at(2026, 1, 1+i)},
					{Key: "jira-software", ID: "ari:cloud:jira-software::site/there", LastActive: at(2026, 11, 20)},
				}
			}
			people = append(people, u)
		}
	}
	for id, members := range w.site.members {
		w.site.members[id] = shuffled(rnd, members)
	}
	w.site.users, w.site.groups, w.site.scimUsers = paged(rnd, users), paged(rnd, groups), shuffled(rnd, provisioned)
	w.org = &organization{people: paged(rnd, people)}
	if err := w.write(rnd); err != nil {
		t.Fatal(err)
	}
}

// write writes the export and the roster. Each has a row at least, since a file without any is no list.
func (w *world) write(rnd *rand.Rand) error {
	export := [][]string{{"somebody-else", "Somebody Else", "else@example.com", "Active"}}
	roster := [][]string{{"", "else@example.com", "", "Somebody Else", "active"}}
	for _, p := range w.people {
		if p.export {
			id := ""
			if p.exportID {
				id = p.id
			}
			export = append(export, []string{id, "Person " + p.id, p.email, "Active"})
		}
		if p.roster {
			row := []string{"", "", "", "Person " + p.id, "active"}
			if p.rosterID {
				row[0] = p.id
			}
			if p.rosterEmail {
				row[1] = strings.ToUpper(p.email)
			}
			if p.rosterEmail && p.rosterSecond {
				row[1], row[2] = "other-"+p.email, p.email
			}
			if p.left {
				row[4] = "terminated"
			}
			roster = append(roster, row)
		}
	}
	rnd.Shuffle(len(export), func(i, j int) { export[i], export[j] = export[j], export[i] })
	for name, rows := range map[string][][]string{
		"export.csv": append([][]string{{"User id", "User name", "email", "User status"}}, export...),
		"roster.csv": append([][]string{{"account id", "email", "work secondary email", "name", "status"}}, roster...),
	} {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) auditor(state string) *Auditor {
	return &Auditor{
		Jira: w.site, SCIM: directory{w.site}, Organization: w.org, Files: csvdir.Folder(w.dir), StateDir: state, Parallel: 2,
		CloudID: func(context.Context) (string, error) { return "here", nil }, Now: func() time.Time { return at(2026, 11, 24) }, memory: 3000,
	}
}

var fiveSources = Options{Export: "export.csv", Roster: "roster.csv", ConfirmRoster: true, Limit: MaxLimit}

func at(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// Whichever sources know a person by what: they are in the report once, with every source that knows them, and each fact has its source.
func TestNobodyIsLostOrDoubled(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		w.fill(t, rapid.Uint64().Draw(t, "seed"))
		a := w.auditor(state)
		r, err := a.Run(context.Background(), fiveSources)
		if err != nil {
			t.Fatal(err)
		}
		rows, findings := readAll[Row](t, a, r.Report.ID, RowsFile), readAll[Finding](t, a, r.Report.ID, FindingsFile)
		for _, p := range w.people {
			w.checkPerson(t, p, rows, findings)
		}
		want := map[string]int{sourceJira: 1, sourceSCIM: 0, sourceOrganization: 0, sourceExport: 1, sourceRoster: 1}
		for _, p := range w.people {
			for name, is := range map[string]bool{
				sourceJira: p.jira, sourceSCIM: p.scim, sourceOrganization: p.org, sourceExport: p.export, sourceRoster: p.roster,
			} {
				if is {
					want[name]++
				}
			}
		}
		for name, n := range want {
			if got := r.Counts.BySource[name]; got != n {
				t.Errorf("%d people of the %s, want %d", got, name, n)
			}
		}
		checkSources(t, rows, findings)
	})
}

func (w *world) checkPerson(t *rapid.T, p somebody, rows []Row, findings []Finding) {
	var row *Row
	for i := range rows {
		if rows[i].AccountID == p.id {
			if row != nil {
				t.Fatalf("%s has two rows", p.id)
			}
			row = &rows[i]
		}
	}
	if (row != nil) != p.jira {
		t.Fatalf("%+v has the row %+v", p, row)
	}
	if row != nil && !slices.Equal(row.Sources, p.known()) {
		t.Fatalf("%+v is known from %v, want %v", p, row.Sources, p.known())
	}
	codes := map[Code]int{}
	for _, f := range findings {
		about := f.AccountID == p.id || f.AccountID == "" && (strings.Contains(f.Name, p.email) || strings.Contains(f.Name, p.id))
		if about {
			codes[f.Code]++
		}
	}
	most := 1
	if p.roster && p.rosterID && !p.rosterEmail && !p.hasID() {
		most = 2 // nothing ties an id that no other source has to an e-mail
	}
	for code, n := range codes {
		// A SCIM user that nobody can tie to the account stands beside it.
		if n > most && !(code == SCIMJiraMismatch && p.scim && !p.scimID && !p.identified(true)) {
			t.Fatalf("%+v has %s %d times", p, code, n)
		}
	}
	if row != nil {
		for _, code := range row.Findings {
			if codes[code] == 0 {
				t.Fatalf("the row of %+v has %s, which no finding has", p, code)
			}
		}
		return
	}
	somewhere := p.scim || p.org || p.export || p.roster && !p.left
	if somewhere && len(codes) == 0 {
		t.Fatalf("%+v is in no row and no finding", p)
	}
	if n := codes[NotInJira] + codes[JoinerWithoutAccount]; n > most {
		t.Fatalf("%+v is told of %d times: %v", p, n, codes)
	}
	if joins := p.roster && !p.left; joins != (codes[JoinerWithoutAccount] == 1) {
		t.Fatalf("%+v: %v", p, codes)
	}
}

// checkSources checks that every fact of a report has a source.
func checkSources(t *rapid.T, rows []Row, findings []Finding) {
	sources := []string{sourceJira, sourceSCIM, sourceOrganization, sourceExport, sourceRoster}
	for _, r := range rows {
		if (r.Email == "") != (r.EmailSource == sourceHidden) || r.Email != "" && !slices.Contains(r.Sources, r.EmailSource) {
			t.Fatalf("e-mail of %s from %q: %+v", r.Email, r.EmailSource, r)
		}
		if (r.LastActive == "") != (r.LastActiveSource == "") || r.LastActive != "" && !slices.Contains(r.Sources, r.LastActiveSource) {
			t.Fatalf("last activity from %q: %+v", r.LastActiveSource, r)
		}
		if r.LastActive != "" && !strings.HasPrefix(r.LastActive, "2026-0") && r.LastActive != "never" {
			t.Fatalf("activity on another site counts: %+v", r)
		}
	}
	for _, f := range findings {
		if f.Code != SCIMJiraMismatch && (len(f.Evidence) == 0 || f.Advice == "") {
			t.Fatalf("without evidence or advice: %+v", f)
		}
		for _, e := range f.Evidence {
			if !slices.Contains(sources, e.Source) || e.Fact == "" {
				t.Fatalf("evidence %+v of %+v", e, f)
			}
		}
		if f.Fix != nil && f.Look != nil || f.Look != nil && !slices.Contains([]string{"lookup_user", "search_users", "list_group_members"}, f.Look.Tool) {
			t.Fatalf("fix %+v, look %+v: %+v", f.Fix, f.Look, f)
		}
		if f.Fix != nil && f.Fix.Tool != Remedy(f.Code) && len(f.Fix.Arguments.Steps) == 0 { // from many groups at once by an offboarding's part
			t.Fatalf("a call that is not the kind's remedy: %+v", f)
		}
	}
}

// In whatever order the sources come in, one after the other, the report is the same to the last byte.
func TestOrderOfSourcesDoesNotMatter(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		seed := rapid.Uint64().Draw(t, "seed")
		var first map[string]string
		for range 2 {
			w.fill(t, seed)
			order := rapid.Permutation([]string{sourceJira, sourceSCIM, sourceOrganization, sourceExport, sourceRoster, "groups", "administrators"}).Draw(t, "order")
			got := w.inOrder(t, state, order)
			if first == nil {
				first = got
				continue
			}
			for name, text := range first {
				if got[name] != text {
					t.Fatalf("%s differs:\n%s\nand\n%s", name, text, got[name])
				}
			}
		}
	})
}

// inOrder reads one source after the other and gives the files of the report.
func (w *world) inOrder(t *rapid.T, state string, order []string) map[string]string {
	ctx := context.Background()
	dir, err := os.MkdirTemp(state, "")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{auditor: w.auditor(state), options: fiveSources, started: at(2026, 11, 24), dir: dir, progress: newProgress(ctx)}
	s := newSpill(dir, 3000)
	defer s.close()
	c := r.newCollector(s)
	for _, source := range order {
		g, ctx := errgroup.WithContext(ctx)
		switch source {
		case sourceJira:
			g.Go(func() error { return c.accounts(ctx) })
		case "groups":
			g.Go(func() error { return c.memberships(ctx, g) })
		case "administrators":
			g.Go(func() error { return c.administrators(ctx) })
		case sourceSCIM:
			g.Go(func() error { return c.scimUsers(ctx) })
		case sourceOrganization:
			c.organization(ctx, g)
		case sourceExport:
			g.Go(func() error { return c.exportFile(ctx) })
		case sourceRoster:
			g.Go(func() error { return c.rosterFile(ctx) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	result, err := r.report(ctx, s, &c.read)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range []string{RowsFile, CSVFile, FindingsFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(b)
	}
	files["counts"] = fmt.Sprint(result.Counts, result.Seats)
	return files
}
