package journal

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// batch makes a batch and n people of it, all in one state.
func batch(status Status, n int, change ...func(*Operation)) []Operation {
	set := func(o *Operation) {
		o.Status = status
		for _, c := range change {
			c(o)
		}
	}
	ops := []Operation{operation(func(o *Operation) { o.Key, o.AccountID, o.Steps = "batch:"+o.ID, "", nil }, set)}
	for range n {
		ops = append(ops, operation(func(o *Operation) { o.Parent = ops[0].ID }, set))
	}
	return ops
}

func add(t *testing.T, s *Store, ops ...Operation) {
	t.Helper()
	if err := s.Add(t.Context(), ops, nil); err != nil {
		t.Fatal(err)
	}
}

// people are the operations of a batch as they are, in their order.
func people(t *testing.T, s *Store, ops []Operation) (all []Operation) {
	t.Helper()
	for _, op := range ops[1:] {
		all = append(all, get(t, s, op.ID))
	}
	return all
}

// own lists the records of a batch without those of its people.
func own(t *testing.T, s *Store, id string) (all []string) {
	t.Helper()
	if err := s.Events(t.Context(), ExportFilter{OperationID: id}, func(e Event) error {
		if e.OperationID == id {
			all = append(all, e.Kind)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func statuses(ops []Operation) (all []Status) {
	for _, op := range ops {
		all = append(all, op.Status)
	}
	return all
}

func TestABatchEndsAsItsPeopleDid(t *testing.T) {
	tests := []struct {
		people []Status
		want   Status
	}{
		{[]Status{Succeeded, Succeeded}, Succeeded},
		{[]Status{Failed, Failed}, Failed},
		{[]Status{Failed, Cancelled}, Failed},
		{[]Status{Cancelled, Cancelled}, Cancelled},
		{[]Status{Succeeded, Failed}, Partial},
		{[]Status{Succeeded, Cancelled}, Partial},
		{[]Status{Partial, Failed}, Partial},
		{[]Status{Partial}, Partial},
	}
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		for _, test := range tests {
			ops := batch(Queued, len(test.people))
			add(t, s, ops...)
			for i, status := range test.people {
				if got := get(t, s, ops[0].ID); got.Status.Ended() {
					t.Errorf("%v: the batch is %s before its last person", test.people, got.Status)
				}
				record(t, claim(t, s, ops[i+1].ID), Update{Event: "ended", Status: status})
			}
			if got := get(t, s, ops[0].ID); got.Status != test.want || got.EndedAt.IsZero() || got.StartedAt.IsZero() {
				t.Errorf("%v: the batch is %s", test.people, got.Status)
			}
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestTheLastTwoEndAtTheSameMoment(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		first, second := open(), open()
		for range 10 {
			ops := batch(Queued, 2)
			add(t, first, ops...)
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i, s := range []*Store{first, second} {
				l := claim(t, s, ops[i+1].ID)
				wg.Go(func() {
					<-start
					if err := l.Record(t.Context(), Update{Event: "ended", Status: Succeeded}); err != nil {
						t.Error(err)
					}
				})
			}
			close(start)
			wg.Wait()
			if got := get(t, first, ops[0].ID); got.Status != Succeeded {
				t.Fatalf("the batch is %s", got.Status)
			}
			if diff := cmp.Diff([]string{"added", "started", "ended"}, own(t, first, ops[0].ID)); diff != "" {
				t.Error(diff)
			}
		}
		if v := verify(t, first, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestOnePersonIsResumedWhileTheLastOneEnds(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		first, second := open(), open()
		for range 15 {
			ops := batch(Queued, 2)
			add(t, first, ops...)
			record(t, claim(t, first, ops[1].ID), Update{Event: "ended", Status: Failed})
			l := claim(t, first, ops[2].ID)
			var again *Lease
			errs := atOnce([]*Store{first, second}, func(s *Store) (err error) {
				if s == first {
					return l.Record(t.Context(), Update{Event: "ended", Status: Succeeded})
				}
				again, err = s.Reopen(t.Context(), ops[1].ID, by, nil)
				return err
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if got := get(t, first, ops[0].ID); got.Status != Running {
				t.Fatalf("the batch is %s while one of its people is running", got.Status)
			}
			record(t, again, Update{Event: "ended", Status: Succeeded})
			if got := get(t, first, ops[0].ID); got.Status != Succeeded {
				t.Fatalf("the batch is %s", got.Status)
			}
		}
	})
}

func TestManyReplicasRunABatch(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		ops := batch(Queued, 24)
		first := open()
		add(t, first, ops...)
		var mu sync.Mutex
		runs := map[string]int{}
		var wg sync.WaitGroup
		for range 3 {
			s := open()
			wg.Go(func() {
				for {
					swept, err := s.Sweep(t.Context(), noEnqueue)
					if err != nil {
						t.Error(err)
						return
					}
					if len(swept.IDs) == 0 {
						return
					}
					var workers sync.WaitGroup
					for _, id := range swept.IDs {
						workers.Go(func() {
							l, err := s.Claim(t.Context(), id)
							if err != nil {
								t.Error(err)
								return
							}
							mu.Lock()
							runs[id]++
							mu.Unlock()
							for _, u := range []Update{{Event: "intent", Steps: map[int]Step{0: {Status: StepRunning}}}, {Event: "outcome", Steps: map[int]Step{0: done}}, {Event: "ended", Status: Succeeded}} {
								if err := l.Record(t.Context(), u); err != nil {
									t.Error(err)
								}
							}
						})
					}
					workers.Wait()
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if op, err := first.Wait(ctx, ops[0].ID); err != nil || op.Status != Succeeded {
			t.Errorf("the batch: %s %v", op.Status, err)
		}
		wg.Wait()
		for _, op := range ops[1:] {
			if runs[op.ID] != 1 {
				t.Errorf("%s ran %d times", op.ID, runs[op.ID])
			}
		}
		if counts, err := first.Count(t.Context(), ops[0].ID); err != nil || counts[Succeeded] != 24 {
			t.Errorf("%v, %v", counts, err)
		}
		if v := verify(t, first, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestABatchThatStopsOnErrors(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		ops := batch(Queued, 5, func(o *Operation) { o.StopOnError = true })
		add(t, s, ops...)
		if _, err := s.Claim(t.Context(), ops[2].ID); !errors.Is(err, ErrWaiting) {
			t.Errorf("one is begun before its turn: %v", err)
		}
		sweep(t, s) // hands all of them out, and puts them off
		record(t, claim(t, s, ops[1].ID), Update{Event: "ended", Status: Succeeded})
		if ids := sweep(t, s); !slices.Equal(ids, []string{ops[2].ID}) {
			t.Errorf("due when the one before has ended: %v, want %s", ids, ops[2].ID)
		}
		// One that was begun and given back keeps its turn.
		if err := claim(t, s, ops[2].ID).Release(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim(t.Context(), ops[3].ID); !errors.Is(err, ErrWaiting) {
			t.Errorf("one is begun before its turn: %v", err)
		}
		record(t, claim(t, s, ops[2].ID), Update{Event: "ended", Status: Failed})
		all := people(t, s, ops)
		if diff := cmp.Diff([]Status{Succeeded, Failed, Cancelled, Cancelled, Cancelled}, statuses(all)); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(string(all[4].Problem), "stops on the first error") || !strings.Contains(string(all[4].Problem), ops[2].Label) {
			t.Errorf("why: %s", all[4].Problem)
		}
		if got := get(t, s, ops[0].ID); got.Status != Partial {
			t.Errorf("the batch is %s", got.Status)
		}

		// Resumed, it takes up who failed and who was not begun.
		if _, err := s.ReopenBatch(t.Context(), ops[1].ID, by, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("resume of a person as a batch: %v", err)
		}
		got, err := s.ReopenBatch(t.Context(), ops[0].ID, by, func(Operation) map[int]Step { return map[int]Step{0: {Action: "again", Status: StepPending}} })
		if err != nil || got.Status != Running || !got.EndedAt.IsZero() {
			t.Errorf("resumed: %+v %v", got, err)
		}
		all = people(t, s, ops)
		if diff := cmp.Diff([]Status{Succeeded, Queued, Queued, Queued, Queued}, statuses(all)); diff != "" {
			t.Error(diff)
		}
		if all[2].Steps[0].Action != "again" || all[2].Problem != nil || !all[2].EndedAt.IsZero() {
			t.Errorf("resumed: %+v", all[2])
		}
		if _, err := s.ReopenBatch(t.Context(), ops[0].ID, by, nil); !errors.Is(err, ErrHeld) {
			t.Errorf("resume of a batch that runs: %v", err)
		}
		if ids := sweep(t, s); len(ids) != 4 {
			t.Errorf("swept %v", ids)
		}
		for _, op := range ops[2:] {
			record(t, claim(t, s, op.ID), Update{Event: "ended", Status: Succeeded})
		}
		if got := get(t, s, ops[0].ID); got.Status != Succeeded {
			t.Errorf("the batch is %s", got.Status)
		}
		if _, err := s.ReopenBatch(t.Context(), ops[0].ID, by, nil); !errors.Is(err, ErrEnded) {
			t.Errorf("resume of a batch with nobody left: %v", err)
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestAPersonOfABatchIsResumed(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		ops := batch(Queued, 2)
		add(t, s, ops...)
		record(t, claim(t, s, ops[1].ID), Update{Event: "ended", Status: Failed})
		record(t, claim(t, s, ops[2].ID), Update{Event: "ended", Status: Succeeded})
		if _, err := s.Reopen(t.Context(), ops[0].ID, by, nil); err == nil {
			t.Error("a batch was leased")
		}
		l, err := s.Reopen(t.Context(), ops[1].ID, by, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, ops[0].ID); got.Status != Running || !got.EndedAt.IsZero() {
			t.Errorf("the batch is %s", got.Status)
		}
		record(t, l, Update{Event: "ended", Status: Succeeded})
		if got := get(t, s, ops[0].ID); got.Status != Succeeded {
			t.Errorf("the batch is %s", got.Status)
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestCancel(t *testing.T) {
	problem := json.RawMessage(`{"code":"cancelled"}`)
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s, other := open(c.use), open(c.use)
		cancel := func(id string) (Operation, error) { return other.Cancel(t.Context(), id, by, problem) }

		waiting := map[Status]Operation{
			Queued:           operation(func(o *Operation) { o.Status = Queued }),
			Scheduled:        operation(func(o *Operation) { o.Status, o.EffectiveAt = Scheduled, c.Now().Add(time.Hour) }),
			AwaitingApproval: operation(func(o *Operation) { o.Status, o.Due = AwaitingApproval, c.Now().Add(time.Hour) }),
		}
		for status, op := range waiting {
			add(t, s, op)
			got, err := cancel(op.ID)
			if err != nil || got.Status != Cancelled || got.CancelBy == nil || *got.CancelBy != by || string(got.Problem) != string(problem) || got.EndedAt.IsZero() || !got.Due.IsZero() {
				t.Errorf("cancel of one that is %s: %+v, %v", status, got, err)
			}
			if got, err := cancel(op.ID); !errors.Is(err, ErrEnded) || got.Status != Cancelled {
				t.Errorf("cancel again: %+v, %v", got, err)
			}
			if _, err := s.Claim(t.Context(), op.ID); !errors.Is(err, ErrEnded) {
				t.Errorf("claim of what was cancelled: %v", err)
			}
		}
		if _, err := cancel("op-nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("cancel of nothing: %v", err)
		}

		l := begin(t, s, operation())
		got, err := cancel(l.id)
		if err != nil || got.Status != Running || got.CancelBy == nil {
			t.Errorf("cancel of one that runs: %+v, %v", got, err)
		}
		if _, asked := l.CancelRequested(); asked {
			t.Error("told by another process without a record or a renewal")
		}
		record(t, l, Update{Event: "outcome", Steps: map[int]Step{0: done}})
		if who, asked := l.CancelRequested(); !asked || who != by {
			t.Errorf("after a record: %v, %v", who, asked)
		}
		if _, err := s.Cancel(t.Context(), l.id, Actor{Caller: "local:2"}, nil); err != nil {
			t.Fatal(err)
		}
		if who, asked := l.CancelRequested(); !asked || who.Caller != "local:2" {
			t.Errorf("in the same process: %v, %v", who, asked)
		}
		renewed := begin(t, s, operation())
		if _, err := cancel(renewed.id); err != nil {
			t.Fatal(err)
		}
		if err := s.renew(map[string]*Lease{renewed.id: renewed}); err != nil {
			t.Fatal(err)
		}
		if _, asked := renewed.CancelRequested(); !asked {
			t.Error("not told by a renewal")
		}

		// One that was begun and given back may have written: a worker has to end it.
		if err := l.Release(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if got, err := cancel(l.id); err != nil || got.Status != Queued || got.CancelBy == nil {
			t.Errorf("cancel of one that was given back: %+v, %v", got, err)
		}
		l = claim(t, s, l.id)
		if _, asked := l.CancelRequested(); !asked {
			t.Error("the next worker is not told")
		}
		record(t, l, Update{Event: "ended", Status: Cancelled})
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestCancelOfABatch(t *testing.T) {
	problem := json.RawMessage(`{"code":"cancelled"}`)
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		ops := batch(Queued, 3)
		add(t, s, ops...)
		l := claim(t, s, ops[2].ID)
		got, err := s.Cancel(t.Context(), ops[0].ID, by, problem)
		if err != nil || got.Status != Running || got.CancelBy == nil {
			t.Errorf("the batch: %+v, %v", got, err)
		}
		if diff := cmp.Diff([]Status{Cancelled, Running, Cancelled}, statuses(people(t, s, ops))); diff != "" {
			t.Error(diff)
		}
		if _, asked := l.CancelRequested(); !asked {
			t.Error("who runs is not told")
		}
		record(t, l, Update{Event: "ended", Status: Partial})
		if got := get(t, s, ops[0].ID); got.Status != Partial {
			t.Errorf("the batch is %s", got.Status)
		}

		for _, status := range []Status{Queued, Scheduled, AwaitingApproval} {
			ops := batch(status, 2, func(o *Operation) { o.EffectiveAt, o.Due = c.Now().Add(time.Hour), c.Now().Add(time.Hour) })
			add(t, s, ops...)
			got, err := s.Cancel(t.Context(), ops[0].ID, by, problem)
			if err != nil || got.Status != Cancelled || string(got.Problem) != string(problem) {
				t.Errorf("a batch that is %s: %+v, %v", status, got, err)
			}
			if diff := cmp.Diff([]Status{Cancelled, Cancelled}, statuses(people(t, s, ops))); diff != "" {
				t.Error(diff)
			}
			// One by one, the last one ends the batch.
			ops = batch(status, 2, func(o *Operation) { o.EffectiveAt, o.Due = c.Now().Add(time.Hour), c.Now().Add(time.Hour) })
			add(t, s, ops...)
			for _, op := range ops[1:] {
				if _, err := s.Cancel(t.Context(), op.ID, by, problem); err != nil {
					t.Fatal(err)
				}
			}
			if got := get(t, s, ops[0].ID); got.Status != Cancelled {
				t.Errorf("a batch that was %s is %s", status, got.Status)
			}
		}
		if pending, err := s.Pending(t.Context()); err != nil || pending {
			t.Errorf("pending: %v, %v", pending, err)
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestDecide(t *testing.T) {
	yes, no := Approval{Approved: true, By: by}, Approval{By: by, Reason: "not now"}
	problem := json.RawMessage(`{"code":"cancelled"}`)
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		awaiting := func(change ...func(*Operation)) []Operation {
			return []Operation{operation(append([]func(*Operation){func(o *Operation) { o.Status, o.Due = AwaitingApproval, c.Now().Add(time.Hour) }}, change...)...)}
		}
		later := c.Now().Add(24 * time.Hour)
		tests := []struct {
			name     string
			ops      []Operation
			approval Approval
			want     Status
		}{
			{"approved", awaiting(), yes, Queued},
			{"approved for a time that is ahead", awaiting(func(o *Operation) { o.EffectiveAt = later }), yes, Scheduled},
			{"approved for a time that has passed", awaiting(func(o *Operation) { o.EffectiveAt = c.Now().Add(-time.Hour) }), yes, Queued},
			{"rejected", awaiting(), no, Cancelled},
			{"a batch approved", batch(AwaitingApproval, 2, func(o *Operation) { o.Due = later }), yes, Queued},
			{"a batch approved for a time that is ahead", batch(AwaitingApproval, 2, func(o *Operation) { o.Due, o.EffectiveAt = later, later }), yes, Scheduled},
			{"a batch rejected", batch(AwaitingApproval, 2, func(o *Operation) { o.Due = later }), no, Cancelled},
		}
		for _, test := range tests {
			add(t, s, test.ops...)
			for _, op := range test.ops {
				if _, err := s.Claim(t.Context(), op.ID); !errors.Is(err, ErrWaiting) {
					t.Errorf("%s: claim before that: %v", test.name, err)
				}
			}
			if len(test.ops) > 1 {
				if _, err := s.Decide(t.Context(), test.ops[1].ID, test.approval, problem); !errors.Is(err, ErrNotAwaiting) {
					t.Errorf("%s: decide on one person of a batch: %v", test.name, err)
				}
			}
			got, err := s.Decide(t.Context(), test.ops[0].ID, test.approval, problem)
			if err != nil || got.Status != test.want || got.Approval == nil || got.Approval.By != by || got.Approval.At.IsZero() {
				t.Errorf("%s: %+v, %v", test.name, got, err)
			}
			if reason := string(got.Problem); (test.want == Cancelled) != (reason == string(problem)) {
				t.Errorf("%s: problem %s", test.name, reason)
			}
			for _, op := range people(t, s, test.ops) {
				if op.Status != test.want || op.Approval == nil {
					t.Errorf("%s: a person is %+v", test.name, op)
				}
			}
			decision := map[bool]string{true: "approved", false: "rejected"}[test.approval.Approved]
			if diff := cmp.Diff([]string{"added", decision}, own(t, s, test.ops[0].ID)); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
			wantErr := ErrNotAwaiting
			if test.want == Cancelled {
				wantErr = ErrEnded
			}
			if _, err := s.Decide(t.Context(), test.ops[0].ID, test.approval, problem); !errors.Is(err, wantErr) {
				t.Errorf("%s: decided again: %v", test.name, err)
			}
		}
		// Two queued, two people of a queued batch. Those for a time that is ahead wait.
		if ids := sweep(t, s); len(ids) != 4 {
			t.Errorf("swept %v", ids)
		}
		c.add(25 * time.Hour)
		if ids := sweep(t, s); len(ids) != 4+3 {
			t.Errorf("swept %v", ids)
		}
		if _, err := s.Decide(t.Context(), "op-nothing", yes, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("decide on nothing: %v", err)
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestAnApprovalThatComesTooLate(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		due := func(o *Operation) { o.Status, o.Due = AwaitingApproval, c.Now().Add(time.Hour) }
		one, ops := operation(due), batch(AwaitingApproval, 2, due)
		add(t, s, one)
		add(t, s, ops...)
		c.add(time.Hour + time.Second)
		if got, err := s.Decide(t.Context(), one.ID, Approval{Approved: true, By: by}, nil); !errors.Is(err, ErrEnded) || got.Status != Cancelled {
			t.Errorf("decided late: %+v, %v", got, err)
		}
		if ids := sweep(t, s); len(ids) != 0 {
			t.Errorf("swept %v", ids)
		}
		for _, op := range append(people(t, s, ops), get(t, s, ops[0].ID), get(t, s, one.ID)) {
			if op.Status != Cancelled || !strings.Contains(string(op.Problem), "Nobody approved it by 2026-03-01 13:00:00 UTC") {
				t.Errorf("%+v", op)
			}
		}
		if v := verify(t, s, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}
