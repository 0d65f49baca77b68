package csvdir

import (
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestRowsAreThoseThatAreUnderstoodUpToTheFirstError(t *testing.T) {
	for name, tt := range map[string]struct {
		text   string
		most   int // rows that are asked for
		want   []string
		broken bool
	}{
		"all":                    {text: "a\nb\nc\n", most: 9, want: []string{"a", "b", "c"}},
		"some are left out":      {text: "a\n-\nc\n", most: 9, want: []string{"a", "c"}},
		"the reader has enough":  {text: "a\nb\nc\n", most: 2, want: []string{"a", "b"}},
		"an error ends them":     {text: "a\nb,too,many\nc\n", most: 9, want: []string{"a"}, broken: true},
		"a cell that is wrong":   {text: "a\n?\nc\n", most: 9, want: []string{"a"}, broken: true},
		"there is a header only": {most: 9},
	} {
		table, err := NewTable(strings.NewReader("Name\n"+tt.text), "x.csv")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var problem error
		understand := func(cells []string) (string, bool, error) {
			if cells[0] == "?" {
				return "", true, table.Wrong(0, "it is odd", "Write it again.")
			}
			return strings.Clone(cells[0]), cells[0] != "-", nil
		}
		for row, err := range Rows(table, understand) {
			if problem != nil {
				t.Errorf("%s: there is more behind the error", name)
			}
			if problem = err; err != nil {
				continue
			}
			if got = append(got, row); len(got) == tt.most {
				break
			}
		}
		if !slices.Equal(got, tt.want) || fault.Is(problem, fault.InvalidArgument) != tt.broken || (problem != nil) != tt.broken {
			t.Errorf("%s: %v, %v", name, got, problem)
		}
	}
}
