package batchcsv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// columns are what a list may hold.
type columns struct {
	known    []string
	required []string
	oneOf    []string // of which there must be exactly one
	all      string   // the known ones in words
}

var (
	leaverColumns = columns{
		known: []string{"user", "email", "account_id", "reason"}, oneOf: []string{"user", "email", "account_id"},
		all: "user (or email, or account_id) and reason",
	}
	newcomerColumns = columns{
		known:    []string{"email", "given_name", "family_name", "display_name", "title", "department", "groups", "products", "route"},
		required: []string{"email", "given_name", "family_name"},
		all:      "email, given_name, family_name (these three are needed), display_name, title, department, groups, products and route",
	}
)

// header finds the columns by their names, in any case, with spaces or hyphens for underscores.
func (c columns) header(line int, names []string) (map[string]int, []Problem) {
	index := map[string]int{}
	var problems []Problem
	note := func(value, format string, args ...any) {
		problems = append(problems, NewProblem(line, value, format+"; known columns are "+c.all, args...))
	}
	for i, written := range names {
		name := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(written)))
		_, doubled := index[name]
		switch {
		case name == "":
			note("", "column %d has no name", i+1)
		case !slices.Contains(c.known, name):
			note(written, "there is no column %s", csvdir.Shown(written))
		case doubled:
			note(written, "there are two columns %s", name)
		default:
			index[name] = i
		}
	}
	for _, name := range c.required {
		if _, ok := index[name]; !ok {
			note("", "the column %s is missing", name)
		}
	}
	switch have := slices.DeleteFunc(slices.Clone(c.oneOf), func(name string) bool { _, ok := index[name]; return !ok }); {
	case len(c.oneOf) > 0 && len(have) == 0:
		note("", "the column %s is missing", c.oneOf[0])
	case len(have) > 1:
		note("", "the columns %s all say who it is; keep one of them", strings.Join(have, " and "))
	}
	return index, problems
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
