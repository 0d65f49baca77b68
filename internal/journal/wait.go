package journal

import (
	"context"
	"slices"
	"sync"
	"time"
)

// waitPoll is how often a wait looks for what another process has done.
const waitPoll = 250 * time.Millisecond

// waiters are told at once of what this store ends.
type waiters struct {
	mu sync.Mutex
	by map[string][]chan struct{}
}

func (w *waiters) add(id string) chan struct{} {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string][]chan struct{}{}
	}
	w.by[id] = append(w.by[id], c)
	return c
}

func (w *waiters) remove(id string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by[id] = slices.DeleteFunc(w.by[id], func(other chan struct{}) bool { return other == c })
	if len(w.by[id]) == 0 {
		delete(w.by, id)
	}
}

func (w *waiters) tell(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.by[id] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// ended notes that the transaction ends an operation, so that who waits for it is told after the commit.
func (t *tx) ended(id string) {
	t.after = append(t.after, func() { t.s.waiters.tell(id) })
}

// Wait returns when the operation has ended, or with ctx's error. It is told at once by this store, and within 250 ms of what other processes do.
func (s *Store) Wait(ctx context.Context, id string) (Operation, error) {
	told := s.waiters.add(id)
	defer s.waiters.remove(id, told)
	poll := time.NewTicker(waitPoll)
	defer poll.Stop()
	for {
		var status string
		err := s.read(ctx, "wait for operation "+id, func(ctx context.Context, t *tx) error {
			found, err := one(ctx, t, []any{&status}, `SELECT status FROM journal_operations WHERE id = ?`, id)
			if err == nil && !found {
				err = ErrNotFound
			}
			return err
		})
		if err != nil {
			return Operation{}, err
		}
		if Status(status).Ended() {
			return s.Get(ctx, id)
		}
		select {
		case <-told:
		case <-poll.C:
		case <-ctx.Done():
			return Operation{}, ctx.Err()
		}
	}
}
