package main

import (
	"context"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type operationsResumeCmd struct {
	ID string `arg:"" help:"Id of the operation."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run goes on with an operation in this process.
func (c *operationsResumeCmd) Run(p *program) error {
	return c.steer(p, c.formFlag, tools.UpdateOperationInput{OperationID: c.ID, Action: lifecycle.ActionResume})
}

type operationsCancelCmd struct {
	ID     string `arg:"" help:"Id of the operation."`
	Reason string `placeholder:"WHY" help:"Why, for the record."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run cancels an operation, whoever asked for it.
func (c *operationsCancelCmd) Run(p *program) error {
	return c.steer(p, c.formFlag, tools.UpdateOperationInput{OperationID: c.ID, Action: lifecycle.ActionCancel, Reason: c.Reason})
}

type operationsApproveCmd struct {
	ID     string `arg:"" help:"Id of the operation."`
	Reason string `placeholder:"WHY" help:"Why, for the record."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run approves an operation as the second person. Who that is, also through sudo, is decided in mcpserver.Shell.
func (c *operationsApproveCmd) Run(p *program) error {
	return c.steer(p, c.formFlag, tools.UpdateOperationInput{OperationID: c.ID, Action: lifecycle.ActionApprove, Reason: c.Reason})
}

type operationsRejectCmd struct {
	ID     string `arg:"" help:"Id of the operation."`
	Reason string `placeholder:"WHY" help:"Why, for the record and for whoever asked."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run rejects an operation that waits for approval.
func (c *operationsRejectCmd) Run(p *program) error {
	return c.steer(p, c.formFlag, tools.UpdateOperationInput{OperationID: c.ID, Action: lifecycle.ActionReject, Reason: c.Reason})
}

// mostReason is how long a reason may be, as for the tool.
const mostReason = 500

// steer does with an operation what the tool update_operation does. A process that is to run something waits for it as long as --wait says.
func (f shellFlags) steer(p *program, form formFlag, in tools.UpdateOperationInput) error {
	if len([]rune(in.Reason)) > mostReason {
		return wrongUse("--reason is longer than %d characters", mostReason)
	}
	return f.act(p, form, func(ctx context.Context, s *shell) error {
		out, err := s.UpdateOperation(ctx, in)
		if err != nil {
			return err
		}
		if err := s.print(out); err != nil {
			return err
		}
		return s.ending(in.Action, out.Operation.Status)
	})
}

// ending tells how it ended as call does, and what happens to an operation that is not over when this process ends.
func (s *shell) ending(action string, status journal.Status) error {
	switch {
	case action != lifecycle.ActionResume && action != lifecycle.ActionApprove:
		return nil
	case status == journal.Partial, status == journal.Failed, status == journal.Cancelled:
		return &exitStatus{code: exitPartial}
	case status == journal.Queued, status == journal.Running:
		fmt.Fprintln(s.stderr, "It is not over yet. A server or worker on this state goes on with it; --wait waits longer here.")
	}
	return nil
}

// wrongUse is the error of flags that can't be meant.
func wrongUse(format string, args ...any) error {
	return &exitStatus{exitUsage, fmt.Errorf(format, args...)}
}
