package journal

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

func TestMain(m *testing.M) {
	// Each check of a property is some hundred transactions on a disk. Ask for more with -rapid.checks.
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	os.Exit(pgtest.Run(m))
}

// each runs a test against both kinds of database. open gives further stores on the same one, each as another process would have it.
func each(t *testing.T, test func(t *testing.T, open func(...func(*Options)) *Store)) {
	t.Helper()
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := Options{Dir: t.TempDir()}
			if kind == "postgres" {
				o.URL = pgtest.URL(t)
			}
			test(t, func(change ...func(*Options)) *Store {
				o := o
				for _, c := range change {
					c(&o)
				}
				s := New(o)
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				})
				return s
			})
		})
	}
}

var operations atomic.Int64

// operation is one with two steps on a person of its own.
func operation(change ...func(*Operation)) Operation {
	n := operations.Add(1)
	op := Operation{
		ID: NewID(time.Now()), Kind: "offboard_user", Key: fmt.Sprintf("account:%d", n), AccountID: fmt.Sprint(n), Email: fmt.Sprintf("p%d@example.com", n),
		Label: fmt.Sprintf("Person %d", n), Reason: "left", Actor: Actor{Caller: "local:1000", Client: "test"}, PlanID: "plan",
		Confirmation: &Confirmation{Means: "token", By: Actor{Caller: "local:1000"}, At: time.Unix(1700000000, 0).UTC(), Shown: "the plan"},
		Request:      json.RawMessage(`{"user":"x"}`), Plan: json.RawMessage(`{"steps":2}`), Snapshot: json.RawMessage(`{"active":true}`),
		Steps: []Step{{Action: "suspend", Target: "a", Status: StepPending}, {Action: "remove", Target: "g", Status: StepPending}},
	}
	for _, c := range change {
		c(&op)
	}
	return op
}

func begin(t *testing.T, s *Store, op Operation) *Lease {
	t.Helper()
	l, err := s.Begin(t.Context(), op, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func record(t *testing.T, l *Lease, u Update) {
	t.Helper()
	if err := l.Record(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *Store, id string) Operation {
	t.Helper()
	op, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func asError[E error](err error, target *E) bool { return errors.As(err, target) }

func noEnqueue(context.Context, Tx, []string) error { return nil }

func TestOperationFromBeginToEnd(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		ctx := t.Context()
		op := operation()
		use := &Use{Token: "token", Expires: time.Now().Add(time.Minute)}
		l, err := s.Begin(ctx, op, use)
		if err != nil {
			t.Fatal(err)
		}
		if used, err := s.Used(ctx, "token"); err != nil || !used {
			t.Errorf("used = %v, %v", used, err)
		}
		if _, err := s.Begin(ctx, operation(), use); !errors.Is(err, ErrTokenUsed) {
			t.Errorf("a second use: %v", err)
		}
		var busy *BusyError
		if _, err := s.Begin(ctx, operation(func(o *Operation) { o.Key = op.Key }), nil); !errors.As(err, &busy) || busy.OperationID != op.ID || busy.Status != Running {
			t.Errorf("a second operation on the person: %v", err)
		}
		step := Step{Action: "suspend", Target: "a", Status: StepDone, Detail: "suspended", After: json.RawMessage(`{"active":false}`), Attempts: 1, StartedAt: time.Now().UTC()}
		record(t, l, Update{Event: "outcome", Steps: map[int]Step{0: step}})
		waited := make(chan Operation, 1)
		go func() {
			op, err := open().Wait(ctx, op.ID)
			if err != nil {
				t.Error(err)
			}
			waited <- op
		}()
		record(t, l, Update{Event: "ended", Status: Partial, Problem: json.RawMessage(`{"code":"x"}`)})
		select {
		case <-l.Done():
		default:
			t.Error("the lease goes on after the end")
		}
		got := <-waited
		want := op
		want.Status, want.Epoch, want.Problem = Partial, 1, json.RawMessage(`{"code":"x"}`)
		want.Steps = []Step{step, op.Steps[1]}
		want.CreatedAt, want.StartedAt, want.EndedAt = got.CreatedAt, got.StartedAt, got.EndedAt
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got.CreatedAt.IsZero() || got.StartedAt.IsZero() || got.EndedAt.Before(got.StartedAt) {
			t.Errorf("times: %v %v %v", got.CreatedAt, got.StartedAt, got.EndedAt)
		}
		if pending, err := s.Pending(ctx); err != nil || pending {
			t.Errorf("pending = %v, %v", pending, err)
		}
	})
}

func TestBatchEndsWithItsLastPerson(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		ctx := t.Context()
		batch := operation(func(o *Operation) { o.Status, o.Key, o.Steps = Queued, "batch:"+o.ID, nil })
		ops := []Operation{batch}
		for range 3 {
			ops = append(ops, operation(func(o *Operation) { o.Status, o.Parent = Queued, batch.ID }))
		}
		if err := s.Add(ctx, ops, nil); err != nil {
			t.Fatal(err)
		}
		swept, err := s.Sweep(ctx, noEnqueue)
		if err != nil || len(swept.IDs) != 3 {
			t.Fatalf("swept %v, %v", swept, err)
		}
		for i, id := range swept.IDs {
			if got := get(t, s, batch.ID).Status; i > 0 && got != Running {
				t.Errorf("the batch is %s after %d people", got, i)
			}
			l, err := s.Claim(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			record(t, l, Update{Event: "ended", Status: Succeeded})
		}
		if got := get(t, s, batch.ID); got.Status != Succeeded || got.EndedAt.IsZero() {
			t.Errorf("the batch is %s", got.Status)
		}
	})
}
