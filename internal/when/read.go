package when

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// written is a time as it was written.
type written struct {
	clock  time.Time      // date and time of day, as if in UTC
	offset *time.Location // nil = none
	utc    bool           // the offset is Z or -00:00, which says nothing about the place
	zone   *time.Location // in brackets; nil = none
}

var (
	form     = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(.*)$`)
	noSecond = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})([^:\d.].*)?$`)
	dateOnly = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	offsets  = regexp.MustCompile(`^([+-])(\d{2}):(\d{2})$`)
	tags     = regexp.MustCompile(`^(\[[^][]*\])*$`)
	tag      = regexp.MustCompile(`\[[^][]*\]`)
	keyValue = regexp.MustCompile(`^[a-z_][a-z0-9_-]*=[A-Za-z0-9-]+$`)
	zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)
)

// read takes a text apart.
func read(text string, now time.Time) (written, error) {
	example := now.UTC().AddDate(0, 0, 7).Format("2006-01-02") + "T18:00:00"
	hint := fmt.Sprintf("Write it like %s+01:00 or %s[Europe/Berlin].", example, example)
	if len(text) > longest {
		return written{}, invalid(hint, "effective_at is too long: %d bytes.", len(text))
	}
	parts := form.FindStringSubmatch(text)
	switch {
	case text == "":
		return written{}, invalid(hint, "effective_at is empty.")
	case parts == nil && dateOnly.MatchString(text):
		return written{}, invalid(fmt.Sprintf("Write it like %sT18:00:00[Europe/Berlin].", text), "effective_at has a date, and neither a time of day nor a zone.")
	case parts == nil:
		if short := noSecond.FindStringSubmatch(text); short != nil {
			return written{}, invalid(fmt.Sprintf("Write %sT%s:00 and the zone behind it, such as +01:00 or [Europe/Berlin].", short[1], short[2]), "effective_at has no seconds.")
		}
		return written{}, invalid(hint, "effective_at is not a date and time with a zone.")
	}
	var w written
	var err error
	if w.clock, err = clock(parts[1:8]); err != nil {
		return written{}, err
	}
	offset, rest := parts[8], ""
	if i := strings.IndexByte(offset, '['); i >= 0 {
		offset, rest = offset[:i], offset[i:]
	}
	if err = w.readOffset(offset); err != nil {
		return written{}, err
	}
	if err = w.readTags(rest); err != nil {
		return written{}, err
	}
	if w.offset == nil && w.zone == nil {
		return written{}, invalid(fmt.Sprintf("Write %s and the zone behind it, such as [Europe/Berlin] or +01:00, or Z for UTC.", w.text()), "effective_at has no zone.")
	}
	return w, nil
}

// text is the date and time as they should be written.
func (w written) text() string { return w.clock.Format(layout) }

// clock checks year, month, day, hour, minute, second and fraction.
func clock(parts []string) (time.Time, error) {
	var n [6]int
	for i := range n {
		n[i], _ = strconv.Atoi(parts[i]) // digits, as the form has it
	}
	last := time.Date(n[0], time.Month(n[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
	switch {
	case n[1] < 1 || n[1] > 12:
		return time.Time{}, invalid("Write the date as year-month-day.", "effective_at has the month %s; there are 01 to 12.", parts[1])
	case n[2] < 1 || n[2] > last:
		return time.Time{}, invalid("Write a date that exists.", "effective_at has the day %s; %s %d has %d days.", parts[2], time.Month(n[1]), n[0], last)
	case n[3] > 23:
		return time.Time{}, invalid("Write midnight as 00:00:00 of the day that begins.", "effective_at has the hour %s; there are 00 to 23.", parts[3])
	case n[4] > 59:
		return time.Time{}, invalid("Write a minute from 00 to 59.", "effective_at has the minute %s; there are 00 to 59.", parts[4])
	case n[5] > 59:
		return time.Time{}, invalid("Write a second from 00 to 59.", "effective_at has the second %s; there are 00 to 59, and leap seconds can't be scheduled.", parts[5])
	}
	nano, _ := strconv.Atoi((strings.TrimPrefix(parts[6], ".") + "000000000")[:9])
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nano, time.UTC), nil
}

// readOffset reads Z, an offset in hours and minutes, or nothing.
func (w *written) readOffset(text string) error {
	switch strings.TrimSpace(text) {
	case "":
		return nil
	case "Z", "z", "-00:00":
		w.offset, w.utc = time.UTC, true
		return nil
	}
	offset := fixed(text)
	if offset == nil {
		return invalid(fmt.Sprintf("Write it like %s+01:00, %sZ or %s[Europe/Berlin]; abbreviations such as CET or PST are no zones.", w.text(), w.text(), w.text()),
			"effective_at has something behind its time that is no zone.")
	}
	w.offset = offset
	return nil
}

// fixed is the location of an offset such as +01:00, or nil.
func fixed(text string) *time.Location {
	parts := offsets.FindStringSubmatch(text)
	if parts == nil {
		return nil
	}
	hours, _ := strconv.Atoi(parts[2])
	minutes, _ := strconv.Atoi(parts[3])
	if hours > 23 || minutes > 59 {
		return nil
	}
	seconds := hours*3600 + minutes*60
	switch {
	case seconds == 0:
		return time.UTC
	case parts[1] == "-":
		seconds = -seconds
	}
	return time.FixedZone("", seconds)
}

// readTags reads what is in brackets: the zone first, then tags that say nothing about the time. A tag with a ! must be understood (RFC 9557,
// section 3.3).
func (w *written) readTags(text string) error {
	if !tags.MatchString(text) {
		return invalid(fmt.Sprintf("Write it like %s[Europe/Berlin].", w.text()), "The brackets in effective_at are not in pairs, or there is text between or behind them.")
	}
	for i, inside := range tag.FindAllString(text, -1) {
		name, critical := strings.CutPrefix(inside[1:len(inside)-1], "!")
		switch {
		case keyValue.MatchString(name) && !critical:
			continue
		case keyValue.MatchString(name):
			return invalid("Leave that tag out.", "effective_at has a tag that must be understood (!), and only zones are.")
		case i > 0:
			return invalid(fmt.Sprintf("Write one zone, like %s[Europe/Berlin].", w.text()), "effective_at has more than one zone, or a zone behind other tags.")
		}
		if w.zone = fixed(name); w.zone == nil {
			if w.zone = load(name); w.zone == nil {
				return unknown(w.text(), name)
			}
		}
	}
	return nil
}

// load finds a zone of the IANA database, or nil. Names that mean the machine's own zone, or count leap seconds, are none of it.
func load(name string) *time.Location {
	if !zoneName.MatchString(name) || strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/") {
		return nil
	}
	switch name {
	case "Local", "localtime", "posixrules", "Factory":
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

func unknown(clock, name string) error {
	which := "The zone in the brackets of effective_at"
	if zoneName.MatchString(name) {
		which = "The zone " + name + " of effective_at"
	}
	return invalid(fmt.Sprintf("Write its name as the IANA list has it, such as %s[America/New_York], or an offset such as %s-05:00.", clock, clock), "%s is not known.", which)
}
