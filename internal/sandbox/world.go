package sandbox

import (
	"slices"
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
	queued  []queuedChange  // changes that are not made yet, oldest first
}

// queuedChange is a change that was accepted and is made later, and who is told what it did.
type queuedChange struct {
	pendingChange
	did func(m *model, did []happened)
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
	if now := time.Now(); len(w.pending) > 0 && !w.pending[0].due.After(now) || len(w.queued) > 0 && !w.queued[0].due.After(now) {
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
	w.settle()
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
	w.settle()
	f(w.now, w.commit)
}

func (w *world) commit(change func(*model)) {
	change(w.now)
	if w.shown != w.now {
		w.pending = append(w.pending, pendingChange{due: time.Now().Add(w.lag), change: change})
	}
}

// later queues a change; it is called inside a write. did is called when it was made.
func (w *world) later(delay time.Duration, change func(*model), did func(m *model, did []happened)) {
	w.queued = append(w.queued, queuedChange{pendingChange{due: time.Now().Add(delay), change: change}, did})
	slices.SortStableFunc(w.queued, func(a, b queuedChange) int { return a.due.Compare(b.due) })
}

// settle makes the queued changes that are due.
func (w *world) settle() {
	now := time.Now()
	for len(w.queued) > 0 && !w.queued[0].due.After(now) {
		next := w.queued[0]
		w.queued = w.queued[1:]
		next.did(w.now, w.now.listen(func() { w.commit(next.change) }))
	}
}
