package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type workIn struct {
	Quick   bool   `json:"quick,omitempty" jsonschema:"ends at once"`
	Plan    bool   `json:"plan,omitempty" jsonschema:"wants a token first"`
	Confirm string `json:"confirm,omitempty" jsonschema:"the token"`
}

type workOut struct {
	Status string `json:"status" jsonschema:"how it ended"`
	Task   bool   `json:"task" jsonschema:"it may take its time"`
}

func (o workOut) Text() string { return "work " + o.Status }

func (o workOut) Confirmation() (question, token string, ok bool) {
	return "Work?", "t1", o.Status == "confirmation_required"
}

// works is a server with a tool that works until it is told to end, or to stop, and one that only reads.
type works struct {
	*Server
	started chan struct{}
	release chan struct{}
	causes  chan error // why calls were stopped
}

func newWorks(t *testing.T) works {
	t.Helper()
	w := works{started: make(chan struct{}, 100), release: make(chan struct{}), causes: make(chan error, 100)}
	work := tools.Define("work", "Work", tools.ToolsetLifecycle, "Works.", tools.Hints{Destructive: true},
		func(ctx context.Context, in workIn) (workOut, error) {
			out := workOut{Status: "succeeded", Task: request.From(ctx).Task}
			if who := request.From(ctx).OSUser; who == "" || who != osUser() {
				return out, fmt.Errorf("this process belongs to %q", who)
			}
			if in.Plan && in.Confirm == "" {
				out.Status = "confirmation_required"
				return out, nil
			}
			if in.Quick {
				return out, nil
			}
			request.Progress(ctx, 1, 3, "Remove from group x")
			w.started <- struct{}{}
			select {
			case <-w.release:
			case <-ctx.Done():
				w.causes <- context.Cause(ctx)
				out.Status = "partial"
				if context.Cause(ctx) == request.ErrDisconnected {
					<-w.release
				}
			}
			return out, nil
		})
	read := tools.Define("read", "Read", tools.ToolsetServer, "Reads.", tools.Hints{ReadOnly: true},
		func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	var err error
	w.Server, err = New(config.Config{Transport: "stdio", Toolsets: []string{"all"}}, func() []tools.Tool { return []tools.Tool{work, read} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.taskAfter = 50 * time.Millisecond
	return w
}

// begun waits until a call is at work.
func (w works) begun(t *testing.T) {
	t.Helper()
	select {
	case <-w.started:
	case <-time.After(10 * time.Second):
		t.Fatal("no call is at work")
	}
}

// peer is a client that speaks one revision by hand.
type peer struct {
	t        *testing.T
	revision string
	known    map[string]any // client capabilities
	mu       sync.Mutex
	last     int
	say      func(id int, method string, params map[string]any) line
}

func (p *peer) modern() bool { return mcp.IsModernProtocol(p.revision) }

// ask sends a request and gives its answer.
func (p *peer) ask(method string, params map[string]any) line {
	p.t.Helper()
	p.mu.Lock()
	p.last++
	id := p.last
	p.mu.Unlock()
	return p.say(id, method, p.params(params))
}

func (p *peer) params(params map[string]any) map[string]any {
	if p.modern() {
		params["_meta"] = map[string]any{
			mcp.MetaKeyProtocolVersion: p.revision, mcp.MetaKeyClientCapabilities: p.known,
			mcp.MetaKeyClientInfo: map[string]any{"name": "raw", "version": "1"},
		}
	}
	return params
}

// result is ask, where an error is none to expect.
func (p *peer) result(method string, params map[string]any) map[string]any {
	p.t.Helper()
	l := p.ask(method, params)
	var got map[string]any
	if l.Error != nil || json.Unmarshal(l.Result, &got) != nil {
		p.t.Fatalf("%s: %+v %s", method, l.Error, l.Result)
	}
	return got
}

// refused is ask, where an error of that code is to expect.
func (p *peer) refused(method string, params map[string]any, code int) {
	p.t.Helper()
	if l := p.ask(method, params); l.Error == nil || l.Error.Code != code {
		p.t.Errorf("%s: got %+v %s, want the error %d", method, l.Error, l.Result, code)
	}
}

func (p *peer) open() map[string]any {
	p.t.Helper()
	if p.modern() {
		return p.result("server/discover", map[string]any{})
	}
	return p.result("initialize", map[string]any{
		"protocolVersion": p.revision, "capabilities": p.known, "clientInfo": map[string]any{"name": "raw", "version": "1"},
	})
}

func encoded(t *testing.T, id int, method string, params map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

// overStdio connects a peer that takes the answers in whatever order they come.
func overStdio(t *testing.T, s *Server, p *peer) {
	t.Helper()
	c := startStdio(t, s)
	var mu sync.Mutex
	waiting := map[string]chan line{}
	go func() {
		for l := range c.lines {
			mu.Lock()
			if to := waiting[string(l.ID)]; to != nil {
				to <- l
			}
			mu.Unlock()
		}
	}()
	p.say = func(id int, method string, params map[string]any) line {
		answer := make(chan line, 1)
		mu.Lock()
		waiting[fmt.Sprint(id)] = answer
		mu.Unlock()
		c.send(encoded(t, id, method, params))
		select {
		case l := <-answer:
			return l
		case <-time.After(10 * time.Second):
			t.Errorf("%s: no answer", method)
			return line{}
		}
	}
}

// overHTTP connects a peer with a session of its own, and a connection of its own for each request.
func overHTTP(t *testing.T, url string, p *peer) {
	t.Helper()
	session := ""
	p.say = func(id int, method string, params map[string]any) line {
		header := map[string]string{"Connection": "close"}
		if session != "" {
			header["Mcp-Session-Id"] = session
		}
		if p.modern() {
			header["Mcp-Protocol-Version"], header["Mcp-Method"] = p.revision, method
			for _, name := range []string{"name", "taskId"} {
				if value, ok := params[name].(string); ok {
					header["Mcp-Name"] = value
				}
			}
		}
		res, raw := post(t, url+"/mcp", encoded(t, id, method, params), header)
		if method == "initialize" {
			session = res.Header.Get("Mcp-Session-Id")
		}
		var last line
		for text := range strings.Lines(string(raw)) {
			var l line
			if at := strings.IndexByte(text, '{'); at >= 0 && json.Unmarshal([]byte(text[at:]), &l) == nil && (l.Result != nil || l.Error != nil) {
				last = l
			}
		}
		return last
	}
}

var bothWays = []string{"stdio", "http"}

// follower connects a peer that knows tasks, in the form of its revision.
func follower(t *testing.T, w works, way, revision string) *peer {
	t.Helper()
	p := &peer{t: t, revision: revision, known: map[string]any{}}
	if p.modern() {
		p.known["extensions"] = map[string]any{tools.TaskExtension: map[string]any{}}
	}
	if way == "stdio" {
		overStdio(t, w.Server, p)
	} else {
		url, _ := listen(t, w.ServeHTTP)
		overHTTP(t, url, p)
	}
	return p
}

func work(extra ...map[string]any) map[string]any {
	params := map[string]any{"name": "work", "arguments": map[string]any{}}
	for _, e := range extra {
		for k, v := range e {
			params[k] = v
		}
	}
	return params
}

var asTask = map[string]any{"task": map[string]any{"ttl": 120_000}}

// await polls a task until it is no longer at work.
func (p *peer) await(id string) map[string]any {
	p.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		got := p.result("tasks/get", map[string]any{"taskId": id})
		if got["status"] != "working" {
			return got
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("still %v", got)
		}
	}
}

// seen checks some fields, by a path with dots.
func seen(t *testing.T, got map[string]any, want map[string]any) {
	t.Helper()
	for path, w := range want {
		var at any = got
		for _, key := range strings.Split(path, ".") {
			fields, _ := at.(map[string]any)
			at = fields[key]
		}
		if !cmp.Equal(at, w) {
			t.Errorf("%s is %v, want %v, in %v", path, at, w, got)
		}
	}
}

func TestATaskOf20251125(t *testing.T) {
	for _, way := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWorks(t)
			p := follower(t, w, way, mcp.ProtocolVersion20251125)
			opened := p.open()
			seen(t, opened, map[string]any{"capabilities.extensions": nil, "capabilities.tasks.requests.tools.call": map[string]any{}, "capabilities.tasks.cancel": map[string]any{}})
			listed := p.result("tools/list", map[string]any{})["tools"].([]any)
			for _, tool := range listed {
				support := map[string]any{"work": map[string]any{"taskSupport": "optional"}}[tool.(map[string]any)["name"].(string)]
				seen(t, tool.(map[string]any), map[string]any{"execution": support})
			}

			created := p.result("tools/call", work(asTask))
			seen(t, created, map[string]any{"content": nil, "task.status": "working", "task.ttl": 120_000.0, "task.pollInterval": 1000.0})
			id := created["task"].(map[string]any)["taskId"].(string)
			if meta := fmt.Sprint(created["_meta"]); !strings.Contains(meta, id) || strings.Contains(meta, "reshaped") {
				t.Errorf("_meta %s", meta)
			}
			w.begun(t)
			seen(t, p.result("tasks/get", map[string]any{"taskId": id}), map[string]any{"status": "working", "statusMessage": "Remove from group x (1 of 3 done)"})
			seen(t, p.result("tasks/list", map[string]any{})["tasks"].([]any)[0].(map[string]any), map[string]any{"taskId": id})

			results := make(chan map[string]any, 1)
			go func() { results <- p.result("tasks/result", map[string]any{"taskId": id}) }()
			close(w.release)
			got := <-results
			seen(t, got, map[string]any{
				"structuredContent.status": "succeeded", "structuredContent.task": true, "isError": nil,
				"_meta": map[string]any{"io.modelcontextprotocol/related-task": map[string]any{"taskId": id}},
			})
			seen(t, p.result("tasks/get", map[string]any{"taskId": id}), map[string]any{"status": "completed", "statusMessage": "succeeded"})
			p.refused("tasks/cancel", map[string]any{"taskId": id}, mcp.INVALID_PARAMS)
			p.refused("tasks/get", map[string]any{"taskId": "nope"}, mcp.INVALID_PARAMS)
			p.refused("tasks/update", map[string]any{"taskId": id}, mcp.METHOD_NOT_FOUND)
			// Without a task all is as ever.
			seen(t, p.result("tools/call", work()), map[string]any{"structuredContent.status": "succeeded", "structuredContent.task": false})
		})
	}
}

// TestOlderRevisionsKnowNoTasks has them told of none.
func TestOlderRevisionsKnowNoTasks(t *testing.T) {
	for _, revision := range legacyRevisions[:3] {
		p := follower(t, newWorks(t), "stdio", revision)
		seen(t, p.open(), map[string]any{"protocolVersion": revision, "capabilities.tasks": nil, "capabilities.extensions": nil})
	}
}

func TestATaskOf20260728(t *testing.T) {
	for _, way := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWorks(t)
			p := follower(t, w, way, mcp.ProtocolVersion20260728)
			seen(t, p.open(), map[string]any{"capabilities.extensions": map[string]any{tools.TaskExtension: map[string]any{}}, "capabilities.tasks": nil})
			for _, tool := range p.result("tools/list", map[string]any{})["tools"].([]any) {
				seen(t, tool.(map[string]any), map[string]any{"execution": nil})
			}
			quick := work(asTask, map[string]any{"arguments": map[string]any{"quick": true}}) // what asked for a task once means nothing
			seen(t, p.result("tools/call", quick), map[string]any{"resultType": "complete", "structuredContent.status": "succeeded", "taskId": nil, "task": nil})

			created := p.result("tools/call", work())
			seen(t, created, map[string]any{
				"resultType": "task", "status": "working", "ttlMs": 3_600_000.0, "pollIntervalMs": 1000.0, "content": nil,
				"statusMessage": "Remove from group x (1 of 3 done)",
			})
			id := map[string]any{"taskId": created["taskId"].(string)}
			if meta := fmt.Sprint(created["_meta"]); strings.Contains(meta, "reshaped") || !strings.Contains(meta, serverName) {
				t.Errorf("_meta %s", meta)
			}
			w.begun(t)
			seen(t, p.result("tasks/get", id), map[string]any{"resultType": "complete", "status": "working", "result": nil})
			seen(t, p.result("tasks/update", map[string]any{"taskId": created["taskId"], "inputResponses": map[string]any{}}), map[string]any{"resultType": "complete", "status": nil})
			p.refused("tasks/list", map[string]any{}, mcp.METHOD_NOT_FOUND)
			p.refused("tasks/result", id, mcp.METHOD_NOT_FOUND)
			p.refused("tasks/get", map[string]any{"taskId": "nope"}, mcp.INVALID_PARAMS)
			close(w.release)
			seen(t, p.await(created["taskId"].(string)), map[string]any{
				"status": "completed", "statusMessage": "succeeded", "result.structuredContent.status": "succeeded", "result.resultType": "complete",
			})
			seen(t, p.result("tasks/cancel", id), map[string]any{"resultType": "complete"})

			p.known = map[string]any{} // each request says anew what its client knows
			p.refused("tasks/get", id, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY)
			seen(t, p.result("tools/call", work()), map[string]any{"structuredContent.status": "succeeded", "structuredContent.task": false})
		})
	}
}

func TestCancellingATask(t *testing.T) {
	for _, way := range bothWays {
		for _, revision := range []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
			t.Run(way+" "+revision, func(t *testing.T) {
				w := newWorks(t)
				p := follower(t, w, way, revision)
				p.open()
				created := p.result("tools/call", work(asTask))
				id, _ := created["taskId"].(string)
				if !p.modern() {
					id = created["task"].(map[string]any)["taskId"].(string)
				}
				w.begun(t)
				cancelled := p.result("tasks/cancel", map[string]any{"taskId": id})
				if cause := <-w.causes; cause != request.ErrClientCancelled {
					t.Errorf("the call stopped because of %v", cause)
				}
				if p.modern() {
					// What was done and what was not is in the result: it must not get lost.
					seen(t, p.await(id), map[string]any{"status": "completed", "statusMessage": "partial", "result.structuredContent.status": "partial"})
					return
				}
				seen(t, cancelled, map[string]any{"status": "cancelled", "taskId": id})
				seen(t, p.result("tasks/result", map[string]any{"taskId": id}), map[string]any{"structuredContent.status": "partial"})
				seen(t, p.result("tasks/get", map[string]any{"taskId": id}), map[string]any{"status": "cancelled", "statusMessage": "partial"})
			})
		}
	}
}

func TestTasksOfOneSessionAreHiddenFromOthers(t *testing.T) {
	w := newWorks(t)
	url, _ := listen(t, w.ServeHTTP)
	mine, other := &peer{t: t, revision: mcp.ProtocolVersion20251125}, &peer{t: t, revision: mcp.ProtocolVersion20251125}
	modern := &peer{t: t, revision: mcp.ProtocolVersion20260728, known: map[string]any{"extensions": map[string]any{tools.TaskExtension: map[string]any{}}}}
	for _, p := range []*peer{mine, other, modern} {
		overHTTP(t, url, p)
		p.open()
	}
	id := mine.result("tools/call", work(asTask))["task"].(map[string]any)["taskId"]
	w.begun(t)
	for _, p := range []*peer{other, modern} {
		p.refused("tasks/get", map[string]any{"taskId": id}, mcp.INVALID_PARAMS)
		p.refused("tasks/cancel", map[string]any{"taskId": id}, mcp.INVALID_PARAMS)
	}
	if list := other.result("tasks/list", map[string]any{})["tasks"].([]any); len(list) != 0 {
		t.Errorf("another session lists %v", list)
	}
	close(w.release)
	seen(t, mine.result("tasks/result", map[string]any{"taskId": id}), map[string]any{"structuredContent.status": "succeeded"})
}

func TestWhatCannotBeATask(t *testing.T) {
	w := newWorks(t)
	p := follower(t, w, "http", mcp.ProtocolVersion20251125)
	p.open()
	p.refused("tools/call", map[string]any{"name": "read", "arguments": map[string]any{}, "task": map[string]any{}}, mcp.METHOD_NOT_FOUND)
	for range task.Standard.Running {
		p.result("tools/call", work(asTask))
	}
	p.refused("tools/call", work(asTask), mcp.INTERNAL_ERROR)
	close(w.release)
	until(t, func() bool { return p.ask("tools/call", work(asTask)).Error == nil })

	// Over SSE there are none: the parameter is ignored, and nothing is promised.
	sse := newWorks(t)
	url, _ := listen(t, sse.ServeSSE)
	close(sse.release)
	stream := openSSE(t, url)
	stream.send(encoded(t, 1, "initialize", map[string]any{"protocolVersion": "2025-11-25", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "raw", "version": "1"}}))
	if raw := stream.next(); strings.Contains(raw, `"tasks"`) || strings.Contains(raw, "extensions") {
		t.Errorf("promised %s", raw)
	}
	stream.send(encoded(t, 2, "tools/call", work(asTask)))
	if raw := stream.next(); !strings.Contains(raw, `"succeeded"`) {
		t.Errorf("got %s", raw)
	}
	stream.send(encoded(t, 3, "tools/list", map[string]any{}))
	if raw := stream.next(); strings.Contains(raw, "taskSupport") {
		t.Errorf("listed %s", raw)
	}
}

// TestThePersonIsAskedBeforeATask has the question answered in the request itself, whichever form it takes.
func TestThePersonIsAskedBeforeATask(t *testing.T) {
	confirmed := map[string]any{"arguments": map[string]any{"plan": true}}
	t.Run("2025-11-25", func(t *testing.T) {
		w := newWorks(t)
		c := startStdio(t, w.Server)
		c.send(strings.Replace(initializeLine, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1))
		c.receive()
		c.send(encoded(t, 1, "tools/call", work(asTask, confirmed)))
		question := c.receive()
		if question.Result != nil || question.Error != nil {
			t.Fatalf("got %s before the question", question.Result)
		}
		c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":"accept"}}`, question.ID))
		created := c.receive()
		if string(created.ID) != "1" || !strings.Contains(string(created.Result), `"working"`) {
			t.Errorf("got %s %s", created.ID, created.Result)
		}
		w.begun(t)
		close(w.release)
	})
	t.Run("2026-07-28", func(t *testing.T) {
		w := newWorks(t)
		p := follower(t, w, "http", mcp.ProtocolVersion20260728)
		p.known["elicitation"] = map[string]any{}
		asked := p.result("tools/call", work(confirmed))
		seen(t, asked, map[string]any{"resultType": "input_required"})
		created := p.result("tools/call", work(confirmed, map[string]any{
			"requestState": asked["requestState"], "inputResponses": map[string]any{"confirm": map[string]any{"action": "accept"}},
		}))
		seen(t, created, map[string]any{"resultType": "task"})
		close(w.release)
		seen(t, p.await(created["taskId"].(string)), map[string]any{"result.structuredContent.status": "succeeded"})
	})
}

// until waits for something that happens soon.
func until(t *testing.T, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 seconds")
		}
	}
}

// sseStream is a client's end of HTTP+SSE.
type sseStream struct {
	t        *testing.T
	url      string
	endpoint string
	events   chan string
	close    func()
}

func openSSE(t *testing.T, url string) *sseStream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/sse", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	s := &sseStream{t: t, url: url, events: make(chan string, 100), close: func() { cancel(); _ = res.Body.Close() }}
	t.Cleanup(s.close)
	go func() {
		defer close(s.events)
		var text strings.Builder
		buf := make([]byte, 64<<10)
		for {
			n, err := res.Body.Read(buf)
			text.Write(buf[:n])
			for {
				all := strings.ReplaceAll(text.String(), "\r", "")
				event, rest, whole := strings.Cut(all, "\n\n")
				if !whole {
					break
				}
				text.Reset()
				text.WriteString(rest)
				if _, data, ok := strings.Cut(event, "data:"); ok {
					s.events <- strings.TrimSpace(data)
				}
			}
			if err != nil {
				if err != io.EOF && ctx.Err() == nil {
					t.Errorf("stream: %v", err)
				}
				return
			}
		}
	}()
	s.endpoint = s.next()
	return s
}

func (s *sseStream) next() string {
	s.t.Helper()
	select {
	case data := <-s.events:
		return data
	case <-time.After(10 * time.Second):
		s.t.Fatal("no event")
	}
	return ""
}

func (s *sseStream) send(message string) {
	s.t.Helper()
	if res, raw := post(s.t, s.url+s.endpoint, message, nil); res.StatusCode != http.StatusAccepted {
		s.t.Fatalf("%s %s", res.Status, raw)
	}
}
