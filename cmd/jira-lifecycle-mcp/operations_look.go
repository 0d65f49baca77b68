package main

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type operationsListCmd struct {
	Person string `placeholder:"WHO" help:"Only those that changed this person: account id or exact e-mail."`
	Kind   string `placeholder:"TOOL" help:"Only those of a tool, such as offboard_user."`
	Status string `enum:",open,awaiting_approval,scheduled,queued,running,succeeded,partial,failed,cancelled" default:"" placeholder:"STATE" help:"Only those in a state: open (all that are not over), awaiting_approval, scheduled, queued, running, succeeded, partial, failed or cancelled."`
	Actor  string `placeholder:"WHO" help:"Only those that this identity asked for, such as local:1000."`
	Since  string `placeholder:"TIME" help:"Only those made since then: RFC 3339, or a date."`
	Batch  string `placeholder:"ID" help:"The people of this batch."`
	Limit  int    `default:"25" help:"At most so many, 1 to 200. Default: ${default}."`
	Cursor string `help:"Go on after a page: its next_cursor."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run lists operations as the tool list_operations does.
func (c *operationsListCmd) Run(p *program) error {
	if c.Limit < 1 || c.Limit > 200 {
		return wrongUse("--limit must be 1 to 200, not %d", c.Limit)
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		page, err := s.ListOperations(ctx, tools.ListOperationsInput{
			Person: c.Person, Kind: c.Kind, Status: c.Status, Actor: c.Actor, Since: c.Since, Batch: c.Batch, Limit: c.Limit, Cursor: c.Cursor,
		})
		if err != nil {
			return err
		}
		return s.print(page)
	})
}

type operationsShowCmd struct {
	ID  string `arg:"" help:"Id of the operation."`
	CSV bool   `name:"csv" help:"Print what became of each person of a batch, as CSV."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run shows an operation as the tool get_operation does.
func (c *operationsShowCmd) Run(p *program) error {
	if c.CSV && c.Output == "json" {
		return wrongUse("--csv and --output=json exclude each other")
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		if c.CSV {
			return export.Result(ctx, s.Journal, s.stdout, c.ID)
		}
		operation, err := s.GetOperation(ctx, tools.GetOperationInput{OperationID: c.ID})
		if err != nil {
			return err
		}
		return s.print(operation)
	})
}
