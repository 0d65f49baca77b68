package journal

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Grace is how long the sweep leaves an operation alone that it has handed out. Then it takes it for lost and hands it out again.
const Grace = 30 * time.Second

// sweepAtOnce bounds one sweep.
const sweepAtOnce = 500

// Swept is what a sweep found.
type Swept struct {
	IDs  []string  // were handed to enqueue
	Next time.Time // when the next operation is due; zero = none
}

type lapseEvent struct {
	Owner string `json:"owner"`
	Gone  bool   `json:"gone,omitempty"` // its process has ended
}

// Sweep hands to enqueue each operation that somebody must run: queued, scheduled when its time has come, running with a lease that has lapsed or
// with an owner on this host that is gone. In the same transaction it takes the lease away and puts off the operation by [Grace], so that two
// sweeps never hand out one twice. Operations that nobody approved in time are cancelled here. It is cheap when nothing is due.
func (s *Store) Sweep(ctx context.Context, enqueue func(context.Context, Tx, []string) error) (Swept, error) {
	if !s.Exists() {
		return Swept{}, nil
	}
	if err := s.lapse(ctx); err != nil {
		return Swept{}, err
	}
	// Whoever sweeps holds the files of those that seem gone, and may wait for the database; a process that is just making its own file waits for that.
	// So a file is made before anything is held that another may wait for.
	name := s.worker.name()
	gone := s.worker.gone()
	removable := false
	defer func() {
		for _, g := range gone {
			if err := g.forget(removable); err != nil {
				s.o.Log.Warn("the file of a worker that has ended can't be removed", "error", err)
			}
		}
	}()
	var swept Swept
	if len(gone) == 0 {
		if due, next, err := s.nextDue(ctx); err != nil || !due {
			return Swept{Next: next}, err
		}
	}
	err := s.write(ctx, "sweep the journal", func(ctx context.Context, t *tx) error {
		swept = Swept{}
		found, err := t.due(ctx, gone)
		if err != nil {
			return err
		}
		for _, d := range found {
			handed, err := t.sweep(ctx, d, name)
			if err != nil {
				return err
			}
			if handed {
				swept.IDs = append(swept.IDs, d.id)
			}
		}
		if len(swept.IDs) > 0 {
			if err := t.flush(ctx); err != nil {
				return err
			}
			if err := enqueue(ctx, t.lend(), swept.IDs); err != nil {
				return err
			}
		}
		removable = len(found) < sweepAtOnce
		if err := s.uses.forget(ctx, t); err != nil {
			return err
		}
		swept.Next, err = t.nextDue(ctx)
		return err
	})
	if err != nil {
		removable = false
		return Swept{}, err
	}
	return swept, nil
}

type dueOperation struct {
	id, status, owner string
	due, epoch        int64
	gone              bool
}

// due lists what must be looked at now. On PostgreSQL it skips what another transaction has in hand.
func (t *tx) due(ctx context.Context, gone []goneWorker) ([]dueOperation, error) {
	args := []any{t.now}
	where := `due > 0 AND due <= ?`
	ended := map[string]bool{}
	if len(gone) > 0 {
		// What a process had handed out and nobody has claimed may have been in that process's own hands.
		these := `(?` + strings.Repeat(`, ?`, len(gone)-1) + `)`
		where = `(` + where + `) OR (status = 'running' AND owner <> '' AND owner IN ` + these + `) OR (ended_at = 0 AND owner = '' AND due > 0 AND handed_by <> '' AND handed_by IN ` + these + `)`
		for range 2 {
			for _, g := range gone {
				ended[g.id] = true
				args = append(args, g.id)
			}
		}
	}
	args = append(args, int64(sweepAtOnce))
	r, err := t.query(ctx, `SELECT id, status, owner, due, epoch FROM journal_operations WHERE `+where+` ORDER BY due LIMIT ?`+t.db.skipLocked(), args...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []dueOperation
	for r.Next() {
		var d dueOperation
		if err := r.Scan(&d.id, &d.status, &d.owner, &d.due, &d.epoch); err != nil {
			return nil, err
		}
		d.gone = ended[d.owner]
		all = append(all, d)
	}
	return all, r.Err()
}

// sweep takes one operation in hand, for the worker by, and tells whether somebody has to run it.
func (t *tx) sweep(ctx context.Context, d dueOperation, by string) (bool, error) {
	if d.status == string(AwaitingApproval) {
		o, err := t.load(ctx, d.id, true)
		if err != nil || o == nil {
			return false, err
		}
		_, err = t.expire(ctx, o)
		return false, err
	}
	epoch := d.epoch
	if d.owner != "" {
		epoch++
		if err := t.note(&event{operation: d.id, kind: "lapsed", epoch: epoch, actor: "sweep"}, lapseEvent{d.owner, d.gone}); err != nil {
			return false, err
		}
	}
	return true, t.exec(ctx, `UPDATE journal_operations SET owner = '', epoch = ?, due = ?, handed_by = ? WHERE id = ?`, epoch, t.now+Grace.Microseconds(), by, d.id)
}

// nextDue tells, without a lock, whether something is due, and else when.
func (s *Store) nextDue(ctx context.Context) (due bool, next time.Time, err error) {
	err = s.read(ctx, "look for due operations", func(ctx context.Context, t *tx) error {
		if err := t.readClock(ctx); err != nil {
			return err
		}
		next, err = t.nextDue(ctx)
		due = !next.IsZero() && micros(next) <= t.now
		return err
	})
	return due, next, err
}

func (t *tx) nextDue(ctx context.Context) (time.Time, error) {
	var next int64
	_, err := one(ctx, t, []any{&next}, `SELECT coalesce(min(due), 0) FROM journal_operations WHERE due > 0`)
	return moment(next), err
}

// Pending tells whether any operation has not ended. It is cheap.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	if !s.Exists() {
		return false, nil
	}
	var pending bool
	err := s.read(ctx, "look for operations", func(ctx context.Context, t *tx) error {
		next, err := t.nextDue(ctx)
		pending = !next.IsZero()
		return err
	})
	return pending, err
}

// useSweeper forgets spent tokens that would be refused anyway by now.
type useSweeper struct {
	mu   sync.Mutex
	last int64
}

// usesKept is for how long after its expiry a token's use is kept: clocks go back.
const usesKept = 24 * time.Hour

func (u *useSweeper) forget(ctx context.Context, t *tx) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if t.now-u.last < time.Hour.Microseconds() && t.now >= u.last {
		return nil
	}
	u.last = t.now
	return t.exec(ctx, `DELETE FROM journal_uses WHERE expires < ?`, t.now-usesKept.Microseconds())
}
