package mcpserver

import (
	"bytes"
	"context"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// serveResults lets clients read what became of each person of a batch as a CSV file. It is made from the journal when it is read.
func (s *Server) serveResults(store *journal.Store) {
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(export.URIPrefix+"{operation_id}/"+export.ResultFile, "batch-result",
		mcp.WithTemplateTitle("Result of a batch"),
		mcp.WithTemplateDescription("What became of each person of a batch: a row a person, in the order in which they were named. The address comes from get_operation."),
		mcp.WithTemplateMIMEType(mimeTypes[".csv"]),
	), func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		id, file, _ := strings.Cut(strings.TrimPrefix(request.Params.URI, export.URIPrefix), "/")
		if file != export.ResultFile {
			return nil, refuseRead(ctx, fault.New(fault.NotFound, "Read "+export.ResultFile+".", "There is no %.60q.", file))
		}
		var table bytes.Buffer
		if err := export.Result(ctx, store, &table, id); err != nil {
			return nil, refuseRead(ctx, err)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeTypes[".csv"], Text: table.String()}}, nil
	})
}
