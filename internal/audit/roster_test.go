package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// rostered is a site of ten people known by Jira alone, p0@example.com and so on, of whom it hides the e-mails of the first few, audited with a roster.
func rostered(t *testing.T, hidden int, roster string, change ...func(*Auditor, *site)) (Result, error) {
	t.Helper()
	a, _ := staffed(t, 10)
	a.Organization = nil
	s := a.Jira.(*site)
	for i := range hidden {
		s.users[0][i].EmailAddress = ""
	}
	for _, c := range change {
		c(a, s)
	}
	if err := os.WriteFile(filepath.Join(string(a.Files), "roster.csv"), []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	return a.Run(context.Background(), Options{Roster: "roster.csv", Limit: MaxLimit})
}

// everybody is a roster of the ten, with lines behind it.
func everybody(column string, lines ...string) string {
	b := "email,name,status," + column + "\n"
	for i := range 10 {
		b += fmt.Sprintf("p%d@example.com,Person %d,active,\n", i, i)
	}
	return b + strings.Join(lines, "\n")
}

// of gives the findings of a kind by account and name.
func (r Result) of(code Code) map[string]Finding {
	all := map[string]Finding{}
	for _, f := range r.Findings {
		if f.Code == code {
			all[f.AccountID+f.Name] = f
		}
	}
	return all
}

// Whose e-mail nobody knows can be any of those whom the roster has by e-mail: they are told of, and nobody calls them leavers.
func TestNobodyIsALeaverBecauseTheirEmailIsHidden(t *testing.T) {
	r, err := rostered(t, 3, everybody("note"), func(_ *Auditor, s *site) {
		s.admins = map[string][][]jira.Group{"site-admin": {{{ID: "g-root", Name: "site-admins"}}}}
		s.groups[0] = append(s.groups[0], jira.Group{ID: "g-root", Name: "site-admins"})
		s.members["g-root"] = s.users[0][:1]
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Counts.ByFinding; n[ActiveLeaver] != 0 || n[AdminNotInRoster] != 0 || n[LeaverToken] != 0 || n[NotComparedWithRoster] != 3 || n[JoinerWithoutAccount] != 3 {
		t.Errorf("%v", n)
	}
	for id, f := range r.of(NotComparedWithRoster) {
		want := Low
		if strings.HasPrefix(id, "p000") {
			want = Medium // an administrator
		}
		if f.Severity != want || f.Fix != nil || f.Look == nil || !strings.Contains(f.Detail, "e-mail") {
			t.Errorf("%+v", f)
		}
	}
	for _, f := range r.of(JoinerWithoutAccount) {
		if f.Severity != Low || !strings.Contains(f.Detail, "One of the 3 active accounts whose e-mail nobody knows may be theirs.") {
			t.Errorf("%+v", f)
		}
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "3 active people could not be compared") {
		t.Error(notes)
	}
}

// Who can't be compared does not make a wrong roster look right.
func TestTheHalfIsThatOfThoseWhoCanBeCompared(t *testing.T) {
	_, err := rostered(t, 6, "email\np9@example.com\n")
	if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "3 of the 4 active people of the site who can be compared with it") {
		t.Error(err)
	}
}

// A roster by account ids has everybody or not, whatever Jira hides.
func TestARosterOfAccountIDsTellsOfEverybody(t *testing.T) {
	roster := "account id,email\n"
	for i := range 10 {
		if i != 1 {
			roster += fmt.Sprintf("p%03d,\n", i)
		}
	}
	r, err := rostered(t, 3, roster)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Counts.ByFinding; n[ActiveLeaver] != 1 || n[NotComparedWithRoster] != 0 {
		t.Errorf("%v", n)
	}
}

// The mailbox of somebody who left is given to somebody else, whose row has the address then. It is still the leaver's account.
func TestALeaversOwnEmailOutweighsSomebodyElsesSecondOne(t *testing.T) {
	for name, test := range map[string]struct {
		lines  []string
		leaver bool
		says   string
		two    string // rows that are as much one's own
	}{
		"given to somebody who is here":         {[]string{"p0@example.com,Person 0,terminated,", "boss@example.com,The Boss,active,p0@example.com"}, true, "line 13, somebody else's", ""},
		"the other way round":                   {[]string{"boss@example.com,The Boss,active,p0@example.com", "p0@example.com,Person 0,terminated,"}, true, "line 12, somebody else's", ""},
		"no names":                              {[]string{"p0@example.com,,terminated,", "boss@example.com,,active,p0@example.com"}, true, "line 13", ""},
		"one person, whose e-mail changed":      {[]string{"p0@example.com,Person 0,terminated,", "p0.new@example.com,person  0,active,p0@example.com"}, false, "", ""},
		"another of one's own":                  {[]string{"p0@example.com,Person 0,terminated,", "p0@example.com,Person Zero,active,"}, false, "", `line 13 (Person Zero) says active, and line 12 (Person 0) says left ("terminated").`},
		"another of one's own, suspended":       {[]string{"p0@example.com,Person 0,suspended,", "p0@example.com,Person 0,terminated,"}, false, "", `line 12 (Person 0) says suspended, and line 13 (Person 0) says left ("terminated").`},
		"given to somebody with an account":     {[]string{"p0@example.com,Person 0,terminated,", "p1@example.com,Person 0,active,p0@example.com"}, true, "line 13, somebody else's", ""},
		"of two rows, one has no other account": {[]string{"new@example.com,New,active,p0@example.com", "p1@example.com,Person 1,active,p0@example.com"}, false, "", ""},
		"both of one's own gone":                {[]string{"p0@example.com,Person 0,terminated,", "p0@example.com,Person 0,terminated,"}, true, "", ""},
		"a leaver who had the address once":     {[]string{"p0@example.com,Person 0,active,", "gone@example.com,Gone,terminated,p0@example.com"}, false, "", ""},
		"only as a second one":                  {[]string{"boss@example.com,The Boss,active,p0@example.com"}, false, "", ""},
		"only as a second one of a leaver":      {[]string{"gone@example.com,Gone,terminated,p0@example.com"}, true, "(line 12)", ""},
		"both gone":                             {[]string{"p0@example.com,Person 0,terminated,", "gone@example.com,Gone,terminated,p0@example.com"}, true, "(line 12)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rostered(t, 0, strings.Replace(everybody("aliases", test.lines...), "p0@example.com,Person 0,active,\n", ",nobody,,\n", 1))
			if err != nil {
				t.Fatal(err)
			}
			f, leaver := r.of(ActiveLeaver)["p000Person 0"]
			if leaver != test.leaver || r.Counts.ByFinding[ActiveLeaver] > 1 || !strings.Contains(f.Detail, test.says) {
				t.Errorf("%v: %+v", r.Counts.ByFinding, f)
			}
			about, two := r.of(SourceContradiction)["p000Person 0"]
			if two != (test.two != "") || two && (about.Severity != Medium || about.Detail != "Two rows of the roster have the account: "+test.two) {
				t.Errorf("%+v", about)
			}
			if strings.Contains(test.says, "else") && !strings.Contains(fmt.Sprint(f.Evidence), "as a second one, and says active") {
				t.Errorf("%+v", f.Evidence)
			}
		})
	}
}

// Directories show somebody who left as an account that is disabled, and somebody who may be back, too.
func TestBlockedAtTheIdentityProviderAndActiveHere(t *testing.T) {
	for file, says := range map[string]string{
		"userPrincipalName,displayName,accountEnabled\n%s,,False\n":              `suspended ("accountEnabled = False")`,
		"Email Address [Required],Status [READ ONLY]\n%s,Suspended\n":            "suspended",
		"Block credential,User principal name\nTrue,%s\n":                        `suspended ("Block credential = True")`,
		"email,status,aliases\n%s,disabled,\nboss@example.com,,p0@example.com\n": `suspended ("disabled")`,
	} {
		header, _, _ := strings.Cut(file, "\n")
		roster := fmt.Sprintf(file, "p0@example.com")
		for i := 1; i < 10; i++ {
			cells := make([]string, strings.Count(header, ",")+1)
			for c, name := range strings.Split(header, ",") {
				if name = strings.ToLower(name); strings.Contains(name, "principal") || strings.HasPrefix(name, "email") {
					cells[c] = fmt.Sprintf("p%d@example.com", i)
				}
			}
			roster += strings.Join(cells, ",") + "\n"
		}
		r, err := rostered(t, 0, roster)
		if err != nil {
			t.Fatal(err)
		}
		f, is := r.of(SuspendedButActive)["p000Person 0"]
		if !is || len(r.of(SuspendedButActive)) != 1 || r.Counts.ByFinding[ActiveLeaver] != 0 || f.Severity != Medium || !strings.Contains(f.Detail, says) {
			t.Errorf("%s: %v, %+v", header, r.Counts.ByFinding, f)
			continue
		}
		if f.Fix == nil || f.Fix.Tool != toolOffboard || strings.Join(f.Fix.Arguments.Steps, ",") != "deactivate" || f.Advice == "" {
			t.Errorf("%s: fix %+v", header, f.Fix)
		}
	}
}

// Only whoever is active by the roster is to have access: nobody who is blocked at the identity provider, has passed the last day, or has a status that is not
// understood is given an account.
func TestOnlyWhoeverIsActiveIsGivenAnAccount(t *testing.T) {
	for status, joiners := range map[string]int{
		"suspended,": 0, "accountdisabled,": 0, "Ruhend,": 0, "terminated,": 0, "terminated,2030-01-01": 0, "inactive,3/4/2030": 0, "Full-time,2030-01-01": 2, "Full-time,2020-01-01": 0, "Full-time,": 2, ",": 2, "on leave,": 2,
	} {
		r, err := rostered(t, 0, strings.Replace(everybody("last day", "new@example.com,New One,"+status), "Person 0,active,", "Person 0,"+status, 1),
			func(_ *Auditor, s *site) { s.users[0][0].Active = false })
		if n := r.Counts.ByFinding; err != nil || n[JoinerWithoutAccount] != joiners || n[SuspendedButActive]+n[PastLastDay] != 0 {
			t.Errorf("%q: %v, %v", status, n, err)
		}
	}
}

// A last day that is over, and a status that says nothing of it: each such person is told of, and nobody is called a leaver.
func TestWhoIsStillHereAfterTheLastDay(t *testing.T) {
	for _, test := range []struct{ header, row, says string }{
		{"email,name,employment status,last day", "p0@example.com,Person 0,Full-time,2026-01-01", `active ("Full-time"), although the last day, 2026-01-01, is over (line 2)`},
		{"mail,displayName,accountEnabled,employeeLeaveDateTime", "p0@example.com,Person 0,True,2026-01-15T00:00:00Z", "although the last day, 2026-01-15, is over (line 2)"},
		{"email,name,status,last day", "p0@example.com,Person 0,Active,3/4/2020", "although the last day is over (line 2)"},
		{"email,name,status,last day", "p0@example.com,Person 0,Active,3/4/2020\np0@example.com,Person 0,Active,", ""},
	} {
		roster := test.header + "\n" + test.row + "\n"
		for i := 1; i < 10; i++ {
			roster += fmt.Sprintf("p%d@example.com,,,\n", i)
		}
		r, err := rostered(t, 0, roster)
		if err != nil {
			t.Fatal(err)
		}
		f, is := r.of(PastLastDay)["p000Person 0"]
		if is != (test.says != "") || !strings.Contains(f.Detail, test.says) || r.Counts.ByFinding[ActiveLeaver] != 0 {
			t.Errorf("%s: %v, %+v", test.row, r.Counts.ByFinding, f)
		}
		if is && (f.Severity != Medium || f.Fix != nil || f.Look == nil || !strings.Contains(fmt.Sprint(f.Evidence), "is over")) {
			t.Errorf("%+v", f)
		}
	}
}

// A roster without rows, and one whose rows name nobody, are refused for what they are.
func TestARosterThatNamesNobody(t *testing.T) {
	for roster, says := range map[string]string{
		"email,status\n": "The roster roster.csv has a header and no rows",
		"login,status\njdoe,Active\nsroe,Active\n":          "None of the 2 rows of the roster roster.csv can be used: they have neither an e-mail that can be used nor an account id (line 2, 3).",
		"email,login,account id\nn/a,jdoe,\n , ,\n,sroe,\n": "None of the 2 rows of the roster roster.csv can be used: they have neither an e-mail that can be used nor an account id (line 2, 4).",
	} {
		if _, err := rostered(t, 0, roster); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", roster, err)
		}
	}
}

// A row that says that somebody has left, on a day to come, says so wherever it is evidence.
func TestARowOfSomebodyWhoIsLeaving(t *testing.T) {
	for lastDay, says := range map[string]string{"2030-01-01": `active ("terminated"), leaves on 2030-01-01`, "3/4/2030": `active ("terminated"), leaves on a day that is yet to come`} {
		r, err := rostered(t, 0, strings.Replace(everybody("last day"), "Person 0,active,", "Person 0,terminated,"+lastDay, 1), func(_ *Auditor, s *site) {
			s.users[0][0].DisplayName = s.users[0][1].DisplayName
		})
		f := r.of(DuplicateName)["p000Person 1"]
		if err != nil || r.Counts.ByFinding[ActiveLeaver] != 0 || !strings.Contains(fmt.Sprint(f.Evidence), says) {
			t.Errorf("%v, %v, %+v", err, r.Counts.ByFinding, f)
		}
	}
}

// Whose name is that of a row that was left out may be in the list: the row is named, and nobody is called a leaver.
func TestARowThatWasLeftOutMayBeSomebodys(t *testing.T) {
	for name, test := range map[string]struct {
		row            string
		unread, leaver bool
	}{
		"an address written in words":   {"p0 (at) example.com,person  0,active,", true, false},
		"no address":                    {"n/a,Person 0,active,", true, false},
		"an empty cell":                 {",Person 0,active,", true, false},
		"an address that is cut off":    {"p0@example,Person 0,active,", true, false},
		"left":                          {"n/a,Person 0,terminated,", true, false},
		"another name":                  {"n/a,Person Zero,active,", false, true},
		"no name":                       {"n/a,,active,", false, true},
		"another row with the address":  {"n/a,Person 0,active,\np0@example.com,Zero,terminated,", false, true},
		"an address that is somebody's": {"p0.new@example.com,Person 0,active,", false, true},
		"another row, of another name":  {"n/a,Person 0,active,\np0@example.com,Zero,active,", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rostered(t, 0, strings.Replace(everybody("note"), "p0@example.com,Person 0,active,", test.row, 1), func(_ *Auditor, s *site) {
				s.admins = map[string][][]jira.Group{"site-admin": {{{ID: "g-root", Name: "site-admins"}}}}
				s.groups[0] = append(s.groups[0], jira.Group{ID: "g-root", Name: "site-admins"})
				s.members["g-root"] = s.users[0][:1]
			})
			if err != nil {
				t.Fatal(err)
			}
			f, unread := r.of(NotComparedWithRoster)["p000Person 0"]
			n := r.Counts.ByFinding
			if unread != test.unread || (n[ActiveLeaver] > 0) != test.leaver || n[NotComparedWithRoster] > 1 || unread && n[AdminNotInRoster]+n[JoinerWithoutAccount] > 0 {
				t.Errorf("%v", n)
			}
			if unread && (f.Severity != Medium || f.Fix != nil || !strings.HasPrefix(f.Detail, "Line 2 of the roster has the person's name") || !strings.Contains(fmt.Sprint(f.Evidence), "line 2 has the name") || !strings.Contains(f.Advice, "that line")) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A row does not let in whom only a further address of it finds, and its addresses are not theirs.
func TestARowOfSomebodyElseLetsNobodyIn(t *testing.T) {
	r, err := rostered(t, 0, strings.Replace(everybody("aliases", "p1@example.com,Person 1,active,p0@example.com"), "p0@example.com,Person 0,active,\n", ",nobody,,\n", 1),
		func(_ *Auditor, s *site) { s.users[0][0].Active = false })
	if n := r.Counts.ByFinding; err != nil || n[JoinerWithoutAccount]+n[SourceContradiction] != 0 || len(r.Users[0].OtherEmails) != 0 {
		t.Errorf("%v, %v, %+v", err, n, r.Users[0])
	}
}
