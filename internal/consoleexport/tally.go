package consoleexport

import (
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// Tally is what a file had, once its rows were read.
type Tally struct {
	Rows             int            // with something in them
	WithoutID        int            // of them, but with an e-mail
	WithoutIDOrEmail int            // which were left out
	UnknownDates     int            // cells
	UnknownStatus    csvdir.Unclear // statuses that are not understood

	lines    []int  // of the first rows that were left out
	someDate string // one of UnknownDates
}

// Tally gives the counts so far.
func (f *File) Tally() Tally { return f.tally }

func (t *Tally) nobody(line int) {
	t.WithoutIDOrEmail++
	if len(t.lines) < 5 {
		t.lines = append(t.lines, line)
	}
}

func (t *Tally) status(text string) { t.UnknownStatus.Add(text) }

func (t *Tally) date(text string) {
	if t.UnknownDates++; t.someDate == "" {
		t.someDate = strings.Clone(text)
	}
}

// Notes tells what was not understood or left out, in words; nothing where all is well.
func (t Tally) Notes() []string {
	var notes []string
	if t.WithoutIDOrEmail > 0 {
		notes = append(notes, fmt.Sprintf("Rows of the export with neither an account id nor an e-mail, which were left out: %d (%s).", t.WithoutIDOrEmail, csvdir.Lines(t.lines, t.WithoutIDOrEmail)))
	}
	if t.WithoutID > 0 {
		notes = append(notes, fmt.Sprintf("Rows of the export without an account id, which can be matched by e-mail alone: %d.", t.WithoutID))
	}
	if text := t.UnknownStatus.String(); text != "" {
		notes = append(notes, "Statuses of the export that are not understood and were not used: "+text+".")
	}
	if t.UnknownDates > 0 {
		notes = append(notes, fmt.Sprintf("Dates of the export that are not understood and were not used: %d, such as %s. Write them as 2027-03-01.", t.UnknownDates, csvdir.Shown(t.someDate)))
	}
	return notes
}
