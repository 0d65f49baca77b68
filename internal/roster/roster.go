// Package roster reads a list of who should have access: a CSV file from a personnel system, Okta, Entra ID or Google Workspace.
//
// Columns are found by what their headers mean. Who has left is only said where the file says so in words that are understood: a status that is not
// understood is told ([Tally]) and makes nobody a leaver, since access may be ended because of it.
package roster

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

// File is a roster whose header is understood.
type File struct {
	// Skipped, if it is set, is told of each row with a name that was left out since nothing in it tells whose account is meant: somebody of that name may be in the list.
	Skipped func(line int, name string) error

	table   *csvdir.Table
	columns columns
	today   time.Time // its midnight, UTC
	tally   Tally
	emails  []string
	second  []string          // further addresses of a cell
	unclear []string          // statuses of a row that are not understood
	words   map[string]Status // by text as written: there are few
	dates   sheet.Dates
}

// Row is one line of a roster. Its slice is used again for the next one; its strings stay.
type Row struct {
	Line       int      // where it begins in the file, from 1
	AccountID  string   // of Atlassian; "" = not told
	Emails     []string // in lower case; the first is the main one. Sign-in names that are addresses are among them
	Own        int      // how many of Emails are the person's own; those behind them are second ones, which may have been somebody else's
	Name       string
	Status     Status
	StatusText string    // as written; of several columns the one that decided
	Since      time.Time // the last day, midnight UTC; zero = not told. Where it is yet to come, Status is Active
	Leaving    bool      // Status is Active although it says that the person has left, since the last day is not over
	Over       bool      // Status is Active although a last day is over: one of the two is wrong, or the person came back
}

// Status says whether a person should have access.
type Status string

// The statuses.
const (
	Active    Status = "active"    // also: on leave, not yet begun, in the list without a status
	Suspended Status = "suspended" // may not sign in for now: suspended, accountEnabled = false
	Left      Status = "left"      // terminated, deprovisioned, deactivated, archived, or the last day is over
	Unclear   Status = "unclear"   // there is a status that is not understood
)

// Open opens a roster in the folder that the settings allow. now decides which leaving dates are over. A file with neither a column for e-mails nor one
// for account ids is refused with the names of those it has. The errors are faults.
func Open(folder csvdir.Folder, path string, now time.Time) (*File, error) {
	table, err := folder.Table(path, csvdir.Use{Argument: "roster_path"})
	if err != nil {
		return nil, err
	}
	f, err := newFile(table, now)
	if err != nil {
		_ = table.Close()
		return nil, err
	}
	return f, nil
}

// Read reads a roster from elsewhere; name is what its errors call it.
func Read(in io.Reader, name string, now time.Time) (*File, error) {
	table, err := csvdir.NewTable(in, name)
	if err != nil {
		return nil, err
	}
	return newFile(table, now)
}

func newFile(table *csvdir.Table, now time.Time) (*File, error) {
	f := &File{table: table, columns: columnsOf(table.Keys), today: now.UTC().Truncate(24 * time.Hour), words: map[string]Status{}}
	if len(f.columns.emails)+len(f.columns.logins) == 0 && f.columns.id < 0 {
		return nil, table.Missing("an e-mail (Email, Work Email, userPrincipalName, Login, Primary Email) or an Atlassian account id",
			"Add the e-mail that people sign in with, or call its column Email.")
	}
	f.tally.hasStatus = len(f.columns.statuses)+len(f.columns.flags)+len(f.columns.leaving) > 0
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.table.Close() }

// Tally gives the counts so far.
func (f *File) Tally() Tally { return f.tally }

// Rows gives the rows, once and one at a time. An error is a fault with the file, the line and the column, and the last thing that it gives: without a
// row that can't be read somebody would look like a leaver. A person can have several rows, as after a second employment.
func (f *File) Rows() iter.Seq2[Row, error] {
	return csvdir.Rows(f.table, f.row)
}

// row understands a row; it is not ok if it names nobody.
func (f *File) row(cells []string) (row Row, ok bool, err error) {
	c := &f.columns
	f.tally.Rows++
	row = Row{Line: f.table.Line(), Name: c.fullName(cells)}
	if row.Emails, row.Own, err = f.addresses(cells); err != nil {
		return Row{}, false, err
	}
	if c.id >= 0 {
		row.AccountID = rest.CleanID(strings.TrimSpace(cells[c.id]))
	}
	if row.AccountID == "" && !slices.ContainsFunc(row.Emails, complete) {
		f.tally.nobody(row.Line)
		if f.Skipped != nil && row.Name != "" {
			err = f.Skipped(row.Line, row.Name)
		}
		return Row{}, false, err
	}
	f.judge(cells, &row)
	f.tally.count(row)
	return row, true, nil
}
