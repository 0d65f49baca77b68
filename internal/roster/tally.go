package roster

import (
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// Tally is what a file had, once its rows were read.
type Tally struct {
	Rows                    int // with something in them
	Active, Suspended, Left int // of those that name somebody

	WithoutEmailOrID int            // rows that name nobody, and were left out
	WithoutStatus    int            // counted as active, since the file has a status for others
	UnknownStatus    csvdir.Unclear // not understood; nobody was taken for a leaver because of them
	UnknownDates     int            // leaving dates that are not understood, or can be read as one that is over and one that is not
	LeavingLater     int            // marked as left, with a last day that is yet to come: counted as active
	CameBack         int            // active, with a last day that is over: not counted as left

	hasStatus bool
	lines     []int  // of the first rows that name nobody
	someDate  string // one of UnknownDates
}

func (t *Tally) nobody(line int) {
	t.WithoutEmailOrID++
	if len(t.lines) < 5 {
		t.lines = append(t.lines, line)
	}
}

func (t *Tally) date(text string) {
	if t.UnknownDates++; t.someDate == "" {
		t.someDate = strings.Clone(text)
	}
}

func (t *Tally) count(row Row) {
	switch row.Status {
	case Active:
		t.Active++
	case Suspended:
		t.Suspended++
	case Left:
		t.Left++
	}
}

// Notes tells what was not understood, left out or decided, in words; nothing where all is plain.
func (t Tally) Notes() []string {
	var notes []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(t.WithoutEmailOrID, "Rows of the roster with neither an e-mail that can be used nor an account id, which were left out: %d (%s).", t.WithoutEmailOrID, t.Without())
	text := t.UnknownStatus.String()
	add(len(text), "Statuses of the roster that are not understood, because of which nobody was taken for a leaver: %s.", text)
	add(t.UnknownDates, "Leaving dates of the roster that are not understood and were not used: %d, such as %s. Write them as 2027-03-01.", t.UnknownDates, csvdir.Shown(t.someDate))
	add(t.WithoutStatus, "Rows of the roster without a status, which were counted as active: %d.", t.WithoutStatus)
	add(t.LeavingLater, "People whom the roster marks as left, with a last day that is yet to come, and who were counted as active until then where they have an account: %d.", t.LeavingLater)
	add(t.CameBack, "People whom the roster has as active, with a last day that is over, and who were not counted as leavers: %d (past_last_day).", t.CameBack)
	return notes
}

// Without names the first rows that were left out.
func (t Tally) Without() string { return csvdir.Lines(t.lines, t.WithoutEmailOrID) }
