package mcpserver

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestAClientReadsTheResultOfABatch also holds the journal's records of a batch to what package export takes them for: people in their order, those for
// whom there is nothing to do included.
func TestAClientReadsTheResultOfABatch(t *testing.T) {
	box, err := sandbox.New(sandbox.Options{Users: 60})
	if err != nil {
		t.Fatal(err)
	}
	site, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	cfg := config.Config{Transport: "stdio", Toolsets: []string{"default"}, StateDir: t.TempDir(), MaxConcurrency: 8, BatchLimit: 25, Wait: time.Minute}
	if err := cfg.UseSandbox(site.Env()); err != nil {
		t.Fatal(err)
	}
	server, err := Build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	server.Start(ctx)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.NewInProcessClient(server.MCP())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Initialize(ctx, mcp.InitializeRequest{}); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Status       string
		Confirmation struct{ Token string }
		Operation    struct {
			ID        string `json:"operation_id"`
			ResultURI string `json:"result_uri"`
		}
	}
	call := func(tool string, args map[string]any) (got answer) {
		t.Helper()
		result, err := c.CallTool(ctx, mcp.CallToolRequest{Params: mcp.CallToolParams{Name: tool, Arguments: args}})
		if err != nil || result.IsError {
			t.Fatalf("%s: %+v, %v", tool, result, err)
		}
		raw, err := json.Marshal(result.StructuredContent)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	offboard := func(args map[string]any) answer {
		t.Helper()
		args["steps"] = []string{"jira_groups"}
		args["confirm"] = call("offboard_user", args).Confirmation.Token
		return call("offboard_user", args)
	}
	single := offboard(map[string]any{"user": "lee.left@example.com"})
	batch := offboard(map[string]any{"users": []string{"sam.partner@partner.example", "lee.left@example.com", "jane.doe@example.com"}})
	if uri := call("get_operation", map[string]any{"operation_id": single.Operation.ID}).Operation.ResultURI; uri != "" {
		t.Errorf("the operation of one person has %q", uri)
	}
	uri := call("get_operation", map[string]any{"operation_id": batch.Operation.ID}).Operation.ResultURI

	read, err := c.ReadResource(ctx, mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: uri}})
	if err != nil {
		t.Fatal(err)
	}
	file := read.Contents[0].(mcp.TextResourceContents)
	records, err := csv.NewReader(strings.NewReader(file.Text)).ReadAll()
	if err != nil || file.MIMEType != "text/csv" || file.URI != uri {
		t.Fatalf("%+v, %v", file, err)
	}
	var got [][]string
	for _, record := range records {
		got = append(got, []string{record[0], record[1], record[3]})
	}
	want := [][]string{
		{"entry", "person", "status"},
		{"1", "Sam Partner (sam.partner@partner.example)", "succeeded"},
		{"2", "lee.left@example.com", "not_needed"},
		{"3", "Jane Doe (jane.doe@example.com)", "succeeded"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, uri := range []string{"report://operations/op-none/result.csv", "report://operations/../result.csv", strings.TrimSuffix(uri, ".csv") + ".xls"} {
		if r, err := c.ReadResource(ctx, mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: uri}}); err == nil {
			t.Errorf("%s: %+v", uri, r)
		}
	}
}
