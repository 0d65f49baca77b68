package mcpserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/batchcsv"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/engine"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

// Wire builds the services behind the tools. It does no I/O: a service that lacks its credential answers not_configured, and the journal is opened when
// it is first used.
func Wire(cfg config.Config, log *slog.Logger) (*Services, error) {
	site, err := jiraClient(cfg, log)
	if err != nil {
		return nil, err
	}
	provisioning, err := scimClient(cfg, log)
	if err != nil {
		return nil, err
	}
	organization, err := adminClient(cfg, log)
	if err != nil {
		return nil, err
	}
	people := directory.New(directory.Config{
		Jira: site, JiraMissing: cfg.Jira.Missing, Owner: cfg.Jira.Email, Domains: cfg.SCIMDomains,
		Admin: organization, AdminMissing: cfg.Organization.Missing, AdminBroken: cfg.Organization.Missing != nil && cfg.Organization.Set(),
		SCIM: provisioning, SCIMMissing: cfg.SCIM.Missing,
		SCIMBroken: cfg.SCIM.Missing != nil && (cfg.SCIM.DirectoryID != "" || !cfg.SCIM.Token.IsZero()),
	})
	store := journal.New(journal.Options{Dir: cfg.StateDir, URL: cfg.DatabaseURL.Reveal(), Log: log})
	services := &Services{Journal: store, site: siteOf(cfg), idle: cfg.ReadOnly, log: log}
	services.engine = engine.New(engine.Options{
		Journal: store, Log: log, Workers: 2 * cfg.MaxConcurrency, // a worker that waits sends nothing; what may be sent at once is for the HTTP core
		Run: func(ctx context.Context, id string) error { return services.changes.Run(ctx, id) },
	})
	services.changes = lifecycle.New(lifecycle.Config{
		Directory: people,
		Policy: lifecycle.Policy{
			ReadOnly: cfg.ReadOnly, HumanConfirmation: cfg.Confirmation == config.Human, SecondPerson: cfg.Confirmation == config.SecondPerson,
			ApprovalTimeout: cfg.ApprovalTimeout, BatchLimit: cfg.BatchLimit,
			ProtectedUsers: cfg.Protected.Users, ProtectedGroups: cfg.Protected.Groups, ProtectedDomains: cfg.Protected.Domains,
			Products: cfg.Products, NoSuspension: !cfg.OrganizationSuspend, AllowAccountDeletion: cfg.AllowAccountDeletion,
		},
		Journal: store, Site: siteOf(cfg), Wake: services.engine.Kick, Wait: waitOf(cfg), Parallel: cfg.MaxConcurrency,
		Patience: cfg.VerifyTimeout,
		Log:      log,
	})
	auditor := &audit.Auditor{StateDir: cfg.StateDir, Domains: cfg.SCIMDomains, Files: csvdir.Folder(cfg.CSVDir), Log: log, Broken: cmp.Or(people.CheckSCIM(), people.CheckOrganization())}
	if site != nil {
		auditor.Jira = site // a nil *jira.Client in the interface would not be nil
		auditor.Site, auditor.CloudID = cfg.Jira.SiteURL, site.CloudID
		if id := cfg.Jira.CloudID; id != "" {
			auditor.CloudID = func(context.Context) (string, error) { return id, nil }
		}
	}
	if provisioning != nil {
		auditor.SCIM = provisioning
	}
	if organization != nil {
		auditor.Organization, auditor.Strange = organization, people.CheckSiteOrganization
	}
	history := events.New(nil, cfg.Organization.Missing)
	if organization != nil {
		history = events.New(organization, nil)
	}
	services.feed = events.NewFeed(history, filepath.Join(cfg.StateDir, "events"), cfg.EventsInterval, log)
	status := tools.Status{
		Version: buildinfo.Get().Version, ReadOnly: cfg.ReadOnly, Confirmation: string(cfg.Confirmation), Toolsets: cfg.Toolsets, StateDir: cfg.StateDir,
	}
	if site != nil {
		status.SiteURL = cfg.Jira.SiteURL
	}
	services.Deps = &tools.Deps{
		Directory: people, Lifecycle: services.changes, Audit: auditor, Events: history, Status: status, BatchLimit: cfg.BatchLimit,
		CSV: batchcsv.Lists{
			Dir: cfg.CSVDir, Limit: cfg.BatchLimit, Products: lifecycle.Products,
			Routes: lifecycle.Routes,
		},
	}
	return services, nil
}

// siteOf names what operations change, so that no process carries out what was agreed to for another site. A simulated site begins anew with its process.
func siteOf(cfg config.Config) string {
	if cfg.Sandbox {
		return "sandbox"
	}
	return strings.TrimSuffix(cfg.Jira.SiteURL, "/") + " " + cfg.SCIM.DirectoryID
}

// waitOf is how long a call waits for its operation; the service takes zero for its default.
func waitOf(cfg config.Config) time.Duration {
	if cfg.Wait == 0 {
		return -1
	}
	return cfg.Wait
}

// jiraClient gives the site's client, or nil where the site is not configured.
func jiraClient(cfg config.Config, log *slog.Logger) (*jira.Client, error) {
	if cfg.Jira.Missing != nil {
		return nil, nil
	}
	client, err := rest.New(rest.Config{
		Service: "jira",
		BaseURL: cfg.Jira.SiteURL,
		Transport: &auth.Site{
			SiteURL: cfg.Jira.SiteURL, APIURL: cfg.Jira.APIURL, CloudID: cfg.Jira.CloudID,
			Email: cfg.Jira.Email, Token: cfg.Jira.Token.Reveal(), Base: rest.NewTransport(),
		},
		Log: log, MaxParallel: cfg.MaxConcurrency,
	})
	if err != nil {
		return nil, fmt.Errorf("jira client: %w", err)
	}
	return jira.New(client), nil
}

// scimClient gives the directory's client, or nil where no directory is configured.
func scimClient(cfg config.Config, log *slog.Logger) (*scim.Client, error) {
	if cfg.SCIM.Missing != nil {
		return nil, nil
	}
	client, err := rest.New(rest.Config{
		Service: "scim", BaseURL: cfg.SCIM.BaseURL,
		Transport: auth.Bearer(cfg.SCIM.Token.Reveal(), rest.NewTransport()),
		Log:       log, MaxParallel: cfg.MaxConcurrency,
	})
	if err != nil {
		return nil, fmt.Errorf("scim client: %w", err)
	}
	return scim.New(client, cfg.SCIM.DirectoryID), nil
}

// adminClient gives the organization's client, or nil where no organization is configured.
func adminClient(cfg config.Config, log *slog.Logger) (*admin.Client, error) {
	if cfg.Organization.Missing != nil || cfg.Organization.ID == "" {
		return nil, nil
	}
	client, err := rest.New(rest.Config{
		Service: admin.Service, BaseURL: cfg.Organization.BaseURL,
		Transport: auth.Bearer(cfg.Organization.Key.Reveal(), rest.NewTransport()),
		Log:       log, MaxParallel: cfg.MaxConcurrency,
	})
	if err != nil {
		return nil, fmt.Errorf("organization client: %w", err)
	}
	org := admin.New(client, cfg.Organization.ID)
	org.PersonsToken = cfg.Organization.PersonsToken()
	return org, nil
}

// Build makes the server that cfg asks for. The error names a setting.
func Build(cfg config.Config, log *slog.Logger) (*Server, error) {
	services, err := Wire(cfg, log)
	if err != nil {
		return nil, err
	}
	server, err := New(cfg, func() []tools.Tool { return tools.All(services.Deps) }, log)
	if err != nil {
		return nil, errors.Join(err, errors.New("see --toolsets (JIRA_LIFECYCLE_TOOLSETS)"))
	}
	server.Services = services
	server.serveReports(services.Audit)
	server.serveResults(services.Journal)
	server.serveEvents(services.Events)
	return server, nil
}
