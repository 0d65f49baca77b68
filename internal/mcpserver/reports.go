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

// maxReport is how much of a report's file a client gets through the protocol, in bytes. Larger ones are read in the folder that the audit's
// answer names.
const maxReport = 4 << 20

// serveReports lets clients read the files of finished audits as resources.
func (s *Server) serveReports(auditor *audit.Auditor) {
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(audit.URIPrefix+"{id}/{file}", "audit-report",
		mcp.WithTemplateTitle("Report of an audit"),
		mcp.WithTemplateDescription("One file of a finished audit: summary.json, findings.jsonl, report.jsonl or report.csv. The id comes from audit_active_users."),
	), func(_ context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		id, file, _ := strings.Cut(strings.TrimPrefix(request.Params.URI, audit.URIPrefix), "/")
		opened, err := auditor.Open(id, file)
		if err != nil {
			return nil, explain.Fault(err)
		}
		defer func() { _ = opened.Close() }() // it was only read
		content, err := io.ReadAll(io.LimitReader(opened, maxReport+1))
		switch {
		case err != nil:
			return nil, fmt.Errorf("read the report: %w", err)
		case len(content) > maxReport:
			return nil, fmt.Errorf("%s is larger than 4 MiB: open it in the folder that the audit's answer names", file)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeTypes[path.Ext(file)], Text: string(content)}}, nil
	})
}

var mimeTypes = map[string]string{".json": "application/json", ".jsonl": "application/jsonl", ".csv": "text/csv"}
