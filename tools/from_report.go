package tools

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// stale is the age from which on a report no longer says whom to change.
const stale = 30 * 24 * time.Hour

// reported is one person of a report's finding.
type reported struct {
	target directory.Target
	reason string
	fix    audit.Arguments // of the finding's own call; zero where that is another tool's
	seen   *lifecycle.Seen
}

// handover is what a call takes from a report: the findings of one kind, for one tool.
type handover struct {
	report, finding, tool string
	// groups says that the call names groups itself, and does not need those of the finding.
	groups bool
}

// reported reads whom a report's findings of one kind are about: each person once, at most as many as a batch holds, and nobody whom the same tool has
// dealt with since. notes tell what is to be known of the list.
func (d *Deps) reported(ctx context.Context, h handover) (list rows[reported], notes []string, err error) {
	if h.report == "" || h.finding == "" {
		return list, nil, fault.New(fault.InvalidArgument, "Give both, as in the answer of audit_active_users: report.id and a finding's code.", "report_id and finding belong together.")
	}
	summary, err := d.Audit.Summary(h.report)
	if err != nil {
		return list, nil, err
	}
	if site := d.Status.SiteURL; summary.Site != "" && site != "" && summary.Site != site {
		return list, nil, fault.New(fault.InvalidArgument, "Audit this site with audit_active_users, and use that report: an account id is the same on every site, but what was found is not.", "Report %s is about %s, and this server works on %s.", h.report, summary.Site, site)
	}
	if age := time.Since(summary.FinishedAt); age > stale {
		return list, nil, fault.New(fault.InvalidArgument, "Run audit_active_users again, and use the new report.", "Report %s is %d days old: too old to say whom to change.", h.report, int(age.Hours()/24))
	}
	seen := map[string]bool{}
	var findings, others, done, waiting int
	otherTool := ""
	for f, err := range d.Audit.Found(h.report, audit.Code(h.finding)) {
		if err != nil {
			return list, nil, err
		}
		if findings++; f.AccountID == "" || seen[f.AccountID] {
			continue
		}
		seen[f.AccountID] = true
		mine := f.Fix != nil && f.Fix.Tool == h.tool
		switch {
		case !mine && !(h.groups && audit.Mends(f.Code, h.tool, true)):
			if others++; f.Fix != nil {
				otherTool = f.Fix.Tool
			}
			continue
		case len(list.values)+len(list.problems) == d.BatchLimit:
			waiting++
			continue
		}
		since, err := d.Lifecycle.Operations(ctx, journal.Filter{Person: f.AccountID, Kind: h.tool, Statuses: []lifecycle.Status{lifecycle.Succeeded}, Since: summary.FinishedAt, Limit: 1})
		if err != nil {
			return list, nil, err
		}
		if len(since.Operations) > 0 {
			done++
			continue
		}
		one := reported{reason: fmt.Sprintf("%s of %s", h.finding, h.report), seen: seenIn(f)}
		if mine {
			one.fix = f.Fix.Arguments
			one.reason = cmp.Or(one.fix.Reason, one.reason)
		}
		target, err := directory.ParseExactTarget(f.AccountID)
		one.target = target
		list.add(fmt.Sprintf("finding %d", findings), cmp.Or(f.Name, f.AccountID), one, err)
	}
	switch {
	case findings == 0:
		return list, nil, fault.New(fault.NotFound, "counts.by_finding of the audit's answer tells which kinds it found.", "Report %s has no finding %q.", h.report, h.finding)
	case len(seen) == 0:
		return list, nil, fault.New(fault.InvalidArgument, "Look at the findings themselves: they name what to change.", "No finding %q of report %s is about a person.", h.finding, h.report)
	case others == len(seen):
		return list, nil, fault.New(fault.InvalidArgument, "Look at the findings first. Whom it is right for all the same can be named in users.",
			"%s is not what the findings %q of report %s advise (%s).", h.tool, h.finding, h.report, cmp.Or(otherTool, "a look by a person"))
	case len(list.values)+len(list.problems) == 0:
		return list, nil, fault.New(fault.Conflict, "Run audit_active_users again to see how things are now.", "All %d people with the finding %q of report %s have been dealt with since.", done, h.finding, h.report)
	}
	notes = append(notes, fmt.Sprintf("From report %s of %s, finding %s: %d of %d people.", h.report, summary.FinishedAt.UTC().Format("2 January 2006 15:04 MST"), h.finding, len(list.values), len(seen)))
	if waiting > 0 {
		notes = append(notes, fmt.Sprintf("%d more come after these: a batch holds %d people. Call again in the same way when these are done.", waiting, d.BatchLimit))
	}
	if done > 0 {
		notes = append(notes, fmt.Sprintf("%d were dealt with since the report.", done))
	}
	if others > 0 {
		notes = append(notes, fmt.Sprintf("%d are left out, since their finding advises something else.", others))
	}
	return list, notes, nil
}

// seenIn is what of a finding has to be so still.
func seenIn(f audit.Found) *lifecycle.Seen {
	if f.Row == nil {
		return nil
	}
	s := &lifecycle.Seen{Active: f.Row.Active}
	if f.Code == audit.DormantSeat || f.Code == audit.NeverActive {
		s.LastActive = f.Row.LastActive
	}
	return s
}
