package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

type operationsVerifyCmd struct {
	Head string `placeholder:"HEAD" help:"The head that an earlier verification printed: it must still be in the record."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run checks the record. Its exit code is 1 when something was altered or removed.
func (c *operationsVerifyCmd) Run(p *program) error {
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		if err := s.needJournal(); err != nil {
			return err
		}
		found, err := s.Journal.Verify(ctx, c.Head)
		if err != nil {
			return err
		}
		if err := s.print(verification{found}); err != nil {
			return err
		}
		if found.Problem != nil {
			return &exitStatus{exitError, fmt.Errorf("the journal is not what was written: %w", found.Problem)}
		}
		return nil
	})
}

// verification is what verify prints.
type verification struct{ journal.Verification }

// Text tells what was checked, and what that can't show.
func (v verification) Text() string {
	if v.Problem != nil {
		return fmt.Sprintf("Checked %d records, from %d on, up to the first that is wrong.", v.Events, v.From)
	}
	return fmt.Sprintf("The record is whole: %d records, from %d on, and %d operations that are as it says.\nHead: %s\n"+
		"Note the head in another place, and give it to a later verification (--head): the chain alone can't tell that its newest end was cut off.",
		v.Events, v.From, v.Operations, v.Head)
}

type operationsExportCmd struct {
	Format    string      `enum:"jsonl,csv" default:"jsonl" help:"Form of the file: ${enum}. Default: ${default}."`
	Since     pointInTime `placeholder:"TIME" help:"Only events since then: RFC 3339, or a date."`
	Until     pointInTime `placeholder:"TIME" help:"Only events before then."`
	Operation string      `placeholder:"ID" help:"Only events of this operation, and of its people where it is a batch."`
	Redact    bool        `help:"Put stable pseudonyms in place of people's names and e-mails; leaves out the hashes."`

	shellFlags `embed:""`
}

// Run writes the record to stdout.
func (c *operationsExportCmd) Run(p *program) error {
	return c.look(p, formFlag{}, func(ctx context.Context, s *shell) error {
		if err := s.needJournal(); err != nil {
			return err
		}
		return export.Events(ctx, s.Journal, s.stdout, export.Options{
			Format: c.Format, Redact: c.Redact,
			Filter: journal.ExportFilter{OperationID: c.Operation, Since: c.Since.Time, Until: c.Until.Time},
		})
	})
}

type operationsPruneCmd struct {
	OlderThan age `required:"" placeholder:"AGE" help:"What ended longer ago than that, such as 400d; 30d at least."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// leastAge keeps young operations from being pruned: they may have to be undone, or looked into.
const leastAge = 30 * 24 * time.Hour

// Run removes what is old, unless the record is not what was written: then it is evidence.
func (c *operationsPruneCmd) Run(p *program) error {
	if time.Duration(c.OlderThan) < leastAge {
		return wrongUse("--older-than must be 30d at least: operations that are younger may have to be undone or looked into")
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		if s.cfg.ReadOnly {
			return fault.New(fault.Protected, "Leave out --read-only (JIRA_LIFECYCLE_READ_ONLY) to prune.", "This server is read-only, and so is its journal.")
		}
		out := pruned{Before: time.Now().Add(-time.Duration(c.OlderThan)).UTC().Truncate(time.Second)}
		found, err := s.Journal.Verify(ctx, "")
		if err != nil {
			return err
		}
		if found.Problem != nil {
			return &exitStatus{exitError, fmt.Errorf("nothing was pruned, since the journal is not what was written: %w", found.Problem)}
		}
		if out.PruneResult, err = s.Journal.Prune(ctx, out.Before); err != nil {
			return err
		}
		if found, err = s.Journal.Verify(ctx, ""); err != nil {
			return err
		}
		out.From, out.Head = found.From, found.Head
		return s.print(out)
	})
}

// pruned is what prune prints.
type pruned struct {
	Before time.Time `json:"before"`
	journal.PruneResult
	From int64  `json:"from"` // the first record that is left
	Head string `json:"head"`
}

// Text tells what is gone, and what stays provable.
func (p pruned) Text() string {
	before := p.Before.Format("2 January 2006")
	if p.PruneResult == (journal.PruneResult{}) {
		return fmt.Sprintf("Nothing that could go ended before %s.", before)
	}
	return fmt.Sprintf("Removed %d operations that ended before %s, and %d records.\n"+
		"The chain is provable from record %d on: it begins at a checkpoint, and a record says what was removed. Older heads can't be checked any more; note the new one.\nHead: %s",
		p.Operations, before, p.Events, p.From, p.Head)
}
