package consoleexport

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// keep copies a row, whose slices are used again.
func keep(r Row) Row {
	r.LastActive, r.Groups, r.Extra = slices.Clone(r.LastActive), slices.Clone(r.Groups), slices.Clone(r.Extra)
	return r
}

// read reads a whole export.
func read(t testing.TB, text string) ([]Row, *File) {
	t.Helper()
	f, err := Read(strings.NewReader(text), "export-users.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, keep(row))
	}
	return rows, f
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// The headers are those that consoles wrote over the years.
func TestHeadersOfEveryEdition(t *testing.T) {
	seen := func(product, site string, at time.Time) Activity {
		return Activity{Product: product, Site: site, At: at, Known: true}
	}
	jane := Row{Line: 2, AccountID: "5b10ac8d82e05b22cc7d4ef5", Name: "Jane Doe", Email: "jane.doe@example.com", Status: Active, StatusText: "Active"}
	with := func(change func(*Row)) Row {
		row := jane
		change(&row)
		return row
	}
	for name, tt := range map[string]struct {
		file  string
		want  Row
		extra []string
	}{
		"users of the directory": {
			file: "User id,User name,email,User status,Added to org,Org role,Last seen in Jira Service Management - mysite,Last seen in Jira - mysite,Last seen in Confluence - mysite,Last seen in Atlas - mysite\n" +
				"5b10ac8d82e05b22cc7d4ef5,Jane Doe,jane.doe@example.com,Active,3 Jan 2024,User,Never accessed,28 Apr 2024,12 May 2024,\n",
			want: with(func(r *Row) {
				r.Added, r.OrgRole = day(2024, 1, 3), "User"
				r.LastActive = []Activity{seen("Jira Service Management", "mysite", time.Time{}), seen("Jira", "mysite", day(2024, 4, 28)), seen("Confluence", "mysite", day(2024, 5, 12)), {Product: "Atlas", Site: "mysite"}}
			}),
		},
		"with groups and access to apps": {
			file: "Group id,Group name,User id,User name,email,User status,Added to org,Org role,Jira - mysite,Last seen in Jira - mysite\n" +
				"1a,\"jira-users, site-admins,,jira-users-mysite\",5b10ac8d82e05b22cc7d4ef5,Jane Doe,jane.doe@example.com,Active,3 Jan 2024,Organization admin,User,Never Accessed\n",
			want: with(func(r *Row) {
				r.Added, r.OrgRole = day(2024, 1, 3), "Organization admin"
				r.LastActive = []Activity{seen("Jira", "mysite", time.Time{})}
				r.Groups, r.Extra = []string{"jira-users", "site-admins", "jira-users-mysite"}, []string{"1a", "User"}
			}),
			extra: []string{"Group id", "Jira - mysite"},
		},
		"groups as columns, with semicolons and a mark": {
			file: "\ufeffUser id;User name;email;User status;Last seen in Jira Software - mysite;Group 1;Group 2;Group 3\r\n5b10ac8d82e05b22cc7d4ef5;Jane Doe;jane.doe@example.com;Active;Never logged in;jira-users;a, b and c;\r\n",
			want: with(func(r *Row) {
				r.LastActive, r.Groups = []Activity{seen("Jira Software", "mysite", time.Time{})}, []string{"jira-users", "a, b and c"}
			}),
		},
		"managed accounts": {
			file: "Name,Email,Atlassian ID,Status,Last active date [UTC],Claimed,Billable,Jira\nJane Doe,jane.doe@example.com,5b10ac8d82e05b22cc7d4ef5,Active,2024-04-28,Yes,No,\"mysite, other\"\n",
			want: with(func(r *Row) {
				r.LastActive, r.Extra = []Activity{seen("", "", day(2024, 4, 28))}, []string{"Yes", "No", "mysite, other"}
			}),
			extra: []string{"Claimed", "Billable", "Jira"},
		},
		"of another tool, in capitals, with fewer cells": {
			file: "ACCOUNT ID,DISPLAY NAME,EMAIL ADDRESS,ACTIVE,LAST ACTIVE (ORGANIZATION),GROUPS,NOTE\n5b10ac8d82e05b22cc7d4ef5,Jane Doe,jane.doe@example.com,Yes,28-Apr-24\n",
			want: with(func(r *Row) {
				r.StatusText, r.LastActive, r.Extra = "Yes", []Activity{seen("", "", day(2024, 4, 28))}, []string{""}
			}),
			extra: []string{"NOTE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rows, f := read(t, tt.file)
			if diff := cmp.Diff([]Row{tt.want}, rows, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.extra, f.Extra()); diff != "" {
				t.Errorf("columns that are not known (-want +got):\n%s", diff)
			}
			if notes := f.Tally().Notes(); notes != nil {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

func TestStatusesOfTheConsole(t *testing.T) {
	for text, want := range map[string]Status{
		"Active": Active, "ACTIVE": Active, "Suspended": Suspended, "Deactivated": Deactivated, "inactive": Deactivated, "No": Deactivated, "Invited": Invited, "Not invited": Invited,
		"Pending deletion": ForDeletion, "": Unknown, "Frozen": Unknown,
	} {
		rows, f := read(t, "User id,User status\n1,"+text+"\n")
		if len(rows) != 1 || rows[0].Status != want || (want == Unknown && text != "") != (len(f.Tally().Notes()) > 0) {
			t.Errorf("%q: %+v, notes %q", text, rows, f.Tally().Notes())
		}
	}
}

func TestWhatIsNotUnderstoodIsToldAndNotLost(t *testing.T) {
	rows, f := read(t, strings.Join([]string{
		"User id,email,User status,Last seen in Jira - a,Last seen in Confluence - a",
		"1,one@example.com,Frozen,yesterday,3/4/2026",
		",two@example.com,Active,13/4/2026,-",
		",,Active,,",
		" ,, , ,x",
		"2,,frozen,,",
		"3,,Frozen,yesterday,",
	}, "\n"))
	want := []Row{
		{Line: 2, AccountID: "1", Email: "one@example.com", StatusText: "Frozen", LastActive: []Activity{{Product: "Jira", Site: "a"}, {Product: "Confluence", Site: "a"}}},
		{Line: 3, Email: "two@example.com", Status: Active, StatusText: "Active", LastActive: []Activity{{Product: "Jira", Site: "a", At: day(2026, 4, 13), Known: true}, {Product: "Confluence", Site: "a"}}},
		{Line: 6, AccountID: "2", StatusText: "frozen", LastActive: []Activity{{Product: "Jira", Site: "a"}, {Product: "Confluence", Site: "a"}}},
		{Line: 7, AccountID: "3", StatusText: "Frozen", LastActive: []Activity{{Product: "Jira", Site: "a"}, {Product: "Confluence", Site: "a"}}},
	}
	if diff := cmp.Diff(want, rows, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	notes := []string{
		"Rows of the export with neither an account id nor an e-mail, which were left out: 2 (line 4, 5).",
		"Rows of the export without an account id, which can be matched by e-mail alone: 1.",
		`Statuses of the export that are not understood and were not used: "Frozen" (2), "frozen" (1).`,
		`Dates of the export that are not understood and were not used: 3, such as "yesterday". Write them as 2027-03-01.`,
	}
	if diff := cmp.Diff(notes, f.Tally().Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if n := f.Tally().Rows; n != 6 {
		t.Errorf("%d rows were counted", n)
	}
}

func TestFilesThatCanNotBeUsed(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"no id":                {"Name,E-Mail,\u202eStatus\nx,y,z\n", `The file "export-users.csv" has no column with the account id (User id, Atlassian ID or Account ID). Its columns are "Name", "E-Mail", "Status".`},
		"the edition of 2015":  {"group_name,username,full_name,email,active,last_login\n", "has no column with the account id"},
		"very many columns":    {strings.Repeat("Group,", 100) + "x\n", `"Group", and 61 more.`},
		"empty":                {"", `The file "export-users.csv" is empty.`},
		"a workbook":           {"PK\x03\x04", "is a workbook and not a CSV file"},
		"a quote in a row":     {"User id,User name\n1,a\"b\n", `The file "export-users.csv" can't be used: line 2, column 2 (User name): the quotes are wrong.`},
		"an unclosed quote":    {"User id,User name\n1,x\n2,\"b\n\n", "line 3, column 2 (User name): the quotes are wrong."},
		"a quote in the names": {"User id,User\"name\n", "line 1, column 2: the quotes are wrong."},
		"Windows-1252":         {"User id,User name\n1,J\xfcrgen\n", "line 2, column 2 (User name): the cell is neither UTF-8 nor UTF-16 text."},
		"a cell too many":      {"User id,User name\n1,Doe, Jane\n", "line 2 has 3 cells, and the header has 2."},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(strings.NewReader(tt.file), "export-users.csv")
			if err == nil {
				for _, e := range f.Rows() {
					err = e
				}
			}
			if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAFileOfTheFolderIsRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("User id\n1\n2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(csvdir.Folder(dir), "a.csv")
	if err != nil {
		t.Fatal(err)
	}
	for row := range f.Rows() {
		if row.AccountID != "1" {
			t.Errorf("%+v", row)
		}
		break // the rest is not read
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open("", "a.csv"); !fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), "export_path") {
		t.Error(err)
	}
	if _, err := Open(csvdir.Folder(dir), "../a.csv"); !fault.Is(err, fault.InvalidArgument) {
		t.Error(err)
	}
}

func TestACellOfFiftyThousandCharacters(t *testing.T) {
	groups := make([]string, 10_000)
	for i := range groups {
		groups[i] = "grp" + string(rune('a'+i%26))
	}
	rows, _ := read(t, "User id,Groups\n1,\""+strings.Join(groups, ",")+"\"\n")
	if len(rows) != 1 || !slices.Equal(rows[0].Groups, groups) {
		t.Errorf("%d groups", len(rows[0].Groups))
	}
}
