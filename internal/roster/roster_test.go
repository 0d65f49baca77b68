package roster

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

var now = time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// read reads a whole roster.
func read(t testing.TB, text string) ([]Row, Tally) {
	t.Helper()
	f, err := Read(strings.NewReader(text), "people.csv", now)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row.Emails = slices.Clone(row.Emails)
		rows = append(rows, row)
	}
	return rows, f.Tally()
}

// The headers are those that the four kinds of systems write.
func TestRostersOfEverySystem(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want []Row
	}{
		"Okta, a report": {
			"User,Login,Status,Activation date,Authentication Source,Last Login\n" +
				"Jane Doe,Jane.Doe@example.com,Active,2024-01-03T00:00:00.000Z,Okta,\nSam Roe,sam.roe@example.com,Deactivated,,,\nKim Poe,kim.poe@example.com,Password reset,,,\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "Active"},
				{Line: 3, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Left, StatusText: "Deactivated"},
				{Line: 4, Emails: []string{"kim.poe@example.com"}, Name: "Kim Poe", Status: Active, StatusText: "Password reset"},
			},
		},
		"Okta, its API as CSV": {
			"id,status,created,profile.firstName,profile.lastName,profile.login,profile.email,profile.secondEmail\n" +
				"00u1,DEPROVISIONED,2020,Jane,Doe,jdoe,jane.doe@example.com,jane@private.example\n00u2,SUSPENDED,2020,Sam,Roe,sam@example.com,sam.roe@example.com,\n00u3,STAGED,2020,Kim,,kim@example.com,,\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Left, StatusText: "DEPROVISIONED"},
				{Line: 3, Emails: []string{"sam.roe@example.com", "sam@example.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "SUSPENDED"},
				{Line: 4, Emails: []string{"kim@example.com"}, Name: "Kim", Status: Active, StatusText: "STAGED"},
			},
		},
		"Entra ID, Download users": {
			"userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,state,alternateEmailAddress,companyName\n" +
				"jane.doe@example.com,Jane Doe,Doe,Jane.Doe@example.com,Jane,1,Member,,,True,DE,Active,jane@private.example,\n" +
				"sam@example.onmicrosoft.com,Sam Roe,Roe,sam.roe@example.com,Sam,2,Member,,,False,DE,,,\n" +
				"Kim_Poe_partner.example#EXT#@example.onmicrosoft.com,Kim Poe,Poe,,Kim,3,Guest,,,True,,,kim.poe@partner.example,\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "accountEnabled = True"},
				{Line: 3, Emails: []string{"sam.roe@example.com", "sam@example.onmicrosoft.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "accountEnabled = False"},
				{Line: 4, Emails: []string{"kim_poe@partner.example", "kim.poe@partner.example"}, Name: "Kim Poe", Status: Active, StatusText: "accountEnabled = True"},
			},
		},
		"Entra ID, the file for bulk changes": {
			"version:v1.0,,,\nName [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,Block sign in (Yes/No) [accountEnabled] Required\n" +
				"Jane Doe,jane.doe@example.com,x,No\nSam Roe,sam.roe@example.com,x,Yes\n",
			[]Row{
				{Line: 3, Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "Block sign in (Yes/No) [accountEnabled] Required = No"},
				{Line: 4, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "Block sign in (Yes/No) [accountEnabled] Required = Yes"},
			},
		},
		"Microsoft 365, Active users": {
			"Block credential,Display name,User principal name,Proxy addresses,Soft deletion time stamp\n" +
				"False,Jane Doe,jane.doe@example.com,SMTP:Jane.Doe@example.com+smtp:jd+x@example.com,\nTrue,Sam Roe,sam.roe@example.com,,\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com", "jd+x@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "Block credential = False"},
				{Line: 3, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "Block credential = True"},
			},
		},
		"Google Workspace, Download users": {
			"First Name [Required],Last Name [Required],Email Address [Required],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Status [READ ONLY],Last Sign In [READ ONLY],Recovery Email,Work Secondary Email,Manager Email,New Status [UPLOAD ONLY]\n" +
				"Jane,Doe,jane.doe@example.com,/,new@example.com,Active,Never logged in,boss@example.com,jd@example.com,boss@example.com,\nSam,Roe,sam.roe@example.com,/,,Suspended,,,,,\nKim,Poe,kim.poe@example.com,/,,Archived,,,,,\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com", "jd@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "Active"},
				{Line: 3, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "Suspended"},
				{Line: 4, Emails: []string{"kim.poe@example.com"}, Name: "Kim Poe", Status: Left, StatusText: "Archived"},
			},
		},
		"Google Workspace, by a tool": {
			"primaryEmail,name.fullName,suspended,archived\njane.doe@example.com,Jane Doe,False,False\nsam.roe@example.com,Sam Roe,True,False\nkim.poe@example.com,Kim Poe,True,True\n",
			[]Row{
				{Line: 2, Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "archived = False"},
				{Line: 3, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Suspended, StatusText: "suspended = True"},
				{Line: 4, Emails: []string{"kim.poe@example.com"}, Name: "Kim Poe", Status: Left, StatusText: "archived = True"},
			},
		},
		"personnel, with semicolons": {
			"Employee #;Last Name;First Name;Work Email;Personal Email;Status;Employment Status;Termination Date;Manager Email;Atlassian account ID\r\n" +
				"1;Doe;Jane;Jane.Doe@Example.com;j@private.example;Active;Full-Time;;b@example.com;5b10ac8d82e05b22cc7d4ef5\r\n" +
				"2;Roe;Sam;sam.roe@example.com;;Inactive;Terminated;31.10.2026;b@example.com;\r\n" +
				"3;Poe;Kim;;kim@private.example;Active;Part-Time;;b@example.com;5b10ac8d82e05b22cc7d4ef6\r\n",
			[]Row{
				{Line: 2, AccountID: "5b10ac8d82e05b22cc7d4ef5", Emails: []string{"jane.doe@example.com"}, Name: "Jane Doe", Status: Active, StatusText: "Active"},
				{Line: 3, Emails: []string{"sam.roe@example.com"}, Name: "Sam Roe", Status: Left, StatusText: "Inactive", Since: day(2026, 10, 31)},
				{Line: 4, AccountID: "5b10ac8d82e05b22cc7d4ef6", Name: "Kim Poe", Status: Active, StatusText: "Active"},
			},
		},
		"personnel, with a status that is not understood and a last day that is over": {
			"Email,Status,Last day\na@example.com,Ruhend,2026-01-01\n",
			[]Row{{Line: 2, Emails: []string{"a@example.com"}, Status: Left, StatusText: "Ruhend, last day 2026-01-01", Since: day(2026, 1, 1)}},
		},
		"a list of addresses alone": {
			"E-mail\njane.doe@example.com\nno address\n",
			[]Row{{Line: 2, Emails: []string{"jane.doe@example.com"}, Status: Active}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rows, _ := read(t, tt.file)
			if diff := cmp.Diff(tt.want, rows, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Row{}, "Own")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A sign-in name is a person's own; aliases, and where a guest is at home by another column, may have been somebody else's.
func TestWhichAddressesAreAPersonsOwn(t *testing.T) {
	for file, want := range map[string]int{
		"email,login,aliases\na@example.com,A@x.onmicrosoft.com,b@example.com\n":                      2,
		"email,login,aliases\na@example.com,a,a@example.com;b@example.com\n":                          1,
		"email,aliases\n,b@example.com\n":                                                             0,
		"userPrincipalName,alternateEmailAddress\nk_p.example#EXT#@x.onmicrosoft.com,kim@p.example\n": 1,
	} {
		if rows, _ := read(t, file); len(rows) != 1 || rows[0].Own != want {
			t.Errorf("%q: %+v, want %d", file, rows, want)
		}
	}
}

// What people and programs write instead of an address alone is read.
func TestAddressesInAnotherForm(t *testing.T) {
	for cell, want := range map[string]string{
		`Jane Doe <Jane@example.com>`:               "jane@example.com",
		`""Doe, Jane"" <jane@example.com>`:          "jane@example.com",
		`Doe, Jane <jane@example.com>`:              "jane@example.com",
		`Jörg J. Doe <joerg@example.com>`:           "joerg@example.com",
		`<jane@example.com>`:                        "jane@example.com",
		`jane@example.com; jd@example.com`:          "jane@example.com jd@example.com",
		`jane@example.com,jd@example.com`:           "jane@example.com jd@example.com",
		`jane@example.com jd@example.com`:           "jane@example.com jd@example.com",
		"jane@example.com\njd@example.com":          "jane@example.com jd@example.com",
		`jane@example.com | Jane <jd@example.com>;`: "jane@example.com jd@example.com",
		`jane@example.com; Jane@example.com`:        "jane@example.com",
		`mailto:jane@example.com`:                   "jane@example.com",
		`MAILTO:jane@example.com`:                   "jane@example.com",
		`Jane <mailto:jane@example.com>`:            "jane@example.com",
		`SMTP:jane@example.com`:                     "jane@example.com",
		`jane@example.com (work)`:                   "jane@example.com",
		"\u00a0jane@example.com\u200b":              "jane@example.com",
		"\ufeffjane@exam\u00adple.com":              "jane@example.com",
		"jane@example.com\t":                        "jane@example.com",
		`o'neil+x@example.com`:                      "o'neil+x@example.com",
		`k_p.example#EXT#@x.onmicrosoft.com`:        "k@p.example",
	} {
		for _, column := range []string{"Email", "Login"} {
			rows, _ := read(t, column+",Status\n\""+cell+"\",Active\n")
			if len(rows) != 1 || strings.Join(rows[0].Emails, " ") != want || rows[0].Own != 1 {
				t.Errorf("%s %q: %+v, want %s", column, cell, rows, want)
			}
		}
	}
}

// An address that can't be read ends the reading: whoever has it would look as if they were not in the list.
func TestAnAddressThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	for _, cell := range []string{
		"jane@", "@example.com", "jane@@example.com", "jane doe@example.com", "jane@example.com (work", "jane@example.com; jd@", "Jane <jane@example.com", "jane@example@com", "jane@exam ple.com",
		"Jane <jane@example.com>; @", "\u200b@", "jane@example.com / private",
	} {
		for _, column := range []string{"Email", "Login"} {
			f, err := Read(strings.NewReader("Name,"+column+"\nA,a@example.com\n,\""+cell+"\"\nB,b@example.com\n"), "hr.csv", now)
			if err != nil {
				t.Fatal(err)
			}
			rows := 0
			for _, err = range f.Rows() {
				rows++
			}
			if want := "line 3, column 2 (" + column + "): "; rows != 2 || !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %q: %v after %d rows", column, cell, err, rows)
			}
		}
	}
	for _, file := range []string{"email,login\na@example.com,CORP@jane@x\n", "email,status\nnone,Active\nn/a,Active\n", "email,proxyAddresses\na@example.com,x500:/o=x@y; SPO:z@\n"} {
		read(t, file) // what need not be an address
	}
}

func TestWhoHasLeft(t *testing.T) {
	const head = "email,status,accountEnabled,last day\n"
	for name, tt := range map[string]struct {
		row   string
		want  Status
		since time.Time
		note  string
	}{
		"active":                                  {"Active,,", Active, time.Time{}, ""},
		"terminated, with capitals and spaces":    {" TERMINATED ,,", Left, time.Time{}, ""},
		"on leave":                                {"Leave of absence,,", Active, time.Time{}, ""},
		"on leave, in brackets":                   {"Active (parental leave),,", Active, time.Time{}, ""},
		"a word that is not understood":           {"Ruhend,,", Unclear, time.Time{}, `taken for a leaver: "Ruhend" (1)`},
		"such a word, and the account is enabled": {"Ruhend,true,", Active, time.Time{}, `"Ruhend" (1)`},
		"terminated, and the account is enabled":  {"Terminated,true,", Left, time.Time{}, ""},
		"active, and the account is disabled":     {"Active,false,", Suspended, time.Time{}, ""},
		"no status":                               {",,", Active, time.Time{}, "without a status, which were counted as active: 1"},
		"the last day was yesterday":              {",,2026-11-23", Left, day(2026, 11, 23), ""},
		"the last day is today":                   {",,2026-11-24", Active, day(2026, 11, 24), ""},
		"the last day is to come":                 {"Active,,24 Dec 2026", Active, day(2026, 12, 24), ""},
		"terminated, to come":                     {"Terminated,,2026-12-31", Active, day(2026, 12, 31), "with a last day that is yet to come, and who were counted as active until then where they have an account: 1"},
		"suspended, to come":                      {"Suspended,,2026-12-31", Suspended, day(2026, 12, 31), ""},
		"active, with a last day that is over":    {"Active,,2020-12-31", Active, day(2020, 12, 31), "with a last day that is over, and who were not counted as leavers: 1"},
		"suspended, with a last day that is over": {"Suspended,,2026-11-23", Left, day(2026, 11, 23), ""},
		"disabled, with a last day that is over":  {"Active,false,2026-11-23", Left, day(2026, 11, 23), ""},
		"a word that is not understood, and over": {"Ruhend,,2020-12-31", Left, day(2020, 12, 31), ""},
		"a date that is over both ways":           {",,3/4/2020", Left, time.Time{}, ""},
		"a date that is to come both ways":        {",,3/4/2030", Active, time.Time{}, ""},
		"a date that is over one way":             {",,11/12/2026", Active, time.Time{}, `Leaving dates of the roster that are not understood and were not used: 1, such as "11/12/2026"`},
		"no date":                                 {"Active,,soon", Active, time.Time{}, `1, such as "soon"`},
		"an empty date of a database":             {"Active,,0000-00-00", Active, time.Time{}, ""},
		"another one":                             {"Active,,0001-01-01T00:00:00Z", Active, time.Time{}, ""},
		"another one, in a row without a status":  {",,01/01/0001", Active, time.Time{}, "without a status"},
		"one of a sheet":                          {"Active,,1900-01-01", Active, time.Time{}, ""},
		"one of a sheet, in another form":         {",true,1/1/1900", Active, time.Time{}, ""},
		"one of a leaver":                         {"Terminated,,1900-01-01", Left, time.Time{}, ""},
		"a date with a time":                      {",,2026-11-23T23:59:59Z", Left, day(2026, 11, 23), ""},
	} {
		t.Run(name, func(t *testing.T) {
			rows, tally := read(t, head+"x@example.com,"+tt.row+"\n")
			if len(rows) != 1 || rows[0].Status != tt.want || !rows[0].Since.Equal(tt.since) || rows[0].Over != strings.Contains(tt.note, "that is over, and") || rows[0].Leaving != strings.Contains(tt.note, "yet to come") {
				t.Errorf("%+v, want %s since %v", rows, tt.want, tt.since)
			}
			notes := strings.Join(tally.Notes(), "\n")
			if (tt.note == "") != (notes == "") || !strings.Contains(notes, tt.note) {
				t.Errorf("notes %q, want %q", notes, tt.note)
			}
		})
	}
}

func TestCountsOfARoster(t *testing.T) {
	_, tally := read(t, "Email,Name,Active\na@example.com,A,yes\nb@example.com,B,no\n,C,yes\nnone,D,no\nd@example.com,E,perhaps\n")
	want := Tally{Rows: 5, Active: 1, Left: 1, WithoutEmailOrID: 2, UnknownStatus: csvdir.Unclear{Texts: map[string]int{"perhaps": 1}}}
	if diff := cmp.Diff(want, tally, cmpopts.IgnoreUnexported(Tally{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if notes := tally.Notes(); len(notes) != 2 || notes[0] != "Rows of the roster with neither an e-mail that can be used nor an account id, which were left out: 2 (line 4, 5)." {
		t.Errorf("notes %q", notes)
	}
}

func TestARosterWithoutPeopleIsRefusedWithItsColumns(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hr.csv"), []byte("Name,Manager Email,Personal Email\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(csvdir.Folder(dir), "hr.csv", now)
	want := `The file "hr.csv" has no column with an e-mail (Email, Work Email, userPrincipalName, Login, Primary Email) or an Atlassian account id. Its columns are "Name", "Manager Email", "Personal Email".`
	if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	if _, err := Open("", "hr.csv", now); !fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), "roster_path") {
		t.Error(err)
	}
	f, err := Read(strings.NewReader("Email,Name\na@example.com,x\"y\n"), "hr.csv", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range f.Rows() {
	}
	if err == nil || !strings.Contains(err.Error(), `line 2, column 2 (Name): the quotes are wrong`) {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
