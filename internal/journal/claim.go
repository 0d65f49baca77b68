package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

type claimEvent struct {
	From Status `json:"from"`
}

// Claim takes an operation that nobody runs: queued, scheduled when its time has come, or running with a lease that has lapsed or whose owner is a
// process of this host that is gone. [ErrHeld], [ErrWaiting], [ErrEnded], [ErrNotFound], or [*BusyError] when another one on its person runs.
func (s *Store) Claim(ctx context.Context, id string) (*Lease, error) {
	owner := s.worker.name()
	var is *stored
	var began time.Time
	err := s.write(ctx, "claim operation "+id, func(ctx context.Context, t *tx) error {
		began = time.Now()
		parent, o, err := t.loadToRun(ctx, id, false)
		if err != nil {
			return err
		}
		if err := s.claimable(o, t.now); err != nil {
			return err
		}
		if err := t.inTurn(ctx, o); err != nil {
			return err
		}
		is = o.copy()
		is.status, is.owner, is.epoch, is.due = string(Running), owner, o.epoch+1, t.now+s.o.Lease.Microseconds()
		if is.startedAt == 0 {
			is.startedAt = t.now
		}
		return t.run1(ctx, parent, o, is, "claimed", owner, claimEvent{Status(o.status)})
	})
	if err != nil && !s.isOurs(ctx, err, is) {
		return nil, err
	}
	return s.hold(is, began)
}

func (s *Store) claimable(o *stored, now int64) error {
	switch Status(o.status) {
	case AwaitingApproval:
		return ErrWaiting
	case Scheduled:
		if o.effectiveAt > now {
			return ErrWaiting
		}
	case Queued, Running:
	default:
		return ErrEnded
	}
	if o.children > 0 {
		return ErrWaiting
	}
	if o.owner != "" && o.due > now && s.worker.alive(o.owner) {
		return ErrHeld
	}
	return nil
}

// inTurn keeps the people of a batch that stops on errors in their order, one after the other: who has not begun can then be left alone. [ErrWaiting]
// for one whose turn has not come; the end of the one before makes it due.
func (t *tx) inTurn(ctx context.Context, o *stored) error {
	if o.parent == "" {
		return nil
	}
	var before int64
	_, err := one(ctx, t, []any{&before}, `SELECT count(*) FROM journal_operations c JOIN journal_operations p ON p.id = c.parent
		WHERE c.parent = ? AND c.parent <> '' AND p.stop_on_error <> 0 AND c.created_at < ? AND c.ended_at = 0`, o.parent, o.createdAt)
	if err == nil && before > 0 {
		err = ErrWaiting
	}
	return err
}

// loadToRun locks an operation, and the batch that it belongs to where the batch is not running yet. Batches come before their people, always.
// again is for one that has ended: its batch may end at this very moment, so it is locked whatever it is.
func (t *tx) loadToRun(ctx context.Context, id string, again bool) (parent, o *stored, err error) {
	var parentID, parentStatus string
	found, err := one(ctx, t, []any{&parentID, &parentStatus},
		`SELECT o.parent, coalesce(p.status, '') FROM journal_operations o LEFT JOIN journal_operations p ON p.id = o.parent AND o.parent <> '' WHERE o.id = ?`, id)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, ErrNotFound
	}
	if parentID != "" && (again || parentStatus != string(Running)) {
		if parent, err = t.lockParent(ctx, parentID); err != nil {
			return nil, nil, err
		}
	}
	if o, err = t.load(ctx, id, true); err == nil && o == nil {
		err = ErrNotFound
	}
	return parent, o, err
}

// run1 writes an operation as running, after its batch where that isn't yet.
func (t *tx) run1(ctx context.Context, parent, was, is *stored, kind, actor string, data any) error {
	if parent != nil && parent.status != string(Running) {
		running := parent.copy()
		running.status, running.endedAt, running.problem, running.cancelBy = string(Running), 0, "", ""
		if running.startedAt == 0 {
			running.startedAt = t.now
		}
		if err := t.change(ctx, parent, running, "started", actor, claimEvent{Status(parent.status)}); err != nil {
			return err
		}
	}
	return t.change(ctx, was, is, kind, actor, data)
}

// change writes an operation's new state together with its event, if no other one is in the way.
func (t *tx) change(ctx context.Context, was, is *stored, kind, actor string, data any) error {
	if is.status != was.status {
		if err := t.free(ctx, is); err != nil {
			return err
		}
	}
	if err := t.update(ctx, was, is); err != nil {
		return err
	}
	if is.ended() {
		t.ended(is.id)
	}
	return t.event(kind, is, actor, data)
}

type resumeEvent struct {
	By    Actor        `json:"by"`
	From  Status       `json:"from"`
	Steps map[int]Step `json:"steps,omitempty"`
}

// Reopen takes up an operation that has ended as partial or failed, because a person asked for it: running again, leased to this store, with
// those steps set back. Its batch runs again too. [ErrEnded] for one that has nothing left to do, [ErrHeld] for one that has not ended.
func (s *Store) Reopen(ctx context.Context, id string, by Actor, steps map[int]Step) (*Lease, error) {
	owner := s.worker.name()
	var is *stored
	var began time.Time
	err := s.write(ctx, "resume operation "+id, func(ctx context.Context, t *tx) error {
		began = time.Now()
		parent, o, err := t.loadToRun(ctx, id, true)
		if err != nil {
			return err
		}
		if o.children > 0 {
			return errors.New("a batch is resumed by its people")
		}
		switch Status(o.status) {
		case Partial, Failed:
		case Succeeded, Cancelled:
			return ErrEnded
		default:
			return ErrHeld
		}
		if is, err = o.reopened(steps); err != nil {
			return err
		}
		is.status, is.owner, is.epoch, is.due = string(Running), owner, o.epoch+1, t.now+s.o.Lease.Microseconds()
		return t.run1(ctx, parent, o, is, "resumed", by.Caller, resumeEvent{by, Status(o.status), steps})
	})
	if err != nil && !s.isOurs(ctx, err, is) {
		return nil, err
	}
	return s.hold(is, began)
}

// reopened is an ended operation as it begins anew: without what ended it, and with these steps set back.
func (o *stored) reopened(steps map[int]Step) (*stored, error) {
	is := o.copy()
	is.endedAt, is.problem, is.cancelBy = 0, "", ""
	for i, step := range steps {
		if i < 0 || i >= len(is.steps) {
			return nil, fmt.Errorf("operation %s has no step %d", o.id, i)
		}
		var err error
		if is.steps[i], err = jsonText(step); err != nil {
			return nil, err
		}
	}
	return is, nil
}

// ReopenBatch takes up a batch that has ended: each of its people who failed, is partial, or was not begun, and whom nobody cancelled, is queued again, with the steps that reset
// gives for it set back. The sweep does the rest. [ErrEnded] when nobody is left to do, [ErrHeld] when the batch has not ended.
func (s *Store) ReopenBatch(ctx context.Context, id string, by Actor, reset func(Operation) map[int]Step) (Operation, error) {
	var op Operation
	err := s.write(ctx, "resume batch "+id, func(ctx context.Context, t *tx) error {
		parent, err := t.lockParent(ctx, id)
		switch {
		case err != nil:
			return err
		case parent == nil || parent.children == 0:
			return ErrNotFound
		case !parent.ended():
			return ErrHeld
		}
		children, err := t.lockChildren(ctx, id, Partial, Failed, Cancelled)
		if err != nil {
			return err
		}
		// Who was cancelled by somebody, and not because another one failed, stays so.
		children = slices.DeleteFunc(children, func(o *stored) bool { return o.cancelBy != "" })
		if len(children) == 0 {
			return ErrEnded
		}
		running := parent.copy()
		running.status, running.endedAt, running.problem, running.cancelBy = string(Running), 0, "", ""
		if err := t.change(ctx, parent, running, "resumed", by.Caller, resumeEvent{By: by, From: Status(parent.status)}); err != nil {
			return err
		}
		for _, o := range children {
			op, err := o.operation()
			if err != nil {
				return err
			}
			steps := reset(op)
			is, err := o.reopened(steps)
			if err != nil {
				return err
			}
			is.status, is.due, is.epoch = string(Queued), t.now, o.epoch+1
			if err := t.change(ctx, o, is, "resumed", by.Caller, resumeEvent{by, Status(o.status), steps}); err != nil {
				return err
			}
		}
		op, err = running.operation()
		return err
	})
	return op, err
}
