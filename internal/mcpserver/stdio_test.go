package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type waitIn struct {
	For string `json:"for,omitempty" jsonschema:"what to wait for"`
}

type waitOut struct {
	Waited string `json:"waited" jsonschema:"what was waited for"`
}

// toys is a server whose one tool waits as it is told.
type toys struct {
	*Server
	started chan string
	release chan struct{}
}

func newToys(t *testing.T) toys {
	t.Helper()
	toy := toys{started: make(chan string, 10), release: make(chan struct{})}
	wait := tools.Define("wait", "Wait", tools.ToolsetServer, "Waits.", tools.Hints{ReadOnly: true},
		func(ctx context.Context, in waitIn) (waitOut, error) {
			toy.started <- in.For
			switch in.For {
			case "release":
				select {
				case <-toy.release:
				case <-ctx.Done():
					return waitOut{}, ctx.Err()
				}
			case "context":
				<-ctx.Done()
			case "release only":
				<-toy.release
			}
			return waitOut{Waited: in.For}, nil
		})
	var err error
	toy.Server, err = New(config.Config{Transport: "stdio", Toolsets: []string{"all"}}, func() []tools.Tool { return []tools.Tool{wait} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return toy
}

// line is one message of the server.
type line struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// stdio is a client's end of a server on stdio.
type stdio struct {
	t     *testing.T
	in    *io.PipeWriter
	lines chan line
	ended chan error
	stop  context.CancelFunc
}

func startStdio(t *testing.T, s *Server) *stdio {
	t.Helper()
	inReader, inWriter := io.Pipe()
	outReader, outWriter := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	c := &stdio{t: t, in: inWriter, lines: make(chan line, 100), ended: make(chan error, 1), stop: cancel}
	go func() {
		err := s.ServeStdio(ctx, inReader, outWriter)
		_ = outWriter.Close()
		c.ended <- err
	}()
	go func() {
		defer close(c.lines)
		out := bufio.NewReader(outReader)
		for {
			raw, err := out.ReadBytes('\n')
			if err != nil {
				return
			}
			var l line
			if err := json.Unmarshal(raw, &l); err != nil {
				t.Errorf("stdout has %q, which is no message: %v", raw, err)
			}
			c.lines <- l
		}
	}()
	t.Cleanup(func() { cancel(); _ = inWriter.Close() })
	return c
}

func (c *stdio) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *stdio) receive() line {
	c.t.Helper()
	select {
	case l, ok := <-c.lines:
		if !ok {
			c.t.Fatal("the server is gone")
		}
		return l
	case <-time.After(10 * time.Second):
		c.t.Fatal("no answer")
	}
	return line{}
}

func (c *stdio) end() error {
	c.t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(10 * time.Second):
		c.t.Fatal("the server does not stop")
	}
	return nil
}

const (
	initializeLine = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	pingLine       = `{"jsonrpc":"2.0","id":"ping","method":"ping"}`
)

func callLine(id int, what string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"wait","arguments":{"for":%q}}}`, id, what)
}

func TestBadLinesAreAnsweredAndTheNextOneServed(t *testing.T) {
	c := startStdio(t, newToys(t).Server)
	for name, tt := range map[string]struct {
		send string
		code int
		id   string
		want string
	}{
		"garbage":         {"hello, world", mcp.PARSE_ERROR, "null", "not valid JSON"},
		"half a message":  {`{"jsonrpc":"2.0","id":1,`, mcp.PARSE_ERROR, "null", "not valid JSON"},
		"binary":          {"\x00\xff\xfe", mcp.PARSE_ERROR, "null", "not valid JSON"},
		"a batch":         {"[" + pingLine + "," + pingLine + "]", mcp.INVALID_REQUEST, "null", "batches are not supported"},
		"an empty batch":  {"[]", mcp.INVALID_REQUEST, "null", "batches are not supported"},
		"a number":        {"42", mcp.INVALID_REQUEST, "null", "must be a JSON object"},
		"null":            {"null", mcp.INVALID_REQUEST, "null", "must be a JSON object"},
		"no method":       {`{"jsonrpc":"2.0","id":7}`, mcp.INVALID_REQUEST, "7", "has no method"},
		"a wrong method":  {`{"jsonrpc":"2.0","id":7,"method":7}`, mcp.INVALID_REQUEST, "7", "has no method"},
		"an object as id": {`{"jsonrpc":"2.0","id":{},"method":"ping"}`, mcp.INVALID_REQUEST, "null", "must be a string or a number"},
		"both":            {`{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}`, mcp.INVALID_REQUEST, "7", "not both"},
		"old JSON-RPC":    {`{"jsonrpc":"1.0","id":7,"method":"ping"}`, mcp.INVALID_REQUEST, "7", "JSON-RPC version"},
		"unknown method":  {`{"jsonrpc":"2.0","id":7,"method":"nope"}`, mcp.METHOD_NOT_FOUND, "7", "nope"},
		"unknown tool":    {`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"nope"}}`, mcp.INVALID_PARAMS, "7", "nope"},
		"10 MB of text":   {`{"jsonrpc":"2.0","id":7,"method":"` + strings.Repeat("x", 10<<20) + `"}`, mcp.INVALID_REQUEST, "null", "longer than 4194304 bytes"},
		"deep nesting":    {strings.Repeat("[", 100_000), mcp.PARSE_ERROR, "null", "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.send(tt.send)
			got := c.receive()
			if got.Error == nil || got.Error.Code != tt.code || string(got.ID) != tt.id || !strings.Contains(got.Error.Message, tt.want) {
				t.Errorf("got id %s, error %+v; want id %s, code %d, %q", got.ID, got.Error, tt.id, tt.code, tt.want)
			}
			c.send("\n\r\n" + pingLine) // blank lines are nothing
			if got := c.receive(); string(got.ID) != `"ping"` || got.Error != nil {
				t.Errorf("ping afterwards: %+v", got)
			}
		})
	}
}

func TestEndOfInputLetsRunningCallsFinish(t *testing.T) {
	toy := newToys(t)
	c := startStdio(t, toy.Server)
	c.send(initializeLine)
	c.receive()
	c.send(callLine(1, "release"))
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	<-toy.started
	close(toy.release)
	if got := c.receive(); string(got.ID) != "1" || !bytes.Contains(got.Result, []byte("release")) {
		t.Errorf("got %s %s, want the call's own answer", got.ID, got.Result)
	}
	if err := c.end(); err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestEverythingPipedAtOnceIsAnswered(t *testing.T) {
	toy := newToys(t)
	c := startStdio(t, toy.Server)
	const calls = 50
	go func() { // the tool reports each start
		for range calls {
			<-toy.started
		}
	}()
	var all strings.Builder
	all.WriteString(initializeLine)
	for i := range calls {
		all.WriteString("\n" + callLine(i+1, ""))
	}
	c.send(all.String())
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{}
	for range calls + 1 {
		l := c.receive()
		if l.Error != nil || answers[string(l.ID)] {
			t.Errorf("answer %+v", l)
		}
		answers[string(l.ID)] = true
	}
	if err := c.end(); err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestStopLetsRunningCallsFinish(t *testing.T) {
	toy := newToys(t)
	c := startStdio(t, toy.Server)
	c.send(callLine(1, "release"))
	<-toy.started
	c.stop()
	close(toy.release)
	if got := c.receive(); string(got.ID) != "1" || !bytes.Contains(got.Result, []byte("release")) {
		t.Errorf("got %+v", got)
	}
	if err := c.end(); err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestStopIsBounded(t *testing.T) {
	toy := newToys(t)
	toy.drainTime, toy.abortTime = 20*time.Millisecond, 20*time.Millisecond
	c := startStdio(t, toy.Server)
	c.send(callLine(1, "context"))      // ends when told to
	c.send(callLine(2, "release only")) // never ends
	<-toy.started
	<-toy.started
	c.stop()
	if got := c.receive(); string(got.ID) != "1" {
		t.Errorf("got %+v, want the answer of the call that heeds its context", got)
	}
	if err := c.end(); err != nil {
		t.Errorf("end: %v", err)
	}
	close(toy.release)
}

func TestCancelledNotificationEndsACall(t *testing.T) {
	toy := newToys(t)
	c := startStdio(t, toy.Server)
	c.send(callLine(3, "context"))
	<-toy.started
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`)
	if got := c.receive(); string(got.ID) != "3" {
		t.Errorf("got %+v", got)
	}
}
