// Package engine sees to it that operations which nobody runs are run: those that wait for a worker, whose time has come, or whose worker is gone.
//
// The journal is the truth about operations, and River carries them to workers. A sweep of the journal is the only thing that gives work to River:
// it takes what is due and inserts one job for each in the same transaction, so that two sweeps never hand out one operation twice. A job holds
// nothing but the operation's id. It is run at most once; a job that gets lost costs a delay, since the journal makes its operation due again.
//
// What an operation does is not known here, and neither are leases: the function that runs it claims the operation, and gives it back.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

const (
	defaultWorkers = 8
	defaultSweep   = 5 * time.Second
	// idleAfter is how long River is kept on SQLite when there is nothing to run. Starting it again costs some 15 ms.
	idleAfter = 30 * time.Second
	// firstSweep leaves the processor to the client's first requests, which arrive while the process starts.
	firstSweep = 100 * time.Millisecond
)

// Options say whose operations are run, and how. Journal, Run and Log are needed.
type Options struct {
	Journal *journal.Store
	// Run runs one operation to its end, or gives it back when ctx ends. It may be called for an operation that has ended or is held by somebody
	// else meanwhile, and says so with the journal's errors. Its panics are errors.
	Run     func(ctx context.Context, operationID string) error
	Workers int           // operations side by side; 0 = 8
	Sweep   time.Duration // how often the journal is looked at; 0 = 5 s
	Log     *slog.Logger

	idle time.Duration // 0 = idleAfter
}

// Engine runs operations from Start to Stop. Its methods may be called by any goroutine.
type Engine struct {
	journal *journal.Store
	run     func(context.Context, string) error
	workers int
	sweep   time.Duration
	idle    time.Duration
	log     *slog.Logger

	kicked  chan struct{}
	drained chan chan<- drain
	watched watched

	mu     sync.Mutex
	cancel context.CancelFunc // nil until it was started
	done   chan struct{}      // closed when the loop and all jobs are over

	active   atomic.Int32 // jobs that run
	lastBusy atomic.Int64 // unix ns of the last moment at which there was something to run
}

// New makes an engine that has not begun: nothing is opened, and no goroutine runs.
func New(o Options) *Engine {
	e := &Engine{
		journal: o.Journal, run: o.Run, workers: o.Workers, sweep: o.Sweep, idle: o.idle, log: o.Log,
		kicked: make(chan struct{}, 1), drained: make(chan chan<- drain), done: make(chan struct{}),
	}
	if e.workers <= 0 {
		e.workers = defaultWorkers
	}
	if e.sweep <= 0 {
		e.sweep = defaultSweep
	}
	if e.idle <= 0 {
		e.idle = idleAfter
	}
	return e
}

// Start begins to look for operations and returns at once. The end of ctx is as a Stop that nobody waits for. On SQLite nothing is opened while the
// journal's file is not there, and River runs only while there is something to run; on PostgreSQL it listens, so that a replica hears of the work
// that another one takes in. Starting again does nothing.
func (e *Engine) Start(ctx context.Context) { e.start(ctx, nil) }

// start tells whether it started the engine, whose first sweep then answers that drain.
func (e *Engine) start(ctx context.Context, first chan<- drain) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		return false
	}
	ctx, e.cancel = context.WithCancel(ctx)
	l := &loop{Engine: e, wait: firstSweep, once: first != nil}
	go func() {
		defer close(e.done)
		l.work(ctx, first)
	}()
	return true
}

// Kick makes the engine look at once. It is called after an operation was added, decided on or given back, and returns at once.
func (e *Engine) Kick() {
	select {
	case e.kicked <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Stop takes no more operations, ends the context of those that run, and waits until they have come back. It gives an error when ctx ends before;
// what was not given back by then is taken over when its lease lapses, or when this process is gone. Stopping what was not started does nothing.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	cancel := e.cancel
	if cancel == nil {
		e.cancel = func() {} // not to be started any more
		close(e.done)
	}
	e.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("operations still run: %w", ctx.Err())
	}
}

// work runs one operation for River. What it gives is for River, which shall keep no errors of operations: they are in the journal and in the log.
// The exception is the end of ctx, whereupon River lets somebody else have the job.
func (e *Engine) work(ctx context.Context, operationID string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.active.Add(1)
	defer func() {
		e.busy()
		e.active.Add(-1)
	}()
	err := parallel.Safely(func() error { return e.run(ctx, operationID) })
	if !errors.Is(err, journal.ErrHeld) && !errors.Is(err, journal.ErrLost) { // somebody else is about to end it
		e.watched.came(operationID)
	}
	switch {
	case err == nil:
	case errors.Is(err, journal.ErrHeld), errors.Is(err, journal.ErrEnded), errors.Is(err, journal.ErrWaiting),
		errors.Is(err, journal.ErrNotFound), errors.Is(err, journal.ErrLost):
		e.log.Debug("operation is not this worker's to run", "operation_id", operationID, "error", err)
	case ctx.Err() != nil:
		e.log.Debug("operation was stopped", "operation_id", operationID, "error", err)
	default:
		e.log.Error("operation could not be run and is tried again later", "operation_id", operationID, "error", err)
	}
	return ctx.Err()
}

func (e *Engine) busy() { e.lastBusy.Store(time.Now().UnixNano()) }

func (e *Engine) idleFor() time.Duration {
	if e.active.Load() > 0 {
		return 0
	}
	return time.Since(time.Unix(0, e.lastBusy.Load()))
}
