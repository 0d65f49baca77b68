package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
)

type callCmd struct {
	Tool   string   `arg:"" optional:"" help:"Name of the tool."`
	Args   []string `arg:"" optional:"" name:"key=value" help:"Arguments. A list is written with commas or by giving its key again; key:=JSON gives any value."`
	JSON   string   `name:"json" placeholder:"J" help:"Arguments as one JSON object; - reads it from stdin."`
	Output string   `short:"o" enum:"auto,text,json" default:"auto" help:"Form of the answer: ${enum}; auto is text on a terminal and JSON elsewhere."`
	List   bool     `help:"List the tools and their arguments."`

	config.Settings `embed:""`
}

// Run calls the tool as any MCP client would, in this process. On a terminal it asks before a destructive change; elsewhere
// the answer has a token to call again with.
func (c *callCmd) Run(p *program) (err error) {
	c.Transport = "stdio" // the person at the shell is the caller
	if c.LogLevel == "info" {
		c.LogLevel = "error" // the answer tells the rest; --log-level=warn or debug shows more
	}
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
	server, err := mcpserver.Build(cfg, log)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server.Start(ctx)
	defer func() {
		// What a process that is gone left behind is taken up here too, however short this command is.
		err = errors.Join(err, server.Drain(ctx, cfg.Wait), server.Stop())
	}()

	asText := c.Output == "text" || c.Output == "auto" && isTerminal(p.stdout)
	var options []client.ClientOption
	if asText && isTerminal(p.stdin) && isTerminal(p.stderr) {
		options = append(options, client.WithElicitationHandler(askTerminal{p.stdin, p.stderr}))
	}
	mcpClient, err := connect(ctx, server, options...)
	if err != nil {
		return err
	}
	defer func() { _ = mcpClient.Close() }()
	list, err := mcpClient.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return fmt.Errorf("list the tools: %w", err)
	}
	if c.List || c.Tool == "" {
		return listTools(p.stdout, list.Tools, asText)
	}
	tool, err := findTool(list.Tools, c.Tool)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	args, err := c.arguments(tool, p.stdin)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	req := mcp.CallToolRequest{}
	req.Params.Name, req.Params.Arguments = c.Tool, args
	finish := func() {}
	if isTerminal(p.stderr) {
		req.Params.Meta = &mcp.Meta{ProgressToken: "call"}
		progress := &progressLine{w: p.stderr}
		mcpClient.OnNotification(progress.show)
		finish = progress.end
	}
	result, err := mcpClient.CallTool(ctx, req)
	finish()
	if err != nil {
		return err
	}
	if err := printResult(p.stdout, result, asText); err != nil {
		return err
	}
	if code := exitCode(result); code != exitOK {
		return &exitStatus{code: code}
	}
	return nil
}

// connect opens a client of the server in this process.
func connect(ctx context.Context, server *mcpserver.Server, options ...client.ClientOption) (*client.Client, error) {
	c, err := client.NewInProcessClientWithOptions(server.MCP(), options...)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	init := mcp.InitializeRequest{}
	init.Params.ClientInfo = mcp.Implementation{Name: "jira-lifecycle-mcp call", Version: buildinfo.Get().Version}
	if _, err := c.Initialize(ctx, init); err != nil {
		return nil, err
	}
	return c, nil
}

func findTool(list []mcp.Tool, name string) (mcp.Tool, error) {
	i := slices.IndexFunc(list, func(t mcp.Tool) bool { return t.Name == name })
	if i < 0 {
		names := make([]string, len(list))
		for i, t := range list {
			names[i] = t.Name
		}
		return mcp.Tool{}, fmt.Errorf("there is no tool %q in these toolsets; there are %s (--toolsets=all shows every one)", name, strings.Join(names, ", "))
	}
	return list[i], nil
}

// exitCode tells a script how the call went.
func exitCode(result *mcp.CallToolResult) int {
	raw, _ := json.Marshal(result.StructuredContent) // it came out of JSON
	var answer struct {
		Status string
		Code   fault.Code
	}
	_ = json.Unmarshal(raw, &answer) // an answer without these fields has no status
	if !result.IsError {
		switch answer.Status {
		case "confirmation_required", "declined":
			return exitUnconfirmed
		case "partial", "failed", "cancelled":
			return exitPartial
		case "blocked":
			return exitRefused
		}
		return exitOK
	}
	return exitOf(answer.Code)
}

// exitOf is the exit code of an error.
func exitOf(code fault.Code) int {
	switch code {
	case fault.InvalidArgument:
		return exitUsage
	case fault.ConfirmationRequired, fault.ConfirmationInvalid, fault.PlanChanged:
		return exitUnconfirmed
	case fault.NotFound, fault.Ambiguous:
		return exitNotFound
	case fault.NotConfigured, fault.Unauthenticated, fault.PermissionDenied, fault.ManagedExternally, fault.Protected:
		return exitRefused
	case fault.RateLimited, fault.UpstreamUnavailable, fault.Timeout:
		return exitRetry
	}
	return exitError
}

// askTerminal puts a plan to the person at the terminal.
type askTerminal struct {
	in  io.Reader
	out io.Writer
}

// Elicit shows the plan and takes nothing but a yes for agreement.
func (a askTerminal) Elicit(_ context.Context, req mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	fmt.Fprintf(a.out, "%s\n\nType yes to agree: ", req.Params.Message)
	answer, err := readLine(a.in)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	action := mcp.ElicitationResponseActionDecline
	if strings.EqualFold(strings.TrimSpace(answer), "yes") {
		action = mcp.ElicitationResponseActionAccept
	}
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: action}}, nil
}

// readLine reads up to the next line break and no further, since stdin belongs to others afterwards.
func readLine(in io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := in.Read(one)
		if n > 0 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}

// progressLine keeps one line of a terminal with how far the call is.
type progressLine struct {
	mu   sync.Mutex
	w    io.Writer
	over bool
}

func (p *progressLine) show(n mcp.JSONRPCNotification) {
	if message, ok := n.Params.AdditionalFields["message"].(string); ok && n.Method == "notifications/progress" {
		p.tell(message)
	}
}

func (p *progressLine) tell(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		fmt.Fprint(p.w, "\r\x1b[K", message)
	}
}

// end takes the line away. A report that comes later is not shown.
func (p *progressLine) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	fmt.Fprint(p.w, "\r\x1b[K")
}
