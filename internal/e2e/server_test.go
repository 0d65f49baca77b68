package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
)

// transports are the ways to connect.
var transports = []string{"stdio", "sse", "http"}

// setup says how a server is started and who connects to it.
type setup struct {
	transport string
	env       map[string]string // the server's whole environment
	revision  string            // of the protocol; "" is the newest that both know
	client    []client.ClientOption
	killed    bool // the test will kill the program: it need not end well
}

func over(transport string) func(*setup) { return func(s *setup) { s.transport = transport } }

func speaking(revision string) func(*setup) { return func(s *setup) { s.revision = revision } }

// with sets environment variables, given as name and value in turn. An empty value unsets.
func with(pairs ...string) func(*setup) {
	return func(s *setup) {
		for i := 0; i < len(pairs); i += 2 {
			s.env[pairs[i]] = pairs[i+1]
		}
	}
}

// asked makes the client one that can ask its user.
func asked(by client.ElicitationHandler) func(*setup) {
	return func(s *setup) { s.client = append(s.client, client.WithElicitationHandler(by)) }
}

// session is a client of a running server.
type session struct {
	*client.Client
	log      *written // all that the server logged
	stateDir string
	child    *exec.Cmd // the program, on stdio
}

// connect starts a server for the site, over Streamable HTTP inside this process unless said otherwise, and connects a client.
func connect(t *testing.T, on *site, edits ...func(*setup)) *session {
	t.Helper()
	s := setup{transport: "http", env: settings(t, on)}
	for _, edit := range edits {
		edit(&s)
	}
	s.env["JIRA_LIFECYCLE_TRANSPORT"] = s.transport
	c := &session{log: &written{}, stateDir: s.env["JIRA_LIFECYCLE_STATE_DIR"]}
	var way transport.Interface
	var err error
	quiet := slog.New(slog.DiscardHandler) // the client's own log
	switch s.transport {
	case "stdio":
		way = c.spawn(t, s.env, quiet)
	case "sse":
		way, err = transport.NewSSE("http://"+serve(t, s.env, c.log)+"/sse", transport.WithSSELogger(quiet))
	case "http":
		way, err = transport.NewStreamableHTTP("http://"+serve(t, s.env, c.log)+"/mcp", transport.WithHTTPLogger(quiet))
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.revision != "" {
		s.client = append(s.client, client.WithProtocolVersion(s.revision))
	}
	c.Client = client.NewClient(way, append(s.client, client.WithDiscoverTimeout(time.Minute))...) // a busy machine is no older server
	if err := c.Start(t.Context()); err != nil {
		t.Fatalf("start the client: %v\n%s", err, c.log)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil && s.transport == "stdio" && !s.killed {
			t.Errorf("the server did not end well: %v\n%s", err, c.log)
		}
	})
	opening := mcp.InitializeRequest{}
	opening.Params.ClientInfo = mcp.Implementation{Name: "e2e", Version: "1"}
	result, err := c.Initialize(t.Context(), opening)
	if err != nil {
		t.Fatalf("initialize: %v\n%s", err, c.log)
	}
	if s.revision != "" && result.ProtocolVersion != s.revision {
		t.Fatalf("negotiated %s, want %s", result.ProtocolVersion, s.revision)
	}
	return c
}

// settings is the environment of a server: for the site, or without any credential.
func settings(t *testing.T, on *site) map[string]string {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{
		"HOME": dir, "XDG_CONFIG_HOME": dir, "JIRA_LIFECYCLE_STATE_DIR": dir + "/state",
		"JIRA_LIFECYCLE_TOOLSETS": "all", "JIRA_LIFECYCLE_LOG_LEVEL": "debug", "JIRA_LIFECYCLE_VERIFY_TIMEOUT": "3s",
	}
	if on != nil {
		maps.Copy(env, on.env)
	}
	return env
}

// environment is env as a process gets it. A race detector would have the program linger for a second at its end.
func environment(env map[string]string) []string {
	list := []string{"GORACE=atexit_sleep_ms=0"}
	for name, value := range env {
		if value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// load makes settings of an environment as the program does.
func load(env map[string]string) (config.Config, error) {
	sources := &config.Sources{Getenv: func(name string) string { return env[name] }}
	var cli struct {
		config.Settings `embed:""`
	}
	parser, err := kong.New(&cli, sources.Option(), kong.Exit(func(int) {}))
	if err != nil {
		return config.Config{}, err
	}
	if _, err := parser.Parse(nil); err != nil {
		return config.Config{}, err
	}
	return sources.Load(cli.Settings)
}

// serve runs a server inside this process until the test ends, and gives its address.
func serve(t *testing.T, env map[string]string, log io.Writer) string {
	t.Helper()
	cfg, err := load(env)
	if err != nil {
		t.Fatal(err)
	}
	server, err := mcpserver.Build(cfg, mcpserver.NewLogger(log, mcpserver.LogOptions{
		Level: cfg.LogLevel, Format: cfg.LogFormat, Hide: cfg.Secrets(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server.Start(context.Background())
	ended := make(chan error, 1)
	go func() {
		if cfg.Transport == "sse" {
			ended <- server.ServeSSE(ctx, listener)
			return
		}
		ended <- server.ServeHTTP(ctx, listener)
	}()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, server.Stop()); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	})
	return listener.Addr().String()
}

// spawn makes the transport that starts the program as a child with that environment and nothing else.
func (s *session) spawn(t *testing.T, env map[string]string, quiet *slog.Logger) transport.Interface {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return transport.NewStdioWithOptions(path, nil, []string{"serve"},
		transport.WithCommandLogger(quiet),
		transport.WithCommandFunc(func(_ context.Context, command string, _, args []string) (*exec.Cmd, error) {
			child := exec.Command(command, args...) // closing its stdin ends it; a context would kill it
			child.Env, child.Stderr = environment(env), s.log
			child.WaitDelay = time.Second
			s.child = child
			return child, nil
		}))
}

// written keeps what was written to it.
type written struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

func flat(env map[string]string) []string {
	var pairs []string
	for name, value := range env {
		pairs = append(pairs, name, value)
	}
	return pairs
}
