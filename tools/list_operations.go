package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// ListOperationsInput narrows the list.
type ListOperationsInput struct {
	Person string `json:"person,omitempty" jsonschema:"account id or exact e-mail of whom they changed" maxLength:"255"`
	Kind   string `json:"kind,omitempty" jsonschema:"tool that made them, such as offboard_user" maxLength:"50"`
	Status string `json:"status,omitempty" jsonschema:"state; open means all that are not over" enum:"open,awaiting_approval,scheduled,queued,running,succeeded,partial,failed,cancelled"`
	Actor  string `json:"actor,omitempty" jsonschema:"identity that asked for them, as in actor" maxLength:"255"`
	Since  string `json:"since,omitempty" jsonschema:"only those made since then: RFC 3339, or a date" maxLength:"40"`
	Batch  string `json:"batch,omitempty" jsonschema:"operation id of a batch: list its people" maxLength:"100"`
	Limit  int    `json:"limit,omitempty" jsonschema:"at most so many; 25 when left out" minimum:"1" maximum:"200"`
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before" maxLength:"500"`
}

// ListOperationsOutput is a page, the newest first.
type ListOperationsOutput struct {
	Operations []OperationSummary `json:"operations"`
	NextCursor string             `json:"next_cursor" jsonschema:"empty on the last page"`
}

// OperationSummary is one line of the list.
type OperationSummary struct {
	ID          string         `json:"operation_id"`
	Kind        string         `json:"kind"`
	Target      string         `json:"target"`
	AccountID   string         `json:"account_id,omitempty"`
	Status      journal.Status `json:"status"`
	Actor       string         `json:"actor"`
	Reason      string         `json:"reason,omitempty"`
	CreatedAt   time.Time      `json:"created_at"`
	EffectiveAt time.Time      `json:"effective_at,omitzero"`
	EndedAt     time.Time      `json:"ended_at,omitzero"`
	Batch       string         `json:"batch,omitempty"`
}

func (d *Deps) listOperationsTool() Tool {
	return Define("list_operations", "List operations", ToolsetOperations,
		"Lists the changes that were made, are under way or wait (scheduled, or for approval), the newest first, from this server's own record. "+
			"Use it to find an operation_id for get_operation, update_operation or restore_user.",
		Hints{ReadOnly: true, Idempotent: true}, d.ListOperations)
}

// ListOperations is the tool list_operations.
func (d *Deps) ListOperations(ctx context.Context, in ListOperationsInput) (ListOperationsOutput, error) {
	filter := journal.Filter{Person: in.Person, Kind: in.Kind, Actor: in.Actor, Parent: in.Batch, Limit: in.Limit, Cursor: in.Cursor}
	if filter.Limit == 0 {
		filter.Limit = defaultLimit
	}
	switch in.Status {
	case "":
	case "open":
		filter.Statuses = []journal.Status{journal.AwaitingApproval, journal.Scheduled, journal.Queued, journal.Running}
	default:
		filter.Statuses = []journal.Status{journal.Status(in.Status)}
	}
	var err error
	if filter.Since, err = since(in.Since); err != nil {
		return ListOperationsOutput{}, err
	}
	page, err := d.Lifecycle.Operations(ctx, filter)
	if err != nil {
		return ListOperationsOutput{}, err
	}
	out := ListOperationsOutput{Operations: []OperationSummary{}, NextCursor: page.Next}
	for _, op := range page.Operations {
		out.Operations = append(out.Operations, OperationSummary{
			ID: op.ID, Kind: op.Kind, Target: op.Label, AccountID: op.AccountID, Status: op.Status, Actor: op.Actor.Caller, Reason: op.Reason,
			CreatedAt: op.CreatedAt, EffectiveAt: op.EffectiveAt, EndedAt: op.EndedAt, Batch: op.Parent,
		})
	}
	return out, nil
}

// since reads a time, or a date as its beginning in UTC.
func since(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.New(fault.InvalidArgument, "Write it as 2027-03-01 or 2027-03-01T18:00:00Z.", "since is not a time: %q.", text)
}

// Text lists the operations for people.
func (o ListOperationsOutput) Text() string {
	if len(o.Operations) == 0 {
		return "No operations."
	}
	var b strings.Builder
	for _, op := range o.Operations {
		fmt.Fprintf(&b, "%s  %-17s  %s %s, asked for by %s on %s", op.ID, op.Status, op.Kind, op.Target, op.Actor, op.CreatedAt.UTC().Format(time.RFC3339))
		if !op.EffectiveAt.IsZero() {
			fmt.Fprintf(&b, ", for %s", op.EffectiveAt.Format(time.RFC3339))
		}
		b.WriteString("\n")
	}
	if o.NextCursor != "" {
		fmt.Fprintf(&b, "There are more: cursor = %s\n", o.NextCursor)
	}
	return strings.TrimRight(b.String(), "\n")
}
