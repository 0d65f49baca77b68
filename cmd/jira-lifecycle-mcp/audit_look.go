package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type auditListCmd struct {
	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run lists the reports.
func (c *auditListCmd) Run(p *program) error {
	return c.look(p, c.formFlag, func(_ context.Context, s *shell) error {
		list, err := s.Audit.List()
		if err != nil {
			return err
		}
		return s.print(reportList{list})
	})
}

// reportList is what list prints.
type reportList struct {
	Reports []audit.Stored `json:"reports"`
}

// Text is a table, the newest report first.
func (l reportList) Text() string {
	if len(l.Reports) == 0 {
		return "No reports."
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REPORT\tFINISHED\tACCOUNTS\tFINDINGS\tHIGH\tMEDIUM\tMB\tSITE")
	for _, r := range l.Reports {
		if r.Problem != "" {
			fmt.Fprintf(table, "%s\t%s\n", r.ID, r.Problem)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%.1f\t%s\n", r.ID, r.FinishedAt.Local().Format("2006-01-02 15:04"), r.Accounts, r.Findings,
			r.BySeverity[string(audit.High)], r.BySeverity[string(audit.Medium)], float64(r.Bytes)/(1<<20), r.Site)
	}
	_ = table.Flush() // into memory
	return strings.TrimRight(b.String(), "\n")
}

type auditShowCmd struct {
	ID   string `arg:"" optional:"" default:"latest" help:"Id of the report. Default: the newest."`
	File string `placeholder:"NAME" help:"Print this file of it instead: report.html, report.csv, report.jsonl, findings.jsonl, summary.json, or the changes that a comparison wrote."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run shows a report's summary, as its audit did, or copies one of its files to stdout.
func (c *auditShowCmd) Run(p *program) error {
	return c.look(p, c.formFlag, func(_ context.Context, s *shell) error {
		id, err := s.Audit.Resolve(c.ID)
		if err != nil {
			return err
		}
		if c.File != "" {
			file, err := s.Audit.Open(id, c.File)
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }() // it was only read
			_, err = io.Copy(s.stdout, file)
			return err
		}
		result, err := s.Audit.Summary(id)
		if err != nil {
			return err
		}
		return s.print(tools.AuditActiveUsersOutput{Result: result})
	})
}

type auditCompareCmd struct {
	Before string `arg:"" optional:"" help:"Id of the earlier report. Default: the one before the later."`
	After  string `arg:"" optional:"" default:"latest" help:"Id of the later report. Default: the newest."`
	Limit  int    `default:"25" help:"Changes in the answer, 1 to 1000; the file that it names has all. Default: ${default}."`
	CSV    bool   `name:"csv" help:"Print every change, as CSV."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run compares two reports.
func (c *auditCompareCmd) Run(p *program) error {
	switch {
	case c.Limit < 1 || c.Limit > audit.MaxLimit:
		return wrongUse("--limit must be 1 to %d, not %d", audit.MaxLimit, c.Limit)
	case c.CSV && c.Output == "json":
		return wrongUse("--csv and --output=json exclude each other")
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		after, err := s.Audit.Resolve(c.After)
		if err != nil {
			return err
		}
		before := c.Before
		if before == "" {
			if before, err = earlierThan(s.Audit, after); err != nil {
				return err
			}
		}
		found, err := s.Audit.Compare(ctx, before, after, c.Limit)
		if err != nil {
			return err
		}
		if c.CSV {
			return audit.WriteChanges(s.stdout, s.Audit.Changes(before, after))
		}
		return s.print(found)
	})
}

// earlierThan gives the report before another.
func earlierThan(a *audit.Auditor, id string) (string, error) {
	ids, err := a.Reports()
	if err != nil {
		return "", err
	}
	for i, other := range ids {
		if other == id && i+1 < len(ids) {
			return ids[i+1], nil
		}
	}
	return "", fault.New(fault.NotFound, "Run another audit later (audit run), or name the earlier report.", "There is no report before %s.", id)
}

type auditPruneCmd struct {
	Keep      *int `placeholder:"N" help:"The newest reports, which stay. Default, with --older-than: 1."`
	OlderThan age  `placeholder:"AGE" help:"Of the others remove only those that are older, such as 400d."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run removes old reports.
func (c *auditPruneCmd) Run(p *program) error {
	keep := 1
	switch {
	case c.Keep != nil && *c.Keep < 1:
		return wrongUse("--keep must be 1 at least, not %d", *c.Keep)
	case c.Keep != nil:
		keep = *c.Keep
	case c.OlderThan == 0:
		return wrongUse("say which reports stay: --keep=N, the newest; --older-than=AGE, such as 400d; or both")
	}
	return c.look(p, c.formFlag, func(_ context.Context, s *shell) error {
		removed, err := s.Audit.Prune(audit.Retention{Keep: keep, MaxAge: time.Duration(c.OlderThan)})
		if err != nil {
			return err
		}
		return s.print(prunedReports{append([]string{}, removed...)})
	})
}

// prunedReports is what prune prints.
type prunedReports struct {
	Removed []string `json:"removed"`
}

// Text names what is gone.
func (r prunedReports) Text() string {
	if len(r.Removed) == 0 {
		return "Nothing had to go."
	}
	return fmt.Sprintf("Removed %d reports:\n%s", len(r.Removed), strings.Join(r.Removed, "\n"))
}
