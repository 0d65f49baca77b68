package engine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(holderEnv) != "" {
		hold()
		return
	}
	os.Exit(pgtest.Run(m))
}

// patience bounds what a test waits for. Nothing that works takes nearly so long on a machine that does nothing else.
const patience = 2 * time.Minute

// onBoth runs a test on a fresh journal in each database.
func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("sqlite", func(t *testing.T) { test(t, &site{dir: filepath.Join(t.TempDir(), "state")}) })
	t.Run("postgres", func(t *testing.T) {
		test(t, &site{dir: filepath.Join(t.TempDir(), "state"), url: pgtest.URL(t)})
	})
}

// site is one journal, which any number of stores open as processes do, with a clock that tests move.
type site struct {
	dir, url string
	lease    time.Duration
	stands   time.Time    // the journal's clock stands still from here, unless zero: no lease lapses, however slow the test is
	ahead    atomic.Int64 // how far the journal's clock is ahead otherwise, in ns
}

func (s *site) now() time.Time {
	now := s.stands
	if now.IsZero() {
		now = time.Now()
	}
	return now.Add(time.Duration(s.ahead.Load()))
}

// pass lets time pass for leases, schedules and waiting jobs.
func (s *site) pass(d time.Duration) { s.ahead.Add(int64(d)) }

func (s *site) store(t *testing.T) *journal.Store {
	t.Helper()
	store := journal.New(journal.Options{Dir: s.dir, URL: s.url, Lease: s.lease, Now: s.now, Log: testLog(t)})
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close the journal: %v", err)
		}
	})
	return store
}

// process is a store with an engine whose operations do what the test says, as one server process has them.
type process struct {
	*Engine
	store *journal.Store
	ran   chan string // ids, as often as they were run
}

// process starts one. do is called with the lease of each operation that the engine runs.
func (s *site) process(t *testing.T, o Options, do func(context.Context, *journal.Lease) error) *process {
	t.Helper()
	p := &process{store: s.store(t), ran: make(chan string, 10_000)}
	o.Journal = p.store
	if o.Log == nil {
		o.Log = testLog(t)
	}
	if o.Run == nil {
		o.Run = func(ctx context.Context, id string) error {
			lease, err := p.store.Claim(ctx, id)
			if err != nil {
				return err
			}
			p.ran <- id
			return do(ctx, lease)
		}
	}
	p.Engine = New(o)
	p.Start(t.Context())
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// succeed ends an operation.
func succeed(ctx context.Context, lease *journal.Lease) error {
	return lease.Record(ctx, journal.Update{Event: "ended", Status: journal.Succeeded})
}

// untilStopped gives an operation back when the engine stops.
func untilStopped(ctx context.Context, lease *journal.Lease) error {
	<-ctx.Done()
	return lease.Release(context.WithoutCancel(ctx), 0)
}

// operations are queued ones, each on a person of its own.
func operations(n int) []journal.Operation {
	ops := make([]journal.Operation, n)
	for i := range ops {
		now := time.Now()
		id := journal.NewID(now)
		ops[i] = journal.Operation{ID: id, Kind: "offboard_user", Key: "account:" + id, Label: "somebody", Status: journal.Queued, CreatedAt: now, Due: now}
	}
	return ops
}

func add(t *testing.T, store *journal.Store, ops []journal.Operation) {
	t.Helper()
	if err := store.Add(t.Context(), ops, nil); err != nil {
		t.Fatal(err)
	}
}

// waitEnded waits until all have succeeded, each at its first epoch if it is asked for.
func waitEnded(t *testing.T, store *journal.Store, ops []journal.Operation) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, op := range ops {
		got, err := store.Wait(ctx, op.ID)
		if err != nil {
			t.Fatalf("operation %s did not end: %v", op.ID, err)
		}
		if got.Status != journal.Succeeded {
			t.Fatalf("operation %s is %s, want %s", op.ID, got.Status, journal.Succeeded)
		}
	}
}

// next gives the operation that the process ran next.
func (p *process) next(t *testing.T) string {
	t.Helper()
	select {
	case id := <-p.ran:
		return id
	case <-time.After(patience):
		t.Fatal("nothing was run")
		return ""
	}
}

// runs counts how often each operation was run by these processes.
func runs(processes ...*process) (counts map[string]int, perProcess []int) {
	counts = map[string]int{}
	for _, p := range processes {
		n := len(p.ran)
		perProcess = append(perProcess, n)
		for range n {
			counts[<-p.ran]++
		}
	}
	return counts, perProcess
}

// eventually polls what has no signal.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// riverRuns tells whether River has goroutines in this process.
func riverRuns(t *testing.T) bool {
	t.Helper()
	var b strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(b.String(), "riverqueue/river")
}

// lines is a log that tests count in.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(level, text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, "level="+level) && strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (l *lines) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// testLog shows the log of a test that fails.
func testLog(t *testing.T) *slog.Logger {
	t.Helper()
	l := &lines{}
	t.Cleanup(func() {
		if t.Failed() {
			l.mu.Lock()
			defer l.mu.Unlock()
			fmt.Fprint(io.Writer(os.Stderr), l.text.String())
		}
	})
	return l.log()
}
