package export

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// URIPrefix is how the addresses of results begin.
const URIPrefix = "report://operations/"

// ResultFile is the last part of a result's address.
const ResultFile = "result.csv"

// ResultURI is where clients read what became of each person of a batch, "" for an operation that is no batch.
func ResultURI(op journal.Operation) string {
	if !batch(op) {
		return ""
	}
	return URIPrefix + op.ID + "/" + ResultFile
}

func batch(op journal.Operation) bool { return strings.HasPrefix(op.Key, "batch:") }

// NotNeeded is the status of a person of a batch for whom there was nothing to do, and so no operation.
const NotNeeded = "not_needed"

var resultColumns = []string{"entry", "person", "account_id", "status", "detail", "operation_id"}

// Result writes what became of each person of a batch, as it is now, as CSV: a row a person, in the order in which they were named. Of an operation for
// one person it writes one row. Its cells are safe to open in a spreadsheet. not_found where there is no such operation.
func Result(ctx context.Context, j *journal.Store, w io.Writer, id string) error {
	op, err := j.Get(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return fault.New(fault.NotFound, "list_operations shows what there is.", "There is no operation %q.", id)
	}
	if err != nil {
		return err
	}
	people := []journal.Operation{op}
	if batch(op) {
		if people, err = children(ctx, j, id); err != nil {
			return err
		}
	}
	table := csv.NewWriter(w)
	if err := writeRow(table, slices.Clone(resultColumns)); err != nil {
		return err
	}
	entry := 0
	for _, person := range people {
		entry++
		if place := placeOf(op, person); batch(op) && place > entry {
			if err := writeNotNeeded(table, op, entry, place); err != nil {
				return err
			}
			entry = place
		}
		detail, err := outcome(ctx, j, person)
		if err != nil {
			return err
		}
		if err := writeRow(table, []string{fmt.Sprint(entry), person.Label, person.AccountID, string(person.Status), detail, person.ID}); err != nil {
			return err
		}
	}
	return writeNotNeeded(table, op, entry+1, len(named(op))+1)
}

// placeOf is a person's place in the batch, from 1. The people of a batch are created a microsecond after another, counted from the batch, and those
// for whom there is nothing to do have no operation.
func placeOf(parent, child journal.Operation) int {
	return int(child.CreatedAt.Sub(parent.CreatedAt) / time.Microsecond)
}

// writeNotNeeded writes the rows of people without an operation.
func writeNotNeeded(table *csv.Writer, op journal.Operation, from, to int) error {
	people := named(op)
	for entry := from; entry < to && entry <= len(people); entry++ {
		if err := writeRow(table, []string{fmt.Sprint(entry), people[entry-1], "", NotNeeded, "everything was so already", ""}); err != nil {
			return err
		}
	}
	return nil
}

// named lists the people of a batch as they were asked for.
func named(op journal.Operation) []string {
	if !batch(op) {
		return nil
	}
	var request struct {
		People []struct {
			Target      struct{ Value string }
			Who         struct{ Email string }
			OperationID string
		} `json:"people"`
	}
	if json.Unmarshal(op.Request, &request) != nil {
		return nil // of another version: the people who have operations are told all the same
	}
	var list []string
	for _, p := range request.People {
		list = append(list, p.Target.Value+p.Who.Email+p.OperationID) // one of the three is set
	}
	return list
}

// children gives the people of a batch in their order.
func children(ctx context.Context, j *journal.Store, parent string) ([]journal.Operation, error) {
	var all []journal.Operation
	for f := (journal.Filter{Parent: parent, Limit: 500}); ; {
		page, err := j.List(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Operations...)
		if f.Cursor = page.Next; f.Cursor == "" {
			slices.Reverse(all) // the newest came first
			return all, nil
		}
	}
}

// outcome says in a sentence what became of a person.
func outcome(ctx context.Context, j *journal.Store, op journal.Operation) (string, error) {
	var problem struct{ Message string }
	if len(op.Problem) > 0 && json.Unmarshal(op.Problem, &problem) == nil && problem.Message != "" {
		return problem.Message, nil
	}
	switch op.Status {
	case journal.Succeeded:
		return "done and verified", nil
	case journal.Cancelled:
		return "cancelled", nil
	case journal.Partial, journal.Failed:
		return undone(ctx, j, op.ID)
	case journal.Running:
		return "under way", nil
	case journal.Scheduled:
		return "waits for " + op.EffectiveAt.Format(time.RFC3339), nil
	case journal.AwaitingApproval:
		return "waits for approval", nil
	}
	return "waits", nil
}

// undone lists the steps that did not come to their end.
func undone(ctx context.Context, j *journal.Store, id string) (string, error) {
	op, err := j.Get(ctx, id)
	if err != nil {
		return "", err
	}
	var list []string
	for _, step := range op.Steps {
		switch step.Status {
		case journal.StepDone, journal.StepAlready:
		default:
			list = append(list, fmt.Sprintf("%s %s %s: %s", step.Status, strings.ReplaceAll(step.Action, "_", " "), step.Target, step.Detail))
		}
	}
	return strings.Join(list, "; "), nil
}
