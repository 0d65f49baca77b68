package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

// Tasks come in two forms that have little but their methods' names in common:
//
//   - In 2025-11-25 they are part of the protocol: the client asks for one (basic/utilities/tasks).
//   - Since 2026-07-28 they are the extension io.modelcontextprotocol/tasks: the server decides (modelcontextprotocol/ext-tasks,
//     specification/2026-07-28/tasks).
//
// mcp-go knows the first, but its tasks end with the request that made them, and it shows them to every session. So both are
// answered here, before mcp-go sees them.

const (
	// pollInterval is how often a client should look after its task, in milliseconds.
	pollInterval = 1000

	methodTasksUpdate = "tasks/update" // unknown to mcp-go
)

// offerTasks has calls run as tasks. Only a transport that passes each message through s.answerTask and inShape may offer them.
func (s *Server) offerTasks(lateProgress bool) {
	s.tasks = &tools.Tasks{
		Store: task.NewStore(task.Standard), After: s.taskAfter, LateProgress: lateProgress,
		Created: createdTask,
		Refused: func(code int, message string) *mcp.CallToolResult {
			return reshape(nil, &mcp.JSONRPCErrorDetails{Code: code, Message: message})
		},
	}
}

// advertiseTasks has each client told of the form of tasks that its revision knows, where they are offered at all.
func (s *Server) advertiseTasks(hooks *server.Hooks) {
	hooks.AddAfterInitialize(func(_ context.Context, _ any, _ *mcp.InitializeRequest, result *mcp.InitializeResult) {
		if s.tasks != nil && result.ProtocolVersion >= mcp.ProtocolVersion20251125 {
			result.Capabilities.Tasks = mcp.NewTasksCapability()
		}
	})
	hooks.AddAfterDiscover(func(_ context.Context, _ any, _ *mcp.DiscoverRequest, result *mcp.DiscoverResult) {
		if s.tasks != nil {
			result.Capabilities.Extensions = map[string]any{tools.TaskExtension: struct{}{}}
		}
	})
	// Said here rather than with the tool, since mcp-go would then take the calls for its own tasks.
	hooks.AddAfterListTools(func(ctx context.Context, _ any, _ *mcp.ListToolsRequest, result *mcp.ListToolsResult) {
		if s.tasks == nil || server.IsModernRequest(ctx) {
			return
		}
		for i, tool := range result.Tools {
			if readOnly := tool.Annotations.ReadOnlyHint; readOnly != nil && !*readOnly { // tools.Tool.LongRunning
				result.Tools[i].Execution = &mcp.ToolExecution{TaskSupport: mcp.TaskSupportOptional}
			}
		}
	})
}

// createdTask is the answer to a call that became a task.
func createdTask(ctx context.Context, t task.Snapshot) *mcp.CallToolResult {
	if server.IsModernRequest(ctx) {
		created := modernForm(t)
		created.ResultType = "task"
		return reshape(created, nil)
	}
	return reshape(map[string]any{
		"task": legacyForm(t),
		"_meta": map[string]any{mcp.ModelImmediateResponseMetaKey: "The operation is under way as task " + t.ID +
			". Its result comes when it has ended; until then nothing is known to be done."},
	}, nil)
}

// modernTask is a task as clients of 2026-07-28 get it.
type modernTask struct {
	mcp.Result
	ID           string          `json:"taskId"`
	Status       mcp.TaskStatus  `json:"status"`
	Message      string          `json:"statusMessage,omitempty"`
	Created      string          `json:"createdAt"`
	Updated      string          `json:"lastUpdatedAt"`
	Life         int64           `json:"ttlMs"`
	PollInterval int64           `json:"pollIntervalMs"`
	Answer       json.RawMessage `json:"result,omitempty"`
}

// modernForm tells of a cancelled task that it is completed when it has a result: how far the operation came must not get lost.
func modernForm(t task.Snapshot) modernTask {
	m := modernTask{
		ID: t.ID, Status: mcp.TaskStatusWorking, Message: message(t), Created: stamp(t.Created), Updated: stamp(t.Updated),
		Life: t.Life.Milliseconds(), PollInterval: pollInterval,
	}
	switch {
	case !t.Ended:
	case t.Cancelled && t.Failed:
		m.Status = mcp.TaskStatusCancelled
	default:
		m.Status, m.Answer = mcp.TaskStatusCompleted, t.Result
	}
	return m
}

// legacyForm is a task as clients of 2025-11-25 get it: cancelled from the moment that it is asked to stop, whatever it comes to.
func legacyForm(t task.Snapshot) mcp.Task {
	life, poll := t.Life.Milliseconds(), int64(pollInterval)
	l := mcp.Task{
		TaskId: t.ID, Status: mcp.TaskStatusWorking, StatusMessage: message(t), CreatedAt: stamp(t.Created), LastUpdatedAt: stamp(t.Updated),
		TTL: &life, PollInterval: &poll,
	}
	switch {
	case t.Cancelled:
		l.Status = mcp.TaskStatusCancelled
	case !t.Ended:
	case t.Failed:
		l.Status = mcp.TaskStatusFailed
	default:
		l.Status = mcp.TaskStatusCompleted
	}
	return l
}

func message(t task.Snapshot) string {
	if t.Cancelled && !t.Ended {
		return strings.TrimSpace("Stops before the next step. " + t.Message)
	}
	return t.Message
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// taskMessage is a request about a task.
type taskMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		TaskID string    `json:"taskId"`
		Meta   *mcp.Meta `json:"_meta"`
	} `json:"params"`
}

// readTaskMessage gives a request about tasks that is for this server to answer. What it leaves is mcp-go's: other methods,
// notifications, and revisions that nobody knows.
func (s *Server) readTaskMessage(raw []byte) (taskMessage, bool) {
	var m taskMessage
	if s.tasks == nil || !bytes.Contains(raw, []byte("tasks")) || json.Unmarshal(raw, &m) != nil || !strings.HasPrefix(m.Method, "tasks/") || len(m.ID) == 0 || string(m.ID) == "null" {
		return taskMessage{}, false
	}
	revision := m.Params.Meta.ProtocolVersion()
	return m, !mcp.IsModernProtocol(revision) || mcp.IsValidProtocolVersion(revision)
}

// answerTask answers a request about tasks. It waits only for tasks/result, and then no longer than ctx: ok is false when that ended.
func (s *Server) answerTask(ctx context.Context, owner task.Owner, m taskMessage) (answer response, ok bool) {
	answer = response{Version: mcp.JSONRPC_VERSION, ID: m.ID}
	answerIt := s.answerLegacyTask
	if mcp.IsModernProtocol(m.Params.Meta.ProtocolVersion()) {
		answerIt = s.answerModernTask
	}
	result, err := answerIt(ctx, owner, m)
	var refused *taskRefusal
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return response{}, false
	case errors.As(err, &refused):
		answer.Error = refused.details
	case err != nil:
		answer.Error = mcp.JSONRPCErrorDetails{Code: mcp.INVALID_PARAMS, Message: err.Error()}
	default:
		answer.Result = result
	}
	return answer, true
}

// taskRefusal is a protocol error that is not about the task's id.
type taskRefusal struct{ details mcp.JSONRPCErrorDetails }

func (e *taskRefusal) Error() string { return e.details.Message }

func unknownMethod(method string) error {
	return &taskRefusal{mcp.JSONRPCErrorDetails{Code: mcp.METHOD_NOT_FOUND, Message: "Method " + method + " not found"}}
}

func (s *Server) answerModernTask(_ context.Context, owner task.Owner, m taskMessage) (any, error) {
	capabilities := m.Params.Meta.ClientCapabilities()
	if capabilities == nil {
		return nil, errors.New("missing or invalid _meta field " + mcp.MetaKeyClientCapabilities)
	}
	switch m.Method {
	case string(mcp.MethodTasksGet), string(mcp.MethodTasksCancel), methodTasksUpdate:
	default:
		return nil, unknownMethod(m.Method)
	}
	if _, knows := capabilities.Extensions[tools.TaskExtension]; !knows {
		return nil, &taskRefusal{mcp.JSONRPCErrorDetails{
			Code: mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, Message: "Missing required client capability: the extension " + tools.TaskExtension,
			Data: map[string]any{"requiredCapabilities": map[string]any{"extensions": map[string]any{tools.TaskExtension: struct{}{}}}},
		}}
	}
	t, err := s.tasks.Store.Get(owner, m.Params.TaskID)
	if m.Method == string(mcp.MethodTasksCancel) && err == nil {
		// Of one that has ended too: that is no error here.
		if _, err = s.tasks.Store.Cancel(owner, m.Params.TaskID); errors.Is(err, task.ErrEnded) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	// tasks/update brings what a task asked for. None asks: people are asked before a call becomes a task.
	var result modernTask
	if m.Method == string(mcp.MethodTasksGet) {
		result = modernForm(t)
	}
	result.ResultType = mcp.ResultTypeComplete
	result.EnsureResultMeta().SetServerInfo(mcp.Implementation{Name: serverName, Title: serverTitle, Version: buildinfo.Get().Version})
	if m.Method != string(mcp.MethodTasksGet) {
		return result.Result, nil
	}
	return result, nil
}

func (s *Server) answerLegacyTask(ctx context.Context, owner task.Owner, m taskMessage) (any, error) {
	switch m.Method {
	case string(mcp.MethodTasksGet):
		t, err := s.tasks.Store.Get(owner, m.Params.TaskID)
		return legacyForm(t), err
	case string(mcp.MethodTasksList):
		// One page: a store keeps few, and a session's are fewer.
		list := []mcp.Task{}
		for _, t := range s.tasks.Store.List(owner) {
			list = append(list, legacyForm(t))
		}
		return map[string]any{"tasks": list}, nil
	case string(mcp.MethodTasksCancel):
		t, err := s.tasks.Store.Cancel(owner, m.Params.TaskID)
		if errors.Is(err, task.ErrEnded) {
			err = errors.New("the task can't be cancelled: it is " + string(legacyForm(t).Status) + " already")
		}
		return legacyForm(t), err
	case string(mcp.MethodTasksResult):
		t, err := s.tasks.Store.Await(ctx, owner, m.Params.TaskID)
		if err != nil {
			return nil, err
		}
		var result map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(t.Result)))
		decoder.UseNumber()
		if err := decoder.Decode(&result); err != nil {
			return nil, &taskRefusal{mcp.JSONRPCErrorDetails{Code: mcp.INTERNAL_ERROR, Message: "the task's result can't be read"}}
		}
		result["_meta"] = map[string]any{mcp.RelatedTaskMetaKey: mcp.RelatedTaskMeta(t.ID)}
		return result, nil
	}
	return nil, unknownMethod(m.Method)
}
