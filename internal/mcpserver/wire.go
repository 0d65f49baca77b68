package mcpserver

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

// Wire builds the services behind the tools. It does no I/O: a service that lacks its credential answers not_configured.
func Wire(cfg config.Config, log *slog.Logger) (*tools.Deps, error) {
	site, err := jiraClient(cfg, log)
	if err != nil {
		return nil, err
	}
	provisioning, err := scimClient(cfg, log)
	if err != nil {
		return nil, err
	}
	people := directory.New(directory.Config{
		Jira: site, JiraMissing: cfg.Jira.Missing, Domains: cfg.SCIMDomains,
		SCIM: provisioning, SCIMMissing: cfg.SCIM.Missing,
		SCIMBroken: cfg.SCIM.Missing != nil && (cfg.SCIM.DirectoryID != "" || !cfg.SCIM.Token.IsZero()),
	})
	changes := lifecycle.New(lifecycle.Config{
		Directory: people,
		Policy: lifecycle.Policy{
			ReadOnly: cfg.ReadOnly, HumanConfirmation: cfg.Confirmation != config.Token,
			ProtectedUsers: cfg.Protected.Users, ProtectedGroups: cfg.Protected.Groups, ProtectedDomains: cfg.Protected.Domains,
			Products: cfg.Products,
		},
		Sealer:   lifecycle.NewSealer(cfg.StateDir, nil),
		Patience: cfg.VerifyTimeout,
		Log:      log,
	})
	auditor := &audit.Auditor{StateDir: cfg.StateDir, Domains: cfg.SCIMDomains, Log: log}
	if site != nil {
		auditor.Jira = site // a nil *jira.Client in the interface would not be nil
	}
	if provisioning != nil {
		auditor.SCIM = provisioning
	}
	status := tools.Status{
		Version: buildinfo.Get().Version, ReadOnly: cfg.ReadOnly, Confirmation: string(cfg.Confirmation), Toolsets: cfg.Toolsets, StateDir: cfg.StateDir,
	}
	if site != nil {
		status.SiteURL = cfg.Jira.SiteURL
	}
	return &tools.Deps{Directory: people, Lifecycle: changes, Audit: auditor, Status: status}, nil
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

// Build makes the server that cfg asks for. The error names a setting.
func Build(cfg config.Config, log *slog.Logger) (*Server, error) {
	deps, err := Wire(cfg, log)
	if err != nil {
		return nil, err
	}
	server, err := New(cfg, func() []tools.Tool { return tools.All(deps) }, log)
	if err != nil {
		return nil, errors.Join(err, errors.New("see --toolsets (JIRA_LIFECYCLE_TOOLSETS)"))
	}
	server.serveReports(deps.Audit)
	return server, nil
}
