package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// maxReport is how large a file of lines may be to be given whole, in bytes; a larger one is read in parts. maxWhole holds for the page and the
// summary, which are of no use in parts.
const (
	maxReport = 4 << 20
	maxWhole  = 16 << 20
)

// reportsURI is the address of the list of reports.
var reportsURI = strings.TrimSuffix(audit.URIPrefix, "/")

// serveReports lets clients read the files of finished audits as resources, and the list of them.
func (s *Server) serveReports(auditor *audit.Auditor) {
	s.mcp.AddResource(mcp.NewResource(reportsURI, "audit-reports",
		mcp.WithResourceDescription("The finished audits, the newest first: when, of which site, how many accounts and findings, and where each report is read."),
		mcp.WithMIMEType("application/json"),
	), func(ctx context.Context, _ mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		text, err := listOfReports(auditor)
		if err != nil {
			return nil, refuseRead(ctx, err)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: reportsURI, MIMEType: "application/json", Text: text}}, nil
	})
	read := func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		content, err := readReport(auditor, request.Params.URI)
		if err != nil {
			return nil, refuseRead(ctx, err)
		}
		return []mcp.ResourceContents{content}, nil
	}
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(audit.URIPrefix+"{id}/{file}", "audit-report",
		mcp.WithTemplateTitle("Report of an audit"),
		mcp.WithTemplateDescription("One file of a finished audit: report.html for people to read in a browser, summary.json, findings.jsonl, report.jsonl or report.csv. The id comes from audit_active_users."),
	), read)
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(audit.URIPrefix+"{id}/{file}/{part}", "audit-report-part",
		mcp.WithTemplateTitle("Part of a report"),
		mcp.WithTemplateDescription("Part 1, 2, … of findings.jsonl, report.jsonl or report.csv, about 1 MiB of whole lines each; one after another they are the file. The _meta of each says which part of how many it is. Only the first part of report.csv has the header line."),
	), read)
}

// readReport reads the file, or the part of one, that has the address. It gives the faults not_found and invalid_argument.
func readReport(auditor *audit.Auditor, uri string) (content mcp.TextResourceContents, err error) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(uri, audit.URIPrefix), "/")
	file, part, inParts := strings.Cut(rest, "/")
	opened, err := auditor.Open(id, file)
	if err != nil {
		return content, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	info, err := opened.Stat()
	if err != nil {
		return content, fmt.Errorf("read the report: %w", err)
	}
	size := info.Size()
	content = mcp.TextResourceContents{URI: uri, MIMEType: mimeTypes[path.Ext(file)]}
	whole := audit.URIPrefix + id + "/" + file
	switch ofLines := path.Ext(file) == ".jsonl" || path.Ext(file) == ".csv"; {
	case inParts && !ofLines:
		return content, fault.New(fault.InvalidArgument, "Read "+whole+".", "%s has no parts.", file)
	case inParts:
		content.Text, content.Meta, err = readNumbered(opened, size, file, part)
		return content, err
	case ofLines && size > maxReport:
		parts, err := countParts(opened, size)
		if err != nil {
			return content, fmt.Errorf("count the parts of the report: %w", err)
		}
		return content, fault.New(fault.InvalidArgument, fmt.Sprintf("Read %s/1, and so on up to %s/%d.", whole, whole, parts),
			"%s is larger than %d MiB and is read in %d parts.", file, maxReport>>20, parts)
	case size > maxWhole:
		return content, fault.New(fault.InvalidArgument, "Open it in the folder that the audit's answer names, or read findings.jsonl in parts.",
			"%s is larger than %d MiB.", file, maxWhole>>20)
	}
	text, err := io.ReadAll(io.NewSectionReader(opened, 0, size))
	if err != nil {
		return content, fmt.Errorf("read the report: %w", err)
	}
	content.Text = string(text)
	return content, nil
}

// readNumbered reads the part of a file of lines that has the number, and says which of how many it is.
func readNumbered(f io.ReaderAt, size int64, file, number string) (text string, meta map[string]any, err error) {
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != number {
		return "", nil, fault.New(fault.InvalidArgument, "Parts are numbered 1, 2 and so on.", "%.20q is no number of a part.", number)
	}
	parts, err := countParts(f, size)
	if err != nil {
		return "", nil, fmt.Errorf("count the parts of the report: %w", err)
	}
	if n > parts {
		return "", nil, fault.New(fault.NotFound, "Read one of those.", "%s has the parts 1 to %d.", file, parts)
	}
	text, err = readPart(f, size, n)
	return text, map[string]any{"part": n, "parts": parts}, err
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
