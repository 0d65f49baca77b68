package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

const (
	// leaseFor is for how long a worker has the turn without saying that it is still there.
	leaseFor = 5 * time.Minute
	// retryAfter is how long a review that failed waits.
	retryAfter = time.Hour
)

// turn is whose turn it is to make the report, as the workers on one journal tell each other.
type turn struct {
	State string `json:"state"` // "running", "done" or "failed"
	// At is when the last complete review began.
	At time.Time `json:"at,omitzero"`
	// Until is the end of the lease of a running one, and when a failed one is tried again.
	Until  time.Time `json:"until,omitzero"`
	Owner  string    `json:"owner,omitempty"`
	Report string    `json:"report,omitempty"` // of the last complete review

	text string // as it was read
}

const (
	running = "running"
	done    = "done"
	failed  = "failed"
)

// due tells when the next review may begin; the zero time is at once.
func (t turn) due(every time.Duration) time.Time {
	switch t.State {
	case done:
		return t.At.Add(every)
	case running, failed:
		return t.Until
	}
	return time.Time{}
}

// errLost says that another worker has taken the turn.
var errLost = errors.New("another worker has taken the review over")

// turns are the turns of one site in a journal.
type turns struct {
	journal *journal.Store
	name    string
	owner   string // unlike that of every other worker
	now     func() time.Time
}

func (s turns) read(ctx context.Context) (turn, error) {
	text, err := s.journal.Note(ctx, s.name)
	if err != nil || text == "" {
		return turn{text: text}, err
	}
	t := turn{text: text}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return turn{}, fmt.Errorf("read whose turn the review is: %w", err)
	}
	return t, nil
}

// swap writes next in the place of t. It tells errLost where somebody else has written meanwhile.
func (s turns) swap(ctx context.Context, t, next turn) (turn, error) {
	next.Owner = s.owner
	data, err := json.Marshal(next)
	if err != nil {
		return turn{}, err
	}
	next.text = string(data)
	swapped, err := s.journal.SwapNote(ctx, s.name, t.text, next.text)
	if err == nil && !swapped {
		err = errLost
	}
	return next, err
}

// hold runs work while the turn is this worker's. work's context ends when it no longer is.
func (s turns) hold(ctx context.Context, t turn, work func(context.Context) (report string, err error)) error {
	began := s.now()
	mine, err := s.swap(ctx, t, turn{State: running, At: t.At, Report: t.Report, Until: began.Add(leaseFor)})
	if err != nil {
		return err
	}
	working, cancel := context.WithCancelCause(ctx)
	renewed := make(chan turn, 1)
	go func() {
		renewed <- s.renew(working, mine, cancel)
	}()
	report, err := work(working)
	lost := context.Cause(working)
	cancel(nil)
	mine = <-renewed
	if errors.Is(lost, errLost) {
		return lost
	}
	next := turn{State: done, At: began, Report: report}
	if err != nil {
		next = turn{State: failed, At: t.At, Report: t.Report, Until: s.now().Add(retryAfter)}
		if ctx.Err() != nil { // stopped: the next worker goes on at once
			next.Until = s.now()
		}
	}
	_, ending := s.swap(context.WithoutCancel(ctx), mine, next)
	return errors.Join(err, ending)
}

// renew keeps the turn until ctx ends, and gives it as it is then.
func (s turns) renew(ctx context.Context, mine turn, lost context.CancelCauseFunc) turn {
	tick := time.NewTicker(leaseFor / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return mine
		case <-tick.C:
		}
		next := mine
		next.Until = s.now().Add(leaseFor)
		next, err := s.swap(ctx, mine, next)
		switch {
		case err == nil:
			mine = next
		case errors.Is(err, errLost), s.now().After(mine.Until):
			lost(errLost)
			return mine
		}
	}
}
