package main

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type auditCmd struct {
	Run      auditRunCmd      `cmd:"" help:"Audit all accounts, and keep the report."`
	List     auditListCmd     `cmd:"" help:"List the reports that are kept, the newest first."`
	Show     auditShowCmd     `cmd:"" help:"Show the summary of a report, or one of its files."`
	Compare  auditCompareCmd  `cmd:"" help:"Say what changed from one report to another."`
	Schedule auditScheduleCmd `cmd:"" help:"Check the review file, and tell what a worker does with it and when."`
	Prune    auditPruneCmd    `cmd:"" help:"Remove old reports."`
}

type auditRunCmd struct {
	Types         []string `placeholder:"TYPE" help:"Only accounts of these types: atlassian, app, customer, unknown."`
	InactiveDays  int      `placeholder:"N" help:"Days without activity that make a seat dormant. Default: 90."`
	Export        string   `type:"path" placeholder:"FILE" help:"The admin console's export of users (CSV)."`
	Roster        string   `type:"path" placeholder:"FILE" help:"Who should have access: CSV from a personnel system, Okta, Entra ID or Google Workspace."`
	ConfirmRoster bool     `help:"The roster is right, although most people are not in it."`
	CompareTo     string   `placeholder:"ID" help:"Tell what changed since this report; latest is the newest."`
	Limit         int      `default:"25" help:"Findings and rows in the answer, 1 to 1000; the report has all. Default: ${default}."`

	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run audits as the tool audit_active_users does. Files may lie anywhere: whoever runs this may read them anyway.
func (c *auditRunCmd) Run(p *program) error {
	if c.Limit < 1 || c.Limit > audit.MaxLimit {
		return wrongUse("--limit must be 1 to %d, not %d", audit.MaxLimit, c.Limit)
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		if _, err := s.Directory.Jira(); err != nil {
			return err
		}
		s.Audit.Files = everywhere(&c.Export, &c.Roster)
		ctx, finish := s.followed(ctx)
		result, err := s.Audit.Run(ctx, audit.Options{
			AccountTypes: c.Types, InactiveDays: c.InactiveDays, Limit: c.Limit,
			Export: c.Export, Roster: c.Roster, ConfirmRoster: c.ConfirmRoster, CompareTo: c.CompareTo,
		})
		finish()
		if err != nil {
			return err
		}
		return s.print(tools.AuditActiveUsersOutput{Result: result})
	})
}

// everywhere gives the folder that any file is in, and takes the links out of the paths, which would lead out of it.
func everywhere(paths ...*string) csvdir.Folder {
	volume := ""
	for _, path := range paths {
		if real, err := filepath.EvalSymlinks(*path); err == nil && *path != "" {
			*path = real
		}
		volume = cmp.Or(volume, filepath.VolumeName(*path))
	}
	return csvdir.Folder(volume + string(filepath.Separator))
}

// followed shows progress on a terminal until finish is called.
func (s *shell) followed(ctx context.Context) (_ context.Context, finish func()) {
	if !isTerminal(s.stderr) {
		return ctx, func() {}
	}
	line := &progressLine{w: s.stderr}
	info := request.From(ctx)
	info.Progress = func(_, _ float64, message string) { line.tell(message) }
	return request.With(ctx, info), line.end
}
