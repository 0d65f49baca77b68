package batchcsv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

var (
	products = []string{"jira-core", "jira-software"}
	routes   = []string{"auto", "scim", "jira"}
)

// folder makes an allowed folder that holds one list.
func folder(t testing.TB, limit int, list string) (Lists, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return Lists{Dir: dir, Limit: limit, Products: products, Routes: routes}, "list.csv"
}

func TestListsOfLeavers(t *testing.T) {
	jane, sam := Leaver{Line: 2, User: "jane.doe@example.com"}, Leaver{Line: 3, User: "712020:0123456789"}
	for name, tt := range map[string]struct {
		list string
		want []Leaver
	}{
		"plain":                             {"user\njane.doe@example.com\n712020:0123456789\n", []Leaver{jane, sam}},
		"no line end at the end":            {"user\njane.doe@example.com\n712020:0123456789", []Leaver{jane, sam}},
		"a byte order mark and CRLF":        {"\ufeffuser\r\njane.doe@example.com\r\n712020:0123456789\r\n", []Leaver{jane, sam}},
		"semicolons":                        {"USER;Reason\njane.doe@example.com;a, b\n", []Leaver{{2, "jane.doe@example.com", "a, b"}}},
		"quotes":                            {"\"user\",\"reason\"\n\"jane.doe@example.com\",\"left; said \"\"bye\"\", went\"\n", []Leaver{{2, "jane.doe@example.com", `left; said "bye", went`}}},
		"a reason over three lines":         {"reason,user\n\"a\nb\n\nc\",jane.doe@example.com\nd,712020:0123456789\n", []Leaver{{2, "jane.doe@example.com", "a b c"}, {6, "712020:0123456789", "d"}}},
		"space around, columns of the user": {" Account ID , reason\n 712020:0123456789 , \"gone\" \n", nil},
		"by e-mail":                         {"Email\njane.doe@example.com\n", []Leaver{jane}},
		"by account id":                     {"Account ID\n\n712020:0123456789\n", []Leaver{sam}},
		"blank rows":                        {"user,reason\njane.doe@example.com,\n712020:0123456789,\n,\n \n\n", []Leaver{jane, sam}},
		"a formula is a text like any":      {"user,reason\njane.doe@example.com,=1+1\n", []Leaver{{2, "jane.doe@example.com", "=1+1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			lists, path := folder(t, 10, tt.list)
			got, problems, err := lists.Leavers(path)
			if tt.want == nil { // a space behind a closing quote is not CSV
				if err != nil || len(problems) != 1 {
					t.Errorf("problems %v, error %v", problems, err)
				}
				return
			}
			if err != nil || len(problems) > 0 {
				t.Fatalf("problems %v, error %v", problems, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListOfNewcomers(t *testing.T) {
	lists, path := folder(t, 10, strings.Join([]string{
		"Email,Given Name,family-name,display_name,title,department,groups,products,route",
		"jane@example.com,Jane,Doe,Jane D.,Engineer,R&D,engineering; qa ;;engineering,jira-software;jira-core,SCIM",
		"sam@example.com,Sam,O'Neill,,,,,,",
	}, "\n"))
	got, problems, err := lists.Newcomers(path)
	if err != nil || len(problems) > 0 {
		t.Fatalf("problems %v, error %v", problems, err)
	}
	want := []Newcomer{
		{Line: 2, Email: "jane@example.com", GivenName: "Jane", FamilyName: "Doe", DisplayName: "Jane D.", Title: "Engineer", Department: "R&D", Groups: []string{"engineering", "qa"}, Products: []string{"jira-software", "jira-core"}, Route: "scim"},
		{Line: 3, Email: "sam@example.com", GivenName: "Sam", FamilyName: "O'Neill"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestEveryRowsProblemIsTold(t *testing.T) {
	lists, path := folder(t, 20, strings.Join([]string{
		"user,reason", // 1
		"jane.doe@example.com,",
		"JANE.doe@example.com,again",         // 3
		"Jane Doe,",                          // 4: a name
		",no one",                            // 5
		"a@example.com",                      // 6: one field
		"b@example.com,x,y",                  // 7: three
		"c@example.com,ha\xff",               // 8
		"d@example.com," + longer(maxReason), // 9
		"\"e@example.com\nx\",multi",         // 10 and 11
		"f@example.com,a\"b",                 // 12
		"jané@example.com,",                  // 13
		"g\u200b@example.com,",               // 14
		"h@example.com,a\x00b",               // 15
		"ok@example.com,fine",                // 16
	}, "\n"))
	got, problems, err := lists.Leavers(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Problem{
		{3, "JANE.doe@example.com", "the same person is on line 2 already"},
		{4, "Jane Doe", "A name is not enough to change somebody's access: two people can share one"},
		{5, "", "user is empty"},
		{6, "a@example.com", "the row has 1 field, and the header has 2"},
		{7, "b@example.com,x,y", "the row has 3 fields, and the header has 2"},
		{8, "c@example.com,ha", `the row is not UTF-8 text; save the file as "CSV UTF-8"`},
		{9, strings.Repeat("x", 79) + "…", "reason is longer than 500 characters"},
		{10, "e@example.com x", "user has control or invisible characters or a line break in it"},
		{12, "", `the quotes are wrong: bare " in non-quoted-field; write a text with quotes in it as "so ""to"" say"`},
		{13, "jané@example.com", "The e-mail address contains letters outside of ASCII, which can look like others"},
		{14, "g@example.com", "user has control or invisible characters or a line break in it"},
		{15, "ab", "reason has control or invisible characters or a line break in it"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Leaver{{2, "jane.doe@example.com", ""}, {16, "ok@example.com", "fine"}}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAColumnHoldsWhatItsNameSays(t *testing.T) {
	for list, want := range map[string]string{
		"email\n712020:0123456789\n":  "email is not an e-mail address",
		"account_id\nx@example.com\n": "account_id is not an account id",
	} {
		lists, path := folder(t, 5, list)
		rows, problems, err := lists.Leavers(path)
		if err != nil || len(rows) != 0 || len(problems) != 1 || problems[0].Problem != want {
			t.Errorf("%q: rows %v, problems %v, error %v, want %q", list, rows, problems, err, want)
		}
	}
}

// A file that grows while it is read ends like one that was too big before.
func TestAFileThatGrowsEnds(t *testing.T) {
	grown := strings.NewReader("user\nx@example.com\n" + strings.Repeat(strings.Repeat(" ", 1000)+",\n", maxFile/1000))
	_, err := Lists{Limit: 5}.scan(grown, leaverColumns, func(row) {})
	if err == nil || !strings.Contains(err.Error(), "larger than 16 MB") {
		t.Errorf("error %v", err)
	}
}

func TestProblemsOfNewcomers(t *testing.T) {
	const head = "email,given_name,family_name,groups,products,route\n"
	groups := make([]string, maxGroups+1)
	for i := range groups {
		groups[i] = fmt.Sprint("g", i)
	}
	for name, tt := range map[string]struct{ row, want string }{
		"no e-mail":      {",Jane,Doe,,,", "email is empty"},
		"no address":     {"jane,Jane,Doe,,,", "The e-mail address has no @"},
		"no names":       {"jane@example.com,, ,,,", "given_name is empty|family_name is empty"},
		"product":        {"jane@example.com,Jane,Doe,,jira-core;confluence,", "there is no such product; products are jira-core, jira-software"},
		"products":       {"jane@example.com,Jane,Doe,,a;b;c,", "products has more than 2 entries"},
		"route":          {"jane@example.com,Jane,Doe,,,mail", "there is no such route; routes are auto, scim, jira"},
		"group":          {"jane@example.com,Jane,Doe,a;" + longer(maxGroup) + ",,", "groups is longer than 255 characters"},
		"groups":         {"jane@example.com,Jane,Doe," + strings.Join(groups, ";") + ",,", "groups has more than 50 entries"},
		"name":           {"jane@example.com," + longer(maxName) + ",Doe,,,", "given_name is longer than 100 characters"},
		"everything":     {"jane,," + longer(maxName) + ",a\u202eb,x,y", "family_name is longer than 100 characters|groups has control"},
		"one more field": {"jane@example.com,Jane,Doe,,,,", "the row has 7 fields, and the header has 6"},
	} {
		t.Run(name, func(t *testing.T) {
			lists, path := folder(t, 5, head+tt.row+"\n")
			rows, problems, err := lists.Newcomers(path)
			if err != nil || len(rows) != 0 {
				t.Fatalf("rows %v, error %v", rows, err)
			}
			var all []string
			for _, p := range problems {
				all = append(all, p.Problem)
				if p.Line != 2 {
					t.Errorf("line %d of %q", p.Line, p.Problem)
				}
			}
			for want := range strings.SplitSeq(tt.want, "|") {
				if !strings.Contains(strings.Join(all, "\n"), want) {
					t.Errorf("problems %q, want %q", all, want)
				}
			}
		})
	}
}

func TestFilesThatCanNotBeUsed(t *testing.T) {
	for name, tt := range map[string]struct{ list, want string }{
		"empty":                  {"", "The file is empty"},
		"a byte order mark":      {"\ufeff", "The file is empty"},
		"only line ends":         {"\r\n\r\n", "The file is empty"},
		"only a header":          {"user\n\n", "The file has no people"},
		"an unknown column":      {"user,Ticket\n", `line 1: there is no column "Ticket"; known columns are user (or email, or account_id) and reason`},
		"no header":              {"jane.doe@example.com\nx@example.com", `there is no column "jane.doe@example.com"; known columns are`},
		"a doubled column":       {"user,reason,REASON\nx@example.com,,", "there are two columns reason; known columns are"},
		"two that say who":       {"user,email\nx@example.com,x@example.com", "the columns user and email all say who it is; keep one of them"},
		"nobody":                 {"reason\nx", "the column user is missing; known columns are"},
		"a column with no name":  {"user,\nx@example.com,", "column 2 has no name"},
		"every fault of it":      {"a,b,,reason,reason\n", "(and 4 more)"},
		"a hostile name":         {"user,\u202e" + longer(500) + "\n", `there is no column "` + strings.Repeat("x", 79) + `…"`},
		"UTF-16":                 {"\xff\xfeu\x00s\x00e\x00r\x00\n\x00", "is not UTF-8 text; it seems to be UTF-16"},
		"UTF-16, big end first":  {"\xfe\xff\x00u\x00s\x00e\x00r\x00\n", "is not UTF-8 text; it seems to be UTF-16"},
		"a spreadsheet":          {"PK\x03\x04\x00\x00", "is not UTF-8 text"},
		"carriage returns":       {"user\rx@example.com\r", "carriage returns alone"},
		"a quote left open":      {"user,reason\nx@example.com,\"" + strings.Repeat("y@example.com,\n", 20_000), "line 1: the row after this one is longer than 64 KB; most likely a quote is not closed"},
		"a quote, then another":  {"user,reason\nx@example.com,a\"b\n,\n\n\ny@example.com,a\"b\nz@example.com,\"" + longer(90_000), "line 6: the row after this one is longer than 64 KB"},
		"one endless line":       {longer(200_000), "The first line of the file is longer than 64 KB"},
		"a header's quotes":      {"us\"er\nx", "line 1: the quotes are wrong"},
		"more than may be":       {"user\n" + people(11), "The list has 11 people, and the policy allows 10"},
		"more, over many lines":  {"user,reason\n" + strings.Repeat("x@example.com,\"a\n\nb\"\n\n,\n", 40), "The list has 40 people, and the policy allows 10"},
		"more, without last end": {"user\n" + people(30) + "z@example.com", "The list has 31 people, and the policy allows 10"},
		"too big":                {"user\n" + strings.Repeat(longer(1000)+"\n", maxFile/1000), "larger than 16 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			lists, path := folder(t, 10, tt.list)
			rows, problems, err := lists.Leavers(path)
			code := fault.InvalidArgument
			if strings.Contains(tt.want, "the policy allows") {
				code = fault.Protected // a guard, as of users and people
			}
			if !fault.Is(err, code) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if len(problems) > 0 {
				t.Errorf("rows %v and problems %v beside the error", rows, problems)
			}
		})
	}
}

func TestMissingColumnsOfNewcomersAreAllTold(t *testing.T) {
	lists, path := folder(t, 5, "mail,route\n")
	_, _, err := lists.Newcomers(path)
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	var told []string
	for _, p := range f.Details.(Details).Problems {
		name, _, _ := strings.Cut(p.Problem, ";")
		told = append(told, name)
	}
	want := []string{`there is no column "mail"`, "the column email is missing", "the column given_name is missing", "the column family_name is missing"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestListsAreReadFromTheirFolderAlone(t *testing.T) {
	lists, _ := folder(t, 3, "user\nx@example.com\n")
	for path, want := range map[string]fault.Code{"../list.csv": fault.InvalidArgument, "none.csv": fault.InvalidArgument, "": fault.InvalidArgument} {
		if _, _, err := lists.Leavers(path); !fault.Is(err, want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, _, err := (Lists{Limit: 3}).Leavers("list.csv"); !fault.Is(err, fault.NotConfigured) {
		t.Error(err)
	}
}

func TestRefuseListsAtMostFiftyProblems(t *testing.T) {
	lists, path := folder(t, 100, "user\n"+strings.Repeat("Jane Doe\n", 70))
	_, problems, err := lists.Leavers(path)
	if err != nil {
		t.Fatal(err)
	}
	f := Refuse(problems)
	details := f.Details.(Details)
	if len(problems) != 70 || len(details.Problems) != 50 || details.More != 20 || details.Problems[49].Line != 51 {
		t.Errorf("%d problems, %d listed, %d more", len(problems), len(details.Problems), details.More)
	}
	if want := "The list was not used: line 2: A name is not enough to change somebody's access: two people can share one (and 69 more)."; f.Message != want {
		t.Errorf("message %q", f.Message)
	}
	one := Refuse([]Problem{NewProblem(0, "x\u202e", "unknown")})
	if diff := cmp.Diff(Details{Problems: []Problem{{Value: "x", Problem: "unknown"}}}, one.Details, cmpopts.EquateEmpty()); diff != "" || one.Message != "The list was not used: unknown." {
		t.Errorf("%q %s", one.Message, diff)
	}
}

func longer(n int) string { return strings.Repeat("x", n+1) }

// people writes n rows of one column.
func people(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d@example.com\n", i)
	}
	return b.String()
}
