package events

import (
	"context"
	"errors"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// overlap is how far back a follower begins where the service no longer knows its cursor: whatever was processed since has been written under ids that
// are still remembered, so that nothing is missed and nothing comes twice.
const overlap = Lateness + time.Hour

// Position is how far a follower is in the stream, which is in the order in which the service processed events.
type Position struct {
	Cursor string    // the service's own; "" = from Mark
	Mark   time.Time // the latest time of processing that was seen
	Floor  time.Time // where it began: nothing that was processed before is told
}

// Started is the position of who begins at a time. The service tells milliseconds.
func Started(at time.Time) Position {
	at = at.UTC().Truncate(time.Millisecond)
	return Position{Mark: at, Floor: at}
}

// seen are the ids of events that were told, with when they were processed (seconds since 1970).
type seen map[string]int64

// prune forgets what no overlap reaches any more.
func (s seen) prune(mark time.Time) {
	oldest := mark.Add(-overlap).Unix()
	for id, at := range s {
		if at < oldest {
			delete(s, id)
		}
	}
}

// again is where to read from when the cursor is of no use: a day and an hour before the mark, but neither before the beginning nor before the log.
func (p Position) again(now time.Time) admin.Stream {
	from := p.Mark.Add(-overlap)
	for _, bound := range []time.Time{p.Floor, now.Add(-Kept)} {
		if from.Before(bound) {
			from = bound
		}
	}
	return admin.Stream{From: from}
}

// advance is the step from a page: which of its entries are new, where to go on, and whether the stream ends there for now.
func (p Position) advance(told seen, page admin.Page[admin.Event]) (fresh []admin.Event, next Position, end bool) {
	next = p
	taken := map[string]bool{}
	for _, e := range page.Items {
		at := processed(e)
		if at.After(next.Mark) {
			next.Mark = at
		}
		if _, old := told[e.ID]; old || taken[e.ID] || at.Before(p.Floor) {
			continue
		}
		taken[e.ID] = true
		fresh = append(fresh, e)
	}
	end = len(page.Items) == 0 || page.Next == "" || page.Next == p.Cursor
	next.Cursor = page.Next
	return fresh, next, end
}

// processed is when an entry came into the log.
func processed(e admin.Event) time.Time {
	if e.ProcessedAt.IsZero() {
		return e.Time
	}
	return e.ProcessedAt
}

// Batch is what one page of the stream brought.
type Batch struct {
	Events []Event  // in the order of the stream
	After  Position // where to go on once they are told
	End    bool     // there is nothing more for now
}

// Follower goes along the stream of events. It is not safe for concurrent use.
type Follower struct {
	log    *Log
	filter Filter
	at     Position
	told   seen
}

// Follow returns a follower at a position. told are the ids that were told before, which aren't told again.
func (l *Log) Follow(f Filter, at Position, told map[string]int64) *Follower {
	if told == nil {
		told = seen{}
	}
	return &Follower{log: l, filter: f, at: at, told: told}
}

// Next reads one page of the stream. The follower stays where it is until [Follower.Commit]. A cursor that the service no longer knows is recovered
// from. Other errors are those of [admin.Client.EventsStream], and those of [admin.Client.EventActions] that pass by themselves while the names of actions
// were never read.
func (f *Follower) Next(ctx context.Context) (Batch, error) {
	if f.log.missing != nil {
		return Batch{}, f.log.missing
	}
	known, err := f.log.known(ctx)
	if _, passes := patience(err, 0); known == nil && passes {
		return Batch{}, err // what an unknown action means decides whether it is told, and nobody looks at it again
	}
	page, err := f.read(ctx)
	if err != nil {
		return Batch{}, err
	}
	fresh, after, end := f.at.advance(f.told, page)
	b := Batch{After: after, End: end}
	for _, entry := range fresh {
		if e, ok := known.read(entry); ok && f.filter.fits(e) {
			e.ProcessedAt = processed(entry)
			b.Events = append(b.Events, e)
		}
	}
	return b, nil
}

func (f *Follower) read(ctx context.Context) (admin.Page[admin.Event], error) {
	if f.at.Cursor != "" {
		page, err := f.log.source.EventsStream(ctx, admin.Stream{Limit: f.log.perPage}, f.at.Cursor)
		if !errors.Is(err, admin.ErrCursorExpired) {
			return page, err
		}
		f.at.Cursor = ""
	}
	stream := f.at.again(f.log.now())
	stream.Limit = f.log.perPage
	return f.log.source.EventsStream(ctx, stream, "")
}

// Commit goes on behind a batch, whose events are told.
func (f *Follower) Commit(b Batch) {
	for _, e := range b.Events {
		f.told[e.ID] = e.ProcessedAt.Unix()
	}
	f.at = b.After
	f.told.prune(f.at.Mark)
}

// Position is where the follower is.
func (f *Follower) Position() Position { return f.at }
