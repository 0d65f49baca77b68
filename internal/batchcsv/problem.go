package batchcsv

import (
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

const maxListed = 50 // problems in one answer

// Problem is what is wrong with one row, or with one of the people that a call names.
type Problem struct {
	Line    int    `json:"line,omitempty" jsonschema:"line of the file on which the row begins"`
	Value   string `json:"value,omitempty" jsonschema:"what was written there"`
	Problem string `json:"problem" jsonschema:"what is wrong with it"`
}

// Details are the details of the fault that [Refuse] makes.
type Details struct {
	Problems []Problem `json:"problems" jsonschema:"the first of them, by line"`
	More     int       `json:"more,omitempty" jsonschema:"how many more there are"`
}

// NewProblem makes a problem, whose value may come from anywhere: it is cleaned and capped.
func NewProblem(line int, value, format string, args ...any) Problem {
	return Problem{Line: line, Value: csvdir.Capped(value), Problem: fmt.Sprintf(format, args...)}
}

// Refuse makes the fault of a list with problems. It names the first and lists at most fifty.
func Refuse(problems []Problem) *fault.Error {
	details := Details{Problems: problems}
	if len(problems) > maxListed {
		details.Problems, details.More = problems[:maxListed], len(problems)-maxListed
	}
	message := "The list was not used: "
	if first := problems[0]; first.Line > 0 {
		message += fmt.Sprintf("line %d: ", first.Line)
	}
	message += problems[0].Problem
	if n := len(problems) - 1; n > 0 {
		message += fmt.Sprintf(" (and %d more)", n)
	}
	return fault.New(fault.InvalidArgument, "Correct every problem that is listed, and call again; nothing was changed.", "%s.", message).With(details)
}

// TooMany makes the fault of a list that is longer than the policy allows.
func TooMany(people, limit int) *fault.Error {
	return fault.New(fault.Protected, "Split the list. An administrator of this server can raise the limit (JIRA_LIFECYCLE_BATCH_LIMIT).",
		"The list has %d people, and the policy allows %d in one call; nothing was changed.", people, limit)
}

func invalid(hint, format string, args ...any) *fault.Error {
	return fault.New(fault.InvalidArgument, hint, format, args...)
}
