// Package consoleexport reads the CSV file that the admin console of an Atlassian organization exports: its people with e-mail, groups and when they
// were last seen. It is the only complete source of e-mails.
//
// Headers vary by edition of the console, so columns are found by what they mean. Nothing is guessed: a text that is not understood is counted and
// told ([Tally]), and a column that is not known is kept ([Row.Extra]). Values are cleaned of characters that can't be seen, since they come from outside.
package consoleexport

import (
	"io"
	"iter"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

// File is an export whose header is understood.
type File struct {
	table   *csvdir.Table
	columns columns
	tally   Tally
	dates   sheet.Dates
	groups  []string
	active  []Activity
	extra   []string
}

// Row is one line of an export. Its slices are used again for the next one; its strings stay.
type Row struct {
	Line      int    // where it begins in the file, from 1
	AccountID string // "" = the row has none; it has an e-mail then
	Name      string
	Email     string

	Status     Status
	StatusText string    // as written
	OrgRole    string    // as written, such as User or Organization admin
	Added      time.Time // to the organization; zero = not told

	LastActive []Activity
	Groups     []string // names
	Extra      []string // what the columns of [File.Extra] have, as written
}

// Activity is when a product was last used.
type Activity struct {
	Product string    // as in the header, such as Jira or Confluence; "" = any
	Site    string    // first part of the site's name; "" = not told
	At      time.Time // day, UTC; zero = never
	Known   bool      // false: the file does not tell
}

// Status is what the console calls an account's state.
type Status string

// The statuses. In the console's words Active covers people who were invited and have not come yet: LastActive tells.
const (
	Unknown     Status = "" // not told, or not understood
	Active      Status = "active"
	Suspended   Status = "suspended"
	Deactivated Status = "deactivated"
	Invited     Status = "invited"
	ForDeletion Status = "for_deletion"
)

// Open opens an export in the folder that the settings allow. A file without a column for the account id is refused with the names of those it has.
// The errors are faults.
func Open(folder csvdir.Folder, path string) (*File, error) {
	table, err := folder.Table(path, csvdir.Use{Argument: "export_path"})
	if err != nil {
		return nil, err
	}
	f, err := newFile(table)
	if err != nil {
		_ = table.Close()
		return nil, err
	}
	return f, nil
}

// Read reads an export from elsewhere; name is what its errors call it.
func Read(in io.Reader, name string) (*File, error) {
	table, err := csvdir.NewTable(in, name)
	if err != nil {
		return nil, err
	}
	return newFile(table)
}

func newFile(table *csvdir.Table) (*File, error) {
	f := &File{table: table}
	if f.columns = columnsOf(table); f.columns.id < 0 {
		return nil, table.Missing("the account id (User id, Atlassian ID or Account ID)", "Export the users again in the admin console (Directory, Users, Export users), and leave its columns as they are.")
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.table.Close() }

// Extra gives the headers of the columns that are not known.
func (f *File) Extra() []string { return f.columns.extraNames }

// Rows gives the rows, once and one at a time. An error is a fault with the file, the line and the column, and the last thing that it gives. A row
// without an account id is given, too, as long as it has an e-mail. A person can have several rows, as where older editions write one for each group.
func (f *File) Rows() iter.Seq2[Row, error] {
	return csvdir.Rows(f.table, func(cells []string) (Row, bool, error) {
		row, ok := f.row(cells)
		return row, ok, nil
	})
}

// row understands a row; it is not ok if it names nobody.
func (f *File) row(cells []string) (Row, bool) {
	c := &f.columns
	f.tally.Rows++
	row := Row{
		Line: f.table.Line(), AccountID: rest.CleanID(strings.TrimSpace(cells[c.id])),
		Name: text(cells, c.name), Email: text(cells, c.email), OrgRole: text(cells, c.role), StatusText: text(cells, c.status),
	}
	if row.AccountID == "" {
		if row.Email == "" {
			f.tally.nobody(row.Line)
			return Row{}, false
		}
		f.tally.WithoutID++
	}
	if row.StatusText != "" {
		var ok bool
		if row.Status, ok = statusOf(row.StatusText); !ok {
			f.tally.status(row.StatusText)
		}
	}
	if c.added >= 0 {
		row.Added = f.date(cells[c.added]).at
	}
	f.active = f.active[:0]
	for _, seen := range c.seen {
		d := f.date(cells[seen.column])
		f.active = append(f.active, Activity{Product: seen.product, Site: seen.site, At: d.at, Known: d.known})
	}
	f.groups = f.groups[:0]
	for _, i := range c.groupLists {
		list, name := cells[i], ""
		for more := true; more; {
			name, list, more = strings.Cut(list, ",")
			f.group(name)
		}
	}
	for _, i := range c.group {
		f.group(cells[i])
	}
	f.extra = f.extra[:0]
	for _, i := range c.extra {
		f.extra = append(f.extra, cells[i])
	}
	row.LastActive, row.Groups, row.Extra = f.active, f.groups, f.extra
	return row, true
}

func (f *File) group(name string) {
	if name = rest.Clean(strings.TrimSpace(name)); name != "" {
		f.groups = append(f.groups, name)
	}
}

func text(cells []string, column int) string {
	if column < 0 {
		return ""
	}
	return rest.Clean(strings.TrimSpace(cells[column]))
}
