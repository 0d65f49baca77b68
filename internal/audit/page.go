package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// PageFile is a report as one HTML file for people. It is made from the others when it is first asked for: it takes some seconds for a hundred thousand
// accounts, which an audit need not wait for.
const PageFile = "report.html"

// makePage makes a report's page, unless it is there.
func (a *Auditor) makePage(id string) (err error) {
	summary, err := a.Summary(id)
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(filepath.Join(a.StateDir, reportsFolder, id))
	if err != nil {
		return fmt.Errorf("open report %s: %w", id, err)
	}
	defer dir.Close()
	if _, err := dir.Stat(PageFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Under a name of its own until it is whole. Two who make it at once make the same.
	unfinished := partialPrefix + newID(time.Now())
	defer func() {
		if err != nil {
			_ = dir.Remove(unfinished) // it is in nobody's way
			err = fault.New(fault.Internal, "Check that the state directory (JIRA_LIFECYCLE_STATE_DIR) has room and belongs to you; a report that was damaged can't be repaired, so audit again then.",
				"The page of report %s can't be made: %v.", id, err).Because(err)
		}
	}()
	f, err := dir.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(a.writePage(f, dir, summary), f.Sync(), f.Close()); err != nil {
		return err
	}
	return dir.Rename(unfinished, PageFile)
}

// writePage goes through the report twice: for the figures, which stand at the top of the page, and for what is in its tables.
func (a *Auditor) writePage(w io.Writer, dir *os.Root, r Result) (err error) {
	rows, err := dir.Open(RowsFile)
	if err != nil {
		return err
	}
	defer rows.Close()
	findings, err := dir.Open(FindingsFile)
	if err != nil {
		return err
	}
	defer findings.Close()

	h, err := newPageHeader(a.Site, r, rows, findings)
	if err != nil {
		return err
	}
	for _, f := range []*os.File{rows, findings} {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	aside, err := newAside(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aside.close()) }()
	m := pageMerge{rows: json.NewDecoder(rows), findings: json.NewDecoder(findings), aside: aside, products: map[string]string{}}
	for _, s := range r.Seats {
		m.products[s.Product] = productName(s)
	}
	return webpage.Write(w, h, m.people, m.others)
}
