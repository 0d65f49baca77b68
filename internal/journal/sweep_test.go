package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestSweepHandsOutWhatIsDueOnce(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		queued := operation(func(o *Operation) { o.Status = Queued })
		scheduled := operation(func(o *Operation) { o.Status, o.EffectiveAt = Scheduled, c.Now().Add(10*time.Minute) })
		add(t, s, queued)
		add(t, s, scheduled)
		if _, err := s.Claim(t.Context(), scheduled.ID); !errors.Is(err, ErrWaiting) {
			t.Errorf("claim before its time: %v", err)
		}
		var in Tx
		swept, err := s.Sweep(t.Context(), func(_ context.Context, tx Tx, ids []string) error {
			in = tx
			return nil
		})
		if err != nil || !slices.Equal(swept.IDs, []string{queued.ID}) || (in.SQL == nil) == (in.PGX == nil) || s.Shared() != (in.PGX != nil) {
			t.Errorf("swept %v in %v, %v", swept, in, err)
		}
		if want := c.Now().Add(Grace); swept.Next.After(want) || swept.Next.Before(want.Add(-time.Second)) {
			t.Errorf("next %v, want %v", swept.Next, want)
		}
		if ids := sweep(t, s); len(ids) != 0 {
			t.Errorf("handed out again at once: %v", ids)
		}
		c.add(Grace + time.Second)
		if diff := cmp.Diff([]string{queued.ID}, sweep(t, s)); diff != "" {
			t.Errorf("whose job was lost: %s", diff)
		}
		l := claim(t, s, queued.ID)
		record(t, l, Update{Event: "ended", Status: Succeeded})
		swept, err = s.Sweep(t.Context(), noEnqueue)
		if err != nil || len(swept.IDs) != 0 || !swept.Next.Equal(get(t, s, scheduled.ID).EffectiveAt) {
			t.Errorf("swept %v, %v", swept, err)
		}
		c.add(time.Hour)
		if diff := cmp.Diff([]string{scheduled.ID}, sweep(t, s)); diff != "" {
			t.Error(diff)
		}
		claim(t, s, scheduled.ID)
	})
}

func TestAnEnqueueThatFailsLeavesEverythingDue(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		op := operation(func(o *Operation) { o.Status = Queued })
		add(t, s, op)
		mine := errors.New("mine")
		if _, err := s.Sweep(t.Context(), func(context.Context, Tx, []string) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]string{op.ID}, sweep(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTwoSweepsAtOnceHandOutEachOperationOnce(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		first := open()
		var want []string
		var ops []Operation
		for range 60 {
			op := operation(func(o *Operation) { o.Status = Queued })
			ops = append(ops, op)
			want = append(want, op.ID)
		}
		add(t, first, ops...)
		var mu sync.Mutex
		var got []string
		var wg sync.WaitGroup
		start := make(chan struct{})
		for _, s := range []*Store{first, open(), open(), open()} {
			wg.Go(func() {
				<-start
				swept, err := s.Sweep(t.Context(), func(_ context.Context, _ Tx, ids []string) error { return nil })
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got = append(got, swept.IDs...)
			})
		}
		close(start)
		wg.Wait()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOneOfTwoSpendsAToken(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		stores := []*Store{open(), open()}
		for round := range 10 {
			use := &Use{Token: NewID(time.Now()), Expires: time.Now().Add(time.Hour)}
			errs := atOnce(stores, func(s *Store) error {
				if round%2 == 0 {
					return s.Add(t.Context(), []Operation{operation(func(o *Operation) { o.Status = Queued })}, use)
				}
				_, err := s.Begin(t.Context(), operation(), use)
				return err
			})
			if !oneWon(errs, ErrTokenUsed) {
				t.Errorf("got %v", errs)
			}
		}
		if v := verify(t, stores[0], ""); v.Problem != nil || v.Operations != 10 {
			t.Errorf("%+v", v)
		}
	})
}

// atOnce runs fn for each store at the same moment.
func atOnce(stores []*Store, fn func(*Store) error) []error {
	errs := make([]error, len(stores))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			<-start
			errs[i] = fn(s)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func oneWon(errs []error, loser error) bool {
	won, lost := 0, 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if errors.Is(err, loser) {
			lost++
		}
	}
	return won == 1 && lost == len(errs)-1
}

func TestOneOfManyClaims(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		stores := []*Store{open(), open(), open()}
		for range 10 {
			op := operation(func(o *Operation) { o.Status = Queued })
			add(t, stores[0], op)
			errs := atOnce(stores, func(s *Store) error {
				_, err := s.Claim(t.Context(), op.ID)
				return err
			})
			if !oneWon(errs, ErrHeld) {
				t.Errorf("got %v", errs)
			}
		}
		if _, err := stores[0].Claim(t.Context(), "op-nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("claim of nothing: %v", err)
		}
	})
}

func TestAPersonHasOneOperationAtATime(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		stores := []*Store{open(), open()}
		s := stores[0]
		ctx := t.Context()
		var busy *BusyError
		for i := range 10 {
			key := NewID(time.Now())
			same := func(o *Operation) { o.Key = key }
			var winner string
			errs := atOnce(stores, func(s *Store) error {
				op := operation(same)
				var err error
				if i%2 == 0 {
					_, err = s.Begin(ctx, op, nil)
				} else {
					op.Status = Queued
					err = s.Add(ctx, []Operation{op}, nil)
				}
				if err == nil {
					winner = op.ID
				}
				return err
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("got %v", errs)
			}
			if !errors.As(errors.Join(errs...), &busy) || busy.OperationID != winner || busy.Key != key {
				t.Errorf("got %v, want %s", errs, winner)
			}
			// One may wait for its time besides, and one only.
			at := func(o *Operation) {
				o.Status, o.EffectiveAt, o.Due = Scheduled, time.Now().Add(time.Hour), time.Now().Add(time.Hour)
			}
			waits := operation(same, at)
			add(t, s, waits)
			for _, status := range []Status{Scheduled, AwaitingApproval} {
				op := operation(same, at)
				op.Status = status
				if err := s.Add(ctx, []Operation{op}, nil); !errors.As(err, &busy) || busy.OperationID != waits.ID || busy.Status != Scheduled {
					t.Errorf("a second one that is %s: %v", status, err)
				}
			}
			// Its time comes while the other one still runs: it goes on waiting.
			tamper(t, s, `UPDATE journal_operations SET effective_at = 1 WHERE id = ?`, waits.ID)
			if _, err := s.Claim(ctx, waits.ID); !errors.As(err, &busy) || busy.OperationID != winner {
				t.Errorf("claim while another one runs: %v", err)
			}
			if got := get(t, s, waits.ID); got.Status != Scheduled {
				t.Errorf("it is %s", got.Status)
			}
		}
	})
}

func TestWhatCanNotBeAdded(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		status := func(status Status) func(*Operation) { return func(o *Operation) { o.Status = status } }
		orphan := operation(status(Queued), func(o *Operation) { o.Parent = "op-nobody" })
		grandchild := batch(Queued, 1)
		grandchild = append(grandchild, operation(status(Queued), func(o *Operation) { o.Parent = grandchild[1].ID }))
		for name, ops := range map[string][]Operation{
			"nothing":                     {},
			"no id":                       {operation(status(Queued), func(o *Operation) { o.ID = "" })},
			"no key":                      {operation(status(Queued), func(o *Operation) { o.Key = "" })},
			"no kind":                     {operation(status(Queued), func(o *Operation) { o.Kind = "" })},
			"running":                     {operation(status(Running))},
			"ended":                       {operation(status(Succeeded))},
			"scheduled for no time":       {operation(status(Scheduled))},
			"an approval without an end":  {operation(status(AwaitingApproval))},
			"of a batch that isn't there": {orphan},
			"a batch in a batch":          grandchild,
			"broken JSON":                 {operation(status(Queued), func(o *Operation) { o.Plan = []byte(`{`) })},
			"one of two":                  {operation(status(Queued)), operation(status(Running))},
		} {
			if err := s.Add(t.Context(), ops, &Use{Token: "t", Expires: time.Now()}); err == nil {
				t.Errorf("%s was added", name)
			}
		}
		if _, err := s.Begin(t.Context(), orphan, nil); err == nil {
			t.Error("a person of a batch was begun alone")
		}
		if page, err := s.List(t.Context(), Filter{}); err != nil || len(page.Operations) != 0 {
			t.Errorf("something is there: %v, %v", page, err)
		}
		if used, err := s.Used(t.Context(), "t"); err != nil || used {
			t.Errorf("the token is spent: %v, %v", used, err)
		}
	})
}

func TestSpentTokensAreForgottenLongAfterTheyExpired(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		if _, err := s.Begin(t.Context(), operation(), &Use{Token: "t", Expires: c.Now().Add(15 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after time.Duration
			want  bool
		}{{time.Hour, true}, {20 * time.Hour, true}, {5 * time.Hour, false}} {
			c.add(step.after)
			sweep(t, s)
			if used, err := s.Used(t.Context(), "t"); err != nil || used != step.want {
				t.Errorf("after %v: %v, %v", step.after, used, err)
			}
		}
	})
}

// A process that makes its file in a transaction may wait there for another that has locked the file, takes it for a dead one's, and waits for the database.
func TestASweepMakesItsProcessKnownBeforeItTakesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	first := New(Options{Dir: dir})
	defer first.Close()
	add(t, first, operation(func(o *Operation) { o.Status = Queued }))
	db, err := first.SQLite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hold, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback() //nolint:errcheck // nothing was written
	s := New(Options{Dir: dir})
	defer s.Close()
	s.patience = time.Millisecond
	if _, err := s.Sweep(t.Context(), noEnqueue); !fault.Is(err, fault.UpstreamUnavailable) {
		t.Fatalf("the database is locked: %v", err)
	}
	if files := workerFiles(t, dir); len(files) != 1 {
		t.Errorf("workers while the database is locked: %v", files)
	}
}

func workerFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, workersFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
