package tools

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Options bind tools to a server. The zero value logs nothing and names no caller.
type Options struct {
	// Log gets one line a tool call: request id, tool, outcome and duration, never arguments.
	Log *slog.Logger
	// Caller names who is behind a request; confirmation tokens are bound to it.
	Caller func(context.Context) string
	// OSUser names whose process this is, and on which machine; it is for the record.
	OSUser string
	// Tasks takes the calls whose clients can follow them; nil = every call is answered with its result.
	Tasks *Tasks
}

// ServerTool binds t to an MCP server.
func (t Tool) ServerTool(o Options) server.ServerTool {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Caller == nil {
		o.Caller = func(context.Context) string { return "" }
	}
	b := bound{Tool: t, Options: o, settled: func() {}}
	return server.ServerTool{
		Tool: mcp.Tool{
			Name: t.Name, Title: t.Title, Description: t.Description,
			RawInputSchema: mustJSON(t.in), RawOutputSchema: mustJSON(outline(t.out)),
			Annotations: mcp.ToolAnnotation{
				ReadOnlyHint: &t.Hints.ReadOnly, DestructiveHint: &t.Hints.Destructive,
				IdempotentHint: &t.Hints.Idempotent, OpenWorldHint: &t.Hints.OpenWorld,
			},
		},
		Handler: b.serve,
	}
}

// bound is a tool on a server.
type bound struct {
	Tool
	Options
	settled func() // called when a call asks its person nothing more
}

// serve handles one tools/call. Whatever goes wrong is a tool result that the model can read; protocol errors are mcp-go's.
func (b bound) serve(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	info := request.Info{
		ID:       rand.Text()[:10],
		Caller:   b.Caller(ctx),
		OSUser:   b.OSUser,
		Client:   clientName(ctx),
		CanAsk:   canAsk(ctx),
		Progress: progress(ctx, req),
	}
	switch w := b.wish(ctx, req); w {
	case noTask:
	case taskDenied:
		return b.Tasks.Refused(mcp.METHOD_NOT_FOUND, b.Name+" does not run as a task: call it without one"), nil
	default:
		result, ok := b.serveApart(ctx, req, info, w)
		switch {
		case ok:
			return result, nil
		case w == taskAsked:
			return b.Tasks.Refused(mcp.INTERNAL_ERROR, "as many tasks run as this server allows: wait for one to end, or call without a task"), nil
		}
	}
	result, _ := b.respond(request.With(ctx, info), req, func() bool { return false })
	return result, nil
}

// respond runs a call to its end, logs it, and gives its result with the outcome in a word.
func (b bound) respond(ctx context.Context, req mcp.CallToolRequest, isTask func() bool) (result *mcp.CallToolResult, outcome string) {
	start, id := time.Now(), request.From(ctx).ID
	answer, err := b.answer(ctx, req)
	if err == nil {
		result, err = answer.result(b.out)
	}
	outcome, level := answer.outcome(), slog.LevelInfo
	logged := outcome
	attrs := []slog.Attr{slog.String("request_id", id), slog.String("tool", b.Name)}
	if err != nil {
		f := asFault(because(ctx, err), id)
		result, outcome, logged, level = errorResult(f), f.Error(), string(f.Code), slog.LevelWarn
		if f.Code == fault.Internal {
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", err))
		}
	}
	attrs = append(attrs, slog.String("outcome", logged), slog.Duration("duration", time.Since(start).Round(time.Microsecond)))
	if isTask() {
		attrs = append(attrs, slog.Bool("task", true))
	}
	b.Log.LogAttrs(ctx, level, "tool call", attrs...)
	return result, outcome
}

// answer checks the arguments, runs the handler, and has the person asked where the output waits for that.
func (b bound) answer(ctx context.Context, req mcp.CallToolRequest) (answer, error) {
	raw, err := rawArguments(req)
	if err != nil {
		return answer{}, err
	}
	args, err := checkArguments(b.in, raw)
	if err != nil {
		return answer{}, err
	}
	if reply, token, ok := replyOf(ctx, req); ok {
		return b.settle(ctx, args, nil, token, reply)
	}
	out, err := b.run(ctx, args)
	if err != nil {
		return answer{}, err
	}
	return b.confirm(ctx, args, out)
}

// run calls the handler with checked arguments, turning a panic into an error.
func (b bound) run(ctx context.Context, args map[string]any) (out any, err error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("encode arguments: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return b.call(ctx, raw)
}

// rawArguments gives the arguments as JSON. They are a Go value where the client lives in this process.
func rawArguments(req mcp.CallToolRequest) ([]byte, error) {
	switch args := req.GetRawArguments().(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return args, nil
	default:
		raw, err := json.Marshal(args)
		if err != nil {
			return nil, undecodable(err)
		}
		return raw, nil
	}
}

// because gives the reason why a call was stopped in place of the fact that it was.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		return cause
	}
	return err
}

// asFault gives err as a fault. What nothing can explain is told without its text, which may hold what nobody should read.
func asFault(err error, id string) *fault.Error {
	switch {
	case errors.Is(err, request.ErrStopping):
		f := fault.New(fault.Cancelled, "Call again once it runs. An operation that had begun goes on by itself; list_operations shows it.", "The server is stopping.").Because(err)
		f.Retryable = true
		return f
	case errors.Is(err, request.ErrDisconnected):
		return fault.New(fault.Cancelled, "An operation that had begun goes on by itself; list_operations shows it.", "The connection broke.").Because(err)
	case errors.Is(err, request.ErrClientCancelled):
		err = context.Canceled
	}
	f := explain.Fault(err)
	if f.Code == fault.Internal && f.Err == err {
		f.Hint = "Look for the request id " + id + " in the server's log, and report it."
	}
	return f
}

// errorResult renders a fault for programs and for people.
func errorResult(f *fault.Error) *mcp.CallToolResult {
	text := fmt.Sprintf("%s: %s", f.Code, f.Error())
	switch details := f.Details.(type) {
	case nil:
	case Texter:
		text += "\n" + details.Text()
	default:
		if raw, err := json.Marshal(details); err == nil {
			text += "\n" + string(raw)
		}
	}
	return &mcp.CallToolResult{
		Content:           []mcp.Content{mcp.NewTextContent(text)},
		StructuredContent: f,
		IsError:           true,
	}
}

// answer is what a call came to: an output, a question to the client, or an output whose plan the person declined.
type answer struct {
	out      any
	question *mcp.CallToolResult
	declined string // in words; "" = not declined
}

// outcome is the answer in a word, for the log.
func (a answer) outcome() string {
	switch {
	case a.question != nil:
		return "asked"
	case a.declined != "":
		return statusDeclined
	}
	if v := reflect.ValueOf(a.out); v.Kind() == reflect.Struct {
		if status := v.FieldByName("Status"); status.Kind() == reflect.String && status.String() != "" {
			return status.String()
		}
	}
	return "ok"
}
