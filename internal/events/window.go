package events

import (
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// usual is the window of a question that names none.
const usual = 30 * 24 * time.Hour

// slack is what a window may begin before the log does: whoever counts 180 days back has counted before we do.
const slack = time.Hour

// window makes from and to a span of time that the log has: the last 30 days where nothing is said.
func window(from, to, now time.Time) (time.Time, time.Time, error) {
	oldest := now.Add(-Kept)
	if to.IsZero() || to.After(now) {
		to = now.Add(time.Millisecond - 1).Truncate(time.Millisecond) // which is what the service counts in
	}
	if from.IsZero() {
		from = to.Add(-usual)
		if from.Before(oldest) && to.After(oldest) {
			from = oldest
		}
	}
	day := oldest.UTC().Format(time.RFC3339)
	switch {
	case from.After(now):
		return from, to, fault.New(fault.InvalidArgument, "Give a time that is past, or leave from out for the last 30 days.", "The argument from is ahead: it is %s now.", now.UTC().Format(time.RFC3339))
	case !to.After(oldest):
		return from, to, fault.New(fault.InvalidArgument, "Give a to after "+day+", or leave it out for now. What is older is gone unless somebody kept it (docs/events.md).",
			"The window ends at %s, and the organization's audit log keeps 180 days.", to.UTC().Format(time.RFC3339))
	case from.Before(oldest.Add(-slack)):
		return from, to, fault.New(fault.InvalidArgument, "Begin at "+day+" or later. What is older is gone unless somebody kept it (docs/events.md).",
			"The window begins at %s, and the organization's audit log keeps 180 days.", from.UTC().Format(time.RFC3339))
	case !from.Before(to):
		return from, to, fault.New(fault.InvalidArgument, "Give a from that is before to.", "The window ends at %s, and begins no earlier.", to.UTC().Format(time.RFC3339))
	case from.Before(oldest):
		from = oldest
	}
	return from, to, nil
}

// CheckStart refuses a time that a watch can't begin at.
func CheckStart(from, now time.Time) error {
	_, _, err := window(from, now.Add(time.Nanosecond), now.Add(time.Nanosecond))
	return err
}
