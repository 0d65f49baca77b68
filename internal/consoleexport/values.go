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
