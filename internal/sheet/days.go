package sheet

import (
	"regexp"
	"strings"
	"time"
)

// Days gives the day that a cell names, as midnight UTC, in the forms that consoles, directories and spreadsheets write. Where a time of day and a
// zone stand beside it, it is that moment; a time without a zone is taken as UTC.
//
// 03/04/2026 is a day of March or of April, which can't be told: it gives both, the earlier first. Other texts give none.
func Days(text string) []time.Time {
	text = strings.TrimSpace(text)
	if len(text) < 6 || len(text) > 40 {
		return nil
	}
	if slashes.MatchString(text) {
		return bothWays(text)
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return []time.Time{at.UTC()}
		}
	}
	return nil
}

var slashes = regexp.MustCompile(`^\d{1,2}/\d{1,2}/\d{4}( .*)?$`)

// layouts are those that mean one thing. The zone in words is refused where Go would take any three letters for one.
var layouts = []string{
	"2 Jan 2006", "2 January 2006", "2-Jan-2006", "Jan 2, 2006", "January 2, 2006", "2-Jan-06",
	time.DateOnly, time.RFC3339Nano, time.DateTime, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04",
	"2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006, 15:04", "2006/1/2", "2006/1/2 15:04:05", "2.1.2006", "2.1.2006 15:04", "2.1.2006 15:04:05",
}

// bothWays reads a date with slashes as an American and as a European one.
func bothWays(text string) []time.Time {
	var days []time.Time
	for _, date := range []string{"1/2/2006", "2/1/2006"} {
		for _, clock := range []string{"", " 15:04", " 15:04:05", " 3:04 PM", " 3:04:05 PM"} {
			if at, err := time.Parse(date+clock, text); err == nil && (len(days) == 0 || !days[0].Equal(at)) {
				days = append(days, at)
			}
		}
	}
	if len(days) == 2 && days[1].Before(days[0]) {
		days[0], days[1] = days[1], days[0]
	}
	return days
}

// Dates remembers the days of texts: many people have the same, and reading one takes a while. The zero value remembers nothing yet.
type Dates struct{ known map[string][]time.Time }

const maxDates = 4096 // of ten years there are fewer

// Days is the function of that name. The slice is the memory's.
func (d *Dates) Days(text string) []time.Time {
	if days, ok := d.known[text]; ok {
		return days
	}
	days := Days(text)
	if d.known == nil {
		d.known = map[string][]time.Time{}
	}
	if len(d.known) < maxDates {
		d.known[strings.Clone(text)] = days
	}
	return days
}
