package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const batchTime = 50 * time.Millisecond

// batchParallel are how many requests to one service, and people, are under way at once: what is usual, and the most that the settings allow.
var batchParallel = []int{usualParallel, 64}

// limits are settings under which a batch of any size runs, this many requests at once, and its call waits for its end.
func limits(parallel int) map[string]string {
	return map[string]string{
		"JIRA_LIFECYCLE_BATCH_LIMIT": "1000", "JIRA_LIFECYCLE_WAIT": "10m", "JIRA_LIFECYCLE_MAX_CONCURRENCY": strconv.Itoa(parallel),
	}
}

// measureBatch takes the time of a batch of offboardings, from its confirmation to its end. The floor is the critical path of its requests: all people
// planned again, then changed, as many side by side as the settings allow, each request as early as the answers before it allow.
func measureBatch(ctx context.Context, b *bench) ([]row, error) {
	people := b.pick(200, 40)
	name := fmt.Sprintf("batch of %d offboardings", people)
	return b.onEachJournal(ctx, name, func(kind journalKind) ([]row, error) {
		var rows []row
		for _, parallel := range batchParallel {
			r := row{measure: fmt.Sprintf("%s, %d at once, %s", name, parallel, kind.name), unit: milliseconds, against: ratio, bar: 1.3}
			for range b.pick(3, 1) {
				if err := b.timeBatch(ctx, kind, people, parallel, &r); err != nil {
					return nil, err
				}
			}
			rows = append(rows, r)
		}
		return rows, nil
	})
}

func (b *bench) timeBatch(ctx context.Context, kind journalKind, people, parallel int, r *row) error {
	j, err := kind.fresh(b)
	if err != nil {
		return err
	}
	run, err := b.offboardMany(ctx, people, batchTime, settings(limits(parallel), j.env()), 1)
	if err != nil {
		return err
	}
	floor, err := b.onFreshSite(ctx, 5*people, batchTime, func(s *site) (time.Duration, error) {
		return s.replayChains(ctx, chainsOf(run.requests, run.people), parallel)
	})
	if err != nil {
		return err
	}
	r.value.time(run.took)
	r.floor.time(floor)
	r.note = fmt.Sprintf("%d requests, those to one service at most %d at once; planned again before the first change, as the program does.", len(run.requests), parallel)
	return nil
}

// batchRun is what a batch took and asked for.
type batchRun struct {
	took     time.Duration // from the confirmation to its answer
	carried  time.Duration // from its record to its end
	requests []sandbox.Request
	people   []someone
}

// offboardMany offboards so many people on a site of their own, with this many processes on one journal. The first of them gets the calls.
func (b *bench) offboardMany(ctx context.Context, count int, latency time.Duration, env map[string]string, replicas int) (run batchRun, err error) {
	site, err := b.startSite(ctx, 5*count, latency)
	if err != nil {
		return run, err
	}
	defer site.close()
	if run.people, err = site.leavers(ctx, count); err != nil {
		return run, err
	}
	var users []string
	for _, p := range run.people {
		users = append(users, p.email)
	}
	var first *server
	for i := range replicas {
		s, err := b.startProgram(ctx, settings(site.Env, env))
		if err != nil {
			return run, err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		if i == 0 {
			first = s
		}
	}
	token, err := first.planned("offboard_user", map[string]any{"users": users})
	if err == nil {
		err = site.forget(ctx)
	}
	if err != nil {
		return run, err
	}
	var done struct {
		Status    string
		Operation struct {
			OperationID string `json:"operation_id"`
		}
	}
	start := time.Now()
	if err := first.call("offboard_user", map[string]any{"users": users, "confirm": token}, &done); err != nil {
		return run, err
	}
	run.took = time.Since(start)
	if done.Status != "succeeded" {
		return run, fmt.Errorf("the batch ended as %q", done.Status)
	}
	if run.carried, err = first.lasted(done.Operation.OperationID); err != nil {
		return run, err
	}
	run.requests, err = site.requests(ctx)
	return run, err
}

// lasted tells how long an operation took by its own record.
func (s *server) lasted(id string) (time.Duration, error) {
	var shown struct {
		Operation struct {
			CreatedAt time.Time `json:"created_at"`
			EndedAt   time.Time `json:"ended_at"`
		}
	}
	if err := s.call("get_operation", map[string]any{"operation_id": id}, &shown); err != nil {
		return 0, err
	}
	return shown.Operation.EndedAt.Sub(shown.Operation.CreatedAt), nil
}
