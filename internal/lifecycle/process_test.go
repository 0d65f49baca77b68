package lifecycle_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// home is a journal in which any number of processes may live, one after another or side by side. Its clock is the test's, moved by shift.
type home struct {
	dir, url string // url: of PostgreSQL, "" for SQLite in dir
	lease    time.Duration
	shift    atomic.Int64
}

func newHome(t tester) *home {
	t.Helper()
	dir, err := os.MkdirTemp("", "lifecycle-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the state directory: %v", err)
		}
	})
	if err := os.WriteFile(filepath.Join(dir, journalFile), emptyJournal(), 0o600); err != nil {
		t.Fatal(err)
	}
	return &home{dir: dir}
}

const journalFile = "journal.db"

// emptyJournal is the file of a new journal. Making one takes longer than most of these tests do.
var emptyJournal = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "lifecycle-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	store := journal.New(journal.Options{Dir: dir})
	_, err = store.SQLite(context.Background())
	if err = errors.Join(err, store.Close()); err != nil {
		panic(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil {
		panic(err)
	}
	return data
})

// now moves on by a microsecond each time, so that no two things happen at one moment also where time stands still.
func (h *home) now() time.Time {
	return time.Now().Add(time.Duration(h.shift.Add(int64(time.Microsecond))))
}

// move sets the clock of all processes forward, or back.
func (h *home) move(d time.Duration) { h.shift.Add(int64(d)) }

// process is one process of the server: a journal and a service of its own, and its way to the site.
type process struct {
	*lifecycle.Service
	store *journal.Store
	line  *line
	now   func() time.Time

	working    atomic.Bool    // runs what it is woken for, as the engine does
	background sync.WaitGroup // what the test does not wait for
}

// process starts a process. It ends with the test, if it is not killed before.
func (s *site) process(t tester, h *home, edits ...func(*lifecycle.Config)) *process {
	t.Helper()
	p := &process{line: newLine(s.to), now: h.now, store: journal.New(journal.Options{Dir: h.dir, URL: h.url, Lease: h.lease, Now: h.now})}
	c := lifecycle.Config{
		Directory: s.people(t, p.line), Policy: s.options.policy, Journal: p.store, Site: siteName, Patience: s.options.patience, Now: h.now,
		Wake: func() {
			if p.working.Load() {
				p.background.Go(func() {
					if ids, err := p.sweep(context.Background()); err != nil && !p.line.isDead() {
						t.Errorf("run %v: %v", ids, err)
					}
				})
			}
		},
	}
	for _, edit := range edits {
		edit(&c)
	}
	p.Service = lifecycle.New(c)
	p.line.killed = func() { p.store.Close() } //nolint:errcheck // a killed process tells nobody
	t.Cleanup(func() {
		close(p.line.buried)
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		p.background.Wait()
		if err := p.store.Close(); err != nil && !p.line.isDead() {
			t.Errorf("close the journal: %v", err)
		}
	})
	return p
}

// survives does something in the process and tells whether the process came to its end. What a killed one had begun is left behind.
func (p *process) survives(do func()) bool {
	done := make(chan struct{})
	p.background.Go(func() {
		defer close(done)
		do()
	})
	select {
	case <-done:
		return true
	case <-p.line.dead:
		return false
	}
}

// sweep runs what nobody runs, once, and gives what that was. People of a batch are due one after another, within a moment.
func (p *process) sweep(ctx context.Context) ([]string, error) {
	var ids []string
	for {
		var found []string
		swept, err := p.store.Sweep(ctx, func(_ context.Context, _ journal.Tx, due []string) error {
			found = slices.Clone(due)
			return nil
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
		if wait := swept.Next.Sub(p.now()); swept.Next.IsZero() || wait > time.Millisecond {
			break
		}
		time.Sleep(time.Millisecond)
	}
	var all errgroup.Group
	for _, id := range ids {
		all.Go(func() error { return p.Run(ctx, id) })
	}
	return ids, all.Wait()
}

// finish runs what is due, and what becomes due when time passes, until the operation has ended or the process was killed.
func (p *process) finish(t tester, h *home, id string) journal.Operation {
	t.Helper()
	for range 200 {
		if p.line.isDead() {
			return journal.Operation{}
		}
		var found []string
		var err error
		if !p.survives(func() { found, err = p.sweep(context.Background()) }) {
			return journal.Operation{}
		}
		if err != nil {
			t.Logf("run: %v", err)
		}
		op, err := p.store.Get(context.Background(), id)
		if p.line.isDead() {
			return journal.Operation{}
		}
		if err != nil {
			t.Fatalf("look at %s: %v", id, err)
		}
		if op.Status.Ended() {
			return op
		}
		if len(found) == 0 {
			h.move(journal.Grace + time.Second)
		}
	}
	t.Fatalf("%s does not come to its end", id)
	return journal.Operation{}
}

// operation reads an operation.
func (p *process) operation(t tester, id string) journal.Operation {
	t.Helper()
	op, err := p.store.Get(context.Background(), id)
	if err != nil {
		t.Fatalf("look at %s: %v", id, err)
	}
	return op
}

// killAtWrite kills the process when it would send a write.
func killAtWrite(r *http.Request, executed bool) bool {
	return !sandbox.Reads(r.Method, r.URL.Path) && !executed
}
