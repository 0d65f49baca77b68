package journal

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// leases are those that this store holds. A goroutine renews them while there are any.
type leases struct {
	mu   sync.Mutex
	held map[string]*Lease
	// abandoned are the epochs of leases whose end could not be written.
	abandoned map[string]int64
	renewing  bool
	closed    bool
	wake      chan struct{} // the renewing goroutine shall look whether there is still something to do
	wg        sync.WaitGroup
}

func (ls *leases) init() {
	ls.held, ls.abandoned = map[string]*Lease{}, map[string]int64{}
	ls.wake = make(chan struct{}, 1)
}

// hold makes a lease of an operation that was just written as ours. began is a moment before that.
func (s *Store) hold(o *stored, began time.Time) (*Lease, error) {
	op, err := o.operation()
	if err != nil {
		return nil, err
	}
	l := &Lease{s: s, id: o.id, owner: o.owner, epoch: o.epoch, done: make(chan struct{}), settled: map[int]bool{}, o: o, op: op, renewed: began}
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	if earlier := s.leases.held[o.id]; earlier != nil {
		earlier.finish()
	}
	s.leases.held[o.id] = l
	if !s.leases.renewing && !s.leases.closed {
		s.leases.renewing = true
		s.leases.wg.Go(s.renewAll)
	}
	return l, nil
}

// drop ends a lease on our side.
func (s *Store) drop(l *Lease) {
	l.finish()
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	if s.leases.held[l.id] == l {
		delete(s.leases.held, l.id)
	}
	if len(s.leases.held) == 0 {
		s.leases.poke()
	}
}

func (ls *leases) poke() {
	select {
	case ls.wake <- struct{}{}:
	default:
	}
}

// finish marks the lease as over.
func (l *Lease) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.over = true
		close(l.done)
	}
}

func (ls *leases) get(id string) *Lease {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.held[id]
}

// close ends all leases on our side and tells whether there were any.
func (ls *leases) close() bool {
	ls.mu.Lock()
	held := len(ls.held) > 0
	for _, l := range ls.held {
		l.finish()
	}
	clear(ls.held)
	ls.closed = true
	ls.poke()
	ls.mu.Unlock()
	ls.wg.Wait()
	return held
}

// renewAll renews every lease each third of its time, so that two renewals in a row may fail. After a failure it tries again sooner.
func (s *Store) renewAll() {
	timer := time.NewTimer(s.o.Lease / 3)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.leases.wake:
		}
		s.leases.mu.Lock()
		if len(s.leases.held) == 0 {
			s.leases.renewing = false
			s.leases.mu.Unlock()
			return
		}
		held := make(map[string]*Lease, len(s.leases.held))
		for id, l := range s.leases.held {
			held[id] = l
		}
		s.leases.mu.Unlock()
		next := s.o.Lease / 3
		if err := s.renew(held); err != nil {
			s.o.Log.Warn("the leases of running operations could not be renewed", "operations", len(held), "error", err)
			next = s.o.Lease / 30
		}
		timer.Reset(next)
	}
}

// renew lengthens leases in one statement, and finds out which are lost and which operations shall stop.
func (s *Store) renew(held map[string]*Lease) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Lease/3)
	defer cancel()
	s.worker.touch()
	ids := make([]string, 0, len(held))
	for id := range held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	type row struct {
		epoch    int64
		cancelBy string
	}
	ours := map[string]row{}
	var began time.Time
	for len(ids) > 0 {
		n := min(len(ids), stepsAtOnce)
		part := ids[:n]
		ids = ids[n:]
		err := s.write(ctx, "renew leases", func(ctx context.Context, t *tx) error {
			if began.IsZero() {
				began = time.Now()
			}
			args := []any{t.now + s.o.Lease.Microseconds()}
			for _, id := range part {
				args = append(args, id)
			}
			args = append(args, s.worker.name())
			// Rows are locked in order, as everywhere, so that no two transactions wait for each other.
			r, err := t.query(ctx, `UPDATE journal_operations SET due = ? WHERE id IN (SELECT id FROM journal_operations WHERE id IN (?`+strings.Repeat(`, ?`, n-1)+
				`) AND owner = ? AND status = 'running' ORDER BY id`+t.db.forUpdate()+`) RETURNING id, epoch, cancel_by`, args...)
			if err != nil {
				return err
			}
			defer r.Close()
			for r.Next() {
				var id string
				var v row
				if err := r.Scan(&id, &v.epoch, &v.cancelBy); err != nil {
					return err
				}
				ours[id] = v
			}
			return r.Err()
		})
		if err != nil {
			return err
		}
	}
	for id, l := range held {
		v, ok := ours[id]
		if !ok || v.epoch != l.epoch {
			l.lost()
			continue
		}
		l.cancel(v.cancelBy)
		l.mu.Lock()
		l.renewed = began
		l.mu.Unlock()
	}
	return nil
}

// lost ends a lease that another worker has taken, or whose operation was ended a moment ago by ourselves.
func (l *Lease) lost() {
	l.mu.Lock()
	over := l.over
	l.mu.Unlock()
	if !over {
		l.s.o.Log.Warn("an operation was taken over by another worker", "operation", l.id, "epoch", l.epoch)
	}
	l.s.drop(l)
}
