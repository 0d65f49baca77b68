// Package audit looks at every account of a site at once: it counts them, finds what an access review should look at, and
// writes a report with a row for each account.
//
// Accounts, group memberships and SCIM users are read at the same time, page by page. Each row goes to an external sort
// (package extsort), and the sorted streams are then joined by account id. So memory stays the same however large the site
// is, a page read twice counts once, and two reports of an unchanged site are equal line by line.
//
// What an account gets judged by is the pure function judge in findings.go. What reaches the caller's answer is limited; the
// report holds everything.
package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Jira is what an audit reads of a site. *jira.Client is one.
type Jira interface {
	AllUsers(ctx context.Context, o rest.PageOptions) iter.Seq2[[]jira.User, error]
	AllGroups(ctx context.Context, q jira.GroupQuery, o rest.PageOptions) iter.Seq2[[]jira.Group, error]
	GroupMembers(ctx context.Context, groupID string, includeInactive bool, startAt, max int) (jira.MemberPage, error)
}

// SCIM is what an audit reads of a directory. *scim.Client is one.
type SCIM interface {
	Users(ctx context.Context, f scim.Filter, startIndex, count int) (scim.UserPage, error)
}

// Auditor runs audits and keeps their reports. Jira and StateDir are needed; the rest may be left zero.
type Auditor struct {
	Jira     Jira
	SCIM     SCIM     // nil: no directory is configured
	StateDir string   // reports go to its folder "reports"
	Domains  []string // e-mail domains of the organization; empty: learned from the SCIM users
	Parallel int      // pages of one list, and groups, read at once; 0 = rest.DefaultMaxParallel

	Log *slog.Logger     // nil = discard
	Now func() time.Time // nil = time.Now

	memory int // of a sort, in bytes; 0 = sortMemory
}

// Run audits the whole site and leaves a report. It reports progress with request.Progress.
//
// A source that can't be read ends the audit with its error and no report: an audit that left a source out would say that all
// is well where it has not looked. Only a group that is deleted while the audit runs is passed over, with a note. When ctx ends, so does the audit, within a page, leaving nothing behind.
//
// Besides the errors of the clients it returns faults: invalid_argument for options out of range, not_configured for
// InactiveDays, and permission_denied when Jira shows no account at all.
func (a *Auditor) Run(ctx context.Context, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	started := a.now()
	w, err := openWorkspace(a.StateDir, started)
	if err != nil {
		return Result{}, unwritable(a.StateDir, err)
	}
	defer w.discard()

	r := &run{auditor: a, options: o, dir: w.dir, progress: newProgress(ctx)}
	result, err := r.execute(ctx)
	if err != nil {
		return Result{}, err
	}
	result.StartedAt, result.FinishedAt = started.UTC(), a.now().UTC()
	result.Report = w.report(result)
	if err := w.publish(result); err != nil {
		return Result{}, unwritable(a.StateDir, err)
	}
	a.log().InfoContext(ctx, "audit finished", "report", result.Report.ID, "accounts", result.Counts.Total,
		"findings", result.Report.Findings, "pages", result.Pages, "duration", result.FinishedAt.Sub(result.StartedAt))
	return result, nil
}

// unwritable is the fault for a state directory in which a report can't be written.
func unwritable(dir string, err error) error {
	return fault.New(fault.Internal, "Check that the state directory (JIRA_LIFECYCLE_STATE_DIR) exists, belongs to you and has room, then audit again.",
		"The report can't be written in %s: %v.", dir, err).Because(err)
}

// run is one audit under way.
type run struct {
	auditor  *Auditor
	options  Options
	dir      string // for scratch files and the unfinished report
	progress *progress
	notes    []string
}

func (r *run) execute(ctx context.Context) (_ Result, err error) {
	s := newSpill(r.dir, r.auditor.memory)
	defer func() { err = errors.Join(err, s.close()) }()

	read, err := r.collect(ctx, s)
	if err != nil {
		return Result{}, err
	}
	if s.accounts.Len() == 0 {
		return Result{}, fault.New(fault.PermissionDenied,
			"Give the owner of the Jira credential the global permission Browse users and groups.",
			"Jira listed no account at all, not even the one that asked.")
	}
	rules := r.rules(read)
	sink, err := newSink(r.dir, r.options, read, rules)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, sink.close()) }()

	if err := linkByEmail(ctx, s, sink); err != nil {
		return Result{}, fmt.Errorf("match SCIM users by e-mail: %w", err)
	}
	if err := findSameNames(ctx, s); err != nil {
		return Result{}, fmt.Errorf("compare names: %w", err)
	}
	if err := join(ctx, s, sink, r.progress); err != nil {
		return Result{}, fmt.Errorf("join accounts, groups and SCIM users: %w", err)
	}
	if err := sink.flush(); err != nil {
		return Result{}, err
	}
	return sink.result(r.notes), nil
}

// rules decides what can be judged, and notes what can't.
func (r *run) rules(read collected) rules {
	rules := rules{scim: r.auditor.SCIM != nil, domains: read.domains}
	switch {
	case len(r.auditor.Domains) > 0:
		rules.domains = newDomains(r.auditor.Domains)
	case len(read.domains) >= maxDomains:
		rules.domains = nil // those that did not fit would look like somebody else's
	}
	if !rules.scim {
		r.notes = append(r.notes, "No SCIM directory is configured: scim_jira_mismatch was not checked.")
	}
	if rules.domains.empty() {
		r.notes = append(r.notes, "The organization's own e-mail domains are not known: unmanaged_external was not checked.")
	}
	return rules
}

func (a *Auditor) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

func (a *Auditor) log() *slog.Logger {
	if a.Log != nil {
		return a.Log
	}
	return slog.New(slog.DiscardHandler)
}

func (a *Auditor) parallel() int {
	if a.Parallel > 0 {
		return a.Parallel
	}
	return rest.DefaultMaxParallel
}
