package mcpserver

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestAReportIsReadWhereTheAnswerSays(t *testing.T) {
	box, err := sandbox.New(sandbox.Options{Users: 60})
	if err != nil {
		t.Fatal(err)
	}
	site, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	cfg := config.Config{Transport: "stdio", Toolsets: []string{"default"}, StateDir: t.TempDir(), MaxConcurrency: 8}
	if err := cfg.UseSandbox(site.Env()); err != nil {
		t.Fatal(err)
	}
	server, err := Build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewInProcessClient(server.MCP())
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Initialize(ctx, mcp.InitializeRequest{}); err != nil {
		t.Fatal(err)
	}
	answer, err := c.CallTool(ctx, mcp.CallToolRequest{Params: mcp.CallToolParams{Name: "audit_active_users"}})
	if err != nil || answer.IsError {
		t.Fatalf("audit: %v, %v", answer, err)
	}
	raw, err := json.Marshal(answer.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Counts struct{ Total int }
		Report struct{ ID, URI string }
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		t.Fatal(err)
	}
	read := func(uri string) (string, error) {
		r, err := c.ReadResource(ctx, mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: uri}})
		if err != nil {
			return "", err
		}
		return r.Contents[0].(mcp.TextResourceContents).Text, nil
	}
	summary, err := read(told.Report.URI)
	if err != nil || !strings.Contains(summary, told.Report.ID) {
		t.Errorf("summary: %.200s, %v", summary, err)
	}
	list, err := read("report://audits")
	if err != nil || !strings.Contains(list, told.Report.URI) || !strings.Contains(list, "/report.html") {
		t.Errorf("list: %.300s, %v", list, err)
	}
	rows, err := read(audit.URIPrefix + told.Report.ID + "/report.jsonl")
	if err != nil || strings.Count(rows, "\n") != told.Counts.Total {
		t.Errorf("%d rows of %d, %v", strings.Count(rows, "\n"), told.Counts.Total, err)
	}
	for _, uri := range []string{
		audit.URIPrefix + told.Report.ID + "/lock", audit.URIPrefix + "../summary.json", audit.URIPrefix + told.Report.ID + "/..%2Fkey", audit.URIPrefix + "audit-20200101T000000Z-abcd/summary.json",
	} {
		if text, err := read(uri); err == nil {
			t.Errorf("%s: %.100s", uri, text)
		}
	}
}
