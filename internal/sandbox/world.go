package sandbox

import (
	"sync"
	"time"
)

// world holds two states: what is so, and what reads show. They are one and the same when reads do not lag.
type world struct {
	lag time.Duration

	mu      sync.RWMutex
	now     *model
	shown   *model
	pending []pendingChange // changes that shown does not have yet, oldest first
}

type pendingChange struct {
	due    time.Time
	change func(*model)
}

func newWorld(m *model, lag time.Duration) *world {
	w := &world{lag: lag, now: m, shown: m}
	if lag > 0 {
		w.shown = m.clone()
	}
	return w
}

// read calls f with what reads show, and with what is so. f must not change either.
func (w *world) read(f func(shown, now *model)) {
	w.mu.RLock()
	if len(w.pending) > 0 && !w.pending[0].due.After(time.Now()) {
		w.mu.RUnlock()
		w.catchUp()
		w.mu.RLock()
	}
	defer w.mu.RUnlock()
	f(w.shown, w.now)
}

// catchUp applies the changes that are due to the shown state.
func (w *world) catchUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for len(w.pending) > 0 && !w.pending[0].due.After(now) {
		w.pending[0].change(w.shown)
		w.pending = w.pending[1:]
	}
}

// write calls f with what is so; commit applies a change to it at once and to what reads show after the lag. The change must depend on its
// model alone.
func (w *world) write(f func(now *model, commit func(change func(*model)))) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.now, func(change func(*model)) {
		change(w.now)
		if w.shown != w.now {
			w.pending = append(w.pending, pendingChange{due: time.Now().Add(w.lag), change: change})
		}
	})
}
