package mcpserver

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
)

// maxReport is how much of a report's file a client gets through the protocol, in bytes, and maxPage how much of the page, which is of no use in
// parts. Larger ones are read in the folder that the audit's answer names.
const (
	maxReport = 4 << 20
	maxPage   = 16 << 20
)

// serveReports lets clients read the files of finished audits as resources.
func (s *Server) serveReports(auditor *audit.Auditor) {
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(audit.URIPrefix+"{id}/{file}", "audit-report",
		mcp.WithTemplateTitle("Report of an audit"),
		mcp.WithTemplateDescription("One file of a finished audit: report.html for people to read in a browser, summary.json, findings.jsonl, report.jsonl or report.csv. The id comes from audit_active_users."),
	), func(_ context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		id, file, _ := strings.Cut(strings.TrimPrefix(request.Params.URI, audit.URIPrefix), "/")
		opened, err := auditor.Open(id, file)
		if err != nil {
			return nil, explain.Fault(err)
		}
		defer func() { _ = opened.Close() }() // it was only read
		most := int64(maxReport)
		if file == audit.PageFile {
			most = maxPage
		}
		content, err := io.ReadAll(io.LimitReader(opened, most+1))
		switch {
		case err != nil:
			return nil, fmt.Errorf("read the report: %w", err)
		case int64(len(content)) > most:
			return nil, fmt.Errorf("%s is larger than %d MiB: open it in the folder that the audit's answer names", file, most>>20)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeTypes[path.Ext(file)], Text: string(content)}}, nil
	})
}

var mimeTypes = map[string]string{".json": "application/json", ".jsonl": "application/jsonl", ".csv": "text/csv", ".html": "text/html"}
