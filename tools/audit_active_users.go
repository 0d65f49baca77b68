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
	AccountTypes  []string `json:"account_types,omitempty" jsonschema:"only accounts of these types" enum:"atlassian,app,customer,unknown" maxItems:"4"`
	InactiveDays  int      `json:"inactive_days,omitempty" jsonschema:"days without activity that make a seat dormant, 90 when left out" minimum:"1" maximum:"3650"`
	Limit         int      `json:"limit,omitempty" jsonschema:"most findings and rows in the answer, 25 when left out" minimum:"1" maximum:"200"`
	ExportPath    string   `json:"export_path,omitempty" jsonschema:"the admin console's export of users, in the CSV folder" maxLength:"1000"`
	RosterPath    string   `json:"roster_path,omitempty" jsonschema:"CSV of who should have access, in the same folder" maxLength:"1000"`
	ConfirmRoster bool     `json:"confirm_roster,omitempty" jsonschema:"the roster is right although most people are not in it"`
	CompareTo     string   `json:"compare_to,omitempty" jsonschema:"id of an earlier report, or latest: tells what changed since" maxLength:"40"`
}

// AuditActiveUsersOutput is the counts, the most severe findings, the first rows and where the report lies.
type AuditActiveUsersOutput struct{ audit.Result }

// What an answer and its text may have, in bytes, however large the site is.
const (
	auditAnswer = 20_000
	auditText   = 5_000

	changesInText = 6
)

func (d *Deps) auditActiveUsersTool() Tool {
	return Define("audit_active_users", "Audit all accounts", ToolsetAudit,
		"Joins every account of the site from Jira, SCIM, the organization, an export and a roster, and finds what an access review should look at: leavers and inactive people with access, dormant seats, "+
			"sources that disagree, external people, administrators, API tokens, duplicates, group sprawl; each with evidence and the call that would fix it. The answer is short; the report has all. "+
			"It may take minutes. For one person use lookup_user.",
		reads, d.auditActiveUsers)
}

func (d *Deps) auditActiveUsers(ctx context.Context, in AuditActiveUsersInput) (AuditActiveUsersOutput, error) {
	if _, err := d.Directory.Jira(); err != nil {
		return AuditActiveUsersOutput{}, err
	}
	result, err := d.Audit.Run(ctx, audit.Options{
		AccountTypes: in.AccountTypes, InactiveDays: in.InactiveDays, Limit: cmp.Or(in.Limit, defaultLimit),
		Export: in.ExportPath, Roster: in.RosterPath, ConfirmRoster: in.ConfirmRoster, CompareTo: in.CompareTo,
	})
	return AuditActiveUsersOutput{result.Within(auditAnswer)}, err
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
	for _, seat := range o.Seats {
		fmt.Fprintf(&b, "Seats of %s: %s used, %d reclaimable.\n", cmp.Or(seat.Name, seat.Product), ofTotal(seat), seat.Reclaimable)
	}
	if o.Comparison != nil {
		c := *o.Comparison
		c.Changes = c.Changes[:min(changesInText, len(c.Changes))]
		b.WriteString(c.Text() + "\n")
	}
	end := fmt.Sprintf("All %d rows and findings: %s", o.Report.Rows, o.Report.Folder)
	left := auditText - len(end)
	for _, n := range o.Notes {
		left -= len(n) + 10
	}
	for i, f := range o.Findings {
		line := fmt.Sprintf("- [%s] %s (%s), %s: %s\n", f.Severity, cmp.Or(f.Name, "no name"), subject(f), f.Code, f.Detail)
		if b.Len()+len(line) > left {
			fmt.Fprintf(&b, "- and %d more in the answer\n", len(o.Findings)-i)
			break
		}
		b.WriteString(line)
	}
	for _, n := range o.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	b.WriteString(end)
	return b.String()
}

func ofTotal(s audit.Seat) string {
	if s.Total == 0 {
		return fmt.Sprint(s.Used)
	}
	return fmt.Sprintf("%d of %d", s.Used, s.Total)
}

// subject names what a finding is about, so that it can be named in a call.
func subject(f audit.Finding) string {
	if f.GroupID != "" {
		return "group_id " + f.GroupID
	}
	return "account_id " + orNone(f.AccountID)
}
