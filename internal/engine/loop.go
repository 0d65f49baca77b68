package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errClosed is what inserting gives before River was opened. The sweep rolls back, and is done again when River's tables are there.
var errClosed = errors.New("the queue is not open")

// loop is the engine at work. Its fields belong to the goroutine that runs work.
type loop struct {
	*Engine
	wait     time.Duration // until the next sweep
	failures int           // sweeps that failed in a row

	source  source  // nil until River's tables are known to be there
	carrier carrier // inserts jobs, and runs them when running is true
	running bool
	once    bool           // the process does one thing and exits, so it need not listen for what others take in
	drains  bool           // who called Drain waits for what is inserted now
	ended   sync.WaitGroup // carriers that were told to end when they were idle
}

// work sweeps until ctx ends, then ends the jobs and waits for them. The first sweep is for a drain, or waits until the process has started.
func (l *loop) work(ctx context.Context, answer chan<- drain) {
	defer l.ended.Wait()
	defer func() {
		if l.running {
			l.carrier.halt()
		}
	}()
	if answer != nil {
		answer <- l.drain(ctx)
	}
	timer := time.NewTimer(l.wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			_, _ = l.look(ctx) // it has logged its error
		case <-l.kicked:
			_, _ = l.look(ctx)
		case answer := <-l.drained:
			answer <- l.drain(ctx)
		}
		timer.Reset(l.wait)
	}
}

// look is one sweep and what follows from it. It sets when the next one is due.
func (l *loop) look(ctx context.Context) ([]string, error) {
	l.wait = l.sweep
	if !l.journal.Exists() {
		return nil, nil
	}
	ids, next, err := l.take(ctx)
	if err == nil {
		err = l.carry(ctx, len(ids) > 0)
	}
	if err != nil {
		if ctx.Err() == nil {
			l.failed(err)
		}
		return nil, err
	}
	if l.failures > 0 {
		l.log.Info("the journal answers again")
		l.failures = 0
	}
	l.wait = untilNext(l.sweep, time.Now(), next, len(ids) > 0)
	return ids, nil
}

// take gives what is due to River.
func (l *loop) take(ctx context.Context) ([]string, time.Time, error) {
	swept, err := l.journal.Sweep(ctx, l.insert)
	if errors.Is(err, errClosed) {
		if err = l.open(ctx); err == nil {
			swept, err = l.journal.Sweep(ctx, l.insert)
		}
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("look for operations to run: %w", err)
	}
	return swept.IDs, swept.Next, nil
}

// failed tells of the first failure of a row, and makes the pauses longer.
func (l *loop) failed(err error) {
	l.wait = pause(l.sweep, l.failures)
	if l.failures == 0 {
		l.log.Warn("operations that wait can't be run now; trying again until it works", "error", err)
	} else {
		l.log.Debug("operations that wait still can't be run", "error", err, "attempt", l.failures+1)
	}
	l.failures++
}

// untilNext is how long to sleep after a sweep: until the next operation is due, and no longer than every. took tells whether the sweep took any.
func untilNext(every time.Duration, now, next time.Time, took bool) time.Duration {
	switch until := next.Sub(now); {
	case next.IsZero(), until >= every:
		return every
	case until > 0:
		return until
	case took: // it took as many as one sweep may, and there are more
		return 0
	default: // due by this clock and not by the database's
		return every / 20
	}
}

// pause is how long to sleep after a failure that followed so many others: a fifth of the usual time, twice as long each time, at most six times
// the usual time.
func pause(every time.Duration, failures int) time.Duration {
	return min(every/5<<min(failures, 10), 6*every)
}
