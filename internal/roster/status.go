package roster

import (
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

// words are the statuses of personnel systems and directories, as [sheet.Key] gives them without brackets. What can mean several things, such as
// pending or locked, is only here where every meaning leads to the same.
var words = func() map[string]Status {
	words := map[string]Status{}
	for status, list := range map[Status]string{
		Active: `active enabled employed current activeemployee hired working member guest true yes
			staged provisioned recovery passwordexpired passwordreset lockedout locked pendinguseraction pendingactivation
			onleave leave leaveofabsence activeonleave paidleave unpaidleave parentalleave maternityleave paternityleave sickleave medicalleave sabbatical gardenleave gardeningleave
			fulltime parttime regular permanent temporary temp contractor contract contingent fixedterm intern internship apprentice trainee probation probationary inprobation casual freelance freelancer consultant employee external
			prehire prestart preboarding onboarding futurehire newhire noticeperiod innotice onnotice servingnotice leaving pendingtermination`,
		Suspended: `suspended disabled blocked accountdisabled signinblocked`,
		Left: `left leaver terminated terminatedemployee deprovisioned deactivated inactive notactive archived deleted softdeleted resigned retired dismissed exited separated offboarded former formeremployee exemployee departed ended
			deceased redundant maderedundant notemployed nolongeremployed false no`,
	} {
		for word := range strings.FieldsSeq(list) {
			words[word] = status
		}
	}
	return words
}()

// rank says which of two statuses of one row counts: an account that is enabled of somebody who was terminated is what a review looks for.
var rank = map[Status]int{"": 0, Active: 1, Suspended: 2, Left: 3}

// judge finds the status of a row from all that it has of one: words, columns with yes or no, and a date.
func (f *File) judge(cells []string, row *Row) {
	var status Status
	f.unclear = f.unclear[:0]
	take := func(found Status, text string) {
		if found == Unclear {
			f.unclear = append(f.unclear, text)
		} else if rank[found] > rank[status] {
			status, row.StatusText = found, text
		}
	}
	for _, i := range f.columns.statuses {
		if text := strings.TrimSpace(cells[i]); text != "" {
			take(f.word(text), text)
		}
	}
	for _, flag := range f.columns.flags {
		text := strings.TrimSpace(cells[flag.column])
		if text == "" {
			continue
		}
		yes, ok := boolean(text)
		found := flag.status
		switch {
		case !ok:
			take(f.word(text), text) // a column Active can have Inactive in it
			continue
		case yes != flag.when:
			found = Active
		}
		if rank[found] > rank[status] {
			take(found, f.table.Header[flag.column]+" = "+text)
		}
	}
	day, over := f.leaving(cells)
	switch {
	case over == later && status != Suspended: // whatever is written, the person is here until then
		if status == Left {
			f.tally.LeavingLater++
			row.Leaving = true
		}
		status = Active
	case over == past && status == "":
		status, row.StatusText = Left, strings.Join(append(f.unclear, "last day "+day.text), ", ")
	case over == past && status == Suspended: // both say it
		status, row.StatusText = Left, row.StatusText+", last day "+day.text
	case over == past && status == Active:
		f.tally.CameBack++
		row.Over = true
	}
	if status == "" {
		if status = Active; len(f.unclear) > 0 {
			status, row.StatusText = Unclear, f.unclear[0]
		} else if f.tally.hasStatus && over == none {
			f.tally.WithoutStatus++
		}
	}
	for _, text := range f.unclear {
		if status != Left {
			f.tally.UnknownStatus.Add(text)
		}
	}
	row.Status, row.StatusText, row.Since = status, rest.Clean(row.StatusText), day.at
}

// word is the status that a text names.
func (f *File) word(text string) Status {
	if s, ok := f.words[text]; ok {
		return s
	}
	s, ok := words[sheet.Key(text)]
	if !ok {
		s = Unclear
	}
	if len(f.words) < 1000 {
		f.words[strings.Clone(text)] = s
	}
	return s
}

func boolean(text string) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "y", "1", "t", "x":
		return true, true
	case "false", "no", "n", "0", "f":
		return false, true
	}
	return false, false
}

// when says where the last day is.
type when int

const (
	none  when = iota // not told, or it can't be told
	past              // over
	later             // today, or yet to come
)

// noDay reports whether a date is one that databases and sheets write where there is none, such as 0001-01-01 and 1900-01-01.
func noDay(at time.Time) bool { return at.Before(time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC)) }

type lastDay struct {
	at   time.Time // zero = one of two days
	text string
}

// leaving finds the last day of a row. A date that can be read in two ways still says whether it is over, where both are.
func (f *File) leaving(cells []string) (lastDay, when) {
	for _, i := range f.columns.leaving {
		text := strings.TrimSpace(cells[i])
		if text == "" || text == "-" || strings.EqualFold(text, "n/a") || strings.HasPrefix(text, "0000-00-00") {
			continue
		}
		days := f.dates.Days(text)
		if len(days) > 0 && noDay(days[len(days)-1]) {
			continue
		}
		if len(days) == 0 {
			f.tally.date(text)
			continue
		}
		d := lastDay{text: text}
		if len(days) == 1 {
			d.at = days[0].Truncate(24 * time.Hour)
		}
		switch first, last := days[0], days[len(days)-1]; {
		case last.Before(f.today):
			return d, past
		case !first.Before(f.today):
			return d, later
		default:
			f.tally.date(text)
		}
	}
	return lastDay{}, none
}
