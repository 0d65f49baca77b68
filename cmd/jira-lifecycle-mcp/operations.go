package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
)

type operationsCmd struct {
	List    operationsListCmd    `cmd:"" help:"List operations, the newest first."`
	Show    operationsShowCmd    `cmd:"" help:"Show one operation with its steps, or the result of a batch as CSV."`
	Resume  operationsResumeCmd  `cmd:"" help:"Go on with an operation that ended without all of its steps, and wait for it."`
	Cancel  operationsCancelCmd  `cmd:"" help:"Stop an operation before its next step."`
	Approve operationsApproveCmd `cmd:"" help:"Approve an operation that somebody else asked for."`
	Reject  operationsRejectCmd  `cmd:"" help:"Reject an operation that waits for approval."`
	Verify  operationsVerifyCmd  `cmd:"" help:"Check that no record was altered or removed."`
	Export  operationsExportCmd  `cmd:"" help:"Write the record of events to stdout."`
	Prune   operationsPruneCmd   `cmd:"" help:"Remove old operations and their records."`
}

// shellFlags are what every operations command has.
type shellFlags struct {
	config.Settings `embed:""`
}

// formFlag chooses the form of an answer.
type formFlag struct {
	Output string `short:"o" enum:"auto,text,json" default:"auto" help:"Form of the answer: ${enum}; auto is text on a terminal and JSON elsewhere."`
}

// shell is what an operations command works with. Whoever runs it is the operator of this server, and in the record.
type shell struct {
	*mcpserver.Services
	*program
	cfg    config.Config
	log    *slog.Logger
	asText bool
}

// texter is an answer that has a text for people.
type texter interface{ Text() string }

// print writes an answer in the form that was asked for.
func (s *shell) print(answer texter) error {
	if s.asText {
		_, err := fmt.Fprintln(s.stdout, answer.Text())
		return err
	}
	return printJSON(s.stdout, answer)
}

// look runs a command that only reads the journal, or changes nothing but it: no operation is taken up meanwhile.
func (f shellFlags) look(p *program, form formFlag, do func(context.Context, *shell) error) error {
	return f.run(p, form, false, do)
}

// act runs a command after which operations run in this process, until it ends.
func (f shellFlags) act(p *program, form formFlag, do func(context.Context, *shell) error) error {
	return f.run(p, form, true, do)
}

func (f shellFlags) run(p *program, form formFlag, acts bool, do func(context.Context, *shell) error) (err error) {
	f.Transport = "stdio"
	if f.LogLevel == "info" {
		f.LogLevel = "error" // as in call
	}
	cfg, log, err := p.configure(f.Settings)
	if err != nil {
		return err
	}
	if cfg.Sandbox {
		site, err := startSandbox(&cfg)
		if err != nil {
			return err
		}
		defer func() { _ = site.Close() }() // its state ends with the process anyway
	}
	services, err := mcpserver.Wire(cfg, log)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if acts {
		services.Start(context.WithoutCancel(ctx)) // Stop ends it, and what runs is given back
	}
	s := &shell{Services: services, program: p, cfg: cfg, log: log, asText: form.Output == "text" || form.Output != "json" && isTerminal(p.stdout)}
	err = do(mcpserver.Shell(ctx, "jira-lifecycle-mcp operations"), s)
	return errors.Join(told(err), services.Stop())
}

// told gives an error the exit code that call gives its fault.
func told(err error) error {
	var status *exitStatus
	if err == nil || errors.As(err, &status) {
		return err
	}
	f := explain.Fault(err)
	if f.Code == fault.Internal && f.Err == err { //nolint:errorlint // the very error, which nothing explains
		return err
	}
	return &exitStatus{exitOf(f.Code), withDetails(f)}
}

// withDetails adds to a fault what it lists, such as a new plan.
func withDetails(f *fault.Error) error {
	switch details := f.Details.(type) {
	case nil:
		return f
	case texter:
		return fmt.Errorf("%w\n%s", f, details.Text())
	default:
		raw, err := json.Marshal(details)
		if err != nil {
			return f
		}
		return fmt.Errorf("%w\n%s", f, raw)
	}
}

// needJournal refuses where there is no journal: a check of nothing must not look like success.
func (s *shell) needJournal() error {
	if s.Journal.Exists() {
		return nil
	}
	return fault.New(fault.NotFound, "Check --state-dir (JIRA_LIFECYCLE_STATE_DIR); without a change there is none yet.", "There is no journal in %s.", s.cfg.StateDir)
}

// pointInTime is a flag: RFC 3339, or a date, which is its beginning in UTC.
type pointInTime struct{ time.Time }

// UnmarshalText reads the flag.
func (t *pointInTime) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			t.Time = at
			return nil
		}
	}
	return fmt.Errorf("%q is not a time; write it as 2027-03-01 or 2027-03-01T18:00:00Z", text)
}

// age is a flag: a number of days (400d) or weeks (8w), or a duration as Go writes it.
type age time.Duration

// UnmarshalText reads the flag.
func (a *age) UnmarshalText(text []byte) error {
	s := string(text)
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.ParseUint(number, 10, 15) // at most 32,767: no overflow
			if err != nil {
				break
			}
			*a = age(time.Duration(n) * length)
			return nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not an age; write it as 400d", s)
	}
	*a = age(d)
	return nil
}
