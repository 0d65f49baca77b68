package audit

import "time"

// Result is the answer of an audit: the counts of everything, and the first findings and rows.
type Result struct {
	Counts   Counts    `json:"counts" jsonschema:"counts over all accounts that were asked for"`
	Findings []Finding `json:"findings" jsonschema:"the most severe findings, with some of each code; counts.by_finding has how many there are"`
	Users    []Row     `json:"users" jsonschema:"the first rows of the report, ordered by account id"`
	Report   Report    `json:"report" jsonschema:"the report with every row and every finding"`
	Notes    []string  `json:"notes" jsonschema:"what the audit could not see or check"`
	Pages    Pages     `json:"pages" jsonschema:"pages that were read"`

	StartedAt  time.Time `json:"started_at" jsonschema:"when reading began; changes after that may be missing"`
	FinishedAt time.Time `json:"finished_at" jsonschema:"when the report was complete"`
}

// Counts covers every account of the types asked for, whatever the limit.
type Counts struct {
	Total         int            `json:"total" jsonschema:"accounts"`
	Active        int            `json:"active" jsonschema:"accounts that may sign in"`
	Inactive      int            `json:"inactive" jsonschema:"deactivated accounts"`
	ByAccountType map[string]int `json:"by_account_type" jsonschema:"accounts by type"`
	HiddenEmail   int            `json:"hidden_email" jsonschema:"accounts whose e-mail Jira does not show"`
	EmailFromSCIM int            `json:"email_from_scim" jsonschema:"those of them whose e-mail the SCIM directory knows"`
	WithoutGroups int            `json:"without_groups" jsonschema:"accounts in no group"`
	InSCIM        int            `json:"in_scim" jsonschema:"accounts that the SCIM directory provisions"`
	SCIMUsers     int            `json:"scim_users" jsonschema:"users of the SCIM directory"`
	Groups        int            `json:"groups" jsonschema:"groups of the site"`
	Memberships   int            `json:"memberships" jsonschema:"group memberships of the accounts"`
	ByFinding     map[Code]int   `json:"by_finding" jsonschema:"findings by code"`
	BySeverity    map[string]int `json:"by_severity" jsonschema:"findings by severity"`
}

// Pages is how many pages with something on them were read from each list. The lists of accounts and SCIM users end with
// an empty page that is not counted.
type Pages struct {
	Accounts int `json:"accounts" jsonschema:"pages of accounts"`
	Groups   int `json:"groups" jsonschema:"pages of groups"`
	Members  int `json:"members" jsonschema:"pages of group members"`
	SCIM     int `json:"scim" jsonschema:"pages of SCIM users"`
}

// Code names a kind of finding. The values are part of the contract.
type Code string

// The kinds of findings.
const (
	InactiveWithGroups  Code = "inactive_with_groups"
	ActiveWithoutGroups Code = "active_without_groups"
	HiddenEmail         Code = "hidden_email"
	DuplicateName       Code = "duplicate_name"
	UnknownAccount      Code = "unknown_account"
	SCIMJiraMismatch    Code = "scim_jira_mismatch"
	UnmanagedExternal   Code = "unmanaged_external"
)

// Severity says how soon somebody should look. High: access that should have ended has not. Medium: access that nobody
// controls, or that comes back by itself. Low: a slip waiting to happen. Info: worth knowing.
type Severity string

// The severities, most severe first.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
	Info   Severity = "info"
)

var severities = [...]Severity{High, Medium, Low, Info}

// Finding is one thing to look at.
type Finding struct {
	Code      Code     `json:"code" jsonschema:"kind of finding"`
	Severity  Severity `json:"severity" jsonschema:"high, medium, low or info"`
	AccountID string   `json:"account_id" jsonschema:"the account; empty for a SCIM user without one"`
	Name      string   `json:"display_name" jsonschema:"the account's name, or the SCIM user's user name"`
	Detail    string   `json:"detail" jsonschema:"what was found, and why it matters"`
}

// Row is one account. In an answer its groups stop at 20; GroupCount says how many there are.
type Row struct {
	AccountID   string   `json:"account_id" jsonschema:"Atlassian account id"`
	DisplayName string   `json:"display_name" jsonschema:"name as Jira shows it"`
	Email       string   `json:"email" jsonschema:"e-mail address; empty when hidden"`
	EmailSource string   `json:"email_source" jsonschema:"where the e-mail came from: jira, scim or hidden"`
	AccountType string   `json:"account_type" jsonschema:"atlassian, app, customer or unknown"`
	Active      bool     `json:"active" jsonschema:"whether the account may sign in"`
	Groups      []string `json:"groups" jsonschema:"names of the account's groups, sorted"`
	GroupCount  int      `json:"group_count" jsonschema:"number of groups"`
	SCIM        *SCIMRef `json:"scim" jsonschema:"the SCIM user behind the account, or null"`
	Findings    []Code   `json:"findings" jsonschema:"codes of the findings on this account"`
}

// SCIMRef is the SCIM user behind an account.
type SCIMRef struct {
	ID       string `json:"id" jsonschema:"SCIM id, which is not the account id"`
	UserName string `json:"user_name" jsonschema:"SCIM user name"`
	Active   bool   `json:"active" jsonschema:"whether SCIM has the user active"`
}

// Report points to the files of a finished audit.
type Report struct {
	ID       string `json:"id" jsonschema:"id of the report; ids sort by time"`
	URI      string `json:"uri" jsonschema:"resource address of the report"`
	Rows     int    `json:"rows" jsonschema:"accounts in the report"`
	Findings int    `json:"findings" jsonschema:"findings in the report"`
	Folder   string `json:"folder" jsonschema:"folder on the server's machine that holds report.jsonl, report.csv, findings.jsonl and summary.json"`
}
