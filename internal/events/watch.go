package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"syscall"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Watch writes new events down, a line of JSON each, in the order in which the service processed them.
//
// It can be stopped at any moment, also by kill -9, and goes on where it was:
//
//   - No event is lost. The position is stored behind what was written, so that what was not written is read again.
//   - With Out no event is written twice: the file itself tells what was written behind the stored position. A line that was not finished is cut off.
//   - Without, each line is recorded right after it was written. A process that dies between the two writes that one line again.
type Watch struct {
	Log    *Log
	Filter Filter
	// From is where a watch without a stored position begins; zero = now.
	From time.Time
	// Out is a file to append to; "" = Writer.
	Out    string
	Writer io.Writer
	// Store keeps the position.
	Store *Store
	// Interval is the pause where there is nothing more.
	Interval time.Duration
	// Once ends the watch where there is nothing more for now.
	Once bool
	Slog *slog.Logger
}

// Run watches until ctx ends, or the reader of Writer has gone: both are no errors. What passes by itself (a limit, an outage) is logged and waited for.
func (w Watch) Run(ctx context.Context) (err error) {
	if err := w.Log.Check(); err != nil {
		return err
	}
	var out output = pipe{w.Writer}
	if w.Out != "" {
		if out, err = openFile(w.Out); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return errors.Join(w.run(ctx, out), out.Close())
}

func (w Watch) run(ctx context.Context, out output) error {
	state, err := out.recover(w.Store.State())
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if state.Fresh {
		from := w.From
		if from.IsZero() {
			from = w.Log.now()
		}
		state.Position = Started(from)
	}
	f := w.Log.Follow(w.Filter, state.Position, state.Told)
	// From here on a restart begins where this one did, and knows what was read back.
	size, err := out.flush()
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if err := w.Store.rewrite(f.at, f.told, size, false); err != nil {
		return err
	}
	for {
		wait, err := w.step(ctx, out, f)
		switch {
		case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
			return nil
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case wait == 0:
			continue
		case w.Once:
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// step reads one page and writes it down. It returns how long to wait before the next.
func (w Watch) step(ctx context.Context, out output, f *Follower) (time.Duration, error) {
	b, err := f.Next(ctx)
	if err != nil {
		wait, passes := patience(err, w.Interval)
		if !passes || w.Once {
			return 0, err
		}
		if ctx.Err() == nil {
			w.Slog.Warn("the events can't be read right now; trying again", "in", wait, "error", err)
		}
		return wait, nil
	}
	if err := w.renew(out, f); err != nil {
		return 0, err
	}
	for _, e := range b.Events {
		if err := out.write(e); err != nil {
			return 0, fmt.Errorf("write an event: %w", err)
		}
		if !out.remembers() {
			if err := w.Store.wrote(e); err != nil {
				return 0, err
			}
		}
	}
	if b.After != f.Position() || len(b.Events) > 0 {
		if err := w.commit(out, f, b); err != nil {
			return 0, err
		}
	}
	if b.End {
		return max(w.Interval, time.Millisecond), nil
	}
	return 0, nil
}

// renew goes over to a new file where the output was moved away since the last batch. What was written is in the old one, and a restart has to look for
// nothing in the new one.
func (w Watch) renew(out output, f *Follower) error {
	renewed, err := out.renewed()
	if err == nil && renewed {
		err = w.Store.rewrite(f.at, f.told, 0, false)
	}
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// commit stores that a batch was written.
func (w Watch) commit(out output, f *Follower, b Batch) error {
	size, err := out.flush()
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	f.Commit(b)
	var unrecorded []Event
	if out.remembers() {
		unrecorded = b.Events
	}
	return w.Store.commit(f.at, unrecorded, size, f.told)
}

// patience tells whether an error passes by itself, and how long to wait before the next attempt.
func patience(err error, interval time.Duration) (time.Duration, bool) {
	var e *rest.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	switch {
	case e.Status == http.StatusTooManyRequests, e.Status >= 500:
	case e.Status == 0 && e.Code != rest.CodeBadRequest && e.Code != rest.CodeRedirected && e.Code != rest.CodeCancelled:
	case e.Status == http.StatusOK: // an answer that broke off, or a proxy's page
	default:
		return 0, false
	}
	return max(interval, e.RetryAfter), true
}
