package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Use is the spending of a confirmation token, together with what it confirmed.
type Use struct {
	Token   string    // of which only a digest is kept
	Expires time.Time // when it would be refused anyway, so that its use may be forgotten
}

// Used tells whether a token was spent.
func (s *Store) Used(ctx context.Context, token string) (bool, error) {
	if !s.Exists() {
		return false, nil
	}
	var found bool
	err := s.read(ctx, "look up a confirmation", func(ctx context.Context, t *tx) error {
		var err error
		found, err = t.used(ctx, token)
		return err
	})
	return found, err
}

func tokenDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (t *tx) used(ctx context.Context, token string) (bool, error) {
	var id string
	return one(ctx, t, []any{&id}, `SELECT operation_id FROM journal_uses WHERE token = ?`, tokenDigest(token))
}

// spend notes a token as used. Where two do it at the same moment, the primary key lets one through; the other is run again and finds it used.
func (t *tx) spend(ctx context.Context, use *Use, operation string) error {
	if use == nil {
		return nil
	}
	if used, err := t.used(ctx, use.Token); err != nil || used {
		if err == nil {
			err = ErrTokenUsed
		}
		return err
	}
	return t.exec(ctx, `INSERT INTO journal_uses (token, operation_id, used_at, expires) VALUES (?, ?, ?, ?)`, tokenDigest(use.Token), operation, t.now, micros(use.Expires))
}

// free refuses an operation while another one of its person is in the way. The unique indexes stand behind it.
func (t *tx) free(ctx context.Context, o *stored) error {
	const active, waiting = `('queued', 'running')`, `('scheduled', 'awaiting_approval')`
	group := active
	switch Status(o.status) {
	case Scheduled, AwaitingApproval:
		group = waiting
	case Queued, Running:
	default:
		return nil
	}
	var id, status string
	found, err := one(ctx, t, []any{&id, &status}, `SELECT id, status FROM journal_operations WHERE subject = ? AND id <> ? AND status IN `+group, o.subject, o.id)
	if err == nil && found {
		err = &BusyError{OperationID: id, Status: Status(status), Key: o.subject}
	}
	return err
}

type operationEvent struct {
	Operation Operation `json:"operation"`
}

// Begin puts an operation on disk as running, with a lease for this store, and spends use, all or nothing: [*BusyError] when the person is taken,
// [ErrTokenUsed]. After it returns, the operation survives this process.
func (s *Store) Begin(ctx context.Context, op Operation, use *Use) (*Lease, error) {
	if err := complete(op); err != nil {
		return nil, err
	}
	if op.Parent != "" {
		return nil, errors.New("an operation of a batch is added with its batch")
	}
	owner := s.worker.name()
	var o *stored
	var began time.Time
	err := s.write(ctx, "begin operation "+op.ID, func(ctx context.Context, t *tx) error {
		began = time.Now()
		op := op
		op.Status, op.Owner, op.Epoch, op.EndedAt = Running, owner, 1, time.Time{}
		op.CreatedAt = orNow(op.CreatedAt, t.now)
		op.StartedAt, op.Due = moment(t.now), moment(t.now+s.o.Lease.Microseconds())
		var err error
		if o, err = op.stored(); err != nil {
			return err
		}
		if err := t.spend(ctx, use, op.ID); err != nil {
			return err
		}
		if err := t.free(ctx, o); err != nil {
			return err
		}
		if err := t.insert(ctx, o); err != nil {
			return err
		}
		return t.event("begun", o, op.Actor.Caller, operationEvent{op})
	})
	if err != nil && !s.isOurs(ctx, err, o) {
		return nil, err
	}
	return s.hold(o, began)
}

// isOurs finds out whether an operation became ours although the answer of the commit was lost.
func (s *Store) isOurs(ctx context.Context, err error, o *stored) bool {
	var lost *commitError
	if o == nil || !errors.As(err, &lost) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout/3)
	defer cancel()
	op, err := s.Get(ctx, o.id)
	return err == nil && op.Owner == o.owner && op.Epoch == o.epoch
}

// Add puts operations on disk that wait: queued, scheduled for their EffectiveAt, or awaiting approval until their Due. An operation that others
// name as their Parent is a batch: it is queued or running with no owner, or waits together with its people, and ends with the last of them.
// It is all or nothing, as with Begin.
func (s *Store) Add(ctx context.Context, ops []Operation, use *Use) error {
	if len(ops) == 0 {
		return errors.New("nothing to add")
	}
	parents := map[string]Operation{}
	children := map[string]int64{}
	for _, op := range ops {
		if err := complete(op); err != nil {
			return err
		}
		parents[op.ID] = op
		if op.Parent != "" {
			children[op.Parent]++
		}
	}
	return s.write(ctx, "add operation "+ops[0].ID, func(ctx context.Context, t *tx) error {
		if err := t.spend(ctx, use, ops[0].ID); err != nil {
			return err
		}
		var all []*stored
		for i, op := range ops {
			parent, ok := parents[op.Parent]
			if op.Parent != "" && (!ok || parent.Parent != "") {
				return fmt.Errorf("operation %s belongs to batch %s, which is not added with it", op.ID, op.Parent)
			}
			// Those of one batch keep their order in lists.
			op.CreatedAt = orNow(op.CreatedAt, t.now+int64(i))
			op.Owner, op.Epoch, op.EndedAt = "", 0, time.Time{}
			var err error
			if op.Due, err = dueWhenAdded(op, t.now, children[op.ID] > 0); err != nil {
				return err
			}
			if op.Parent != "" && op.Status == Queued { // a batch is begun in its order
				op.Due = op.Due.Add(time.Duration(i) * time.Microsecond)
			}
			if op.Status == Running {
				op.StartedAt = moment(t.now)
			}
			o, err := op.stored()
			if err != nil {
				return err
			}
			o.children = children[op.ID]
			all = append(all, o)
			if err := t.event("added", o, op.Actor.Caller, operationEvent{op}); err != nil {
				return err
			}
		}
		// Two that add the same people in another order would wait for each other on PostgreSQL.
		slices.SortStableFunc(all, func(a, b *stored) int { return strings.Compare(a.subject, b.subject) })
		for _, o := range all {
			if err := t.free(ctx, o); err != nil {
				return err
			}
			if err := t.insert(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// dueWhenAdded is when the sweep shall look at an operation that waits. A batch is never due but for the end of its wait for approval: its people are.
func dueWhenAdded(op Operation, now int64, batch bool) (time.Time, error) {
	switch {
	case op.Status == AwaitingApproval && op.Parent != "":
		return time.Time{}, nil
	case op.Status == AwaitingApproval && op.Due.IsZero():
		return time.Time{}, fmt.Errorf("operation %s waits for approval without an end", op.ID)
	case op.Status == AwaitingApproval:
		return op.Due, nil
	case op.Status == Scheduled && op.EffectiveAt.IsZero():
		return time.Time{}, fmt.Errorf("operation %s is scheduled for no time", op.ID)
	case batch && (op.Status == Queued || op.Status == Running || op.Status == Scheduled):
		return time.Time{}, nil
	case op.Status == Queued:
		return moment(now), nil
	case op.Status == Scheduled:
		return op.EffectiveAt, nil
	}
	return time.Time{}, fmt.Errorf("operation %s can't be added as %s", op.ID, op.Status)
}

func complete(op Operation) error {
	if op.ID == "" || op.Kind == "" || op.Key == "" {
		return fmt.Errorf("operation %q of kind %q on %q: id, kind and key are needed", op.ID, op.Kind, op.Key)
	}
	return nil
}

func orNow(at time.Time, now int64) time.Time {
	if at.IsZero() {
		return moment(now)
	}
	return at
}
