package roster

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// The order of the columns of a file, what separates them, and columns of other things do not matter.
func TestPropertyTheOrderOfColumnsDoesNotMatter(t *testing.T) {
	columns := []string{"Work Email", "userPrincipalName", "First name", "Last name", "Status", "Employment status", "accountEnabled", "suspended", "Last day", "Atlassian ID", "Manager Email", "Notes"}
	values := []string{"", "a@example.com", "B@Example.com", "jane", "Active", "Terminated", "suspended", "true", "FALSE", "2026-01-01", "2030-01-01", "3/4/2026", "Ruhend", "x;y", "a,b", "\"", "z\ny"}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(values), len(columns), len(columns)), 0, 5).Draw(t, "rows")
		order := rapid.Permutation(indexes(len(columns))).Draw(t, "order")
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
		want, tally := parse(t, write(indexes(len(columns)), ','))
		got, tally2 := parse(t, write(order, rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-one order +another):\n%s", diff)
		}
		if diff := cmp.Diff(tally, tally2, cmpopts.IgnoreUnexported(Tally{})); diff != "" {
			t.Errorf("counts (-one order +another):\n%s", diff)
		}
	})
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func parse(t *rapid.T, text string) ([]Row, Tally) {
	f, err := Read(strings.NewReader(text), "people.csv", now)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row.Line, row.Emails = 0, slices.Clone(row.Emails) // a cell with a line break moves those behind it
		rows = append(rows, row)
	}
	return rows, f.Tally()
}

// FuzzRoster reads any bytes. What it says of somebody has to be usable, and a status that is not understood never makes a leaver.
func FuzzRoster(f *testing.F) {
	for _, file := range []string{
		"email,status\na@example.com,Active\n", "userPrincipalName,accountEnabled\na_b.c#EXT#@d,False\n", "Email;Last day\r\na@b.c;31.12.2020\r\n", "login,name\n\"a@b.c\",\"x\ny\"\n", "version:v1.0\nUser name [userPrincipalName] Required\na@b.c",
		"account id\n1\n", "email,proxyAddresses\n,SMTP:a@b.c+smtp:d@e.f\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		roster, err := Read(bytes.NewReader(file), "people.csv", now)
		rows := 0
		if err == nil {
			for row, e := range roster.Rows() {
				if err = e; err != nil {
					break
				}
				rows++
				if row.AccountID == "" && len(row.Emails) == 0 || row.Status == "" || row.Status == Left && row.StatusText == "" || row.Own > len(row.Emails) {
					t.Errorf("%+v", row)
				}
				for _, email := range row.Emails {
					if !strings.Contains(email, "@") || strings.ToLower(email) != email || strings.TrimSpace(email) != email {
						t.Errorf("e-mail %q", email)
					}
				}
			}
			tally := roster.Tally()
			if known := tally.Rows - tally.WithoutEmailOrID; err == nil && known != rows {
				t.Errorf("%d rows, and the tally has %d", rows, known)
			}
			_ = fmt.Sprint(tally.Notes())
		}
		if err != nil && !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("error %v", err)
		}
	})
}
