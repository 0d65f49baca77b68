package audit

import (
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// The account types that Jira knows. An account of any other type, or of none, counts as unknown.
const (
	typeAtlassian = "atlassian"
	typeApp       = "app"
	typeCustomer  = "customer"
	typeUnknown   = "unknown"
)

// Limits of Options.Limit.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Options narrow an audit. The zero value looks at everything.
type Options struct {
	AccountTypes []string // only accounts of these types are counted, judged and reported; empty = all
	InactiveDays int      // after how many days without activity a seat is dormant; 0 = DefaultInactiveDays. Needs the organization or an export
	Limit        int      // rows and findings in the answer, 1 to MaxLimit; 0 = DefaultLimit. The report has all.

	Export, Roster string // files of Auditor.Files; "" = none
	ConfirmRoster  bool   // the roster is meant, although most of the site would have left by it

	CompareTo string // an earlier report, whose differences the answer tells; "" = none, Latest = the newest
}

// MaxInactiveDays is the longest window: longer than the organization keeps dates.
const MaxInactiveDays = 3650

// check gives the fault of an option that can't be served.
func (a *Auditor) check(o Options) error {
	if a.Broken != nil {
		return a.Broken
	}
	for _, t := range o.AccountTypes {
		if !slices.Contains([]string{typeAtlassian, typeApp, typeCustomer, typeUnknown}, t) {
			return fault.New(fault.InvalidArgument, "Use atlassian, app, customer or unknown; leave account_types out for all.",
				"account_types has %q, which is not a type of account.", clip(t, 40))
		}
	}
	if o.Limit < 0 || o.Limit > MaxLimit {
		return fault.New(fault.InvalidArgument, "The report holds all rows, whatever the limit.",
			"limit is %d; it can be 1 to %d.", o.Limit, MaxLimit)
	}
	if o.InactiveDays < 0 || o.InactiveDays > MaxInactiveDays {
		return fault.New(fault.InvalidArgument, "Give a number of days, such as 90.", "inactive_days is %d; it can be 1 to %d.", o.InactiveDays, MaxInactiveDays)
	}
	if o.InactiveDays > 0 && a.Organization == nil && o.Export == "" {
		return fault.New(fault.NotConfigured,
			"Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY, or give the console's export as export_path; leave inactive_days out and the audit covers everything else.",
			"inactive_days needs when each account was last active, which Jira does not tell: neither an organization nor an export is there.")
	}
	if o.ConfirmRoster && o.Roster == "" {
		return fault.New(fault.InvalidArgument, "Give roster_path, too, or leave confirm_roster out.", "confirm_roster confirms a roster, and none is given.")
	}
	return nil
}

func (o Options) limit() int {
	if o.Limit == 0 {
		return DefaultLimit
	}
	return o.Limit
}

// covers reports whether accounts of type t are asked for.
func (o Options) covers(t string) bool {
	return len(o.AccountTypes) == 0 || slices.Contains(o.AccountTypes, t)
}

// clip shortens s to at most n runes.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// accountType gives the type of an account as it is counted.
func accountType(t string) string {
	if t = strings.ToLower(t); t == "" {
		return typeUnknown
	}
	return t
}
