package events

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Feed tells subscribers that there are new events. It asks the service only while somebody is subscribed, once for all of them, and goes on from where
// the process before it had told: what happened in between is told to the first who subscribes.
//
// Processes that share a state directory tell their own subscribers each; one of them keeps the position.
type Feed struct {
	log      *Log
	path     string
	interval time.Duration
	slog     *slog.Logger

	mu      sync.Mutex
	tell    map[any]func()
	stop    context.CancelFunc // of the loop that runs; nil = none
	stopped chan struct{}      // closed when it has ended
}

// NewFeed returns a feed that keeps its position in a folder and asks every interval.
func NewFeed(log *Log, dir string, interval time.Duration, slog *slog.Logger) *Feed {
	return &Feed{log: log, path: filepath.Join(dir, "subscription.jsonl"), interval: interval, slog: slog, tell: map[any]func(){}}
}

// Subscribe has tell called whenever there are new events, until Unsubscribe with the same key. tell must not block.
func (f *Feed) Subscribe(key any, tell func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell[key] = tell
	if f.stop != nil {
		return
	}
	if f.log.Check() != nil { // a subscription can't be refused any more, but whoever reads the resource is told why there will be nothing
		go tell()
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	before, stopped, now := f.stopped, make(chan struct{}), f.log.now()
	f.stop, f.stopped = stop, stopped
	go func() {
		defer close(stopped)
		if before != nil {
			<-before // it may still hold the position
		}
		f.run(ctx, now)
	}()
}

// Unsubscribe ends a subscription. Without one, nothing is asked.
func (f *Feed) Unsubscribe(key any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tell, key)
	if len(f.tell) == 0 && f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// Close ends all subscriptions and waits for what runs.
func (f *Feed) Close() {
	f.mu.Lock()
	clear(f.tell)
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
	stopped := f.stopped
	f.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
}

// run follows the events until ctx ends, from now where no position is stored.
func (f *Feed) run(ctx context.Context, now time.Time) {
	store, err := OpenStore(f.path, "the resource of the server")
	switch {
	case fault.Is(err, fault.Conflict):
		f.slog.Debug("another process keeps the position of the subscription to events")
	case err != nil:
		f.slog.Warn("the position of the subscription to events can't be kept: a restart begins anew", "error", err)
	default:
		defer func() { _ = store.Close() }() // everything in it is on the disk
	}
	state := State{Position: Started(now)}
	if store != nil && !store.State().Fresh {
		state = store.State()
	} else if store != nil {
		if err := store.commit(state.Position, nil, 0, nil); err != nil {
			f.slog.Warn("the position of the subscription to events can't be kept", "error", err)
		}
	}
	follower := f.log.Follow(Filter{}, state.Position, state.Told)
	for ctx.Err() == nil {
		wait := f.step(ctx, follower, store)
		if wait == 0 {
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// step reads one page and tells of what is new in it. The position is stored behind that. It returns how long to wait.
func (f *Feed) step(ctx context.Context, follower *Follower, store *Store) time.Duration {
	b, err := follower.Next(ctx)
	if err != nil {
		wait, passes := patience(err, f.interval)
		if !passes {
			wait = max(f.interval, time.Minute)
		}
		if ctx.Err() == nil {
			f.slog.Warn("the events can't be read for subscribers", "again in", wait, "error", err)
		}
		return max(wait, time.Millisecond)
	}
	if len(b.Events) > 0 {
		f.mu.Lock()
		for _, tell := range f.tell {
			tell()
		}
		f.mu.Unlock()
	}
	moved := b.After != follower.Position() || len(b.Events) > 0
	follower.Commit(b)
	if moved && store != nil {
		if err := store.commit(follower.at, b.Events, 0, follower.told); err != nil {
			f.slog.Warn("the position of the subscription to events can't be kept", "error", err)
		}
	}
	if b.End {
		return max(f.interval, time.Millisecond)
	}
	return 0
}

// Stopped is closed when nothing is asked any more, after the last has unsubscribed; nil where nobody ever subscribed.
func (f *Feed) Stopped() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}
