package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
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

// TestAReportOfAnySizeIsRead goes through each transport, where the codes of refusals are put in place.
func TestAReportOfAnySizeIsRead(t *testing.T) {
	const id = "audit-20260102T030405Z-ab12"
	o := startOrganization(t)
	folder := filepath.Join(o.cfg.StateDir, "reports", id)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"report.csv":     "account,name\n" + strings.Repeat("712020:00000000,Zoë Example\n", 190_000),
		"report.jsonl":   strings.Repeat(`{"account_id":"712020:00000000","display_name":"Zoë \\n Example"}`+"\n", 90_000),
		"findings.jsonl": "{}\n",
		"summary.json":   "{}",
		"report.html":    "<!doctype html>" + strings.Repeat("<p>", 2<<20),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sse := func(t *testing.T, s *Server, _ string) transport.Interface {
		url, _ := listen(t, s.ServeSSE)
		tr, err := transport.NewSSE(url + "/sse") //nolint:staticcheck // the older transport
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	for i, way := range append(slices.Clone(ways), struct {
		name, revision string
		open           func(*testing.T, *Server, string) transport.Interface
	}{"sse", mcp.ProtocolVersion20251125, sse}) {
		t.Run(way.name, func(t *testing.T) {
			server := o.server()
			c := client.NewClient(way.open(t, server, way.revision), client.WithProtocolVersion(way.revision), client.WithDiscoverTimeout(time.Minute))
			if err := c.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if _, err := c.Initialize(t.Context(), mcp.InitializeRequest{Params: mcp.InitializeParams{ProtocolVersion: way.revision, ClientInfo: mcp.Implementation{Name: "real", Version: "1"}}}); err != nil {
				t.Fatal(err)
			}
			read := func(address string) (mcp.TextResourceContents, error) {
				r, err := c.ReadResource(t.Context(), mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: audit.URIPrefix + address}})
				if err != nil {
					return mcp.TextResourceContents{}, err
				}
				return r.Contents[0].(mcp.TextResourceContents), nil
			}
			for _, file := range []string{"report.csv", "report.jsonl"} {
				_, err := read(id + "/" + file)
				if !errors.Is(err, mcp.ErrInvalidParams) || !strings.Contains(err.Error(), "Read "+audit.URIPrefix+id+"/"+file+"/1,") || strings.Contains(err.Error(), reshaped) {
					t.Errorf("the whole %s: %v", file, err)
				}
				var joined strings.Builder
				for n, parts := 1, 1; n <= parts; n++ {
					part, err := read(fmt.Sprintf("%s/%s/%d", id, file, n))
					if err != nil {
						t.Fatal(err)
					}
					parts = int(part.Meta["parts"].(float64))
					if len(part.Text) > partSize+100 || !strings.HasSuffix(part.Text, "\n") || part.Meta["part"] != float64(n) || parts < 5 {
						t.Errorf("part %d of %s: %d bytes, %v", n, file, len(part.Text), part.Meta)
					}
					joined.WriteString(part.Text)
					if n == 1 && !strings.HasPrefix(files[file], part.Text) || n == parts && !strings.HasSuffix(files[file], part.Text) {
						t.Errorf("part %d of %s is not of the file", n, file)
					}
					if i > 0 { // each way is asked for the first and the last part, and one for those between as well
						n = max(n, parts-1)
					}
				}
				if i == 0 && joined.String() != files[file] {
					t.Errorf("the parts of %s are not the file", file)
				}
			}
			for address, want := range map[string]string{"/findings.jsonl": files["findings.jsonl"], "/findings.jsonl/1": files["findings.jsonl"], "/report.html": files["report.html"]} {
				if got, err := read(id + address); err != nil || got.Text != want {
					t.Errorf("%s: %d bytes of %d, %v", address, len(got.Text), len(want), err)
				}
			}
			notFound := mcp.ErrResourceNotFound
			if way.revision == mcp.ProtocolVersion20260728 {
				notFound = mcp.ErrInvalidParams
			}
			for address, want := range map[string]error{
				id + "/report.csv/99":                      notFound,
				id + "/findings.jsonl/2":                   notFound,
				"audit-20200101T000000Z-abcd/report.csv":   notFound,
				"audit-20200101T000000Z-abcd/report.csv/1": notFound,
				id + "/report.csv/0":                       mcp.ErrInvalidParams,
				id + "/report.csv/01":                      mcp.ErrInvalidParams,
				id + "/report.csv/one":                     mcp.ErrInvalidParams,
				id + "/report.html/1":                      mcp.ErrInvalidParams,
				id + "/lock":                               mcp.ErrInvalidParams,
				"nobody/report.csv":                        mcp.ErrInvalidParams,
				id + "/report.csv/99999999999999999999":    mcp.ErrInvalidParams,
			} {
				if _, err := read(address); !errors.Is(err, want) || strings.Contains(err.Error(), reshaped) {
					t.Errorf("%s: %v; want %v", address, err, want)
				}
			}
			_ = c.Close()
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPageThatIsTooLargeSaysWhatToDo(t *testing.T) {
	const id = "audit-20260102T030405Z-ab12"
	auditor := &audit.Auditor{StateDir: t.TempDir()}
	folder := filepath.Join(auditor.StateDir, "reports", id)
	page := filepath.Join(folder, audit.PageFile)
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, audit.SummaryFile), []byte("{}"), 0o600), os.WriteFile(page, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for size, ok := range map[int64]bool{maxWhole: true, maxWhole + 1: false} {
		if err := os.Truncate(page, size); err != nil {
			t.Fatal(err)
		}
		_, err := readReport(auditor, audit.URIPrefix+id+"/"+audit.PageFile)
		if ok != (err == nil) || !ok && (!fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "findings.jsonl in parts")) {
			t.Errorf("a page of %d bytes: %v", size, err)
		}
	}
}
