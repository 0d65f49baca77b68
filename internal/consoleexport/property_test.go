package consoleexport

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// The order of the columns of a file and what separates them do not matter; no row that names somebody is lost.
func TestPropertyTheOrderOfColumnsDoesNotMatter(t *testing.T) {
	columns := []string{"User id", "User name", "email", "User status", "Added to org", "Last seen in Jira - a", "Last seen in Confluence - a", "Groups", "Group 1", "Group 2", "Notes", "Jira - a"}
	values := []string{"", "1", "a@example.com", "Jane", "Active", "Frozen", "28 Apr 2024", "Never accessed", "3/4/2026", "x, y", "z;", "\"", "n\nm"}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(values), len(columns), len(columns)), 0, 5).Draw(t, "rows")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}).Draw(t, "order")
		write := func(order []int, separator rune) string {
			var b bytes.Buffer
			w := csv.NewWriter(&b)
			w.Comma = separator
			for _, row := range append([][]string{columns}, rows...) {
				moved := make([]string, len(order))
				for to, from := range order {
					moved[to] = row[from]
				}
				if err := w.Write(moved); err != nil {
					t.Fatal(err)
				}
			}
			w.Flush()
			return b.String()
		}
		want, tally := parse(t, write([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, ','))
		got, tally2 := parse(t, write(order, rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")))
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-one order +another):\n%s", diff)
		}
		if diff := gocmp.Diff(tally, tally2, cmpopts.IgnoreUnexported(Tally{})); diff != "" {
			t.Errorf("counts (-one order +another):\n%s", diff)
		}
		if len(want) != tally.Rows-tally.WithoutIDOrEmail {
			t.Errorf("%d rows of %+v", len(want), tally)
		}
	})
}

// parse reads an export, with what depends on the order of columns in an order of its own.
func parse(t *rapid.T, text string) ([]Row, Tally) {
	f, err := Read(strings.NewReader(text), "export-users.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row = keep(row)
		row.Line = 0 // a cell with a line break moves those behind it
		slices.SortFunc(row.LastActive, func(a, b Activity) int { return cmp.Compare(a.Product, b.Product) })
		slices.Sort(row.Groups)
		slices.Sort(row.Extra)
		rows = append(rows, row)
	}
	return rows, f.Tally()
}

// FuzzExport reads any bytes.
func FuzzExport(f *testing.F) {
	for _, file := range []string{
		"User id,User name,email,User status,Last seen in Jira - a\n1,Jane,a@b.c,Active,28 Apr 2024\n", "Atlassian ID;Groups\r\n1;\"a,b\"\r\n", "\xff\xfeA\x00c\x00c\x00o\x00u\x00n\x00t\x00 \x00I\x00D\x00\n\x001\x00", "Account ID,Group 1,Group 2\n1,a\n,\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		export, err := Read(bytes.NewReader(file), "export-users.csv")
		if err == nil {
			for row, e := range export.Rows() {
				if err = e; err != nil {
					break
				}
				if row.AccountID == "" && row.Email == "" || len(row.Extra) != len(export.Extra()) || slices.Contains(row.Groups, "") || strings.ContainsAny(row.Name+row.AccountID, "\n\x00\u202e") {
					t.Errorf("%+v", row)
				}
			}
			export.Tally().Notes()
		}
		if err != nil && !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("error %v", err)
		}
	})
}
