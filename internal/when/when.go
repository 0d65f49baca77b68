// Package when reads the time at which a change shall take effect. The zone is always written: as an offset (RFC 3339), or by its name in
// brackets (RFC 9557), so that nobody's change runs at an hour of another country, or at one that a clock change skips or repeats.
//
// A time that is read is an instant. If a country changes its rules afterwards, the instant stays.
package when

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // machines without zone data, such as Windows and small containers

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

const (
	longest = 128 // characters, far above any time with a zone
	layout  = "2006-01-02T15:04:05.999999999"
)

// Parse reads a time that is ahead of now by at most a year. Its location is the zone that was written. What it takes:
//
//	2027-03-28T09:00:00Z
//	2027-03-28T09:00:00+02:00
//	2027-03-28T09:00:00[Europe/Berlin]
//	2027-03-28T09:00:00+02:00[Europe/Berlin]
//
// An offset has to be the zone's own at that time, and is needed for an hour that comes twice; Z with a zone in brackets gives the time in UTC.
// Lower-case t and z and a space for the T are allowed, other tags in brackets are passed over. Every error is an invalid_argument fault that
// says what to write instead.
func Parse(text string, now time.Time) (time.Time, error) {
	w, err := read(strings.TrimSpace(text), now)
	if err != nil {
		return time.Time{}, err
	}
	t, err := w.instant()
	switch {
	case err != nil:
		return time.Time{}, err
	case !t.After(now):
		return time.Time{}, invalid("Give a time that is ahead, or leave effective_at out to do it now.",
			"effective_at is %s, which is past: it is %s now.", Format(t), Format(now.In(t.Location()).Truncate(time.Second)))
	case t.After(now.AddDate(1, 0, 0)):
		return time.Time{}, invalid("Give a time within the next twelve months.", "effective_at is %s, more than a year ahead.", Format(t))
	}
	return t, nil
}

// Past reads a time in any of the forms that [Parse] takes, and wants nothing of when it is. argument is what the faults call it.
func Past(argument, text string, now time.Time) (time.Time, error) {
	w, err := read(strings.TrimSpace(text), now.AddDate(0, 0, -14)) // an example in them is a week ago
	var t time.Time
	if err == nil {
		t, err = w.instant()
	}
	var f *fault.Error
	if errors.As(err, &f) {
		named := *f
		named.Message = strings.ReplaceAll(f.Message, "effective_at", argument)
		return time.Time{}, &named
	}
	if err == nil && t.IsZero() { // to callers the zero time is one that was not named
		t = t.Add(1)
	}
	return t, err
}

// Format writes a time as Parse reads it, with the name of its zone where it has one.
func Format(t time.Time) string {
	text := t.Format(layout + "Z07:00")
	if name := t.Location().String(); name != "" && name != "UTC" && name != "Local" {
		text += "[" + name + "]"
	}
	return text
}

func invalid(hint, format string, args ...any) *fault.Error {
	return fault.New(fault.InvalidArgument, hint, format, args...)
}
