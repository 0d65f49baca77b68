package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
)

type demoCmd struct{}

// Run plays an assistant's conversation against a simulated site, over the same protocol and code as with a real one. It fails
// when any step does not do what the transcript says.
func (c *demoCmd) Run(p *program) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	state, err := os.MkdirTemp("", "jira-lifecycle-mcp-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }() // nothing of worth is in it
	started := time.Now()
	d, end, err := startDemo(ctx, state)
	if err != nil {
		return err
	}
	d.transcript = newTranscript(p.stdout, p.colour(p.stdout))
	d.open()
	for _, scene := range scenes {
		if err := scene(ctx, d); err != nil {
			d.failed(err)
			_ = end() // the first error is the one to tell
			return &exitStatus{code: exitError}
		}
	}
	if err := end(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	d.close(time.Since(started))
	return nil
}

// demo is the stage: a simulated site, the server working on it, and a client as an assistant has one.
type demo struct {
	*transcript
	client *client.Client
	site   string // the simulated site's address
	memory memory
}

// memory is what the assistant keeps from one scene for the next.
type memory struct{ jane, token, operation string }

// startDemo starts a site, a server speaking MCP over a pair of pipes, and a client on their other end. The returned function
// ends them all.
func startDemo(ctx context.Context, state string) (*demo, func() error, error) {
	var settings config.Settings
	if err := kong.ApplyDefaults(&settings); err != nil {
		return nil, nil, err
	}
	settings.StateDir, settings.Sandbox = state, true
	sources := config.Sources{Getenv: func(string) string { return "" }} // the demo is the same everywhere
	cfg, err := sources.Load(settings)
	if err != nil {
		return nil, nil, err
	}
	site, err := startSandbox(&cfg)
	if err != nil {
		return nil, nil, err
	}
	server, err := mcpserver.Build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	server.Start(context.WithoutCancel(ctx))
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- server.ServeStdio(ctx, toServer, fromServer) }()

	c := client.NewClient(transport.NewIO(toClient, fromClient, io.NopCloser(bytes.NewReader(nil))))
	end := func() error {
		_ = fromClient.Close() // the end of the server's input; a pipe's Close never fails
		err := <-served
		_ = fromServer.Close()
		_ = c.Close() // both its pipes are closed already
		err = errors.Join(err, server.Stop())
		_ = site.Close()
		return err
	}
	if err := c.Start(ctx); err != nil {
		return nil, nil, err
	}
	init := mcp.InitializeRequest{}
	init.Params.ClientInfo = mcp.Implementation{Name: "demo", Version: buildinfo.Get().Version}
	if _, err := c.Initialize(ctx, init); err != nil {
		return nil, nil, fmt.Errorf("initialize: %w", err)
	}
	return &demo{client: c, site: site.URL()}, end, nil
}
