package mcpserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

// stopped waits for a call to be stopped, and checks why it was.
func (w works) stopped(t *testing.T, want error) {
	t.Helper()
	select {
	case cause := <-w.causes:
		if !errors.Is(cause, want) {
			t.Errorf("the call was stopped because of %q, want %q", cause, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the call was not stopped")
	}
}

// hangsUp sends a call and closes the connection once the call is at work.
func hangsUp(t *testing.T, w works, url, revision, session string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &peer{t: t, revision: revision, known: map[string]any{}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/mcp", strings.NewReader(encoded(t, 9, "tools/call", p.params(work()))))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Session-Id": session} {
		req.Header.Set(name, value)
	}
	if p.modern() {
		for name, value := range map[string]string{"Mcp-Protocol-Version": revision, "Mcp-Method": "tools/call", "Mcp-Name": "work"} {
			req.Header.Set(name, value)
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if res, err := http.DefaultClient.Do(req); err == nil {
			t.Errorf("got %s", res.Status)
			_ = res.Body.Close()
		}
	}()
	w.begun(t)
	cancel()
	<-ended
}

// fire sends a request whose answer nobody waits for.
func fire(t *testing.T, url, body, session string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Session-Id": session} {
		req.Header.Set(name, value)
	}
	go func() {
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
}

func openSession(t *testing.T, url string) string {
	t.Helper()
	res, _ := post(t, url+"/mcp", initialize("2025-11-25"), nil)
	return res.Header.Get("Mcp-Session-Id")
}

func TestWhyACallIsStopped(t *testing.T) {
	const cancelNine = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}`

	t.Run("a client of 2026-07-28 closes its response", func(t *testing.T) {
		w := newWorks(t)
		url, _ := listen(t, w.ServeHTTP)
		hangsUp(t, w, url, mcp.ProtocolVersion20260728, "")
		w.stopped(t, request.ErrClientCancelled)
	})
	t.Run("the connection of an older client breaks", func(t *testing.T) {
		w := newWorks(t)
		url, _ := listen(t, w.ServeHTTP)
		hangsUp(t, w, url, mcp.ProtocolVersion20251125, openSession(t, url))
		w.stopped(t, request.ErrDisconnected)
		close(w.release)
	})
	t.Run("cancelled on stdio", func(t *testing.T) {
		for _, revision := range []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
			w := newWorks(t)
			c := startStdio(t, w.Server)
			p := &peer{revision: revision, known: map[string]any{}}
			c.send(encoded(t, 9, "tools/call", p.params(work())))
			w.begun(t)
			c.send(cancelNine)
			w.stopped(t, request.ErrClientCancelled)
		}
	})
	t.Run("cancelled over HTTP", func(t *testing.T) {
		w := newWorks(t)
		url, _ := listen(t, w.ServeHTTP)
		session := map[string]string{"Mcp-Session-Id": openSession(t, url)}
		other := map[string]string{"Mcp-Session-Id": openSession(t, url)}
		fire(t, url, encoded(t, 9, "tools/call", work()), session["Mcp-Session-Id"])
		w.begun(t)
		post(t, url+"/mcp", cancelNine, other)
		post(t, url+"/mcp", cancelNine, session)
		w.stopped(t, request.ErrClientCancelled)
		if len(w.causes) != 0 {
			t.Error("another session cancelled it too")
		}
	})
	t.Run("cancelled over SSE", func(t *testing.T) {
		w := newWorks(t)
		url, _ := listen(t, w.ServeSSE)
		s := openSSE(t, url)
		s.send(encoded(t, 9, "tools/call", work()))
		w.begun(t)
		s.send(cancelNine)
		w.stopped(t, request.ErrClientCancelled)
	})
}

// TestNobodyCancelsTheCallOfAnother has a client of the stateless revision name an id that another one uses.
func TestNobodyCancelsTheCallOfAnother(t *testing.T) {
	w := newWorks(t)
	url, _ := listen(t, w.ServeHTTP)
	p := &peer{t: t, revision: mcp.ProtocolVersion20260728, known: map[string]any{}}
	overHTTP(t, url, p)
	got := make(chan map[string]any, 1)
	go func() { got <- p.result("tools/call", work()) }() // its first request: the id is 1
	w.begun(t)
	cancel := encoded(t, 0, "notifications/cancelled", p.params(map[string]any{"requestId": 1}))
	res, raw := post(t, url+"/mcp", strings.Replace(cancel, `"id":0,`, "", 1), map[string]string{"Mcp-Protocol-Version": p.revision, "Mcp-Method": "notifications/cancelled"})
	if res.StatusCode != http.StatusAccepted {
		t.Errorf("%s %s", res.Status, raw)
	}
	close(w.release)
	seen(t, <-got, map[string]any{"structuredContent.status": "succeeded"})
}

// TestACallGoesOnWithoutItsStream closes the stream of HTTP+SSE under a call.
func TestACallGoesOnWithoutItsStream(t *testing.T) {
	w := newWorks(t)
	url, stop := listen(t, w.ServeSSE)
	s := openSSE(t, url)
	s.send(encoded(t, 9, "tools/call", work()))
	w.begun(t)
	s.close()
	for range s.events { // until the stream is gone
	}
	if res, raw := post(t, url+s.endpoint, pingLine, nil); res.StatusCode == http.StatusAccepted {
		until(t, func() bool {
			res, raw = post(t, url+s.endpoint, pingLine, nil)
			return res.StatusCode != http.StatusAccepted
		})
		t.Logf("%s", raw)
	}
	close(w.release)
	if err := stop(); err != nil { // waits for the call
		t.Errorf("stop: %v", err)
	}
	if len(w.causes) != 0 {
		t.Errorf("the call was stopped because of %v", <-w.causes)
	}
}

// TestAStopIsNoCancellation stops servers under a call, and under a task.
func TestAStopIsNoCancellation(t *testing.T) {
	soon := func(w works) {
		w.drainTime, w.abortTime = 10*time.Millisecond, 10*time.Second
	}
	t.Run("end of stdin", func(t *testing.T) {
		w := newWorks(t)
		soon(w)
		c := startStdio(t, w.Server)
		c.send(encoded(t, 9, "tools/call", work()))
		w.begun(t)
		if err := c.in.Close(); err != nil {
			t.Fatal(err)
		}
		w.stopped(t, request.ErrStopping)
		if got := c.receive(); !strings.Contains(string(got.Result), `"partial"`) {
			t.Errorf("got %s", got.Result)
		}
		if err := c.end(); err != nil {
			t.Error(err)
		}
	})
	for name, open := range map[string]func(t *testing.T, w works) (stop func() error){
		"a signal on stdio": func(t *testing.T, w works) func() error {
			c := startStdio(t, w.Server)
			c.send(encoded(t, 9, "tools/call", work()))
			return func() error { c.stop(); return c.end() }
		},
		"a task on stdio": func(t *testing.T, w works) func() error {
			c := startStdio(t, w.Server)
			c.send(encoded(t, 9, "tools/call", work(asTask)))
			c.receive()
			return func() error { c.stop(); return c.end() }
		},
		"http": func(t *testing.T, w works) func() error {
			url, stop := listen(t, w.ServeHTTP)
			fire(t, url, encoded(t, 9, "tools/call", work()), openSession(t, url))
			return stop
		},
		"a task over http": func(t *testing.T, w works) func() error {
			url, stop := listen(t, w.ServeHTTP)
			post(t, url+"/mcp", encoded(t, 9, "tools/call", work(asTask)), map[string]string{"Mcp-Session-Id": openSession(t, url)})
			return stop
		},
		"sse": func(t *testing.T, w works) func() error {
			url, stop := listen(t, w.ServeSSE)
			openSSE(t, url).send(encoded(t, 9, "tools/call", work()))
			return stop
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorks(t)
			soon(w)
			stop := open(t, w)
			w.begun(t)
			if err := stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
			w.stopped(t, request.ErrStopping)
		})
	}
}

// TestAStopLetsATaskEnd has one run when stdin ends, with time enough.
func TestAStopLetsATaskEnd(t *testing.T) {
	w := newWorks(t)
	c := startStdio(t, w.Server)
	c.send(encoded(t, 9, "tools/call", work(asTask)))
	c.receive()
	w.begun(t)
	c.stop()
	select {
	case err := <-c.ended:
		t.Fatalf("the server left its task behind: %v", err)
	case <-time.After(50 * time.Millisecond): // how long it would take if it did
	}
	close(w.release)
	if err := c.end(); err != nil {
		t.Error(err)
	}
	if len(w.causes) != 0 {
		t.Errorf("the task was stopped because of %v", <-w.causes)
	}
}

// TestAStoppedCallSaysWhy reads what a client is told whose call did not get to its end.
func TestAStoppedCallSaysWhy(t *testing.T) {
	toy := newToys(t)
	toy.drainTime = 10 * time.Millisecond
	c := startStdio(t, toy.Server)
	c.send(callLine(1, "release"))
	<-toy.started
	c.stop()
	if got := c.receive(); !strings.Contains(string(got.Result), "The server is stopping") {
		t.Errorf("got %s", got.Result)
	}
	if err := c.end(); err != nil {
		t.Error(err)
	}
}

// TestProgressOfATask has progress go on after the task was handed out on stdio, as 2025-11-25 wants, and end there in 2026-07-28.
func TestProgressOfATask(t *testing.T) {
	for revision, late := range map[string]bool{mcp.ProtocolVersion20251125: true, mcp.ProtocolVersion20260728: false} {
		t.Run(revision, func(t *testing.T) {
			s, step := newStepper(t)
			p := &peer{t: t, revision: revision, known: map[string]any{"extensions": map[string]any{tools.TaskExtension: map[string]any{}}}}
			in, lines := rawStdio(t, s)
			if !p.modern() {
				in(initializeLine)
				<-lines
			}
			params := p.params(work(asTask))
			if !p.modern() {
				params["_meta"] = map[string]any{}
			}
			params["_meta"].(map[string]any)["progressToken"] = "p"
			in(encoded(t, 1, "tools/call", params))
			created := <-lines
			_, id, _ := strings.Cut(created, `"taskId":"`)
			id, _, _ = strings.Cut(id, `"`)
			step <- struct{}{} // reports
			step <- struct{}{} // has reported
			close(step)
			progressed, ended := false, false
			deadline := time.Now().Add(10 * time.Second)
			for i := 2; !ended || late && !progressed; i++ { // some requests more, since a notification takes its own way
				if time.Now().After(deadline) {
					t.Fatalf("ended: %v, progress was notified: %v", ended, progressed)
				}
				in(encoded(t, i, "tasks/get", p.params(map[string]any{"taskId": id})))
				for got := ""; !strings.Contains(got, fmt.Sprintf(`"id":%d`, i)); {
					select {
					case got = <-lines:
					case <-time.After(10 * time.Second):
						t.Fatal("no answer")
					}
					progressed = progressed || strings.Contains(got, "notifications/progress")
					ended = ended || strings.Contains(got, "completed")
				}
			}
			if progressed && !late {
				t.Error("a progress notification after the task was handed out")
			}
		})
	}
}

// newStepper is a server whose tool reports progress at a step, waits for another, and ends when there are no more.
func newStepper(t *testing.T) (*Server, chan struct{}) {
	t.Helper()
	step := make(chan struct{})
	work := tools.Define("work", "Work", tools.ToolsetLifecycle, "Works.", tools.Hints{},
		func(ctx context.Context, _ workIn) (workOut, error) {
			for range step {
				request.Progress(ctx, 2, 3, "Second step")
				<-step
			}
			return workOut{Status: "succeeded"}, nil
		})
	s, err := New(config.Config{Transport: "stdio", Toolsets: []string{"all"}}, func() []tools.Tool { return []tools.Tool{work} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.taskAfter = 10 * time.Millisecond
	return s, step
}

// rawStdio serves on stdio, and gives the lines as they are.
func rawStdio(t *testing.T, s *Server) (in func(string), lines <-chan string) {
	t.Helper()
	inReader, inWriter := io.Pipe()
	outReader, outWriter := io.Pipe()
	go func() {
		_ = s.ServeStdio(t.Context(), inReader, outWriter)
		_ = outWriter.Close()
	}()
	t.Cleanup(func() { _ = inWriter.Close() })
	out := make(chan string, 100)
	go func() {
		scanner := bufio.NewScanner(outReader)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			out <- scanner.Text()
		}
		close(out)
	}()
	return func(line string) {
		if _, err := io.WriteString(inWriter, line+"\n"); err != nil {
			t.Error(err)
		}
	}, out
}
