// Package audit looks at every account of a site at once: it counts them, finds what an access review should look at, and
// writes a report with a row for each account.
//
// Up to five sources are read at the same time, page by page: Jira (accounts, groups, memberships, licences), the SCIM directory, the organization, the
// console's export and a roster of who should have access. Each record goes to an external sort (package extsort), and the sorted streams are then joined,
// by account id first and by e-mail where there is none. So memory stays the same however large the site is, a page read twice counts once, and two reports
// of an unchanged site are equal line by line. Each fact keeps its source: where two disagree, that is a finding, and no source is preferred in silence.
//
// What an account gets judged by is the pure function judge in findings.go. What reaches the caller's answer is limited; the
// report holds everything.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
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
	Jira         Jira
	SCIM         SCIM          // nil: no directory is configured
	Organization Organization  // nil: no organization is configured
	Files        csvdir.Folder // of exports and rosters
	StateDir     string        // reports go to its folder "reports"
	Domains      []string      // e-mail domains of the organization; empty: those that it has verified, or learned from the SCIM users
	Parallel     int           // pages of one list, and groups, read at once; 0 = rest.DefaultMaxParallel

	// Broken is the problem of a source that is set and can't be used, nil where there is none. It ends every audit: one that looked nowhere for it would say
	// that nobody had set it.
	Broken error

	// Site is the site's address, and CloudID finds its id: activity on other sites is not activity here. CloudID is needed with Organization.
	Site    string
	CloudID func(context.Context) (string, error)

	// Strange gives the fault of an organization that isn't the site's; it ends the audit, as one does that has none of the site's
	// people. Nil: that is not looked at.
	Strange func(context.Context) error

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
	if err := a.check(o); err != nil {
		return Result{}, err
	}
	earlier, err := a.earlier(o)
	if err != nil {
		return Result{}, err
	}
	started := a.now()
	w, err := openWorkspace(a.StateDir, started)
	if err != nil {
		return Result{}, unwritable(a.StateDir, err)
	}
	defer w.discard()

	r := &run{auditor: a, options: o, started: started, dir: w.dir, progress: newProgress(ctx)}
	result, err := r.execute(ctx)
	if err != nil {
		return Result{}, err
	}
	result.StartedAt, result.FinishedAt = started.UTC(), a.now().UTC()
	result.Report = w.report(result)
	result.Site, result.AccountTypes = a.Site, o.AccountTypes
	if err := w.publish(result); err != nil {
		return Result{}, unwritable(a.StateDir, err)
	}
	a.log().InfoContext(ctx, "audit finished", "report", result.Report.ID, "accounts", result.Counts.Total,
		"findings", result.Report.Findings, "pages", result.Pages, "duration", result.FinishedAt.Sub(result.StartedAt))
	if earlier != "" {
		c, err := a.Compare(ctx, earlier, result.Report.ID, o.limit())
		if err != nil {
			result.Notes = append(result.Notes, fmt.Sprintf("The report is complete, but could not be compared: %v", err))
			return result, nil
		}
		result.Comparison = &c
	}
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
	started  time.Time
	dir      string // for scratch files and the unfinished report
	progress *progress

	noting sync.Mutex
	notes  []string

	asking sync.Mutex
	site   string // the site's cloud id, once it was asked for
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
	return r.report(ctx, s, read)
}

// report joins and judges what was read, and writes it.
func (r *run) report(ctx context.Context, s *spill, read *collected) (_ Result, err error) {
	rules := r.rules(read)
	sink, err := newSink(r.dir, r.options, read, rules)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, sink.close()) }()

	for _, step := range []struct {
		doing string
		do    func() error
	}{
		{"match people by e-mail", func() error { return linkByEmail(ctx, s, sink) }},
		{"compare names", func() error { return findSameNames(ctx, s) }},
		{"look at everybody", func() error { return r.lookAround(ctx, s, sink) }},
		{"judge those without an account", func() error { return judgeStrangers(ctx, s, sink) }},
		{"join the sources", func() error { return join(ctx, s, sink, r.progress) }},
		{"judge groups", sink.sprawl},
		{"write the report", sink.flush},
	} {
		if err := step.do(); err != nil {
			return Result{}, fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return sink.result(r.notes), nil
}

// lookAround refuses what should not be judged, and asks for what only single questions tell.
func (r *run) lookAround(ctx context.Context, s *spill, out *sink) error {
	v, err := lookAround(ctx, s, out.groups, out.rules)
	if err != nil {
		return err
	}
	if err := v.refuse(r.options); err != nil {
		return err
	}
	if r.auditor.Strange != nil && out.rules.organization {
		if err := v.nobodyKnown(); err != nil {
			return err
		}
	}
	if v.incomparable > 0 {
		r.note("Roster: %d active people could not be compared with it, since no source that is configured knows their e-mail (not_compared_with_roster). Nobody was taken for a leaver because of that.", v.incomparable)
	}
	out.incomparable = v.incomparable
	return r.dates(ctx, s, v)
}

// rules decides what can be judged, and notes what can't.
func (r *run) rules(read *collected) rules {
	rules := rules{
		scim: r.auditor.SCIM != nil, organization: r.auditor.Organization != nil, export: r.options.Export != "", roster: r.options.Roster != "",
		domains: read.domains, now: r.started.Unix(),
	}
	rules.exported = read.exported
	rules.window, rules.cutoff = r.window(), r.cutoff()
	switch {
	case len(r.auditor.Domains) > 0:
		rules.domains = newDomains(r.auditor.Domains)
		maps.Copy(rules.domains, read.verified)
	case !read.verified.empty():
		rules.domains = read.verified
	case len(read.domains) >= maxDomains:
		rules.domains = nil // those that did not fit would look like somebody else's
	}
	if !rules.scim {
		r.note("No SCIM directory is configured: scim_jira_mismatch was not checked.")
	}
	if rules.domains.empty() {
		r.note("The organization's own e-mail domains are not known: unmanaged_external was not checked.")
	}
	if rules.cutoff == 0 {
		r.note("No source tells of activity: dormant_seat and never_active were not checked. The organization's API key or export_path would tell.")
	}
	switch {
	case rules.organization:
	case rules.export:
		r.note("No organization is configured: its API tokens and managed accounts were not looked at, and its administrators are those whom the export calls so.")
	default:
		r.note("No organization is configured: its administrators, API tokens and managed accounts were not looked at.")
	}
	if !rules.roster {
		r.note("No roster_path was given: active_leaver and joiner_without_account were not checked.")
	}
	return rules
}

// window is how many days without activity are too many.
func (r *run) window() int { return cmp.Or(r.options.InactiveDays, DefaultInactiveDays) }

// cutoff is when the window began; 0 where no source tells of activity.
func (r *run) cutoff() int64 {
	if r.auditor.Organization == nil && r.options.Export == "" {
		return 0
	}
	return r.started.AddDate(0, 0, -r.window()).Unix()
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
