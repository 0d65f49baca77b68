package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// taskRevisions are those that know tasks: the last two, each in a form of its own.
var taskRevisions = []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728}

// follower is a client that speaks by hand, and can follow a task.
type follower struct {
	*testing.T
	send     wire
	revision string
	last     int
}

func follow(t *testing.T, s *site, way, revision string) *follower {
	t.Helper()
	env := settings(t, s)
	env["JIRA_LIFECYCLE_TRANSPORT"] = way
	env["JIRA_LIFECYCLE_WAIT"] = "0s" // no call waits for its operation; a task does
	f := &follower{T: t, revision: revision, last: 1, send: map[string]func(*testing.T, map[string]string, string) wire{"stdio": wireStdio, "http": wireHTTP}[way](t, env, revision)}
	if !mcp.IsModernProtocol(revision) {
		f.send(t, initialize(revision))
	}
	return f
}

// ask sends a request and gives its result, raw and read.
func (f *follower) ask(method string, params args) (raw json.RawMessage, got map[string]any) {
	f.Helper()
	if mcp.IsModernProtocol(f.revision) {
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    f.revision,
			"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "raw", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": map[string]any{"extensions": map[string]any{"io.modelcontextprotocol/tasks": map[string]any{}}},
		}
	}
	f.last++
	raw = f.send(f.T, message(f.last, method, params))
	if err := json.Unmarshal(raw, &got); err != nil {
		f.Fatal(err)
	}
	return raw, got
}

func (f *follower) plan(tool string, arguments args) args {
	f.Helper()
	raw, _ := f.ask("tools/call", args{"name": tool, "arguments": arguments})
	arguments["confirm"] = readAnswer(f.T, tool, raw).str("confirmation.token")
	return arguments
}

// begin calls a tool that comes to a task, and gives the task's id.
func (f *follower) begin(tool string, arguments args) string {
	f.Helper()
	params := args{"name": tool, "arguments": arguments}
	if !mcp.IsModernProtocol(f.revision) {
		params["task"] = map[string]any{}
	}
	raw, got := f.ask("tools/call", params)
	created := got
	if !mcp.IsModernProtocol(f.revision) {
		created, _ = got["task"].(map[string]any)
	}
	id, _ := created["taskId"].(string)
	if id == "" || created["status"] != "working" {
		f.Fatalf("no task: %s", raw)
	}
	return id
}

// end waits for a task, and gives its result and its last status.
func (f *follower) end(tool, id string) (done answer, status string) {
	f.Helper()
	if mcp.IsModernProtocol(f.revision) {
		var raw json.RawMessage
		until(f.T, "the end of the task", func() bool {
			got, fields := f.ask("tasks/get", args{"taskId": id})
			raw, status = got, fields["status"].(string)
			return status != "working"
		})
		var task struct{ Result json.RawMessage }
		if err := json.Unmarshal(raw, &task); err != nil {
			f.Fatal(err)
		}
		return readAnswer(f.T, tool, task.Result), status
	}
	raw, _ := f.ask("tasks/result", args{"taskId": id})
	_, got := f.ask("tasks/get", args{"taskId": id})
	return readAnswer(f.T, tool, raw), got["status"].(string)
}

// holdPatch has the site hold the request that deactivates a SCIM user, which is the first step of an offboarding.
func (s *site) holdPatch(t *testing.T) {
	t.Helper()
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Method: http.MethodPatch, Path: "/scim/directory/{directoryId}/Users/{id}"})
}

func (s *site) held(t *testing.T) sandbox.Held {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	held, err := s.NextHold(ctx)
	if err != nil {
		t.Fatalf("nothing is held: %v", err)
	}
	return held
}

// TestAnOperationAsATask follows an offboarding from its first step to its result.
func TestAnOperationAsATask(t *testing.T) {
	for _, way := range []string{"stdio", "http"} {
		for _, revision := range taskRevisions {
			t.Run(way+" "+revision, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				f := follow(t, s, way, revision)
				confirmed := f.plan("offboard_user", args{"user": jane})
				s.holdPatch(t)
				id := f.begin("offboard_user", confirmed)
				held := s.held(t)
				_, got := f.ask("tasks/get", args{"taskId": id})
				if message, _ := got["statusMessage"].(string); got["status"] != "working" || !strings.Contains(message, "0 of ") {
					t.Errorf("at the first step: %v", got)
				}
				if err := s.Release(held.ID, true); err != nil {
					t.Fatal(err)
				}
				done, status := f.end("offboard_user", id)
				done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded"})
				if status != "completed" {
					t.Errorf("the task is %s", status)
				}
				s.want(t, jane, facts{OnSite: true, InSCIM: true})
				s.wroteOnce(t, 0, done)
			})
		}
	}
}

// TestCancellingATaskStopsBeforeTheNextStep cancels while a step is being written: it is finished, and no other is begun.
func TestCancellingATaskStopsBeforeTheNextStep(t *testing.T) {
	for _, way := range []string{"stdio", "http"} {
		for _, revision := range taskRevisions {
			t.Run(way+" "+revision, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				groups := s.facts(t, jane).Groups
				f := follow(t, s, way, revision)
				confirmed := f.plan("offboard_user", args{"user": jane})
				s.holdPatch(t)
				id := f.begin("offboard_user", confirmed)
				held := s.held(t)
				f.ask("tasks/cancel", args{"taskId": id})
				if err := s.Release(held.ID, true); err != nil {
					t.Fatal(err)
				}
				done, status := f.end("offboard_user", id)
				// What was done is said, also of what was cancelled.
				if want := map[string]string{mcp.ProtocolVersion20251125: "cancelled", mcp.ProtocolVersion20260728: "completed"}[revision]; status != want {
					t.Errorf("the task is %s, want %s", status, want)
				}
				done.wants(t, map[string]any{"status": "partial", "operation.steps.0.status": "done", "operation.steps.1.status": "skipped"})
				s.want(t, jane, facts{OnSite: true, InSCIM: true, Groups: groups})
			})
		}
	}
}

// TestClosingTheConnection has a client hang up while a step is being written. To the newest revision that is a cancellation; to older ones it is
// an accident, and the operation goes on.
func TestClosingTheConnection(t *testing.T) {
	for _, revision := range taskRevisions {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			groups := s.facts(t, jane).Groups
			c := connect(t, s, over("http"), speaking(revision))
			plan := c.call(t, "offboard_user", args{"user": jane})
			s.holdPatch(t)
			ctx, hangUp := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = c.CallTool(ctx, request("offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")})) // nobody waits for it
			}()
			held := s.held(t)
			hangUp()
			<-ended
			until(t, "the end of the call", func() bool {
				return strings.Contains(c.log.String(), `"outcome":"cancelled"`) || mcp.IsModernProtocol(revision)
			})
			if err := s.Release(held.ID, true); err != nil {
				t.Fatal(err)
			}
			status := ""
			until(t, "the end of the operation", func() bool { status = c.lastOperation(t); return status != "running" })
			want, left := "succeeded", []string(nil)
			if mcp.IsModernProtocol(revision) {
				want, left = "partial", groups
			}
			if status != want {
				t.Errorf("the operation is %s, want %s", status, want)
			}
			s.want(t, jane, facts{OnSite: true, InSCIM: true, Groups: left})
		})
	}
}

// lastOperation gives the status of the newest operation.
func (s *session) lastOperation(t *testing.T) string {
	t.Helper()
	result, err := s.CallTool(t.Context(), request("list_operations", args{}))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Operations []struct{ Status string } }
	if err := json.Unmarshal(raw, &list); err != nil || len(list.Operations) == 0 {
		t.Fatalf("no operation: %s, %v", raw, err)
	}
	return list.Operations[0].Status
}

// TestTheLibrarysClientFollowsATask has mcp-go's own client do what it can: it can't ask for a task, but it can follow one.
func TestTheLibrarysClientFollowsATask(t *testing.T) {
	for _, way := range []string{"stdio", "http"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(way), speaking(mcp.ProtocolVersion20251125))
			if c.GetServerCapabilities().Tasks == nil {
				t.Fatal("no tasks are offered")
			}
			plan := c.call(t, "offboard_user", args{"user": jane})
			ask := transport.JSONRPCRequest{JSONRPC: "2.0", ID: mcp.NewRequestId(int64(4711)), Method: "tools/call", Params: map[string]any{
				"name": "offboard_user", "arguments": args{"user": jane, "confirm": plan.str("confirmation.token")}, "task": map[string]any{"ttl": 60000},
			}}
			answered, err := c.GetTransport().SendRequest(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			var created mcp.CreateTaskResult
			if err := json.Unmarshal(answered.Result, &created); err != nil || created.Task.TaskId == "" {
				t.Fatalf("%s: %v", answered.Result, err)
			}
			get := mcp.GetTaskRequest{Params: mcp.GetTaskParams{TaskId: created.Task.TaskId}}
			ended, err := c.WaitForTask(t.Context(), get, time.Second)
			if err != nil || ended.Status != mcp.TaskStatusCompleted {
				t.Fatalf("%+v, %v", ended, err)
			}
			list, err := c.ListTasks(t.Context(), mcp.ListTasksRequest{})
			if err != nil || len(list.Tasks) != 1 {
				t.Errorf("%+v, %v", list, err)
			}
			result, err := c.TaskResult(t.Context(), mcp.TaskResultRequest{Params: mcp.TaskResultParams{TaskId: created.Task.TaskId}})
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(result)
			if err != nil {
				t.Fatal(err)
			}
			readAnswer(t, "offboard_user", raw).wants(t, map[string]any{"status": "succeeded"})
		})
	}
}

// TestAStopWaitsForATask closes the program's stdin under a task, which is given the time to end that any call is.
func TestAStopWaitsForATask(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	env := settings(t, s)
	p := start(t, env)
	p.wire(t, initialize(mcp.ProtocolVersion20251125))
	call := func(id int, params args) json.RawMessage { return p.wire(t, message(id, "tools/call", params)) }
	plan := readAnswer(t, "offboard_user", call(2, args{"name": "offboard_user", "arguments": args{"user": jane}}))
	s.holdPatch(t)
	call(3, args{"name": "offboard_user", "arguments": args{"user": jane, "confirm": plan.str("confirmation.token")}, "task": map[string]any{}})
	held := s.held(t)
	ended := make(chan string, 1)
	go func() { ended <- p.end(t) }()
	if err := s.Release(held.ID, true); err != nil {
		t.Fatal(err)
	}
	if rest := <-ended; rest != "" {
		t.Errorf("more on stdout: %q", rest)
	}
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
}
