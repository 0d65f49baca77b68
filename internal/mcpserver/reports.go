package mcpserver

import (
	"context"
	"encoding/json"
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

// reportsURI is the address of the list of reports.
var reportsURI = strings.TrimSuffix(audit.URIPrefix, "/")

// serveReports lets clients read the files of finished audits as resources, and the list of them.
func (s *Server) serveReports(auditor *audit.Auditor) {
	s.mcp.AddResource(mcp.NewResource(reportsURI, "audit-reports",
		mcp.WithResourceDescription("The finished audits, the newest first: when, of which site, how many accounts and findings, and where each report is read."),
		mcp.WithMIMEType("application/json"),
	), func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		text, err := listOfReports(auditor)
		if err != nil {
			return nil, explain.Fault(err)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: reportsURI, MIMEType: "application/json", Text: text}}, nil
	})
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

func listOfReports(auditor *audit.Auditor) (string, error) {
	stored, err := auditor.List()
	if err != nil {
		return "", err
	}
	type entry struct {
		audit.Stored
		URI  string `json:"uri"`
		Page string `json:"page_uri"`
	}
	list := make([]entry, len(stored))
	for i, r := range stored {
		list[i] = entry{r, audit.URIPrefix + r.ID + "/" + audit.SummaryFile, audit.URIPrefix + r.ID + "/" + audit.PageFile}
	}
	b, err := json.Marshal(map[string]any{"reports": list})
	return string(b), err
}

var mimeTypes = map[string]string{".json": "application/json", ".jsonl": "application/jsonl", ".csv": "text/csv", ".html": "text/html"}
