package csvdir

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

// Table is a file with a row of names and rows of people, read one at a time. Its errors are faults that name the file, and the line and the column
// where there is one.
type Table struct {
	Name   string   // of the file, without its folder
	Header []string // as written
	Keys   []string // of the header, as [sheet.Key] has them

	rows *sheet.Reader
	file io.Closer // nil = none
	row  []string
}

// Table opens a file of the folder and reads its header.
func (f Folder) Table(path string, use Use) (*Table, error) {
	file, err := f.Open(path, use)
	if err != nil {
		return nil, err
	}
	t, err := NewTable(file, filepath.Base(file.Name()))
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	t.file = file
	return t, nil
}

// NewTable reads the header of a table. A line with the version of the file above it is passed over.
func NewTable(in io.Reader, name string) (*Table, error) {
	t := &Table{Name: Capped(name)}
	var err error
	if t.rows, err = sheet.NewReader(in, 0); err != nil {
		return nil, t.broken(err)
	}
	header, err := t.rows.Read()
	if err == nil && sheet.IsVersion(header) {
		header, err = t.rows.Read()
	}
	if err == io.EOF {
		return nil, invalid("Write the names of the columns in its first line.", "The file %q is empty.", t.Name)
	}
	if err != nil {
		return nil, t.broken(err)
	}
	for _, name := range header {
		t.Header = append(t.Header, strings.TrimSpace(strings.Clone(name)))
		t.Keys = append(t.Keys, sheet.Key(name))
	}
	return t, nil
}

// Close closes the file.
func (t *Table) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// Line is the line on which the row read last begins.
func (t *Table) Line() int { return t.rows.Line() }

// Next gives the next row that has something in it, with as many cells as the header, or io.EOF. Cells that a row leaves out at its end are empty. The
// slice is used again for the next row.
//
// A row that can't be read ends the table: without it, somebody would look as if they were not in it.
func (t *Table) Next() ([]string, error) {
	for {
		row, err := t.rows.Read()
		switch {
		case err == io.EOF:
			return nil, io.EOF
		case err != nil:
			return nil, t.broken(err)
		case len(row) == len(t.Header):
		case len(row) > len(t.Header) && !sheet.Blank(row[len(t.Header):]):
			return nil, invalid("Put a cell with a comma, semicolon or line break in it between quotes, as a spreadsheet does when it saves a CSV file.",
				"The file %q can't be used: line %d has %d cells, and the header has %d.", t.Name, t.Line(), len(row), len(t.Header))
		default:
			t.row = append(t.row[:0], row[:min(len(row), len(t.Header))]...)
			for len(t.row) < len(t.Header) {
				t.row = append(t.row, "")
			}
			row = t.row
		}
		if !sheet.Blank(row) {
			return row, nil
		}
	}
}

// Rows gives the rest of a table, once and one row at a time, as understand makes it; rows that are not ok are left out. An error is the last thing that
// it gives.
func Rows[R any](t *Table, understand func(cells []string) (R, bool, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for {
			var row R
			ok := false
			cells, err := t.Next()
			if err == io.EOF {
				return
			}
			if err == nil {
				row, ok, err = understand(cells)
			}
			if err != nil {
				var none R
				yield(none, err)
				return
			}
			if ok && !yield(row, nil) {
				return
			}
		}
	}
}

// Missing makes the fault of a table without a column that is needed; what says which, and hint what to do.
func (t *Table) Missing(what, hint string) *fault.Error {
	const most = 40
	var names []string
	for _, name := range t.Header[:min(most, len(t.Header))] {
		names = append(names, Shown(name))
	}
	if more := len(t.Header) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return invalid(hint, "The file %q has no column with %s. Its columns are %s.", t.Name, what, strings.Join(names, ", "))
}

// Wrong makes the fault of a cell, by its column from 0, of the row read last: problem says what is wrong with it, and hint what to do.
func (t *Table) Wrong(column int, problem, hint string) *fault.Error {
	return invalid(hint, "The file %q can't be used: %s: %s.", t.Name, t.place(t.Line(), column), problem)
}

func (t *Table) place(line, column int) string {
	place := fmt.Sprintf("line %d, column %d", line, column+1)
	if column < len(t.Header) {
		place += " (" + Capped(t.Header[column]) + ")"
	}
	return place
}

// broken says what is wrong with a table that can't be read.
func (t *Table) broken(err error) error {
	const save = "Save it as a CSV file again, best as \"CSV UTF-8\"."
	var row *sheet.RowError
	switch {
	case errors.As(err, &row):
		hint := "Write a text with quotes in it as \"so \"\"to\"\" say\", or save the file with a spreadsheet."
		problem := "the quotes are wrong"
		if errors.Is(err, sheet.ErrEncoding) {
			hint, problem = "Save it as \"CSV UTF-8\".", "the cell is neither UTF-8 nor UTF-16 text"
		}
		return invalid(hint, "The file %q can't be used: %s: %s.", t.Name, t.place(row.Line, row.Column-1), problem).Because(err)
	case errors.Is(err, sheet.ErrRowTooBig):
		return invalid("Look for a quote that is not closed.", "The file %q can't be used: the row after line %d is longer than %d MB.", t.Name, t.line(), sheet.DefaultMaxRow>>20).Because(err)
	case errors.Is(err, sheet.ErrNotText), errors.Is(err, sheet.ErrWorkbook), errors.Is(err, sheet.ErrLineEnds):
		return invalid(save, "The file %q can't be used: %v.", t.Name, err).Because(err)
	}
	return invalid("Try again; look at the disk if it stays like that.", "The file %q can't be read: %s.", t.Name, Reason(err)).Because(err)
}

func (t *Table) line() int {
	if t.rows == nil {
		return 0
	}
	return t.rows.Line()
}
