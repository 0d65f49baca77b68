package engine

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

func TestEachOperationRunsOnceOnTwoEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		// The slower sweep of the two is never due: the kick does it.
		a := s.process(t, Options{Sweep: time.Hour}, succeed)
		b := s.process(t, Options{Sweep: 20 * time.Millisecond}, succeed)
		ops := operations(40)
		add(t, a.store, ops)
		a.Kick()
		waitEnded(t, a.store, ops)
		a.stop(t)
		b.stop(t)
		counts, _ := runs(a, b)
		for _, op := range ops {
			if counts[op.ID] != 1 {
				t.Errorf("operation %s was run %d times", op.ID, counts[op.ID])
			}
		}
	})
}

func TestEnginesThatStartTogetherDoNotFailEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		ops := operations(8)
		add(t, s.store(t), ops) // River's tables are not there yet
		log := &lines{}
		var processes []*process
		for range 4 {
			processes = append(processes, s.process(t, Options{Sweep: 20 * time.Millisecond, Log: log.log()}, succeed))
		}
		for _, p := range processes {
			p.Kick()
		}
		waitEnded(t, processes[0].store, ops)
		for _, p := range processes {
			p.stop(t)
		}
		for _, level := range []string{"WARN", "ERROR"} {
			if n := log.count(level, ""); n != 0 {
				t.Errorf("%d lines of the log are %s", n, level)
			}
		}
		if n := log.count("DEBUG", "River:"); n != 0 {
			t.Errorf("River complains %d times", n)
		}
		if t.Failed() {
			t.Log(log.text.String())
		}
	})
}

func TestABatchIsSpreadOverReplicas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		// Nothing ends before all workers of all replicas have something to run.
		var running atomic.Int32
		all := make(chan struct{})
		together := func(ctx context.Context, lease *journal.Lease) error {
			if running.Add(1) == 3*defaultWorkers {
				close(all)
			}
			select {
			case <-all:
			case <-ctx.Done():
				return lease.Release(context.WithoutCancel(ctx), 0)
			}
			return succeed(ctx, lease)
		}
		var replicas []*process
		for range 3 {
			replicas = append(replicas, s.process(t, Options{Sweep: 100 * time.Millisecond}, together))
		}
		ops := operations(200)
		add(t, replicas[0].store, ops)
		replicas[0].Kick()
		waitEnded(t, replicas[0].store, ops)
		for _, p := range replicas {
			p.stop(t)
		}
		counts, shares := runs(replicas...)
		for _, op := range ops {
			if counts[op.ID] != 1 {
				t.Errorf("operation %s was run %d times", op.ID, counts[op.ID])
			}
		}
		for i, n := range shares {
			if n < defaultWorkers {
				t.Errorf("replica %d ran %d of %d: %v", i, n, len(ops), shares)
			}
		}
	})
}

func TestALostJobIsEnqueuedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		store := s.store(t)
		var calls atomic.Int32
		p := s.process(t, Options{Sweep: 20 * time.Millisecond, Run: func(ctx context.Context, id string) error {
			if calls.Add(1) == 1 {
				return nil // as if the process had died between River's fetch and the claim
			}
			lease, err := store.Claim(ctx, id)
			if err != nil {
				return err
			}
			return succeed(ctx, lease)
		}}, nil)
		ops := operations(1)
		add(t, store, ops)
		p.Kick()
		eventually(t, "the job was lost", func() bool { return calls.Load() == 1 })
		s.pass(journal.Grace + time.Second)
		waitEnded(t, store, ops)
		if got := calls.Load(); got != 2 {
			t.Errorf("the operation was handed out %d times, want 2", got)
		}
	})
}

func TestAJobThatWaitsIsNotInsertedTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.lease = time.Hour
		hold := make(chan struct{})
		p := s.process(t, Options{Sweep: 20 * time.Millisecond, Workers: 1}, func(ctx context.Context, lease *journal.Lease) error {
			<-hold
			return succeed(ctx, lease)
		})
		ops := operations(3)
		add(t, p.store, ops)
		p.Kick()
		p.next(t) // one is run, two wait
		for range 3 {
			s.pass(journal.Grace + time.Second)
			eventually(t, "the sweep has put the waiting ones off again", func() bool {
				for _, op := range ops {
					got, err := p.store.Get(t.Context(), op.ID)
					if err != nil {
						t.Fatal(err)
					}
					if !got.Due.After(s.now()) {
						return false
					}
				}
				return true
			})
		}
		if got := jobs(t, p.store, "available"); got != 2 {
			t.Errorf("%d jobs wait for 2 operations", got)
		}
		close(hold)
		waitEnded(t, p.store, ops)
	})
}

func TestAScheduledOperationRunsAtItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		p := s.process(t, Options{Sweep: time.Hour}, succeed)
		ops := operations(1)
		ops[0].Status = journal.Scheduled
		ops[0].EffectiveAt = s.now().Add(300 * time.Millisecond)
		ops[0].Due = ops[0].EffectiveAt
		add(t, p.store, ops)
		p.Kick()
		waitEnded(t, p.store, ops)
		got, err := p.store.Get(t.Context(), ops[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.StartedAt.Before(ops[0].EffectiveAt.Truncate(time.Microsecond)) {
			t.Errorf("started at %v, before its time %v", got.StartedAt, ops[0].EffectiveAt)
		}
	})
}

func TestAPanicIsAnErrorInTheLog(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		log := &lines{}
		p := s.process(t, Options{Sweep: time.Hour, Log: log.log()}, func(_ context.Context, lease *journal.Lease) error {
			if lease.Operation().Label == "trap" {
				panic("a defect")
			}
			return succeed(context.Background(), lease)
		})
		ops := operations(2)
		ops[0].Label = "trap"
		add(t, p.store, ops)
		p.Kick()
		waitEnded(t, p.store, ops[1:])
		eventually(t, "the panic is logged", func() bool { return log.count("ERROR", "a defect") == 1 })
		if log.count("ERROR", ops[0].ID) != 1 {
			t.Error("the log does not name the operation")
		}
	})
}

func TestDrainWaitsForWhatIsDue(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		store := s.store(t)
		e := New(Options{Journal: store, Log: testLog(t), Run: func(ctx context.Context, id string) error {
			lease, err := store.Claim(ctx, id)
			if err != nil {
				return err
			}
			return succeed(ctx, lease)
		}})
		defer func() { (&process{Engine: e}).stop(t) }()
		ops := operations(20)
		add(t, store, ops)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := e.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		for _, op := range ops {
			if got, err := store.Get(ctx, op.ID); err != nil || got.Status != journal.Succeeded {
				t.Errorf("after Drain operation %s is %s (%v)", op.ID, got.Status, err)
			}
		}
	})
}

func TestDrainOfNothingStartsNoRiver(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		store := s.store(t)
		done := operations(1)
		lease, err := store.Begin(t.Context(), done[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := succeed(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
		e := New(Options{Journal: store, Log: testLog(t)})
		defer func() { (&process{Engine: e}).stop(t) }()
		if err := e.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if riverRuns(t) {
			t.Error("River runs")
		}
	})
}

func TestDrainDoesNotWaitForWhatWasLeftAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		store := s.store(t)
		ops := operations(3)
		ops[0].Label, ops[1].Label = "given back for later", "left alone"
		e := New(Options{Journal: store, Log: testLog(t), Run: func(ctx context.Context, id string) error {
			if op, err := store.Get(ctx, id); err != nil || op.Label == "left alone" {
				return err
			}
			lease, err := store.Claim(ctx, id)
			if err != nil {
				return err
			}
			if lease.Operation().Label == "given back for later" {
				return lease.Release(ctx, time.Hour)
			}
			return succeed(ctx, lease)
		}})
		defer func() { (&process{Engine: e}).stop(t) }()
		add(t, store, ops)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := e.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		waitEnded(t, store, ops[2:])
		if len(e.watched.back) != 0 {
			t.Errorf("%d operations are watched for nobody", len(e.watched.back))
		}
	})
}

func TestDrainEndsWithTheEngine(t *testing.T) {
	s := &site{dir: t.TempDir()}
	p := s.process(t, Options{}, untilStopped)
	add(t, p.store, operations(1))
	drained := make(chan error, 1)
	go func() { drained <- p.Drain(context.Background()) }()
	p.next(t)
	p.stop(t)
	if err := <-drained; err != nil && !errors.Is(err, errStopped) {
		t.Errorf("Drain = %v", err)
	}
}

func TestDrainWaitsForAnotherProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		end := make(chan struct{})
		other := s.process(t, Options{Sweep: time.Hour}, func(ctx context.Context, lease *journal.Lease) error {
			<-end
			return succeed(ctx, lease)
		})
		ops := operations(1)
		add(t, other.store, ops)
		other.Kick()
		other.next(t)
		store := s.store(t)
		e := New(Options{Journal: store, Log: testLog(t), Run: func(ctx context.Context, id string) error {
			_, err := store.Claim(ctx, id)
			return err
		}})
		defer func() { (&process{Engine: e}).stop(t) }()
		e.watched.add([]string{ops[0].ID}) // as if it had been due when both swept
		back := e.watched.of(ops[0].ID)
		drained := make(chan error, 1)
		go func() { drained <- e.await(t.Context(), ops[0].ID) }()
		if err := e.work(t.Context(), ops[0].ID); err != nil {
			t.Fatal(err)
		}
		select {
		case <-back:
			t.Error("an operation that another process runs counts as run")
		default:
		}
		close(end)
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsOpenedWithoutAJournal(t *testing.T) {
	s := &site{dir: t.TempDir()}
	p := s.process(t, Options{Sweep: time.Millisecond}, succeed)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 3 {
		p.Kick()
		if err := p.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 0 || riverRuns(t) {
		t.Errorf("an engine without a journal made %v; River runs: %t", entries, riverRuns(t))
	}
}

func TestRiverRestsOnSQLiteAndStartsAgain(t *testing.T) {
	s := &site{dir: t.TempDir()}
	p := s.process(t, Options{Sweep: 10 * time.Millisecond, idle: 50 * time.Millisecond}, succeed)
	for range 3 {
		ops := operations(3)
		add(t, p.store, ops)
		p.Kick()
		waitEnded(t, p.store, ops)
		eventually(t, "River was stopped when there was nothing to do", func() bool { return !riverRuns(t) })
	}
}

// This error is what makes River give the job to somebody else.
func TestRiverIsToldThatTheEngineStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var begun int
	e := New(Options{Log: testLog(t), Run: func(context.Context, string) error {
		begun++
		cancel()
		return nil
	}})
	for _, when := range []string{"during the operation", "before the operation"} {
		if err := e.work(ctx, "op-1"); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped %s: work = %v", when, err)
		}
	}
	if begun != 1 {
		t.Errorf("%d operations were begun, want the first only", begun)
	}
}

func TestStopWithoutStart(t *testing.T) {
	s := &site{dir: t.TempDir()}
	e := New(Options{Journal: s.store(t), Log: testLog(t)})
	for range 2 {
		if err := e.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	e.Start(t.Context())
	if err := e.Drain(t.Context()); err == nil {
		t.Error("a stopped engine drains")
	}
}

// jobs counts River's rows in a state.
func jobs(t *testing.T, store *journal.Store, state string) int {
	t.Helper()
	var n int
	var err error
	if store.Shared() {
		pool, openErr := store.Postgres(t.Context())
		if openErr != nil {
			t.Fatal(openErr)
		}
		err = pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE state = $1::river_job_state`, state).Scan(&n)
	} else {
		db, openErr := store.SQLite(t.Context())
		if openErr != nil {
			t.Fatal(openErr)
		}
		err = db.QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE state = ?`, state).Scan(&n)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsLoggedOfARun(t *testing.T) {
	for err, level := range map[error]string{
		nil:                     "",
		journal.ErrHeld:         "DEBUG",
		journal.ErrEnded:        "DEBUG",
		journal.ErrWaiting:      "DEBUG",
		journal.ErrNotFound:     "DEBUG",
		journal.ErrLost:         "DEBUG",
		errors.New("disk full"): "ERROR",
	} {
		log := &lines{}
		e := New(Options{Log: log.log(), Run: func(context.Context, string) error { return err }})
		if got := e.work(t.Context(), "op-1"); got != nil {
			t.Errorf("%v is told to River: %v", err, got)
		}
		for _, other := range []string{"DEBUG", "INFO", "WARN", "ERROR"} {
			want := 0
			if other == level {
				want = 1
			}
			if got := log.count(other, "operation_id=op-1"); got != want {
				t.Errorf("%v is logged %d times at %s, want %d", err, got, other, want)
			}
		}
	}
}
