package journal

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is what a random sequence of calls has made, and what was seen of it.
type world struct {
	t      *rapid.T
	ctx    context.Context
	clock  *clock
	stores []*Store
	ids    []string
	leases []*Lease
	seen   map[string]Operation
	epochs map[string]int64 // of the last lease that was given
}

func (w *world) store() *Store { return rapid.SampledFrom(w.stores).Draw(w.t, "store") }

func (w *world) id() string {
	if len(w.ids) == 0 {
		w.t.Skip("no operations")
	}
	return rapid.SampledFrom(w.ids).Draw(w.t, "operation")
}

// take notes a lease that was given, or an error that is one of those a caller must expect.
func (w *world) take(l *Lease, err error) {
	if err != nil {
		w.expected(err)
		return
	}
	if l.epoch <= w.epochs[l.id] {
		w.t.Fatalf("operation %s was leased under epoch %d after %d", l.id, l.epoch, w.epochs[l.id])
	}
	w.epochs[l.id] = l.epoch
	w.leases = append(w.leases, l)
}

func (w *world) expected(err error) {
	var busy *BusyError
	if errors.As(err, &busy) {
		return
	}
	for _, e := range []error{ErrHeld, ErrEnded, ErrWaiting, ErrLost, ErrNotAwaiting} {
		if errors.Is(err, e) {
			return
		}
	}
	w.t.Fatalf("unexpected: %v", err)
}

func (w *world) person() func(*Operation) {
	key := fmt.Sprintf("account:x%d", rapid.IntRange(1, 4).Draw(w.t, "person"))
	return func(o *Operation) { o.Key = key }
}

var stepStatus = rapid.SampledFrom([]StepStatus{StepPending, StepRunning, StepDone, StepAlready, StepFailed, StepSkipped, StepUnknown})

func (w *world) actions() map[string]func(*rapid.T) {
	act := func(fn func()) func(*rapid.T) {
		return func(t *rapid.T) {
			w.t = t
			fn()
		}
	}
	return map[string]func(*rapid.T){
		"begin": act(func() {
			op := operation(w.person())
			l, err := w.store().Begin(w.ctx, op, nil)
			if err == nil {
				w.ids = append(w.ids, op.ID)
			}
			w.take(l, err)
		}),
		"add": act(func() {
			op := operation(w.person())
			op.Status = rapid.SampledFrom([]Status{Queued, Scheduled, AwaitingApproval}).Draw(w.t, "status")
			op.EffectiveAt, op.Due = w.clock.Now().Add(20*time.Second), w.clock.Now().Add(20*time.Second)
			w.added(w.store().Add(w.ctx, []Operation{op}, nil), op)
		}),
		"add batch": act(func() {
			ops := batch(rapid.SampledFrom([]Status{Queued, Scheduled, AwaitingApproval}).Draw(w.t, "status"), rapid.IntRange(1, 3).Draw(w.t, "people"), func(o *Operation) {
				o.EffectiveAt, o.Due = w.clock.Now().Add(20*time.Second), w.clock.Now().Add(20*time.Second)
			})
			ops[0].StopOnError = rapid.Bool().Draw(w.t, "stop on error")
			w.added(w.store().Add(w.ctx, ops, nil), ops...)
		}),
		"sweep": act(func() {
			if _, err := w.store().Sweep(w.ctx, noEnqueue); err != nil {
				w.t.Fatal(err)
			}
		}),
		"claim":  act(func() { w.take(w.store().Claim(w.ctx, w.id())) }),
		"cancel": act(func() { _, err := w.store().Cancel(w.ctx, w.id(), by, nil); w.maybe(err) }),
		"decide": act(func() {
			_, err := w.store().Decide(w.ctx, w.id(), Approval{Approved: rapid.Bool().Draw(w.t, "yes"), By: by}, nil)
			w.maybe(err)
		}),
		"reopen": act(func() {
			id := w.id()
			if w.seen[id].Key == "batch:"+id {
				_, err := w.store().ReopenBatch(w.ctx, id, by, func(op Operation) map[int]Step { return map[int]Step{0: {Status: StepPending}} })
				w.maybe(err)
				return
			}
			w.take(w.store().Reopen(w.ctx, id, by, map[int]Step{0: {Status: StepPending}}))
		}),
		"record": act(func() {
			l := w.lease()
			u := Update{Event: "outcome", Steps: map[int]Step{rapid.IntRange(0, 1).Draw(w.t, "step"): {Status: stepStatus.Draw(w.t, "step status")}}}
			u.Status = rapid.SampledFrom([]Status{"", "", "", Running, Succeeded, Partial, Failed, Cancelled}).Draw(w.t, "status")
			before := w.seen[l.id]
			err := l.Record(w.ctx, u)
			if err == nil && (before.Owner != l.owner || before.Epoch != l.epoch) && !(before.Status == u.Status && before.Epoch == l.epoch) {
				w.t.Fatalf("recorded under epoch %d of %s, which %s has under %d", l.epoch, l.owner, before.Owner, before.Epoch)
			}
		}),
		"release": act(func() { w.maybe(w.lease().Release(w.ctx, 0)) }),
		"renew": act(func() {
			l := w.lease()
			if err := l.s.renew(map[string]*Lease{l.id: l}); err != nil {
				w.t.Fatal(err)
			}
		}),
		"time passes":    act(func() { w.clock.add(time.Duration(rapid.IntRange(1, 40).Draw(w.t, "seconds")) * time.Second) }),
		"time goes back": act(func() { w.clock.add(-time.Duration(rapid.IntRange(1, 40).Draw(w.t, "seconds")) * time.Second) }),
		"":               act(w.check),
	}
}

func (w *world) lease() *Lease {
	if len(w.leases) == 0 {
		w.t.Skip("no leases")
	}
	return rapid.SampledFrom(w.leases).Draw(w.t, "lease")
}

func (w *world) maybe(err error) {
	if err != nil {
		w.expected(err)
	}
}

func (w *world) added(err error, ops ...Operation) {
	if err != nil {
		w.expected(err)
		return
	}
	w.ids = append(w.ids, ids(ops)...)
}

// check looks at everything after each call.
func (w *world) check() {
	active := map[string]string{}
	all := w.everything()
	for id, op := range all {
		before, known := w.seen[id]
		if op.Status == Queued || op.Status == Running {
			if other := active[op.Key]; other != "" {
				w.t.Fatalf("%s and %s are active on %s", other, id, op.Key)
			}
			active[op.Key] = id
		}
		if op.Status.Ended() && (op.Owner != "" || !op.Due.IsZero() || op.EndedAt.IsZero()) {
			w.t.Fatalf("ended, but %+v", op)
		}
		w.owners(op)
		if op.Key == "batch:"+id {
			w.family(op, all)
		}
		if !known {
			continue
		}
		if op.Epoch < before.Epoch {
			w.t.Fatalf("operation %s goes from epoch %d to %d", id, before.Epoch, op.Epoch)
		}
		for i, step := range op.Steps {
			if op.Epoch == before.Epoch && before.Steps[i].Status.over() && !step.Status.over() {
				w.t.Fatalf("step %d of %s goes from %s to %s under epoch %d", i, id, before.Steps[i].Status, step.Status, op.Epoch)
			}
		}
	}
	w.seen = all
}

// everything reads all operations with their steps, in two statements.
func (w *world) everything() map[string]Operation {
	all := map[string]Operation{}
	err := w.stores[0].read(w.ctx, "read everything", func(ctx context.Context, t *tx) error {
		rows, err := t.operations(ctx, `SELECT `+operationColumns+` FROM journal_operations`)
		if err != nil {
			return err
		}
		byID := map[string]*stored{}
		for _, o := range rows {
			byID[o.id] = o
		}
		r, err := t.query(ctx, `SELECT operation_id, step FROM journal_steps ORDER BY operation_id, n`)
		if err != nil {
			return err
		}
		defer r.Close()
		for r.Next() {
			var id, step string
			if err := r.Scan(&id, &step); err != nil {
				return err
			}
			byID[id].steps = append(byID[id].steps, step)
		}
		for id, o := range byID {
			if all[id], err = o.operation(); err != nil {
				return err
			}
		}
		return r.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// owners checks that one lease at most can record.
func (w *world) owners(op Operation) {
	n := 0
	for _, l := range w.leases {
		if l.id == op.ID && op.Owner == l.owner && op.Epoch == l.epoch {
			n++
		}
	}
	if n > 1 || n == 0 && op.Owner != "" {
		w.t.Fatalf("%d leases are that of %+v", n, op)
	}
}

// family checks that a batch has ended when, and only when, its people have.
func (w *world) family(batch Operation, all map[string]Operation) {
	counts := map[Status]int64{}
	for _, op := range all {
		if op.Parent == batch.ID {
			counts[op.Status]++
		}
	}
	if want := batchStatus(counts); want.Ended() != batch.Status.Ended() || want.Ended() && want != batch.Status {
		w.t.Fatalf("the batch is %s, its people are %v", batch.Status, counts)
	}
}

func TestWhateverIsCalled(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		stores := []*Store{open(c.use), open(c.use)}
		rapid.Check(t, func(rt *rapid.T) {
			wipe(t, stores[0])
			w := &world{t: rt, ctx: t.Context(), clock: c, stores: stores, seen: map[string]Operation{}, epochs: map[string]int64{}}
			rt.Repeat(w.actions())
			if v := verify(t, stores[0], ""); v.Problem != nil {
				rt.Fatal(v.Problem)
			}
		})
	})
}
