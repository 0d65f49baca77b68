package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
)

// TaskExtension is the name under which clients say, since the revision 2026-07-28, that they can follow a task.
const TaskExtension = "io.modelcontextprotocol/tasks"

// Tasks is what a transport offers to calls that take long.
type Tasks struct {
	Store *task.Store
	// After is how long a call is waited for that its client would also take as a task; then it becomes one.
	After time.Duration
	// LateProgress is true where a notification still reaches the client when the request is answered.
	LateProgress bool
	// Created gives the answer that hands out a task, and Refused the protocol error for a call that can't be one: forms that
	// mcp-go's results don't have.
	Created func(context.Context, task.Snapshot) *mcp.CallToolResult
	Refused func(code int, message string) *mcp.CallToolResult
}

// LongRunning reports whether a call may take longer than a client waits: whatever changes something runs an operation.
func (t Tool) LongRunning() bool { return !t.Hints.ReadOnly }

// wish is what a call's client thinks of a task.
type wish int

const (
	noTask     wish = iota
	taskTaken       // it takes one if that is better: the extension of 2026-07-28
	taskAsked       // it wants one: the revision 2025-11-25
	taskDenied      // it wants one of a tool that has none
)

func (b bound) wish(ctx context.Context, req mcp.CallToolRequest) wish {
	switch {
	case b.Tasks == nil:
	case server.IsModernRequest(ctx):
		// What asks for a task in 2025-11-25 means nothing since.
		if _, ok := clientCapabilities(ctx).Extensions[TaskExtension]; ok && b.LongRunning() {
			return taskTaken
		}
	case req.Params.Task == nil:
	case b.LongRunning():
		return taskAsked
	default:
		return taskDenied
	}
	return noTask
}

// serveApart runs a call apart from its request, and answers with its result or with a task. ok is false when there is no place
// for it.
//
// The request stays open while a person may still be asked through it. Until it is answered, whatever ends it ends the call;
// a task is ended by its own cancellation and by the server's stop only.
func (b bound) serveApart(ctx context.Context, req mcp.CallToolRequest, info request.Info, w wish) (answer *mcp.CallToolResult, ok bool) {
	owner := task.Owner{Caller: info.Caller}
	if session := server.ClientSessionFromContext(ctx); session != nil {
		owner.Session = session.SessionID()
	}
	call, ok := b.Tasks.Store.Begin(ctx, owner)
	if !ok {
		return nil, false
	}
	settled := make(chan struct{}) // nobody will be asked any more
	b.settled = sync.OnceFunc(func() { close(settled) })
	if !b.mayAsk(ctx, req) {
		b.settled()
	}
	info.Task = true
	info.Progress = b.follow(call, info.Progress, w)

	var result *mcp.CallToolResult // once the call has ended
	go func() {
		defer func() {
			if p := recover(); p != nil { // beyond what a handler's panic can reach, but it would end the process
				f := asFault(fmt.Errorf("panic: %v\n%s", p, debug.Stack()), info.ID)
				result = errorResult(f)
				call.End(f.Error(), encode(result), true)
			}
		}()
		var outcome string
		result, outcome = b.respond(request.With(call.Context(), info), req, call.Kept)
		if server.IsModernRequest(ctx) && result.ResultType == "" {
			result.ResultType = mcp.ResultTypeComplete
		}
		call.End(outcome, encode(result), result.IsError)
	}()

	unlink := context.AfterFunc(ctx, func() { call.Cancel(context.Cause(ctx)) })
	patience := time.NewTimer(b.Tasks.After)
	defer patience.Stop()
	select {
	case <-call.Done():
		unlink()
		return result, true
	case <-settled:
	}
	if w == taskTaken {
		select {
		case <-call.Done():
			unlink()
			return result, true
		case <-patience.C:
		}
	}
	if !unlink() { // nobody is there to take a task
		<-call.Done()
		return result, true
	}
	var life time.Duration
	if asked := req.Params.Task; w == taskAsked && asked.TTL != nil {
		life = time.Duration(min(*asked.TTL, int64(24*time.Hour/time.Millisecond))) * time.Millisecond
	}
	return b.Tasks.Created(ctx, call.Keep(b.Tasks.Store.Life(life))), true
}

// mayAsk reports whether a call may come to a question that its request has to carry.
func (b bound) mayAsk(ctx context.Context, req mcp.CallToolRequest) bool {
	token, _ := req.GetArguments()[confirmArgument].(string)
	_, _, replied := replyOf(ctx, req)
	return b.confirms && token == "" && !replied && canAsk(ctx)
}

// follow gives the function that takes a call's progress: into its task's message, and to its client as long as that is allowed.
func (b bound) follow(call *task.Call, notify func(done, total float64, message string), w wish) func(done, total float64, message string) {
	return func(done, total float64, message string) {
		b.settled() // it is at work
		switch {
		case message == "":
		case total > 0:
			call.Say(fmt.Sprintf("%s (%.0f of %.0f done)", message, done, total))
		default:
			call.Say(message)
		}
		// The extension's tasks have no progress but their message; the older ones keep their token to the end.
		if notify != nil && (!call.Kept() || w == taskAsked && b.Tasks.LateProgress) {
			notify(done, total, message)
		}
	}
}

// encode gives a result as a client gets it. It was made of JSON, and can't fail.
func encode(result *mcp.CallToolResult) json.RawMessage {
	raw, err := json.Marshal(result)
	if err != nil {
		return json.RawMessage(`{"content":[],"isError":true}`)
	}
	return raw
}
