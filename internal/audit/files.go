package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvcell"
)

// The files of a report.
const (
	RowsFile     = "report.jsonl"   // a Row a line
	CSVFile      = "report.csv"     // the same rows for a spreadsheet
	FindingsFile = "findings.jsonl" // a Finding a line
	SummaryFile  = "summary.json"   // the Result
)

var csvHeader = []string{
	"account_id", "display_name", "email", "email_source", "account_type", "active", "group_count", "groups",
	"scim_id", "scim_user_name", "scim_active", "findings",
	"sources", "last_active", "last_active_source", "seats", "admin",
	"organization_status", "managed", "organization_roles", "api_tokens", "export_status", "roster_status", "roster_left", "roster_line",
}

// files are the files of a report being written.
type files struct {
	open     []*os.File
	buffers  []*bufio.Writer
	rows     *json.Encoder
	findings *json.Encoder
	table    *csv.Writer
	record   []string
}

func createFiles(dir string) (*files, error) {
	f := &files{}
	rows, err1 := f.create(dir, RowsFile)
	table, err2 := f.create(dir, CSVFile)
	findings, err3 := f.create(dir, FindingsFile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, errors.Join(err, f.close())
	}
	f.rows, f.findings, f.table = lines(rows), lines(findings), csv.NewWriter(table)
	return f, f.table.Write(csvHeader)
}

func (f *files) create(dir, name string) (*bufio.Writer, error) {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	f.open = append(f.open, file)
	b := bufio.NewWriterSize(file, 64<<10)
	f.buffers = append(f.buffers, b)
	return b, nil
}

func lines(w *bufio.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

func (f *files) row(r Row) error {
	if err := f.rows.Encode(r); err != nil {
		return err
	}
	var scim SCIMRef
	scimActive := ""
	if r.SCIM != nil {
		scim, scimActive = *r.SCIM, strconv.FormatBool(r.SCIM.Active)
	}
	f.record = append(f.record[:0],
		r.AccountID, r.DisplayName, r.Email, r.EmailSource, r.AccountType, strconv.FormatBool(r.Active),
		strconv.Itoa(r.GroupCount), strings.Join(r.Groups, "; "),
		scim.ID, scim.UserName, scimActive, joinCodes(r.Findings),
		strings.Join(r.Sources, "; "), r.LastActive, r.LastActiveSource, strings.Join(r.Seats, "; "), strconv.FormatBool(r.Admin))
	f.record = r.appendOthers(f.record)
	for i, cell := range f.record {
		f.record[i] = csvcell.Safe(cell)
	}
	return f.table.Write(f.record)
}

// appendOthers appends the cells of the organization, the export and the roster, empty where they don't know the account.
func (r Row) appendOthers(record []string) []string {
	if o := r.Organization; o != nil {
		record = append(record, o.Status, strconv.FormatBool(o.Managed), strings.Join(o.Roles, "; "), strconv.Itoa(o.APITokens))
	} else {
		record = append(record, "", "", "", "")
	}
	if e := r.Export; e != nil {
		record = append(record, e.Status)
	} else {
		record = append(record, "")
	}
	if u := r.Roster; u != nil {
		return append(record, u.Status, u.Left, strconv.Itoa(u.Line))
	}
	return append(record, "", "", "")
}

// write writes a part of the report.
func (f *files) write(part written) error {
	for _, r := range part.rows {
		if err := f.row(r); err != nil {
			return err
		}
	}
	for _, x := range part.findings {
		if err := f.findings.Encode(x); err != nil {
			return err
		}
	}
	return nil
}

// flush makes sure that everything is on the disk, so that a report whose folder has its name is whole even after a power cut.
func (f *files) flush() error {
	f.table.Flush()
	errs := []error{f.table.Error()}
	for _, b := range f.buffers {
		errs = append(errs, b.Flush())
	}
	for _, file := range f.open {
		errs = append(errs, file.Sync())
	}
	return errors.Join(errs...)
}

func (f *files) close() error {
	var errs []error
	for _, file := range f.open {
		errs = append(errs, file.Close())
	}
	f.open = nil
	return errors.Join(errs...)
}

func joinCodes(codes []Code) string {
	var b strings.Builder
	for i, c := range codes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(string(c))
	}
	return b.String()
}
