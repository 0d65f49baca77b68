package consoleexport

import (
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

// statuses are the words for them, as [sheet.Key] gives them. Yes and no are those of the column Active of older editions.
var statuses = map[string]Status{
	"active": Active, "yes": Active, "true": Active, "enabled": Active,
	"suspended":   Suspended,
	"deactivated": Deactivated, "inactive": Deactivated, "no": Deactivated, "false": Deactivated, "disabled": Deactivated,
	"invited": Invited, "notinvited": Invited, "invitepending": Invited, "invitationpending": Invited, "pendinginvite": Invited, "pending": Invited,
	"fordeletion": ForDeletion, "pendingdeletion": ForDeletion, "scheduledfordeletion": ForDeletion, "deleted": ForDeletion,
}

func statusOf(text string) (Status, bool) {
	if text == "Active" { // nearly always
		return Active, true
	}
	s, ok := statuses[sheet.Key(text)]
	return s, ok
}

// date is what a cell says of when.
type date struct {
	at    time.Time
	known bool
}

// date reads the date of a cell. Never is a known date without a day; nothing, and what is not understood, are not known.
func (f *File) date(text string) date {
	if text == "" {
		return date{}
	}
	if len(text) >= 5 && strings.EqualFold(text[:5], "never") {
		return date{known: true}
	}
	if days := f.dates.Days(text); len(days) == 1 {
		return date{at: days[0], known: true}
	}
	if word := strings.TrimSpace(text); word != "" && word != "-" && !strings.EqualFold(word, "n/a") {
		f.tally.date(text)
	}
	return date{}
}

// Merge makes one row of two of the same person: what one of them tells, the later of two activities, and the groups of both. Neither is changed, and
// the result keeps nothing of their slices. Of two that contradict each other a counts.
func Merge(a, b Row) Row {
	for _, fill := range []struct{ to, from *string }{
		{&a.AccountID, &b.AccountID}, {&a.Name, &b.Name}, {&a.Email, &b.Email}, {&a.OrgRole, &b.OrgRole},
	} {
		if *fill.to == "" {
			*fill.to = *fill.from
		}
	}
	if a.Status == Unknown {
		a.Status, a.StatusText = b.Status, b.StatusText
	}
	if a.Added.IsZero() {
		a.Added = b.Added
	}
	a.LastActive = append([]Activity(nil), a.LastActive...)
	for _, other := range b.LastActive {
		a.LastActive = later(a.LastActive, other)
	}
	a.Groups, a.Extra = append([]string(nil), a.Groups...), append([]string(nil), a.Extra...)
	known := make(map[string]bool, len(a.Groups))
	for _, name := range a.Groups {
		known[name] = true
	}
	for _, name := range b.Groups {
		if !known[name] {
			known[name] = true
			a.Groups = append(a.Groups, name)
		}
	}
	return a
}

func later(list []Activity, other Activity) []Activity {
	for i, one := range list {
		if one.Product == other.Product && one.Site == other.Site {
			if other.Known && (!one.Known || other.At.After(one.At)) {
				list[i] = other
			}
			return list
		}
	}
	return append(list, other)
}
