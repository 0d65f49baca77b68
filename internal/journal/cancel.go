package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// ErrNotAwaiting tells that an operation does not wait for an approval.
var ErrNotAwaiting = errors.New("the operation does not wait for an approval")

type cancelEvent struct {
	By       *Actor          `json:"by,omitempty"`
	Approval *Approval       `json:"approval,omitempty"`
	Problem  json.RawMessage `json:"problem,omitempty"`
}

// Cancel ends an operation that has not begun, with problem as its reason. One that has begun is asked to stop before its next step, and its worker ends it.
// Of a batch both happen to its people, each as it is. [ErrEnded] comes with the operation as it ended.
func (s *Store) Cancel(ctx context.Context, id string, by Actor, problem json.RawMessage) (Operation, error) {
	return s.changeWaiting(ctx, "cancel operation "+id, id, func(ctx context.Context, t *tx, parent, o *stored) (*stored, error) {
		if o.ended() {
			return o, ErrEnded
		}
		is, err := t.cancel(ctx, o, by, problem)
		if err != nil {
			return nil, err
		}
		if o.children > 0 {
			children, err := t.lockChildren(ctx, id, AwaitingApproval, Scheduled, Queued, Running)
			if err != nil {
				return nil, err
			}
			for _, child := range children {
				if _, err := t.cancel(ctx, child, by, problem); err != nil {
					return nil, err
				}
			}
			return is, t.settle(ctx, is, nil)
		}
		if is.ended() {
			return is, t.settle(ctx, parent, is)
		}
		return is, nil
	})
}

// changeWaiting runs fn on a locked operation and gives it as it is afterwards. fn's sentinel errors come with the operation.
func (s *Store) changeWaiting(ctx context.Context, doing, id string, fn func(ctx context.Context, t *tx, parent, o *stored) (*stored, error)) (Operation, error) {
	var is *stored
	err := s.write(ctx, doing, func(ctx context.Context, t *tx) error {
		var parentID string
		found, err := one(ctx, t, []any{&parentID}, `SELECT parent FROM journal_operations WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if !found {
			return ErrNotFound
		}
		parent, err := t.lockParent(ctx, parentID)
		if err != nil {
			return err
		}
		o, err := t.load(ctx, id, true)
		if err != nil {
			return err
		}
		if o == nil {
			return ErrNotFound
		}
		if is, err = fn(ctx, t, parent, o); err != nil {
			return err
		}
		if o.children > 0 {
			is, err = t.load(ctx, id, false) // settling may have ended it
		}
		return err
	})
	if is == nil {
		return Operation{}, err
	}
	op, err2 := is.operation()
	return op, errors.Join(err, err2)
}

// cancel ends an operation that has not begun, and asks one that has to stop.
func (t *tx) cancel(ctx context.Context, o *stored, by Actor, problem json.RawMessage) (*stored, error) {
	who, err := jsonText(by)
	if err != nil {
		return nil, err
	}
	text, err := jsonText(problem)
	if err != nil {
		return nil, err
	}
	is := o.copy()
	is.cancelBy = who
	if o.children > 0 || o.startedAt != 0 {
		if o.children > 0 {
			is.problem = text
		}
		t.after = append(t.after, func() {
			if l := t.s.leases.get(o.id); l != nil {
				l.cancel(who)
			}
		})
		return is, t.change(ctx, o, is, "cancel_requested", by.Caller, cancelEvent{By: &by, Problem: problem})
	}
	is.status, is.endedAt, is.due, is.owner, is.problem = string(Cancelled), t.now, 0, "", text
	return is, t.change(ctx, o, is, "cancelled", by.Caller, cancelEvent{By: &by, Problem: problem})
}

// cancelNow ends an operation that has not begun.
func (t *tx) cancelNow(ctx context.Context, o *stored, problem, kind, actor string, data cancelEvent) error {
	is := o.copy()
	is.status, is.endedAt, is.due, is.owner, is.problem = string(Cancelled), t.now, 0, "", problem
	return t.change(ctx, o, is, kind, actor, data)
}

// Decide ends the wait for an approval: the operation is queued, or scheduled where its time is ahead, or cancelled with problem as its reason; a batch
// with its people. The caller has checked who may decide. [ErrNotAwaiting] for one that does not wait, [ErrEnded] when it has ended, also because
// the time for approval is over.
func (s *Store) Decide(ctx context.Context, id string, a Approval, problem json.RawMessage) (Operation, error) {
	late := false
	op, err := s.changeWaiting(ctx, "decide on operation "+id, id, func(ctx context.Context, t *tx, _, o *stored) (*stored, error) {
		late = false
		switch {
		case o.ended():
			return o, ErrEnded
		case o.status != string(AwaitingApproval):
			return o, ErrNotAwaiting
		case o.parent != "":
			return o, fmt.Errorf("%w of its own: it belongs to batch %s", ErrNotAwaiting, o.parent)
		case o.due <= t.now:
			late = true
			return t.expire(ctx, o)
		}
		if a.At.IsZero() {
			a.At = moment(t.now)
		}
		return t.decide(ctx, o, a, problem)
	})
	if err == nil && late {
		err = ErrEnded
	}
	return op, err
}

func (t *tx) decide(ctx context.Context, o *stored, a Approval, problem json.RawMessage) (*stored, error) {
	text, err := jsonText(a)
	if err != nil {
		return nil, err
	}
	reason, err := jsonText(problem)
	if err != nil {
		return nil, err
	}
	kind, data := "approved", cancelEvent{Approval: &a}
	if !a.Approved {
		kind, data.Problem = "rejected", problem
	}
	decided := func(o *stored) *stored {
		is := o.copy()
		switch {
		case !a.Approved:
			is.status, is.endedAt, is.due, is.problem = string(Cancelled), t.now, 0, reason
		case o.effectiveAt > t.now:
			is.status, is.due = string(Scheduled), o.effectiveAt
		default:
			is.status, is.due = string(Queued), t.now
		}
		if o.children > 0 {
			is.due = 0
		}
		is.approval = text
		return is
	}
	is := decided(o)
	if err := t.change(ctx, o, is, kind, a.By.Caller, data); err != nil {
		return nil, err
	}
	if o.children == 0 {
		return is, nil
	}
	children, err := t.lockChildren(ctx, o.id, AwaitingApproval)
	if err != nil {
		return nil, err
	}
	for _, child := range children {
		if err := t.change(ctx, child, decided(child), kind, a.By.Caller, data); err != nil {
			return nil, err
		}
	}
	// All of its people may have been cancelled one by one while it waited.
	return is, t.settle(ctx, is, nil)
}

// expire cancels an operation that nobody approved in time, and its people.
func (t *tx) expire(ctx context.Context, o *stored) (*stored, error) {
	problem, err := json.Marshal(fault.New(fault.Cancelled, "Ask for the change again, and have it approved in time.",
		"Nobody approved it by %s, so nothing was done.", moment(o.due).Format("2006-01-02 15:04:05 MST")))
	if err != nil {
		return nil, err
	}
	all := []*stored{o}
	if o.children > 0 {
		children, err := t.lockChildren(ctx, o.id, AwaitingApproval)
		if err != nil {
			return nil, err
		}
		all = append(all, children...)
	}
	for _, each := range all {
		if err := t.cancelNow(ctx, each, string(problem), "expired", "sweep", cancelEvent{Problem: problem}); err != nil {
			return nil, err
		}
	}
	return t.load(ctx, o.id, false)
}
