package mcpserver

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// calls calls a tool and gives its structured content; somebody who waits longer than a few seconds has no answer.
func (c subscriber) calls(t *testing.T, tool string, arguments map[string]any) (out struct {
	Code       string
	Hint       string
	RetryAfter int `json:"retry_after"`

	Events []struct{ ID string }
	AsOf   time.Time `json:"as_of"`
	Note   string

	Credentials []struct{ Name, Detail string }
},
) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	result, err := c.CallTool(ctx, mcp.CallToolRequest{Params: mcp.CallToolParams{Name: tool, Arguments: arguments}})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil || result.IsError != (out.Code != "") {
		t.Fatalf("%s: %s, %v", tool, raw, err)
	}
	return out
}

// TestNobodyWaitsForTheEndOfALimit who asks for events, or how the server fares: it is told when to try again.
func TestNobodyWaitsForTheEndOfALimit(t *testing.T) {
	o := startOrganization(t)
	server := o.server()
	c := o.subscribe(openStdio(t, server, ""), mcp.ProtocolVersion20251125)
	first := c.calls(t, "list_lifecycle_events", map[string]any{"limit": 2})
	if len(first.Events) != 2 || !first.AsOf.IsZero() || first.RetryAfter != 0 {
		t.Errorf("got %+v", first)
	}
	for _, path := range []string{"/admin/v1/orgs/{orgId}/events$", "/admin/v1/orgs/{orgId}$"} {
		if err := o.AddFault(sandbox.Fault{Kind: sandbox.FaultRateLimit, Path: path, RetryAfter: "25"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.calls(t, "list_lifecycle_events", map[string]any{"limit": 3}); got.Code != "rate_limited" || got.RetryAfter < 25 || got.RetryAfter > 30 || !strings.Contains(got.Hint, "Try again in 2") {
		t.Errorf("a new question: %+v", got)
	}
	kept := c.calls(t, "list_lifecycle_events", map[string]any{"limit": 2})
	if len(kept.Events) != 2 || kept.Events[0] != first.Events[0] || kept.AsOf.IsZero() || kept.RetryAfter < 20 || !strings.Contains(kept.Note, "Ask again in 2") {
		t.Errorf("the same question: %+v", kept)
	}
	if _, err := c.ReadResource(t.Context(), mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: eventsURI}}); err == nil || !strings.Contains(err.Error(), "Try again in 2") {
		t.Errorf("the resource, which is of now: %v", err)
	}
	status := c.calls(t, "get_server_status", nil)
	if len(status.Credentials) != 3 || !strings.Contains(status.Credentials[2].Detail, "Try again in 2") {
		t.Errorf("the status: %+v", status)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
}
