package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

var idPattern = regexp.MustCompile(`^audit-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}$`)

// Reports lists the ids of the finished reports, the newest first.
func (a *Auditor) Reports() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(a.StateDir, reportsFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the reports: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && idPattern.MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// Open opens one file of a report: RowsFile, CSVFile, FindingsFile, SummaryFile or PageFile, which it makes first if need be. It gives the faults invalid_argument for what is no id or no file, and not_found.
func (a *Auditor) Open(id, file string) (*os.File, error) {
	if !idPattern.MatchString(id) {
		return nil, fault.New(fault.InvalidArgument, "Take the id from an audit's answer, such as audit-20260102T030405Z-ab12.",
			"%q is not the id of a report.", clip(id, 60))
	}
	if !slices.Contains([]string{RowsFile, CSVFile, FindingsFile, SummaryFile, PageFile}, file) && !changesPattern.MatchString(file) {
		return nil, fault.New(fault.InvalidArgument, "Use report.html, report.csv, report.jsonl, findings.jsonl or summary.json.",
			"A report has no file %q.", clip(file, 60))
	}
	if file == PageFile {
		if err := a.makePage(id); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenInRoot(filepath.Join(a.StateDir, reportsFolder), filepath.Join(id, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "Run audit_active_users for a new report.", "There is no report %s.", id).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open report %s: %w", id, err)
	}
	return f, nil
}

// Summary gives the answer that the audit of a report gave.
func (a *Auditor) Summary(id string) (Result, error) {
	f, err := a.Open(id, SummaryFile)
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	var r Result
	if err := json.NewDecoder(f).Decode(&r); err != nil {
		return Result{}, damaged(id, SummaryFile, err)
	}
	return r, nil
}

// damaged is the fault of a report one of whose files can't be read to its end.
func damaged(id, file string, err error) error {
	return fault.New(fault.Internal, "Run audit_active_users for a new report, and use that one: a report that was damaged can't be repaired. Nothing was changed.",
		"Report %s is damaged: its file %s can't be read: %v.", id, file, err).Because(err)
}
