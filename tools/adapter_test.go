package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// toyIn has a field of each kind that a tool may have.
type toyIn struct {
	User   string   `json:"user" jsonschema:"an account id or an e-mail" maxLength:"20"`
	Limit  int      `json:"limit,omitempty" jsonschema:"how many" minimum:"1" maximum:"100"`
	Route  string   `json:"route,omitempty" jsonschema:"which way" enum:"auto,scim,jira"`
	Groups []string `json:"groups,omitempty" jsonschema:"groups by id or name" maxItems:"2" maxLength:"8"`
	Dry    bool     `json:"dry,omitempty" jsonschema:"show only"`
	People []struct {
		Email string `json:"email" jsonschema:"their address"`
	} `json:"people,omitempty" jsonschema:"several at once"`
}

type toyOut struct {
	User    string   `json:"user" jsonschema:"who"`
	Groups  []string `json:"groups" jsonschema:"their groups"`
	Manager *string  `json:"manager" jsonschema:"their manager"`
}

func (o toyOut) Text() string { return o.User + " it is" }

func toy(fn func(context.Context, toyIn) (toyOut, error)) Tool {
	return Define("toy", "A toy", ToolsetDirectory, "Plays.", Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, fn)
}

// connect gives a client of a server that has the tool, speaking revision, with its log.
func connect(t *testing.T, tool Tool, revision string, options ...client.ClientOption) (*client.Client, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	srv := server.NewMCPServer("test", "1", server.WithElicitation())
	srv.AddTools(tool.ServerTool(Options{
		Log:    slog.New(slog.NewJSONHandler(&log, nil)),
		Caller: func(context.Context) string { return "local:test" },
	}))
	c, err := client.NewInProcessClientWithOptions(srv, append(options, client.WithProtocolVersion(revision), client.WithDiscoverTimeout(time.Minute))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	init := mcp.InitializeRequest{}
	init.Params.ClientInfo = mcp.Implementation{Name: "desktop", Version: "2"}
	result, err := c.Initialize(t.Context(), init)
	if err != nil {
		t.Fatal(err)
	}
	if result.ProtocolVersion != revision {
		t.Fatalf("negotiated %s, want %s", result.ProtocolVersion, revision)
	}
	return c, &log
}

func call(t *testing.T, c *client.Client, args any) *mcp.CallToolResult {
	t.Helper()
	req := mcp.CallToolRequest{}
	req.Params.Name = "toy"
	req.Params.Arguments = args
	result, err := c.CallTool(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// structured gives the structured content as plain JSON values.
func structured(t *testing.T, r *mcp.CallToolResult) map[string]any {
	t.Helper()
	raw, err := json.Marshal(r.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func text(t *testing.T, r *mcp.CallToolResult) string {
	t.Helper()
	content, ok := r.Content[0].(mcp.TextContent)
	if !ok || len(r.Content) != 1 {
		t.Fatalf("content: %v, want one text", r.Content)
	}
	return content.Text
}

func TestToolIsDescribedToClients(t *testing.T) {
	tool := toy(func(context.Context, toyIn) (toyOut, error) { return toyOut{}, nil })
	raw, err := json.Marshal(tool.ServerTool(Options{}).Tool) // as it is sent; mcp-go's client would drop what it does not know
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	err = json.Unmarshal([]byte(`{
		"name": "toy", "title": "A toy", "description": "Plays.",
		"annotations": {"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": true},
		"inputSchema": {"type": "object", "required": ["user"], "additionalProperties": false, "properties": {
			"user": {"type": "string", "description": "an account id or an e-mail", "minLength": 1, "maxLength": 20},
			"limit": {"type": "integer", "description": "how many", "minimum": 1, "maximum": 100},
			"route": {"type": "string", "description": "which way", "enum": ["auto", "scim", "jira"]},
			"groups": {"type": "array", "description": "groups by id or name", "maxItems": 2, "items": {"type": "string", "maxLength": 8}},
			"dry": {"type": "boolean", "description": "show only"},
			"people": {"type": "array", "description": "several at once", "items": {"type": "object", "required": ["email"], "additionalProperties": false,
				"properties": {"email": {"type": "string", "description": "their address", "minLength": 1}}}}}},
		"outputSchema": {"type": "object", "properties": {
			"user": {"type": "string", "description": "who"},
			"groups": {"type": "array", "description": "their groups", "items": {"type": "string"}},
			"manager": {"type": ["null", "string"], "description": "their manager"}}}}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tools/list (-want +got):\n%s", diff)
	}
}

func TestWrongArgumentsAreToldByName(t *testing.T) {
	var calls atomic.Int32
	c, log := connect(t, toy(func(context.Context, toyIn) (toyOut, error) { calls.Add(1); return toyOut{}, nil }), "2025-11-25")
	for name, tt := range map[string]struct {
		args any
		want string
	}{
		"missing":            {map[string]any{}, `Argument "user" is missing (an account id or an e-mail).`},
		"null where needed":  {map[string]any{"user": nil}, `Argument "user" is missing`},
		"empty":              {map[string]any{"user": " "}, `Argument "user" is empty (an account id or an e-mail).`},
		"number for text":    {map[string]any{"user": 7}, `Argument "user" must be a text, not a number.`},
		"too long":           {map[string]any{"user": strings.Repeat("ü", 21)}, `Argument "user" may have at most 20 characters, and has 21.`},
		"control character":  {map[string]any{"user": "a\u0007b"}, `Argument "user" has a control character (U+0007) at position 2.`},
		"text for number":    {map[string]any{"user": "a", "limit": "10"}, `Argument "limit" must be a whole number, not a text.`},
		"fraction":           {map[string]any{"user": "a", "limit": 1.5}, `Argument "limit" must be a whole number, not 1.5.`},
		"negative":           {map[string]any{"user": "a", "limit": -1}, `Argument "limit" must be at least 1, not -1.`},
		"huge":               {map[string]any{"user": "a", "limit": 1e300}, `Argument "limit" must be a whole number, not 1e+300.`},
		"over the maximum":   {map[string]any{"user": "a", "limit": 101}, `Argument "limit" may be at most 100, not 101.`},
		"not of the list":    {map[string]any{"user": "a", "route": "ldap"}, `Argument "route" must be one of auto, scim, jira, not "ldap".`},
		"text for a list":    {map[string]any{"user": "a", "groups": "x"}, `Argument "groups" must be a list, not a text.`},
		"list too long":      {map[string]any{"user": "a", "groups": []string{"x", "y", "z"}}, `Argument "groups" may have at most 2 entries, and has 3.`},
		"item of wrong type": {map[string]any{"user": "a", "groups": []any{"x", 1}}, `Argument "groups[1]" must be a text, not a number.`},
		"item too long":      {map[string]any{"user": "a", "groups": []string{"123456789"}}, `Argument "groups[0]" may have at most 8 characters, and has 9.`},
		"text for a switch":  {map[string]any{"user": "a", "dry": "yes"}, `Argument "dry" must be true or false, not a text.`},
		"unknown":            {map[string]any{"user": "a", "xyzzy": 1}, `Argument "xyzzy" is unknown.`},
		"misspelt":           {map[string]any{"user": "a", "grups": 1}, `Argument "grups" is unknown (did you mean "groups"?).`},
		"nested":             {map[string]any{"user": "a", "people": []any{map[string]any{"mail": "x"}}}, `Argument "people[0].mail" is unknown (did you mean "email"?); Argument "people[0].email" is missing (their address).`},
		"not an object":      {[]string{"a"}, `The arguments must be an object, not a list.`},
	} {
		t.Run(name, func(t *testing.T) {
			r := call(t, c, tt.args)
			got := structured(t, r)
			if !r.IsError || got["code"] != "invalid_argument" {
				t.Fatalf("got %v, want an invalid_argument error", got)
			}
			if message := got["message"].(string); !strings.HasPrefix(message, strings.TrimSuffix(tt.want, ".")) {
				t.Errorf("message %q, want %q", message, tt.want)
			}
			if !strings.Contains(got["hint"].(string), "user (required), limit") {
				t.Errorf("hint %q does not say what the tool takes", got["hint"])
			}
			if !strings.Contains(text(t, r), got["message"].(string)) {
				t.Errorf("text %q lacks the message", text(t, r))
			}
		})
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the handler ran %d times", n)
	}
	if strings.Contains(log.String(), "xyzzy") {
		t.Errorf("log holds arguments: %s", log)
	}
}

func TestGoodArgumentsReachTheHandler(t *testing.T) {
	var got toyIn
	var info request.Info
	tool := toy(func(ctx context.Context, in toyIn) (toyOut, error) {
		got, info = in, request.From(ctx)
		return toyOut{User: in.User}, nil
	})
	c, log := connect(t, tool, "2025-11-25")
	r := call(t, c, map[string]any{"user": "a:b", "limit": 3, "route": nil, "groups": []string{"x"}})
	want := toyIn{User: "a:b", Limit: 3, Groups: []string{"x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if r.IsError || text(t, r) != "a:b it is" {
		t.Errorf("result %v", r)
	}
	if diff := cmp.Diff(map[string]any{"user": "a:b", "groups": []any{}, "manager": nil}, structured(t, r)); diff != "" {
		t.Errorf("a nil slice is a list, a nil pointer is null (-want +got):\n%s", diff)
	}
	if info.Caller != "local:test" || info.Client != "desktop 2" || info.ID == "" || info.Asked {
		t.Errorf("request info %+v", info)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("want one log line, got %q: %v", log, err)
	}
	if line["tool"] != "toy" || line["outcome"] != "ok" || line["request_id"] != info.ID || line["duration"] == nil {
		t.Errorf("log line %v", line)
	}
	if strings.Contains(log.String(), "a:b") {
		t.Errorf("log holds an argument: %s", log)
	}
}

func TestErrorsBecomeResults(t *testing.T) {
	secret := errors.New("dial tcp: password hunter2")
	for name, tt := range map[string]struct {
		fn         func(context.Context, toyIn) (toyOut, error)
		code       string
		text, hide string
	}{
		"a fault": {func(context.Context, toyIn) (toyOut, error) {
			f := fault.New(fault.Ambiguous, "Use an account id.", "Two people are named %s.", "Alex").With([]string{"id-1", "id-2"})
			return toyOut{}, fmt.Errorf("look up: %w", f)
		}, "ambiguous", "ambiguous: Two people are named Alex. Use an account id.\n[\"id-1\",\"id-2\"]", ""},
		"any other error": {func(context.Context, toyIn) (toyOut, error) { return toyOut{}, secret }, "internal", "Look for the request id ", "hunter2"},
		"a panic":         {func(context.Context, toyIn) (toyOut, error) { panic("hunter2") }, "internal", "Look for the request id ", "hunter2"},
		"cancelled": {func(context.Context, toyIn) (toyOut, error) {
			return toyOut{}, fmt.Errorf("page 3: %w", context.Canceled)
		}, "cancelled", "was cancelled", "page 3"},
		"too slow": {func(context.Context, toyIn) (toyOut, error) { return toyOut{}, context.DeadlineExceeded }, "timeout", "longer than it may", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tool := toy(tt.fn)
			c, log := connect(t, tool, "2025-11-25")
			r := call(t, c, map[string]any{"user": "a"})
			got := structured(t, r)
			if !r.IsError || got["code"] != tt.code {
				t.Fatalf("got %v, want code %s", got, tt.code)
			}
			if s := text(t, r); !strings.Contains(s, tt.text) || tt.hide != "" && strings.Contains(s, tt.hide) {
				t.Errorf("text %q", s)
			}
			if !strings.Contains(log.String(), `"outcome":"`+tt.code+`"`) {
				t.Errorf("log %s", log)
			}
			fits(t, tool, r)
		})
	}
}

// fits checks the structured content of a result against the tool's output schema, as the TypeScript client does for errors too.
func fits(t *testing.T, tool Tool, r *mcp.CallToolResult) {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(mustJSON(tool.out)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("out.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("out.json")
	if err != nil {
		t.Fatal(err)
	}
	var content any = structured(t, r)
	if err := schema.Validate(content); err != nil {
		t.Errorf("structured content %v does not fit the output schema: %v", content, err)
	}
}

func TestProgressReachesTheClientThatAsked(t *testing.T) {
	tool := toy(func(ctx context.Context, in toyIn) (toyOut, error) {
		request.Progress(ctx, 1, 4, "first page")
		request.Progress(ctx, 1, 4, "not more, so not told")
		request.Progress(ctx, 4, 4, "done")
		return toyOut{User: in.User}, nil
	})
	c, _ := connect(t, tool, "2025-11-25")
	got := make(chan map[string]any, 4)
	c.OnNotification(func(n mcp.JSONRPCNotification) { got <- n.Params.AdditionalFields })
	req := mcp.CallToolRequest{}
	req.Params.Name, req.Params.Arguments = "toy", map[string]any{"user": "a"}
	req.Params.Meta = &mcp.Meta{ProgressToken: "p1"}
	if _, err := c.CallTool(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	for _, want := range []map[string]any{
		{"progressToken": "p1", "progress": 1.0, "total": 4.0, "message": "first page"},
		{"progressToken": "p1", "progress": 4.0, "total": 4.0, "message": "done"},
	} {
		if diff := cmp.Diff(want, <-got); diff != "" {
			t.Errorf("notification (-want +got):\n%s", diff)
		}
	}
}
