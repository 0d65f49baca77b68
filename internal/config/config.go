package config

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Config is the checked settings.
type Config struct {
	Transport string // stdio, sse or http
	Listen    string // host:port on loopback
	Toolsets  []string
	ReadOnly  bool
	Sandbox   bool
	StateDir  string // absolute; may not exist yet
	LogLevel  slog.Level
	LogFormat string // auto, text or json

	// Wait is how long a call waits for its operation before it answers that it is still running; 0 = not at all.
	Wait time.Duration
	// DatabaseURL is the PostgreSQL database of the journal, checked; none = SQLite in StateDir. It may hold a password.
	DatabaseURL Secret

	Confirmation    Confirmation
	ApprovalTimeout time.Duration // how long a change waits for a second person
	EventsInterval  time.Duration // between two looks for new events
	BatchLimit      int           // people that one call may change
	CSVDir          string        // folder that csv_path may be read from, absolute; "" = none
	Review          string        // file that says what a worker reviews; "" = nothing
	// OrganizationSuspend lets people be suspended whose account the organization does not own; AllowAccountDeletion lets managed ones be deleted.
	OrganizationSuspend, AllowAccountDeletion bool

	Protected      Protected
	SCIMDomains    []string
	Products       []string
	VerifyTimeout  time.Duration
	MaxConcurrency int

	Jira         Jira
	SCIM         SCIM
	Organization Organization
}

// Confirmation is what it takes before a plan is carried out.
type Confirmation string

// The ways to confirm a plan, each stricter than the one before.
const (
	Token        Confirmation = "token"         // the plan's token, or a person whom the client asks
	Human        Confirmation = "human"         // a person whom the client asks
	SecondPerson Confirmation = "second_person" // besides, the approval of another identity than the one that asked
)

// Protected is whom no tool changes. E-mails, names and domains are compared without regard to case.
type Protected struct{ Users, Groups, Domains []string }

// Jira is the site's credential.
type Jira struct {
	SiteURL string // without a slash at the end
	APIURL  string
	CloudID string // "" = ask the site
	Email   string
	Token   Secret
	// Missing says why the site can't be used, as a not_configured fault; nil when all is there.
	Missing error
}

// SCIM is the directory's credential.
type SCIM struct {
	BaseURL     string // of Atlassian's API gateway, without a slash at the end
	DirectoryID string
	Token       Secret
	// Missing says why the directory can't be used, as a not_configured fault; nil when all is there.
	Missing error
}

// Organization is the credential of the organization that people and domains belong to.
type Organization struct {
	BaseURL string // of Atlassian's API gateway, without a slash at the end
	ID      string
	Key     Secret
	// Missing says why the organization can't be used, as a not_configured fault; nil when all is there.
	Missing error
}

// PersonsToken tells whether the key has the form of a person's API token. That form is nowhere promised, so it is a reason to say so and none to refuse the key.
func (o Organization) PersonsToken() bool { return strings.HasPrefix(o.Key.Reveal(), "ATATT") }

// Set tells whether anything is set for the organization.
func (o Organization) Set() bool { return o.ID != "" || !o.Key.IsZero() }

// Load checks settings and makes a Config of them. An error is about a setting of the server; problems of credentials are
// kept in their Missing.
func (s *Sources) Load(settings Settings) (Config, error) {
	c := Config{
		Transport: settings.Transport, Listen: settings.Listen, Toolsets: list(settings.Toolsets),
		ReadOnly: settings.ReadOnly, Sandbox: settings.Sandbox, StateDir: settings.StateDir, LogFormat: settings.LogFormat,
		Wait: settings.Wait, Confirmation: Confirmation(settings.Confirmation), ApprovalTimeout: settings.ApprovalTimeout,
		EventsInterval: settings.EventsInterval, BatchLimit: settings.BatchLimit, CSVDir: settings.CSVDir, Review: settings.Review,
		OrganizationSuspend: settings.OrganizationSuspend, AllowAccountDeletion: settings.AllowAccountDeletion,
		Protected: Protected{
			Users: list(settings.ProtectedUsers), Groups: list(settings.ProtectedGroups), Domains: domains(settings.ProtectedDomains),
		},
		SCIMDomains: domains(settings.SCIMDomains), Products: list(settings.Products),
		VerifyTimeout: settings.VerifyTimeout, MaxConcurrency: settings.MaxConcurrency,
	}
	if err := c.LogLevel.UnmarshalText([]byte(settings.LogLevel)); err != nil {
		return Config{}, fmt.Errorf("--log-level: %w", err)
	}
	if c.StateDir == "" {
		if c.StateDir = defaultStateDir(s.Getenv); c.StateDir == "" {
			return Config{}, errNoHome
		}
		if c.Sandbox {
			c.StateDir = filepath.Join(c.StateDir, "sandbox") // what is simulated stays apart from what is real
		}
	}
	if !c.Sandbox { // what is simulated must not get into the journal of what is real, where another server could run it
		var err error
		if c.DatabaseURL, err = s.database(settings); err != nil {
			return Config{}, err
		}
	}
	c.credentials(s, settings)
	return c, c.check()
}

// check refuses settings of the server that can't be meant.
func (c Config) check() error {
	var errs []error
	for _, domain := range slices.Concat(c.Protected.Domains, c.SCIMDomains) {
		if strings.ContainsAny(domain, "@/: ") || !strings.Contains(domain, ".") {
			errs = append(errs, fmt.Errorf("%q is not a domain; write it as example.com", domain))
		}
	}
	errs = append(errs,
		within("--verify-timeout (JIRA_LIFECYCLE_VERIFY_TIMEOUT)", c.VerifyTimeout, time.Second, 10*time.Minute, "1s and 10m"),
		within("--max-concurrency (JIRA_LIFECYCLE_MAX_CONCURRENCY)", c.MaxConcurrency, 1, 64, "1 and 64"),
		within("--wait (JIRA_LIFECYCLE_WAIT)", c.Wait, 0, 10*time.Minute, "0s and 10m"),
		within("--approval-timeout (JIRA_LIFECYCLE_APPROVAL_TIMEOUT)", c.ApprovalTimeout, time.Minute, 30*24*time.Hour, "1m and 720h, which is 30 days"),
		within("--events-interval (JIRA_LIFECYCLE_EVENTS_INTERVAL)", c.EventsInterval, 100*time.Millisecond, 24*time.Hour, "100ms and 24h"),
		within("--batch-limit (JIRA_LIFECYCLE_BATCH_LIMIT)", c.BatchLimit, 1, 1000, "1 and 1000"),
	)
	if c.Transport != "stdio" {
		if err := CheckLoopback(c.Listen); err != nil {
			errs = append(errs, fmt.Errorf("--listen (JIRA_LIFECYCLE_LISTEN): %w", err))
		}
	}
	return errors.Join(errs...)
}

// within refuses a value of a setting that is out of its range, which limits says in words.
func within[T int | time.Duration](setting string, value, least, most T, limits string) error {
	if value < least || value > most {
		return fmt.Errorf("%s is %v; it must be between %s", setting, value, limits)
	}
	return nil
}

// Secrets lists every text that must not appear in a log.
func (c Config) Secrets() []string {
	return append([]string{c.Jira.Token.Reveal(), c.SCIM.Token.Reveal(), c.Organization.Key.Reveal()}, databaseSecrets(c.DatabaseURL)...)
}

// Problems lists what is wrong with the credentials that are set, for people who start the server. A service that nothing
// was set for is no problem.
func (c Config) Problems() []string {
	var list []string
	if c.Jira.Missing != nil && (c.Jira.SiteURL != "" || c.Jira.Email != "" || !c.Jira.Token.IsZero()) {
		list = append(list, c.Jira.Missing.Error())
	}
	if c.SCIM.Missing != nil && (c.SCIM.DirectoryID != "" || !c.SCIM.Token.IsZero()) {
		list = append(list, c.SCIM.Missing.Error())
	}
	switch {
	case c.Organization.Missing != nil && c.Organization.Set():
		list = append(list, c.Organization.Missing.Error())
	case c.Organization.PersonsToken():
		list = append(list, "ATLASSIAN_ORG_API_KEY looks like the API token of a person (those begin with ATATT), which opens no organization; "+howToMakeKeys)
	}
	return list
}

// UseSandbox points the credentials at a sandbox, whose settings env has.
func (c *Config) UseSandbox(env map[string]string) error {
	s := Sources{Getenv: func(name string) string { return env[name] }}
	settings := Settings{
		SiteURL: env["ATLASSIAN_SITE_URL"], Email: env["ATLASSIAN_EMAIL"], CloudID: env["ATLASSIAN_CLOUD_ID"],
		APIURL: env["ATLASSIAN_API_URL"], SCIMDirectoryID: env["ATLASSIAN_SCIM_DIRECTORY_ID"], OrgID: env["ATLASSIAN_ORG_ID"],
	}
	c.credentials(&s, settings)
	err := errors.Join(c.Jira.Missing, c.SCIM.Missing)
	if c.Organization.Set() { // a site may be simulated without one
		err = errors.Join(err, c.Organization.Missing)
	}
	return err
}

// list trims a list and drops its empty entries.
func list(in []string) []string {
	var out []string
	for _, v := range in {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// domains is list for domains, which may be written as @Example.com.
func domains(in []string) []string {
	out := list(in)
	for i, v := range out {
		out[i] = strings.ToLower(strings.TrimPrefix(v, "@"))
	}
	return out
}

// notConfigured makes the fault of a service that can't be used.
func notConfigured(service string, problems []string) error {
	return fault.New(fault.NotConfigured, "Correct that in the server's environment or settings file, then start it again.",
		"%s is not configured: %s.", service, strings.Join(problems, "; "))
}
