package audit

import "time"

// Result is the answer of an audit: the counts of everything, and the first findings and rows.
type Result struct {
	Counts   Counts    `json:"counts" jsonschema:"counts over all accounts that were asked for"`
	Findings []Finding `json:"findings" jsonschema:"the most severe findings, with some of each code; counts.by_finding has how many there are"`
	Users    []Row     `json:"users" jsonschema:"the first rows of the report, ordered by account id"`
	Report   Report    `json:"report" jsonschema:"the report with every row and every finding"`
	Seats    []Seat    `json:"seats" jsonschema:"seats by product"`
	Notes    []string  `json:"notes" jsonschema:"what the audit could not see or check"`
	Pages    Pages     `json:"pages" jsonschema:"pages that were read"`

	Site         string   `json:"site,omitempty" jsonschema:"address of the site"`
	AccountTypes []string `json:"account_types,omitempty" jsonschema:"the only types of accounts that were looked at; absent for all"`
	InactiveDays int      `json:"inactive_days,omitempty" jsonschema:"after how many days a seat was called dormant; absent where no source tells of activity"`

	Comparison *Comparison `json:"comparison,omitempty" jsonschema:"what changed since the report of compare_to"`

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
	BySource      map[string]int `json:"by_source" jsonschema:"records of each source that was read"`
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

	Organization       int `json:"organization,omitempty" jsonschema:"pages of people of the organization"`
	OrganizationGroups int `json:"organization_groups,omitempty" jsonschema:"pages of its groups"`
	Tokens             int `json:"tokens,omitempty" jsonschema:"pages of its API tokens"`
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

	ActiveLeaver         Code = "active_leaver"
	JoinerWithoutAccount Code = "joiner_without_account"
	DormantSeat          Code = "dormant_seat"
	NeverActive          Code = "never_active"
	DeactivatedButActive Code = "deactivated_but_active"
	ManagedOutsideSCIM   Code = "managed_outside_scim"
	OrganizationAdmin    Code = "organization_admin"
	SiteAdmin            Code = "site_admin"
	AdminNotInRoster     Code = "admin_not_in_roster"
	LeaverToken          Code = "leaver_api_token"
	OldToken             Code = "old_api_token"
	DuplicateEmail       Code = "duplicate_email"
	AppInAdminGroup      Code = "app_in_admin_group"
	EmptyGroup           Code = "empty_group"
	EveryoneGroup        Code = "everyone_group"
	UnusedGroup          Code = "unused_group"
	SourceContradiction  Code = "source_contradiction"
	NotInJira            Code = "not_in_jira"

	NotComparedWithRoster Code = "not_compared_with_roster"
	SuspendedButActive    Code = "suspended_but_active"
	PastLastDay           Code = "past_last_day"
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
	Code      Code       `json:"code" jsonschema:"kind of finding"`
	Severity  Severity   `json:"severity" jsonschema:"high, medium, low or info"`
	AccountID string     `json:"account_id" jsonschema:"the account; empty where there is none"`
	Name      string     `json:"display_name" jsonschema:"name of the account or the group, or the SCIM user's user name"`
	Detail    string     `json:"detail" jsonschema:"what was found, and why it matters"`
	GroupID   string     `json:"group_id,omitempty" jsonschema:"the group, of a finding about one"`
	Evidence  []Evidence `json:"evidence,omitempty" jsonschema:"the facts behind it, each with its source"`
	Advice    string     `json:"advice,omitempty" jsonschema:"what to do"`
	Fix       *Call      `json:"fix,omitempty" jsonschema:"the tool call that would do it, or begin with it; absent where no change of ours would"`
	Look      *Call      `json:"look,omitempty" jsonschema:"where fix is absent: the call that shows more and changes nothing"`
}

// Evidence is one fact, and the source that states it.
type Evidence struct {
	Source string `json:"source" jsonschema:"jira, scim, organization, export or roster"`
	Fact   string `json:"fact" jsonschema:"what it states"`
}

// Call is a tool call, ready to send.
type Call struct {
	Tool      string    `json:"tool" jsonschema:"name of the tool"`
	Arguments Arguments `json:"arguments" jsonschema:"its arguments"`
}

// Arguments are those that a call may have.
type Arguments struct {
	User    string   `json:"user,omitempty"`
	Group   string   `json:"group,omitempty"`
	Groups  []string `json:"groups,omitempty"`
	Steps   []string `json:"steps,omitempty"`
	Tokens  []string `json:"tokens,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Query   string   `json:"query,omitempty"`
	Email   string   `json:"email,omitempty"`
	Given   string   `json:"given_name,omitempty"`
	Family  string   `json:"family_name,omitempty"`
	DryRun  bool     `json:"dry_run,omitempty"`
	Include bool     `json:"include_inactive,omitempty"`
}

// Row is one account. In an answer its groups stop at 20; GroupCount says how many there are. What other sources than Jira know stands under their names.
type Row struct {
	AccountID   string   `json:"account_id" jsonschema:"Atlassian account id"`
	DisplayName string   `json:"display_name" jsonschema:"name as Jira shows it"`
	Email       string   `json:"email" jsonschema:"e-mail address; empty when hidden"`
	EmailSource string   `json:"email_source" jsonschema:"where the e-mail came from: jira, scim, organization, export or hidden"`
	AccountType string   `json:"account_type" jsonschema:"atlassian, app, customer or unknown"`
	Active      bool     `json:"active" jsonschema:"whether the account may sign in"`
	Groups      []string `json:"groups" jsonschema:"names of the account's groups, sorted"`
	GroupCount  int      `json:"group_count" jsonschema:"number of groups"`
	SCIM        *SCIMRef `json:"scim" jsonschema:"the SCIM user behind the account, or null"`
	Findings    []Code   `json:"findings" jsonschema:"codes of the findings on this account"`

	OtherEmails      []string         `json:"other_emails,omitempty" jsonschema:"further addresses that any source has"`
	Sources          []string         `json:"sources,omitempty" jsonschema:"sources that know the account"`
	LastActive       string           `json:"last_active,omitempty" jsonschema:"day of the last activity on this site, or never; absent where no source tells"`
	LastActiveSource string           `json:"last_active_source,omitempty" jsonschema:"who says so: organization or export"`
	Seats            []string         `json:"seats,omitempty" jsonschema:"products of which the account holds a seat that costs"`
	Admin            bool             `json:"admin,omitempty" jsonschema:"whether a group or a role makes it an administrator"`
	Organization     *OrganizationRef `json:"organization,omitempty" jsonschema:"what the organization says"`
	Export           *ExportRef       `json:"export,omitempty" jsonschema:"what the console's export says"`
	Roster           *RosterRef       `json:"roster,omitempty" jsonschema:"what the roster says"`
}

// OrganizationRef is what the organization says of an account.
type OrganizationRef struct {
	Name      string   `json:"name,omitempty"`
	Email     string   `json:"email,omitempty"`
	Status    string   `json:"status,omitempty"`
	Managed   bool     `json:"managed"`
	Source    string   `json:"management_source,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Added     string   `json:"added,omitempty"`
	APITokens int      `json:"api_tokens,omitempty"`
}

// ExportRef is what the console's export says of an account.
type ExportRef struct {
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	Status string `json:"status,omitempty"`
	Role   string `json:"role,omitempty"`
}

// RosterRef is what the roster says of a person.
type RosterRef struct {
	Line   int    `json:"line"`
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	Status string `json:"status,omitempty"`
	Left   string `json:"left,omitempty"`
}

// SCIMRef is the SCIM user behind an account.
type SCIMRef struct {
	ID       string `json:"id" jsonschema:"SCIM id, which is not the account id"`
	UserName string `json:"user_name" jsonschema:"SCIM user name"`
	Active   bool   `json:"active" jsonschema:"whether SCIM has the user active"`
}

// Seat is one product of the site. To free a seat take the person out of the groups that grant it: suspending ends access to everything.
type Seat struct {
	Product     string   `json:"product" jsonschema:"key of the product"`
	Name        string   `json:"name,omitempty" jsonschema:"its name"`
	Total       int      `json:"total,omitempty" jsonschema:"seats that are paid for; absent where unlimited or not known"`
	Used        int      `json:"used" jsonschema:"seats in use"`
	Left        int      `json:"left,omitempty" jsonschema:"seats that are free"`
	Reclaimable int      `json:"reclaimable" jsonschema:"held by people who have left, never came or are dormant"`
	Groups      []string `json:"groups,omitempty" jsonschema:"groups that grant one"`
	Source      string   `json:"source,omitempty" jsonschema:"who says how many are used: jira, or counted by group"`
}

// Report points to the files of a finished audit.
type Report struct {
	ID       string `json:"id" jsonschema:"id of the report; ids sort by time"`
	URI      string `json:"uri" jsonschema:"resource address of the report"`
	Rows     int    `json:"rows" jsonschema:"accounts in the report"`
	Findings int    `json:"findings" jsonschema:"findings in the report"`
	Folder   string `json:"folder" jsonschema:"folder on the server's machine that holds report.jsonl, report.csv, findings.jsonl and summary.json, and report.html once it was asked for"`
}
