package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// queue is River's name for the line in which our jobs wait. It is not the default one: others may use River in the same database.
const queue = "jira_lifecycle"

const (
	// fetchCooldown and fetchPoll are how soon River looks for a job after it heard of one, and how often without. It hears by LISTEN on PostgreSQL,
	// and by looking at a table every 50 ms on SQLite, which costs a read; looking for a job takes the lock of a writer.
	fetchCooldown = river.FetchCooldownMin
	fetchPoll     = time.Second
	// keepJobs is how long jobs stay when they are done. Nobody reads them: the journal has it all.
	keepJobs = time.Hour
)

// job carries an operation to a worker.
type job struct {
	OperationID string `json:"operation_id"`
}

// Kind is River's name for jobs of this type. It must not change: a newer binary runs the jobs of an older one.
func (job) Kind() string { return "jira_lifecycle_operation" }

type worker struct {
	river.WorkerDefaults[job]
	engine *Engine
}

func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	return w.engine.work(ctx, j.Args.OperationID)
}

// carrier is a River client. It can insert jobs before it is started. It is started once and ended once.
type carrier interface {
	insert(ctx context.Context, tx journal.Tx, ids []string) error
	start() error
	end(context.Context) // takes no more jobs, and waits for those that run; halts when the context ends
	halt()               // takes no more jobs, ends the contexts of those that run, and waits for them
}

// client is a carrier for either database: T is its driver's transaction.
type client[T any] struct {
	*river.Client[T]
	tx func(journal.Tx) T
}

func newClient[T any](e *Engine, driver riverdriver.Driver[T], tx func(journal.Tx) T) (carrier, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{engine: e})
	c, err := river.NewClient(driver, &river.Config{
		CompletedJobRetentionPeriod: keepJobs,
		CancelledJobRetentionPeriod: keepJobs,
		DiscardedJobRetentionPeriod: keepJobs,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		JobTimeout:                  -1, // an operation takes as long as it takes: its lease tells whether it is alive
		Logger:                      quiet(e.log),
		MaxAttempts:                 1, // the journal decides what is tried again
		Queues:                      map[string]river.QueueConfig{queue: {MaxWorkers: e.workers}},
		Workers:                     workers,
	})
	if err != nil {
		return nil, fmt.Errorf("set River up: %w", err)
	}
	return &client[T]{c, tx}, nil
}

// migrate makes River's tables, or brings them up to this version, under the journal's lock: River's own migrations have none.
func migrate[T any](ctx context.Context, e *Engine, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(e.log)})
	if err != nil {
		return fmt.Errorf("make the tables of River: %w", err)
	}
	// Only what is missing needs the lock: a process that is held up while it has it must not keep all others from starting.
	if there, err := m.Validate(ctx, nil); err == nil && there.OK {
		return nil
	}
	return e.journal.Locked(ctx, func() error {
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("make the tables of River: %w", err)
		}
		return nil
	})
}

// insert adds a job for each operation that has none waiting. A batch may wait for its workers longer than the journal waits for it to be claimed.
func (c *client[T]) insert(ctx context.Context, tx journal.Tx, ids []string) error {
	waiting, err := c.waiting(ctx, tx)
	if err != nil {
		return err
	}
	jobs := make([]river.InsertManyParams, 0, len(ids))
	for _, id := range ids {
		if !waiting[id] {
			jobs = append(jobs, river.InsertManyParams{Args: job{OperationID: id}, InsertOpts: &river.InsertOpts{Queue: queue}})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err = c.InsertManyTx(ctx, c.tx(tx), jobs)
	return err
}

// waiting gives the operations whose job no worker has fetched yet.
func (c *client[T]) waiting(ctx context.Context, tx journal.Tx) (map[string]bool, error) {
	const most = 10_000 // River's limit. Beyond it, a job may be there twice, and the second finds nothing to do.
	found, err := c.JobListTx(ctx, c.tx(tx), river.NewJobListParams().Queues(queue).States(rivertype.JobStateAvailable).First(most))
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(found.Jobs))
	for _, row := range found.Jobs {
		var args job
		if json.Unmarshal(row.EncodedArgs, &args) == nil {
			ids[args.OperationID] = true
		}
	}
	return ids, nil
}

// start begins to fetch, the first time at once. The context is not that of the engine: its end would be told to jobs as a failure rather than as
// a stop, and River would not let others have them.
func (c *client[T]) start() error { return c.Start(context.Background()) }

func (c *client[T]) end(ctx context.Context) {
	if c.Stop(ctx) != nil {
		c.halt()
	}
}

func (c *client[T]) halt() { _ = c.StopAndCancel(context.Background()) }
