package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// recordTimeout bounds a Record, which its caller's end does not: what has happened must be written down.
const recordTimeout = 30 * time.Second

// Lease is an operation in the hands of this store. The store renews it until it ends, is released, or is lost to another worker.
type Lease struct {
	s     *Store
	id    string
	owner string
	epoch int64
	done  chan struct{}

	recording sync.Mutex // one record at a time; guards settled
	settled   map[int]bool

	mu      sync.Mutex
	o       *stored
	op      Operation
	renewed time.Time
	over    bool
}

// Operation is the operation as it is now, with its steps.
func (l *Lease) Operation() Operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	op := l.op
	op.Steps = slices.Clone(op.Steps)
	return op
}

// Done is closed when the operation is no longer this worker's: ended, released, or lost.
func (l *Lease) Done() <-chan struct{} { return l.done }

// CancelRequested gives who asked for the operation to stop, as of the last Record or renewal.
func (l *Lease) CancelRequested() (Actor, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.op.CancelBy == nil {
		return Actor{}, false
	}
	return *l.op.CancelBy, true
}

// Fresh tells whether the lease is surely still ours: renewed so lately that nobody else can have taken it. Ask right before each write. Both clocks must
// agree: the monotonic one, which nobody sets, and the wall clock, which also counts the time that a laptop was asleep.
func (l *Lease) Fresh() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.s.o.Lease - l.s.o.Lease/6
	now := time.Now()
	return !l.over && now.Sub(l.renewed) < limit && now.Round(0).Sub(l.renewed.Round(0)) < limit
}

// Update is what a worker records of its operation. The zero value of a field leaves things as they are.
type Update struct {
	Event    string       // kind of the event, such as "intent", "outcome", "ended"
	Steps    map[int]Step // whole new steps by index
	AllSteps []Step       // in place of all steps
	Status   Status       // Running, or an end, which ends the lease too

	AccountID, Email, Key string // learned meanwhile
	PlanID                string

	Plan, Snapshot, Problem json.RawMessage
}

// updateEvent is an Update as its event keeps it.
type updateEvent struct {
	Steps     map[int]Step    `json:"steps,omitempty"`
	AllSteps  []Step          `json:"all_steps,omitempty"`
	Status    Status          `json:"status,omitempty"`
	AccountID string          `json:"account_id,omitempty"`
	Email     string          `json:"email,omitempty"`
	Key       string          `json:"key,omitempty"`
	PlanID    string          `json:"plan_id,omitempty"`
	Plan      json.RawMessage `json:"plan,omitempty"`
	Snapshot  json.RawMessage `json:"snapshot,omitempty"`
	Problem   json.RawMessage `json:"problem,omitempty"`
}

func (u Update) event() updateEvent {
	return updateEvent{
		Steps: u.Steps, AllSteps: u.AllSteps, Status: u.Status, AccountID: u.AccountID, Email: u.Email, Key: u.Key, PlanID: u.PlanID,
		Plan: u.Plan, Snapshot: u.Snapshot, Problem: u.Problem,
	}
}

// Record writes what happened, in one transaction with its event, under the lease's epoch. It goes on when ctx is cancelled, for 30 s at most.
// [ErrLost]: another worker has the operation, and nothing has changed but for an event that keeps what was brought too late.
// After any other error nothing is known to be recorded, and the same Record may be tried again.
func (l *Lease) Record(ctx context.Context, u Update) error {
	l.recording.Lock()
	defer l.recording.Unlock()
	if u.Status != "" && u.Status != Running && !u.Status.Ended() {
		return fmt.Errorf("record operation %s: a worker can't make it %s", l.id, u.Status)
	}
	was := l.current()
	if err := l.forward(u); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	var is *stored
	var refused bool
	err := l.s.write(ctx, "record operation "+l.id, func(ctx context.Context, t *tx) (err error) {
		refused = false
		if is, err = u.apply(was, t.now); err != nil {
			return err
		}
		var parent *stored
		if u.Status.Ended() {
			if parent, err = t.lockParent(ctx, was.parent); err != nil {
				return err
			}
		}
		now := &stored{}
		found, err := one(ctx, t, []any{&now.owner, &now.epoch, &now.status, &now.cancelBy},
			`SELECT owner, epoch, status, cancel_by FROM journal_operations WHERE id = ?`+t.db.forUpdate(), l.id)
		if err != nil {
			return err
		}
		if !found || now.owner != l.owner || now.epoch != l.epoch {
			if now.epoch == l.epoch && now.ended() && now.status == string(u.Status) {
				return nil // an earlier try, whose answer was lost, did it
			}
			refused = true
			return t.note(&event{operation: l.id, kind: "refused", epoch: l.epoch, actor: l.owner}, u.event())
		}
		before := was.copy()
		before.cancelBy, is.cancelBy = now.cancelBy, now.cancelBy
		if is.subject != before.subject {
			if err := t.free(ctx, is); err != nil {
				return err
			}
		}
		if err := t.update(ctx, before, is); err != nil {
			return err
		}
		if err := t.event(u.Event, is, l.owner, u.event()); err != nil {
			return err
		}
		if is.ended() {
			t.ended(is.id)
			return t.settle(ctx, parent, is)
		}
		return nil
	})
	if err == nil && refused {
		err = ErrLost
	}
	if errors.Is(err, ErrLost) {
		l.s.drop(l)
		return fmt.Errorf("record operation %s: %w", l.id, err)
	}
	if err != nil {
		return err
	}
	l.settle(u)
	if err := l.set(is); err != nil {
		return err
	}
	if is.ended() {
		l.s.drop(l)
	}
	return nil
}

// apply gives the rows after the update.
func (u Update) apply(was *stored, now int64) (*stored, error) {
	op := Operation{ID: was.id, Plan: u.Plan, Snapshot: u.Snapshot, Problem: u.Problem, Steps: u.AllSteps, AccountID: u.AccountID, Email: u.Email, Key: u.Key, PlanID: u.PlanID}
	brought, err := op.stored()
	if err != nil {
		return nil, err
	}
	is := was.copy()
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&is.accountID, brought.accountID},
		{&is.email, brought.email},
		{&is.subject, brought.subject},
		{&is.planID, brought.planID},
		{&is.plan, brought.plan},
		{&is.snapshot, brought.snapshot},
		{&is.problem, brought.problem},
		{&is.status, string(u.Status)},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if u.AllSteps != nil {
		is.steps = brought.steps
	}
	for i, step := range u.Steps {
		if i < 0 || i >= len(is.steps) {
			return nil, fmt.Errorf("operation %s has no step %d", was.id, i)
		}
		if is.steps[i], err = jsonText(step); err != nil {
			return nil, fmt.Errorf("step %d of operation %s: %w", i, was.id, err)
		}
	}
	if u.Status.Ended() {
		is.endedAt, is.owner, is.due = now, "", 0
	}
	return is, nil
}

// over tells whether a step has come to an end in an attempt.
func (s StepStatus) over() bool { return s != StepPending && s != StepRunning }

// forward refuses an update that would begin a step again which has come to an end under this lease: that takes a new lease.
func (l *Lease) forward(u Update) error {
	steps := l.Operation().Steps
	for i, step := range u.Steps {
		if l.settled[i] && !step.Status.over() {
			return fmt.Errorf("record operation %s: step %d (%s) is %s and can't be %s again under the same lease", l.id, i, step.Action, steps[i].Status, step.Status)
		}
	}
	if u.AllSteps == nil {
		return nil
	}
	for i := range l.settled {
		if i >= len(u.AllSteps) || u.AllSteps[i].Action != steps[i].Action || u.AllSteps[i].Target != steps[i].Target || !u.AllSteps[i].Status.over() {
			return fmt.Errorf("record operation %s: step %d (%s) is %s and can't be replaced under the same lease", l.id, i, steps[i].Action, steps[i].Status)
		}
	}
	return nil
}

// settle remembers which steps have come to an end under this lease.
func (l *Lease) settle(u Update) {
	for i, step := range u.Steps {
		if step.Status.over() {
			l.settled[i] = true
		}
	}
}

// Release gives the operation back unfinished, for whoever is next: queued, and due after that time; 0 is now.
func (l *Lease) Release(ctx context.Context, after time.Duration) error {
	l.recording.Lock()
	defer l.recording.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err := l.s.write(ctx, "release operation "+l.id, func(ctx context.Context, t *tx) error {
		o, err := t.load(ctx, l.id, true)
		if err != nil {
			return err
		}
		if o == nil || o.owner != l.owner || o.epoch != l.epoch || o.ended() {
			return ErrLost
		}
		is := o.copy()
		is.status, is.owner, is.due = string(Queued), "", t.now+after.Microseconds()
		if err := t.update(ctx, o, is); err != nil {
			return err
		}
		return t.event("released", is, l.owner, struct{}{})
	})
	if err == nil || errors.Is(err, ErrLost) {
		l.s.drop(l)
	}
	return err
}

func (l *Lease) current() *stored {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o
}

func (l *Lease) set(o *stored) error {
	op, err := o.operation()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.o, l.op = o, op
	return nil
}

// cancel notes that somebody asked for the operation to stop.
func (l *Lease) cancel(by string) {
	var actor Actor
	if by == "" || json.Unmarshal([]byte(by), &actor) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.op.CancelBy = &actor
}
