package e2e

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
)

// revisions are all that the server speaks, with the newest last: it has no handshake, and tells everything with each request.
var revisions = []string{
	mcp.ProtocolVersion20241105, mcp.ProtocolVersion20250326, mcp.ProtocolVersion20250618, mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728,
}

// wire speaks the protocol by hand. It sends a message and returns the answer to it; a notification has none.
type wire func(t *testing.T, message map[string]any) (result json.RawMessage)

// TestToolCallsOnEveryRevision calls a read tool and a destructive one without the library's client, so that nothing smooths over what is sent.
func TestToolCallsOnEveryRevision(t *testing.T) {
	open := map[string]func(*testing.T, map[string]string, string) wire{"stdio": wireStdio, "sse": wireSSE, "http": wireHTTP}
	for _, transport := range transports {
		for _, revision := range revisions {
			t.Run(transport+" "+revision, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				env := settings(t, s)
				env["JIRA_LIFECYCLE_TRANSPORT"] = transport
				send := open[transport](t, env, revision)
				if !mcp.IsModernProtocol(revision) {
					raw := send(t, initialize(revision))
					var opened struct{ ProtocolVersion string }
					if err := json.Unmarshal(raw, &opened); err != nil || opened.ProtocolVersion != revision {
						t.Fatalf("negotiated %s", raw)
					}
					send(t, map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
				}
				call := func(id int, tool string, arguments args) answer {
					params := map[string]any{"name": tool, "arguments": arguments}
					if mcp.IsModernProtocol(revision) {
						params["_meta"] = map[string]any{
							"io.modelcontextprotocol/protocolVersion": revision, "io.modelcontextprotocol/clientCapabilities": map[string]any{},
							"io.modelcontextprotocol/clientInfo": map[string]any{"name": "raw", "version": "1"},
						}
					}
					return readAnswer(t, tool, send(t, message(id, "tools/call", params)))
				}
				call(2, "lookup_user", args{"user": jane}).wants(t, map[string]any{"person.account_id": s.AccountID(jane), "person.groups.#": 4})
				call(3, "lookup_user", args{"user": "nobody.here@example.com"}).wants(t, map[string]any{"code": "not_found"})
				plan := call(4, "offboard_user", args{"user": jane})
				plan.wants(t, map[string]any{"status": "confirmation_required"})
				call(5, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).wants(t, map[string]any{"status": "succeeded"})
				s.want(t, jane, facts{OnSite: true, InSCIM: true})
			})
		}
	}
}

func initialize(revision string) map[string]any {
	return message(1, "initialize", map[string]any{
		"protocolVersion": revision, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "raw", "version": "1"},
	})
}

func message(id int, method string, params map[string]any) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params}
}

// readResult reads the result out of a response.
func readResult(t *testing.T, raw []byte) json.RawMessage {
	t.Helper()
	var response struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(raw, &response); err != nil || response.Result == nil {
		t.Fatalf("no result: %s (%v)", raw, err)
	}
	return response.Result
}

// process is the program on stdio, spoken to by hand.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	log *written
}

func start(t *testing.T, env map[string]string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return startAt(t, path, env)
}

func startAt(t *testing.T, path string, env map[string]string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(path), log: &written{}}
	p.Env, p.Stderr = environment(env), p.log
	in, err1 := p.StdinPipe()
	out, err2 := p.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // it has ended, unless the test failed
	return p
}

func (p *process) send(t *testing.T, message map[string]any) {
	t.Helper()
	if err := json.NewEncoder(p.in).Encode(message); err != nil {
		t.Fatal(err)
	}
}

// end closes the program's stdin, waits until it has ended well, and gives what it still wrote.
func (p *process) end(t *testing.T) string {
	t.Helper()
	_ = p.in.Close()
	rest, err := io.ReadAll(p.out)
	if err := errors.Join(err, p.Wait()); err != nil {
		t.Errorf("the server did not end well: %v\n%s", err, p.log)
	}
	return string(rest)
}

func wireStdio(t *testing.T, env map[string]string, _ string) wire {
	p := start(t, env)
	t.Cleanup(func() {
		if rest := p.end(t); rest != "" {
			t.Errorf("more on stdout: %q", rest)
		}
	})
	return p.wire
}

func (p *process) wire(t *testing.T, message map[string]any) json.RawMessage {
	t.Helper()
	p.send(t, message)
	if message["id"] == nil {
		return nil
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	return readResult(t, line)
}

func wireHTTP(t *testing.T, env map[string]string, revision string) wire {
	url, session := "http://"+serve(t, env, &written{})+"/mcp", ""
	return func(t *testing.T, message map[string]any) json.RawMessage {
		t.Helper()
		header := http.Header{"Accept": {"application/json, text/event-stream"}}
		if session != "" {
			header.Set("Mcp-Session-Id", session)
		}
		if message["method"] != "initialize" {
			header.Set("Mcp-Protocol-Version", revision)
		}
		if mcp.IsModernProtocol(revision) {
			params, _ := message["params"].(map[string]any)
			header.Set("Mcp-Method", fmt.Sprint(message["method"]))
			header.Set("Mcp-Name", fmt.Sprint(cmp.Or(params["taskId"], params["name"])))
		}
		res, body := post(t, url, message, header)
		if id := res.Header.Get("Mcp-Session-Id"); id != "" {
			session = id
		}
		if message["id"] == nil {
			return nil
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
			_, data, _ := strings.Cut(string(body), "data: ")
			body = []byte(data)
		}
		return readResult(t, body)
	}
}

func wireSSE(t *testing.T, env map[string]string, _ string) wire {
	base := "http://" + serve(t, env, &written{})
	stream, err := http.Get(base + "/sse")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Body.Close() })
	events := bufio.NewReader(stream.Body)
	data := func(t *testing.T) string { // of the next event that has some
		t.Helper()
		for {
			line, err := events.ReadString('\n')
			if err != nil {
				t.Fatalf("the stream ended: %v", err)
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				return strings.TrimSpace(data)
			}
		}
	}
	endpoint := base + data(t)
	return func(t *testing.T, message map[string]any) json.RawMessage {
		t.Helper()
		if res, body := post(t, endpoint, message, http.Header{}); res.StatusCode != http.StatusAccepted {
			t.Fatalf("%s %s", res.Status, body)
		}
		if message["id"] == nil {
			return nil
		}
		return readResult(t, []byte(data(t)))
	}
}

func post(t *testing.T, url string, message map[string]any, header http.Header) (*http.Response, []byte) {
	t.Helper()
	body, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, answer
}
