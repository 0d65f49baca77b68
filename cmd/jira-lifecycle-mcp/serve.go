package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

type serveCmd struct {
	config.Settings `embed:""`
}

// Run serves MCP until its input ends or a signal comes. Both are a clean stop.
func (c *serveCmd) Run(p *program) (err error) {
	cfg, log, err := p.configure(c.Settings)
	if err != nil {
		return err
	}
	if cfg.Sandbox {
		site, err := startSandbox(&cfg)
		if err != nil {
			return err
		}
		defer func() { _ = site.Close() }() // its state ends with the process anyway
	}
	for _, problem := range cfg.Problems() {
		log.Warn(problem)
	}
	limitMemory(p.getenv)
	server, err := mcpserver.Build(cfg, log)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)             // a second signal ends the process at once
	signal.Ignore(syscall.SIGPIPE)           // a client that no longer reads our log must not end a change half-way
	server.Start(context.WithoutCancel(ctx)) // Stop ends it, after the calls
	defer func() { err = errors.Join(err, server.Stop()) }()

	if cfg.Transport == "stdio" {
		if isTerminal(p.stdin) {
			fmt.Fprintln(p.stderr, "Waiting for an MCP client on stdin. This command is for clients to start; try \"demo\" or \"call --list\" instead. Ctrl-C ends it.")
		}
		return server.ServeStdio(ctx, p.stdin, p.stdout)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; use another --listen (JIRA_LIFECYCLE_LISTEN)", cfg.Listen, err)
	}
	if cfg.Transport == "sse" {
		return server.ServeSSE(ctx, listener)
	}
	return server.ServeHTTP(ctx, listener)
}

// softMemoryLimit is above what the server needs, an audit of any size included, and keeps the collector from letting an audit's peak grow with
// its length.
const softMemoryLimit = 40 << 20

// limitMemory sets the limit unless the environment has one.
func limitMemory(getenv func(string) string) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryLimit)
	}
}

// configure checks settings and makes the log, which goes to stderr and also takes what libraries log.
func (p *program) configure(settings config.Settings) (config.Config, *slog.Logger, error) {
	cfg, err := p.sources.Load(settings)
	if err != nil {
		return config.Config{}, nil, &exitStatus{exitUsage, err}
	}
	log := mcpserver.NewLogger(p.stderr, mcpserver.LogOptions{
		Level: cfg.LogLevel, Format: cfg.LogFormat, Terminal: isTerminal(p.stderr), NoColor: !p.colour(p.stderr),
		Hide: cfg.Secrets(),
	})
	slog.SetDefault(log)
	return cfg, log, nil
}

// startSandbox starts a simulated site on a free port and points cfg at it.
func startSandbox(cfg *config.Config) (*sandbox.Server, error) {
	simulated, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return nil, err
	}
	site, err := simulated.Start("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := cfg.UseSandbox(site.Env()); err != nil {
		return nil, err
	}
	return site, nil
}
