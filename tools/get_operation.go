package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// GetOperationInput names an operation.
type GetOperationInput struct {
	OperationID string `json:"operation_id" jsonschema:"id that a write tool or list_operations gave" maxLength:"100"`
}

// OperationOutput is one operation with all that is known of it.
type OperationOutput struct {
	Operation OperationDetail `json:"operation"`
}

// OperationDetail tells who asked, what was agreed to, and what became of each step.
type OperationDetail struct {
	OperationSummary
	Client       string                 `json:"client,omitempty" jsonschema:"program that asked, by its own name"`
	OSUser       string                 `json:"os_user,omitempty" jsonschema:"whose process carried the request, and where"`
	StartedAt    time.Time              `json:"started_at,omitzero"`
	Late         string                 `json:"late,omitempty"`
	PlanID       string                 `json:"plan_id"`
	Steps        []OperationStep        `json:"steps"`
	People       []lifecycle.StepResult `json:"people,omitempty" jsonschema:"of a batch: one line a person"`
	ResultURI    string                 `json:"result_uri,omitempty" jsonschema:"of a batch: resource with the people's results as CSV"`
	Problem      *lifecycle.Problem     `json:"problem,omitempty"`
	FollowUps    []string               `json:"follow_ups,omitempty"`
	Confirmation *Decision              `json:"confirmation,omitempty" jsonschema:"who agreed to the plan, and how"`
	Approval     *Decision              `json:"approval,omitempty" jsonschema:"the second person's decision"`
	CancelledBy  string                 `json:"cancelled_by,omitempty"`
	Shown        string                 `json:"shown,omitempty" jsonschema:"while it waits: the plan that was agreed to, in words"`
}

// OperationStep is one step with its times and what reads showed before and after.
type OperationStep struct {
	Action     string             `json:"action"`
	Target     string             `json:"target"`
	Via        string             `json:"via,omitempty"`
	Status     journal.StepStatus `json:"status"`
	Detail     string             `json:"detail"`
	StartedAt  time.Time          `json:"started_at,omitzero"`
	EndedAt    time.Time          `json:"ended_at,omitzero"`
	Attempts   int                `json:"attempts,omitempty"`
	RequestIDs []string           `json:"request_ids,omitempty"`
	Before     map[string]any     `json:"before,omitempty"`
	After      map[string]any     `json:"after,omitempty"`
}

// Decision is who decided something, when and how.
type Decision struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Means  string    `json:"means"`
	Reason string    `json:"reason,omitempty"`
}

func (d *Deps) getOperationTool() Tool {
	return Define("get_operation", "Look at an operation", ToolsetOperations,
		"Tells one operation whole: who asked and agreed, its status, and each step with its times, Atlassian's request ids, and what was so before and after. "+
			"Use it to follow one that is running, and before you resume, cancel or restore it.",
		Hints{ReadOnly: true, Idempotent: true}, d.GetOperation)
}

// GetOperation is the tool get_operation.
func (d *Deps) GetOperation(ctx context.Context, in GetOperationInput) (OperationOutput, error) {
	detail, err := d.Lifecycle.Operation(ctx, strings.TrimSpace(in.OperationID))
	return operationOutput(detail), err
}

func operationOutput(op lifecycle.Detail) OperationOutput {
	out := OperationDetail{
		OperationSummary: OperationSummary{
			ID: op.ID, Kind: op.Kind, Target: op.Label, AccountID: op.AccountID, Status: op.Status, Actor: op.Actor.Caller, Reason: op.Reason,
			CreatedAt: op.CreatedAt, EffectiveAt: op.EffectiveAt, EndedAt: op.EndedAt, Batch: op.Parent,
		},
		Client: op.Actor.Client, OSUser: op.Actor.OSUser, StartedAt: op.StartedAt, Late: op.Late, PlanID: op.PlanID, Steps: []OperationStep{}, People: op.People, Problem: op.Problem, FollowUps: op.FollowUps,
		ResultURI: export.ResultURI(op.Operation),
	}
	for _, s := range op.Steps {
		out.Steps = append(out.Steps, OperationStep{
			Action: s.Action, Target: s.Target, Via: s.Via, Status: s.Status, Detail: s.Detail, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
			Attempts: s.Attempts, RequestIDs: s.RequestIDs, Before: facts(s.Before), After: facts(s.After),
		})
	}
	if c := op.Confirmation; c != nil {
		out.Confirmation = &Decision{By: c.By.Caller, At: c.At, Means: c.Means}
		if op.Status == lifecycle.AwaitingApproval || op.Status == lifecycle.Scheduled {
			out.Shown = c.Shown
		}
	}
	if a := op.Approval; a != nil {
		means := "approved"
		if !a.Approved {
			means = "rejected"
		}
		out.Approval = &Decision{By: a.By.Caller, At: a.At, Means: means, Reason: a.Reason}
	}
	if op.CancelBy != nil {
		out.CancelledBy = op.CancelBy.Caller
	}
	return OperationOutput{out}
}

// facts reads what a read showed; nothing where there was none.
func facts(raw json.RawMessage) map[string]any {
	var shown map[string]any
	_ = json.Unmarshal(raw, &shown) // our own record
	return shown
}

// Text tells the operation in words.
func (o OperationOutput) Text() string {
	op := o.Operation
	var b strings.Builder
	fmt.Fprintf(&b, "Operation %s: %s %s, %s.\n", op.ID, op.Kind, op.Target, op.Status)
	fmt.Fprintf(&b, "Asked for by %s on %s", op.Actor, op.CreatedAt.UTC().Format(time.RFC3339))
	if op.Client != "" {
		fmt.Fprintf(&b, " with %s", op.Client)
	}
	if op.Reason != "" {
		fmt.Fprintf(&b, " (%s)", op.Reason)
	}
	b.WriteString(".\n")
	if c := op.Confirmation; c != nil {
		fmt.Fprintf(&b, "Agreed to by %s on %s (%s).\n", c.By, c.At.UTC().Format(time.RFC3339), c.Means)
	}
	if a := op.Approval; a != nil {
		fmt.Fprintf(&b, "%s by %s on %s %s.\n", strings.ToUpper(a.Means[:1])+a.Means[1:], a.By, a.At.UTC().Format(time.RFC3339), a.Reason)
	}
	if !op.EffectiveAt.IsZero() {
		fmt.Fprintf(&b, "For %s. %s\n", op.EffectiveAt.Format(time.RFC3339), op.Late)
	}
	if op.Problem != nil {
		fmt.Fprintf(&b, "%s: %s %s\n", op.Problem.Code, op.Problem.Message, op.Problem.Hint)
	}
	if op.Shown != "" {
		fmt.Fprintf(&b, "\n%s\n\n", op.Shown)
	}
	for _, s := range op.Steps {
		fmt.Fprintf(&b, "%-8s %s %s: %s\n", s.Status, strings.ReplaceAll(s.Action, "_", " "), s.Target, s.Detail)
	}
	for _, p := range op.People {
		fmt.Fprintf(&b, "%-8s %s: %s (%s)\n", p.Status, p.Target, p.Detail, p.ID)
	}
	if len(op.FollowUps) > 0 && op.Shown == "" { // what is shown has them
		b.WriteString("Still to do by a person:\n- " + strings.Join(op.FollowUps, "\n- ") + "\n")
	}
	if op.ResultURI != "" {
		fmt.Fprintf(&b, "As CSV: %s\n", op.ResultURI)
	}
	return strings.TrimRight(b.String(), "\n")
}
