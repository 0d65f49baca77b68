package tools

import (
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/batchcsv"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// rows are the people of a batch with where each stands in what was given, and what is wrong with any of them.
type rows[T any] struct {
	values   []T
	places   []string
	problems []lifecycle.RowProblem
}

func (r *rows[T]) add(place, person string, value T, err error) {
	if err != nil {
		f := explain.Fault(err)
		r.problems = append(r.problems, lifecycle.RowProblem{Place: place, Person: person, Code: string(f.Code), Problem: f.Error()})
		return
	}
	r.values, r.places = append(r.values, value), append(r.places, place)
}

// fromCSV takes over what is wrong with rows of a file.
func (r *rows[T]) fromCSV(problems []batchcsv.Problem) {
	for _, p := range problems {
		r.problems = append(r.problems, lifecycle.RowProblem{Place: place(p.Line), Person: p.Value, Code: string(fault.InvalidArgument), Problem: p.Problem})
	}
}

func place(line int) string { return fmt.Sprintf("line %d", line) }

type given struct {
	name string
	is   bool
}

// oneOf gives the one argument that was given of several that exclude each other.
func oneOf(arguments ...given) (string, error) {
	var names, found []string
	for _, a := range arguments {
		names = append(names, a.name)
		if a.is {
			found = append(found, a.name)
		}
	}
	if len(found) != 1 {
		said := "none"
		if len(found) > 0 {
			said = strings.Join(found, " and ")
		}
		return "", fault.New(fault.InvalidArgument, "Give exactly one of "+strings.Join(names, ", ")+".", "This call names %s of %s.", said, strings.Join(names, ", "))
	}
	return found[0], nil
}

// limit refuses a batch that the policy does not allow before any of it is looked at.
func (d *Deps) limit(people int) error {
	if people > d.BatchLimit {
		return batchcsv.TooMany(people, d.BatchLimit)
	}
	return nil
}
