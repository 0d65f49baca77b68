// Package config reads the program's settings: flags before environment variables before the YAML file before defaults.
//
// Settings holds what each source may say, Load makes a checked Config of it. What is wrong with a credential never stops a
// start: it is kept as the reason why that service is not configured, and the tools give it as their answer.
package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Settings are the flags, with the environment variables that set them in the tag setting (several: the first that is set
// counts). A key of the YAML file is the flag's name. Secrets are no flags, since other processes can read those; DatabaseURL is one as long
// as there is no password in it, and its other places are those of a secret.
type Settings struct {
	Config string `setting:"JIRA_LIFECYCLE_CONFIG" type:"path" placeholder:"FILE" help:"Settings file (YAML). Default: config.yaml in the settings folder, if it is there." group:"server"`

	Transport    string   `setting:"JIRA_LIFECYCLE_TRANSPORT" enum:"stdio,sse,http" default:"stdio" help:"How clients connect: ${enum}." group:"server"`
	Listen       string   `setting:"JIRA_LIFECYCLE_LISTEN" default:"127.0.0.1:8710" placeholder:"ADDR" help:"Address of the sse and http transports; loopback only. Default: ${default}." group:"server"`
	Toolsets     []string `setting:"JIRA_LIFECYCLE_TOOLSETS" default:"default" placeholder:"NAMES" help:"Tools to offer: default, all, or names from directory, audit, lifecycle, operations, server, admin." group:"server"`
	ReadOnly     bool     `setting:"JIRA_LIFECYCLE_READ_ONLY" help:"Refuse every change." group:"server"`
	Sandbox      bool     `setting:"JIRA_LIFECYCLE_SANDBOX" help:"Work on a simulated site inside this process; other credentials and the database are ignored." group:"server"`
	StateDir     string   `setting:"JIRA_LIFECYCLE_STATE_DIR" type:"path" placeholder:"DIR" help:"Folder for operations and reports. Default: the system's own place." group:"server"`
	LogLevel     string   `setting:"JIRA_LIFECYCLE_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level to log: ${enum}. Default: ${default}." group:"server"`
	LogFormat    string   `setting:"JIRA_LIFECYCLE_LOG_FORMAT" enum:"auto,text,json" default:"auto" help:"Form of the log on stderr: ${enum}; auto is text on a terminal. Default: ${default}." group:"server"`
	Confirmation string   `setting:"JIRA_LIFECYCLE_CONFIRMATION" enum:"token,human,second_person" default:"token" help:"token: a plan's token confirms it. human: only a person whom the client asks does. second_person: somebody else has to approve it besides. Default: ${default}." group:"server"`

	Wait            time.Duration `setting:"JIRA_LIFECYCLE_WAIT" default:"25s" help:"How long a call waits for its operation before it answers that it is still running, 0s to 10m. Default: ${default}." group:"server"`
	EventsInterval  time.Duration `setting:"JIRA_LIFECYCLE_EVENTS_INTERVAL" default:"1m" help:"How often the audit log is asked for new events while somebody follows them, 100ms to 24h. Default: ${default}." group:"server"`
	DatabaseURL     string        `name:"database-url" placeholder:"URL" help:"PostgreSQL for operations, when several servers share them: postgres://user@host/name?sslmode=verify-full, without a password. Default: SQLite in the state directory. ($JIRA_LIFECYCLE_DATABASE_URL)" group:"server"`
	DatabaseURLFile string        `name:"database-url-file" setting:"JIRA_LIFECYCLE_DATABASE_URL_FILE" type:"path" placeholder:"FILE" help:"File that holds the address of the PostgreSQL database." group:"server"`

	ProtectedUsers       []string      `setting:"JIRA_LIFECYCLE_PROTECTED_USERS" placeholder:"USERS" help:"Account ids and e-mails that no tool changes." group:"policy"`
	ProtectedGroups      []string      `setting:"JIRA_LIFECYCLE_PROTECTED_GROUPS" placeholder:"GROUPS" help:"Group ids and names that no tool changes." group:"policy"`
	ProtectedDomains     []string      `setting:"JIRA_LIFECYCLE_PROTECTED_DOMAINS" placeholder:"DOMAINS" help:"E-mail domains whose people no tool changes." group:"policy"`
	SCIMDomains          []string      `name:"scim-domains" setting:"JIRA_LIFECYCLE_SCIM_DOMAINS" placeholder:"DOMAINS" help:"E-mail domains that are provisioned through SCIM. Default: learned from the directory." group:"policy"`
	Products             []string      `setting:"JIRA_LIFECYCLE_PRODUCTS" enum:"jira-software,jira-core,jira-servicedesk,jira-product-discovery" default:"jira-software" placeholder:"NAMES" help:"Products that an invitation gives when it names none: ${enum}. Default: ${default}." group:"policy"`
	VerifyTimeout        time.Duration `setting:"JIRA_LIFECYCLE_VERIFY_TIMEOUT" default:"20s" help:"How long to wait for a change to show when it is read back. Default: ${default}." group:"policy"`
	MaxConcurrency       int           `setting:"JIRA_LIFECYCLE_MAX_CONCURRENCY" default:"16" help:"Requests under way to one service, 1 to 64. Default: ${default}." group:"policy"`
	OrganizationSuspend  bool          `setting:"JIRA_LIFECYCLE_ORGANIZATION_SUSPEND" default:"true" negatable:"" help:"Suspend leavers whose account the organization does not own, from every app of the organization. Default: ${default}." group:"policy"`
	AllowAccountDeletion bool          `setting:"JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION" help:"Let offboard_user delete managed accounts for good, each with a confirmation of its own." group:"policy"`
	ApprovalTimeout      time.Duration `setting:"JIRA_LIFECYCLE_APPROVAL_TIMEOUT" default:"24h" help:"How long a change waits for a second person before it is cancelled, 1m to 720h. Default: ${default}." group:"policy"`
	BatchLimit           int           `setting:"JIRA_LIFECYCLE_BATCH_LIMIT" default:"25" help:"People that one call may change, 1 to 1000. Default: ${default}." group:"policy"`
	CSVDir               string        `name:"csv-dir" setting:"JIRA_LIFECYCLE_CSV_DIR" type:"path" placeholder:"DIR" help:"Folder that lists of people (csv_path, export_path, roster_path) may be read from. Default: none." group:"policy"`
	Review               string        `setting:"JIRA_LIFECYCLE_REVIEW" type:"path" placeholder:"FILE" help:"Review file (YAML): how often a worker audits the site, how long reports are kept, and what rules prepare from them. Default: none." group:"policy"`

	SiteURL         string `name:"site-url" setting:"ATLASSIAN_SITE_URL,JIRA_URL" placeholder:"URL" help:"The Jira site, such as https://your-domain.atlassian.net." group:"atlassian"`
	Email           string `setting:"ATLASSIAN_EMAIL,JIRA_USERNAME" placeholder:"EMAIL" help:"E-mail of the API token's owner." group:"atlassian"`
	APITokenFile    string `name:"api-token-file" setting:"ATLASSIAN_API_TOKEN_FILE,JIRA_API_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File that holds the API token." group:"atlassian"`
	CloudID         string `name:"cloud-id" setting:"ATLASSIAN_CLOUD_ID" placeholder:"ID" help:"Cloud id of the site, for scoped tokens. Default: found by asking the site." group:"atlassian"`
	APIURL          string `name:"api-url" setting:"ATLASSIAN_API_URL" default:"https://api.atlassian.com" placeholder:"URL" help:"Atlassian's API gateway. Default: ${default}." group:"atlassian"`
	SCIMDirectoryID string `name:"scim-directory-id" setting:"ATLASSIAN_SCIM_DIRECTORY_ID" placeholder:"ID" help:"Id of the SCIM directory, when people are to be provisioned and deactivated through SCIM." group:"atlassian"`
	SCIMTokenFile   string `name:"scim-token-file" setting:"ATLASSIAN_SCIM_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File that holds the SCIM directory's API key." group:"atlassian"`
	OrgID           string `name:"org-id" setting:"ATLASSIAN_ORG_ID" placeholder:"ID" help:"Id of the organization, when managed accounts, their tokens and the audit log are to be used: what follows /o/ in the address of admin.atlassian.com." group:"atlassian"`
	OrgAPIKeyFile   string `name:"org-api-key-file" setting:"ATLASSIAN_ORG_API_KEY_FILE" type:"path" placeholder:"FILE" help:"File that holds the organization's API key." group:"atlassian"`
}

// secretSetting is a secret's places: environment variables and the key of the YAML file.
type secretSetting struct {
	key       string
	variables []string
	help      string
}

var (
	apiToken  = secretSetting{"api-token", []string{"ATLASSIAN_API_TOKEN", "JIRA_API_TOKEN"}, "API token of the Jira site."}
	scimToken = secretSetting{"scim-token", []string{"ATLASSIAN_SCIM_TOKEN"}, "API key of the SCIM directory."}
	orgKey    = secretSetting{"org-api-key", []string{"ATLASSIAN_ORG_API_KEY"}, "API key of the organization, which an organization admin makes in admin.atlassian.com. It is not the site's API token."}
	database  = secretSetting{"database-url", []string{"JIRA_LIFECYCLE_DATABASE_URL"}, "Address of the PostgreSQL database for operations, when several servers share them; it may hold a password. Default: SQLite in the state directory."}
	secrets   = []secretSetting{apiToken, scimToken, orgKey, database}
)

// Variable is an environment variable that the program reads.
type Variable struct {
	Name    string
	Key     string // flag, without its dashes, and key of the YAML file; of a secret the key alone
	Help    string
	Default string
	Choices []string // empty = any text
	Secret  bool
	Alias   bool // another name for the variable with the same Key
}

// Variables lists every environment variable that is read.
func Variables() []Variable {
	var list []Variable
	for field := range reflect.TypeFor[Settings]().Fields() {
		if field.Tag.Get("setting") == "" {
			continue // a flag whose other places are those of a secret
		}
		v := Variable{Key: keyOf(field), Default: field.Tag.Get("default")}
		if enum := field.Tag.Get("enum"); enum != "" {
			v.Choices = strings.Split(enum, ",")
		}
		v.Help = strings.NewReplacer("${enum}", strings.Join(v.Choices, ", "), "${default}", v.Default).Replace(field.Tag.Get("help"))
		for i, name := range strings.Split(field.Tag.Get("setting"), ",") {
			v.Name, v.Alias = name, i > 0
			list = append(list, v)
		}
	}
	for _, s := range secrets {
		for i, name := range s.variables {
			list = append(list, Variable{Name: name, Key: s.key, Help: s.help, Secret: true, Alias: i > 0})
		}
	}
	return list
}

// keyOf gives a field's flag, as kong names it.
func keyOf(field reflect.StructField) string {
	if name := field.Tag.Get("name"); name != "" {
		return name
	}
	var b strings.Builder
	for i, r := range field.Name {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// keys lists what the YAML file may hold.
func keys() []string {
	var list []string
	for _, v := range Variables() {
		if !slices.Contains(list, v.Key) && v.Key != "config" {
			list = append(list, v.Key)
		}
	}
	return list
}
