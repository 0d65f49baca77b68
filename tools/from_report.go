package tools

import (
	"cmp"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// stale is the age from which on a report no longer says whom to change.
const stale = 30 * 24 * time.Hour

// reported is one person of a report's finding.
type reported struct {
	target directory.Target
	reason string
	fix    audit.Call // zero where the finding names no call
}

// reported reads whom a report's findings of one kind are about. Each person comes once, and what is wrong with any is listed; they are looked up anew, as
// any batch is, so a report that is a little old does no harm.
func (d *Deps) reported(report, finding string) (rows[reported], error) {
	var list rows[reported]
	if report == "" || finding == "" {
		return list, fault.New(fault.InvalidArgument, "Give both, as in the answer of audit_active_users: report.id and a finding's code.", "report_id and finding belong together.")
	}
	summary, err := d.Audit.Summary(report)
	if err != nil {
		return list, err
	}
	if age := time.Since(summary.FinishedAt); age > stale {
		return list, fault.New(fault.InvalidArgument, "Run audit_active_users again, and use the new report.", "Report %s is %d days old: too old to say whom to change.", report, int(age.Hours()/24))
	}
	seen := map[string]bool{}
	found := 0
	for f, err := range d.Audit.Found(report, audit.Code(finding)) {
		if err != nil {
			return list, err
		}
		if found++; f.AccountID == "" || seen[f.AccountID] {
			continue
		}
		seen[f.AccountID] = true
		if err := d.limit(len(seen)); err != nil {
			return list, err
		}
		one := reported{reason: fmt.Sprintf("%s of %s", finding, report)}
		if f.Fix != nil {
			one.fix = *f.Fix
			one.reason = cmp.Or(f.Fix.Arguments.Reason, one.reason)
		}
		one.target, err = directory.ParseExactTarget(f.AccountID)
		list.add(fmt.Sprintf("finding %d", found), cmp.Or(f.Name, f.AccountID), one, err)
	}
	switch {
	case found == 0:
		return list, fault.New(fault.NotFound, "counts.by_finding of the audit's answer tells which kinds it found.", "Report %s has no finding %q.", report, finding)
	case len(seen) == 0:
		return list, fault.New(fault.InvalidArgument, "Look at the findings themselves: they name what to change.", "No finding %q of report %s is about a person.", finding, report)
	}
	return list, nil
}
