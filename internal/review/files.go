package review

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/roster"
)

// CheckFiles opens the export and the roster that the plan of the review file at path names, as its next report will, and reads their headers. Its errors name
// the review file and the line. A worker starts without them: they may come later.
func (p Plan) CheckFiles(path string, folder csvdir.Folder) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the review file: %w", err)
	}
	at := linesOf(data)
	var errs []error
	check := func(key string, file io.Closer, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s%s: %w", path, at.key(key), key, err))
			return
		}
		_ = file.Close() // it was only read
	}
	if p.ExportPath != "" {
		file, err := consoleexport.Open(folder, p.ExportPath)
		check("export_path", file, err)
	}
	if p.RosterPath != "" {
		file, err := roster.Open(folder, p.RosterPath, time.Now())
		check("roster_path", file, err)
	}
	return errors.Join(errs...)
}
