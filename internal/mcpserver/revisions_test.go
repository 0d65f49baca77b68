package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// legacyRevisions are opened with initialize; the newest one, 2026-07-28, with server/discover.
var legacyRevisions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}

func initialize(revision string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`, revision)
}

const discover = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`

// checkOpening checks the answer to initialize or server/discover.
func checkOpening(t *testing.T, revision string, raw json.RawMessage) {
	t.Helper()
	var got struct {
		ProtocolVersion   string
		SupportedVersions []string
		Instructions      string
		ServerInfo        *mcp.Implementation
		Capabilities      map[string]any
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if revision == mcp.ProtocolVersion20260728 {
		if fmt.Sprint(got.SupportedVersions) != "[2026-07-28 2025-11-25 2025-06-18 2025-03-26 2024-11-05]" {
			t.Errorf("supported versions %v", got.SupportedVersions)
		}
	} else if got.ProtocolVersion != revision {
		t.Errorf("negotiated %q, want %q", got.ProtocolVersion, revision)
	}
	if got.Instructions != instructions || got.Capabilities["tools"] == nil || got.Capabilities["prompts"] == nil {
		t.Errorf("opening %s", raw)
	}
	if got.ServerInfo != nil && (got.ServerInfo.Name != "jira-lifecycle-mcp" || got.ServerInfo.Title == "") {
		t.Errorf("server info %+v", got.ServerInfo)
	}
}

func TestRevisionsOnStdio(t *testing.T) {
	for _, revision := range append(legacyRevisions, mcp.ProtocolVersion20260728) {
		t.Run(revision, func(t *testing.T) {
			c := startStdio(t, newToys(t).Server)
			if revision == mcp.ProtocolVersion20260728 {
				c.send(discover)
			} else {
				c.send(initialize(revision))
			}
			checkOpening(t, revision, c.receive().Result)
			if err := c.in.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnknownRevisionGetsTheNewestOfItsKind(t *testing.T) {
	c := startStdio(t, newToys(t).Server)
	for _, asked := range []string{"2026-07-28", "1999-01-01", "2099-01-01"} {
		c.send(initialize(asked))
		checkOpening(t, mcp.ProtocolVersion20251125, c.receive().Result)
	}
}

// listen serves s by one of its HTTP transports until the test ends, and gives its address and how to stop it.
func listen(t *testing.T, serve func(context.Context, net.Listener) error) (url string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		}
	})
	return "http://" + listener.Addr().String(), stop
}

func post(t *testing.T, url, body string, header map[string]string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for k, v := range header {
		req.Header.Set(k, v)
		if k == "Host" {
			req.Host = v
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, raw
}

func TestRevisionsOnStreamableHTTP(t *testing.T) {
	url, _ := listen(t, newToys(t).ServeHTTP)
	for _, revision := range append(legacyRevisions, mcp.ProtocolVersion20260728) {
		t.Run(revision, func(t *testing.T) {
			body, header := initialize(revision), map[string]string{}
			if revision == mcp.ProtocolVersion20260728 {
				body = discover
				header = map[string]string{"Mcp-Protocol-Version": revision, "Mcp-Method": "server/discover"}
			}
			res, raw := post(t, url+"/mcp", body, header)
			var l line
			if err := json.Unmarshal(raw, &l); err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s %s", res.Status, raw)
			}
			checkOpening(t, revision, l.Result)
		})
	}
}

func TestRevisionsOnSSE(t *testing.T) {
	url, _ := listen(t, newToys(t).ServeSSE)
	for _, revision := range legacyRevisions {
		t.Run(revision, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/sse", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Body.Close()
			events := bufio.NewScanner(stream.Body)
			event := func() string { // the next event's data
				for events.Scan() {
					if data, ok := strings.CutPrefix(events.Text(), "data: "); ok {
						return strings.TrimSpace(data)
					}
				}
				t.Fatalf("the stream ended: %v", events.Err())
				return ""
			}
			endpoint := event()
			if !strings.HasPrefix(endpoint, "/message?sessionId=") {
				t.Fatalf("endpoint %q", endpoint)
			}
			if res, raw := post(t, url+endpoint, initialize(revision), nil); res.StatusCode != http.StatusAccepted {
				t.Fatalf("%s %s", res.Status, raw)
			}
			var l line
			if err := json.Unmarshal([]byte(event()), &l); err != nil {
				t.Fatal(err)
			}
			checkOpening(t, revision, l.Result)
		})
	}
}

// connect opens a real client on an HTTP transport.
func connect(t *testing.T, tr transport.Interface) *client.Client {
	t.Helper()
	c := client.NewClient(tr)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	init := mcp.InitializeRequest{}
	init.Params.ClientInfo = mcp.Implementation{Name: "real", Version: "1"}
	if _, err := c.Initialize(t.Context(), init); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStopOverHTTPLetsRunningCallsFinish(t *testing.T) {
	for name, tt := range map[string]struct {
		serve  func(toys) func(context.Context, net.Listener) error
		client func(url string) (transport.Interface, error)
	}{
		"http": {
			func(s toys) func(context.Context, net.Listener) error { return s.ServeHTTP },
			func(url string) (transport.Interface, error) { return transport.NewStreamableHTTP(url + "/mcp") },
		},
		"sse": {
			func(s toys) func(context.Context, net.Listener) error { return s.ServeSSE },
			func(url string) (transport.Interface, error) { return transport.NewSSE(url + "/sse") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			toy := newToys(t)
			url, stop := listen(t, tt.serve(toy))
			tr, err := tt.client(url)
			if err != nil {
				t.Fatal(err)
			}
			c := connect(t, tr)
			type outcome struct {
				result *mcp.CallToolResult
				err    error
			}
			done := make(chan outcome, 1)
			go func() {
				req := mcp.CallToolRequest{}
				req.Params.Name, req.Params.Arguments = "wait", map[string]any{"for": "release"}
				result, err := c.CallTool(t.Context(), req)
				done <- outcome{result, err}
			}()
			<-toy.started
			stopped := make(chan error, 1)
			go func() { stopped <- stop() }()
			close(toy.release)
			if got := <-done; got.err != nil || got.result.IsError {
				t.Errorf("the running call got %+v, %v", got.result, got.err)
			}
			if err := <-stopped; err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
}

func TestHTTPIsForThisMachineOnly(t *testing.T) {
	url, _ := listen(t, newToys(t).ServeHTTP)
	sse, _ := listen(t, newToys(t).ServeSSE)
	for name, tt := range map[string]struct {
		header map[string]string
		want   int
	}{
		"no origin":           {nil, 200},
		"own origin":          {map[string]string{"Origin": url}, 200},
		"localhost":           {map[string]string{"Origin": "http://localhost:6274", "Host": "localhost:8710"}, 200},
		"IPv6":                {map[string]string{"Host": "[::1]:8710"}, 200},
		"foreign origin":      {map[string]string{"Origin": "https://evil.example"}, 403},
		"no origin at all":    {map[string]string{"Origin": "null"}, 403},
		"looks like ours":     {map[string]string{"Origin": "http://localhost.evil.example"}, 403},
		"ours as user":        {map[string]string{"Origin": "http://localhost@evil.example"}, 403},
		"foreign host":        {map[string]string{"Host": "evil.example"}, 403},
		"rebound host":        {map[string]string{"Host": "evil.example:8710", "Origin": "http://evil.example:8710"}, 403},
		"number that is ours": {map[string]string{"Host": "2130706433"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			if res, raw := post(t, url+"/mcp", initialize("2025-11-25"), tt.header); res.StatusCode != tt.want {
				t.Errorf("/mcp: %s %s, want %d", res.Status, raw, tt.want)
			}
			want := tt.want
			if want == 200 {
				want = 400 // let through: the session is missing
			}
			if res, raw := post(t, sse+"/message", initialize("2025-11-25"), tt.header); res.StatusCode != want {
				t.Errorf("/message: %s %s, want %d", res.Status, raw, want)
			}
		})
	}
}

func TestBodiesAreBounded(t *testing.T) {
	url, _ := listen(t, newToys(t).ServeHTTP)
	big := `{"jsonrpc":"2.0","id":1,"method":"` + string(bytes.Repeat([]byte("x"), maxBody)) + `"}`
	if res, raw := post(t, url+"/mcp", big, nil); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%s %s", res.Status, raw)
	}
	for name, body := range map[string]string{"garbage": "hello", "a batch": "[" + pingLine + "]", "nothing": ""} {
		res, raw := post(t, url+"/mcp", body, nil)
		var l line
		if err := json.Unmarshal(raw, &l); err != nil || l.Error == nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", name, res.Status, raw)
		}
	}
}
