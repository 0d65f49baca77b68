package when

import (
	"fmt"
	"slices"
	"time"
)

// around is how far from a reading of the clock its instant may be: no offset is as large.
const around = 26 * time.Hour

// change is a clock change of a zone.
type change struct {
	at            time.Time
	before, after time.Duration // offsets
}

// instant is the moment that is meant.
func (w written) instant() (time.Time, error) {
	switch {
	case w.zone == nil:
		return inZone(w.clock, offsetOf(w.clock, w.offset), w.offset), nil
	case w.utc:
		return w.clock.In(w.zone), nil
	}
	moments, changes := readings(w.clock, w.zone)
	if len(moments) == 0 {
		return time.Time{}, w.skipped(changes)
	}
	if w.offset != nil {
		offset := offsetOf(w.clock, w.offset)
		for _, m := range moments {
			if offsetOf(m, w.zone) == offset {
				return m, nil
			}
		}
		return time.Time{}, w.contradicts(moments)
	}
	if len(moments) > 1 {
		return time.Time{}, w.twice(moments)
	}
	return moments[0], nil
}

// readings are the moments at which a clock of the zone shows that time: one, none in a gap, two where the clock is set back. In the order in
// which they come.
func readings(clock time.Time, zone *time.Location) ([]time.Time, []change) {
	var changes []change
	from := clock.Add(-around).In(zone)
	possible := []time.Duration{offsetOf(from, zone)}
	for at := from; ; {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(clock.Add(around)) {
			break
		}
		offset := offsetOf(end, zone)
		changes = append(changes, change{end, possible[len(possible)-1], offset})
		possible = append(possible, offset)
		at = end
	}
	var moments []time.Time
	for _, offset := range possible {
		m := inZone(clock, offset, zone)
		if offsetOf(m, zone) == offset && !slices.ContainsFunc(moments, m.Equal) {
			moments = append(moments, m)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments, changes
}

// inZone is the moment at which a clock with the offset shows that time.
func inZone(clock time.Time, offset time.Duration, zone *time.Location) time.Time {
	return clock.Add(-offset).In(zone)
}

// offsetOf is a zone's offset at a moment.
func offsetOf(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// skipped says between which hours the clock jumps, and what time it was meant to be if it had not.
func (w written) skipped(changes []change) error {
	for _, c := range changes {
		first, next := c.at.UTC().Add(c.before), c.at.UTC().Add(c.after) // what the clock shows, and would have shown
		if !w.clock.Before(first) && w.clock.Before(next) {
			return invalid(fmt.Sprintf("Write a time outside of that gap, such as %s[%s].", w.clock.Add(c.after-c.before).Format(layout), w.zone),
				"effective_at is %s, which does not exist in %s: the clocks go from %s straight to %s.", w.text(), w.zone, first.Format("2006-01-02 15:04"), next.Format("2006-01-02 15:04"))
		}
	}
	return invalid("Write another time, or an offset such as +01:00 instead of the zone.", "effective_at is %s, which does not exist in %s.", w.text(), w.zone)
}

// twice asks which of two moments is meant.
func (w written) twice(moments []time.Time) error {
	return invalid(fmt.Sprintf("Write %s for the first, or %s for the second.", Format(moments[0]), Format(moments[1])),
		"effective_at is %s, which comes twice in %s, since the clocks are set back then.", w.text(), w.zone)
}

// contradicts says which offset the zone has at that time.
func (w written) contradicts(moments []time.Time) error {
	right := Format(moments[0])
	if len(moments) > 1 {
		right += " or " + Format(moments[1])
	}
	return invalid(fmt.Sprintf("Write %s, or leave the offset or the zone out.", right),
		"effective_at says %s for its offset, which %s does not have at that time.", w.clock.In(w.offset).Format("-07:00"), label(w.zone))
}

// label names a zone, which is an offset where it was written as one.
func label(zone *time.Location) string {
	if name := zone.String(); name != "" {
		return name
	}
	return time.Time{}.In(zone).Format("-07:00")
}
