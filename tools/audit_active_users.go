package tools

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
)

// AuditActiveUsersInput narrows the audit.
type AuditActiveUsersInput struct {
	AccountTypes []string `json:"account_types,omitempty" jsonschema:"only accounts of these types; all when left out" enum:"atlassian,app,customer,unknown" maxItems:"4"`
	InactiveDays int      `json:"inactive_days,omitempty" jsonschema:"needs organization credentials, which this version does not use" minimum:"1" maximum:"3650"`
	Limit        int      `json:"limit,omitempty" jsonschema:"findings and rows in the answer, 25 when left out; the report has all" minimum:"1" maximum:"200"`
}

// AuditActiveUsersOutput is the counts, the most severe findings, the first rows and where the report lies.
type AuditActiveUsersOutput struct{ audit.Result }

func (d *Deps) auditActiveUsersTool() Tool {
	return Define("audit_active_users", "Audit all accounts", ToolsetAudit,
		"Reads every account of the site, active and inactive, with groups and SCIM state; counts them and finds what an access review should look at: inactive people still in groups, "+
			"SCIM and Jira in disagreement, external people, duplicates, corrupted records. The answer is short; every row is in a report file. "+
			"It may take minutes on a large site. For one person use lookup_user.",
		reads, d.auditActiveUsers)
}

func (d *Deps) auditActiveUsers(ctx context.Context, in AuditActiveUsersInput) (AuditActiveUsersOutput, error) {
	if _, err := d.Directory.Jira(); err != nil {
		return AuditActiveUsersOutput{}, err
	}
	result, err := d.Audit.Run(ctx, audit.Options{AccountTypes: in.AccountTypes, InactiveDays: in.InactiveDays, Limit: cmp.Or(in.Limit, defaultLimit)})
	return AuditActiveUsersOutput{result}, err
}

// Text tells the figures and the most severe findings.
func (o AuditActiveUsersOutput) Text() string {
	var b strings.Builder
	c := o.Counts
	fmt.Fprintf(&b, "%d accounts: %d active, %d inactive", c.Total, c.Active, c.Inactive)
	for _, kind := range slices.Sorted(maps.Keys(c.ByAccountType)) {
		fmt.Fprintf(&b, ", %d %s", c.ByAccountType[kind], kind)
	}
	fmt.Fprintf(&b, ". Jira hides the e-mail of %d; SCIM knows %d of those.\n", c.HiddenEmail, c.EmailFromSCIM)
	fmt.Fprintf(&b, "Findings: %d", o.Report.Findings)
	for _, code := range slices.Sorted(maps.Keys(c.ByFinding)) {
		fmt.Fprintf(&b, ", %s %d", code, c.ByFinding[code])
	}
	b.WriteString(".\n")
	for _, f := range o.Findings {
		fmt.Fprintf(&b, "- [%s] %s (account_id %s), %s: %s\n", f.Severity, cmp.Or(f.Name, "no name"), orNone(f.AccountID), f.Code, f.Detail)
	}
	for _, n := range o.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	fmt.Fprintf(&b, "All %d rows and findings: %s", o.Report.Rows, o.Report.Folder)
	return b.String()
}
