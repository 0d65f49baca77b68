package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// recoveryTime bounds what is waited for, so that an operation that nobody takes up is an error and not a wait for ever.
const recoveryTime = time.Minute

// measureRecovery takes the time from the start of a process to the first write that it sends for an operation which another one, killed on the same host, had
// begun. It is killed between two stages: the account is deactivated, the read that looks for this is under way, and groups are left to do.
func measureRecovery(ctx context.Context, b *bench) ([]row, error) {
	const name = "restart to the first resumed write, after SIGKILL"
	return b.onEachJournal(ctx, name, func(kind journalKind) ([]row, error) {
		r := row{measure: name + ", " + kind.name, unit: milliseconds, against: value, bar: 1000}
		for range b.pick(7, 2) {
			took, err := b.recoverOnce(ctx, kind)
			if err != nil {
				return nil, err
			}
			r.value.time(took)
		}
		return []row{r}, nil
	})
}

func (b *bench) recoverOnce(ctx context.Context, kind journalKind) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return 0, err
	}
	defer site.close()
	j, err := kind.fresh(b)
	if err != nil {
		return 0, err
	}
	env := settings(site.Env, j.env())
	if err := b.killBetweenStages(ctx, site, env); err != nil {
		return 0, err
	}
	start := time.Now()
	s, err := b.startServer(ctx, b.program, env, "serve")
	if err != nil {
		return 0, err
	}
	first, err := site.firstWrite(ctx)
	return first.Sub(start), errors.Join(err, s.close())
}

// killBetweenStages begins an offboarding and kills the process when its first write took effect and its second was not sent.
func (b *bench) killBetweenStages(ctx context.Context, site *site, env map[string]string) error {
	s, err := b.startProgram(ctx, env)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it was killed
	token, err := s.planned("offboard_user", map[string]any{"user": offboardPerson})
	if err != nil {
		return err
	}
	readBack := sandbox.Fault{Kind: sandbox.FaultHold, Method: http.MethodGet, Path: "/scim/directory/{directory}/Users/{user}$", Stage: sandbox.StageBefore, Times: 1}
	if err := site.control(ctx, http.MethodPost, "faults", readBack, nil); err != nil {
		return err
	}
	called := make(chan error, 1)
	go func() {
		called <- s.call("offboard_user", map[string]any{"user": offboardPerson, "confirm": token}, nil)
	}()
	var held sandbox.Held
	err = site.control(ctx, http.MethodGet, "holds/next", nil, &held)
	if err == nil {
		err = s.process.Process.Kill()
	}
	if err != nil {
		return fmt.Errorf("the offboarding did not come to its second stage: %w", err)
	}
	<-called // its answer is gone with the process
	if err := site.control(ctx, http.MethodPost, "holds/release", map[string]any{"id": held.ID, "execute": false}, nil); err != nil {
		return err
	}
	return site.forget(ctx)
}

// firstWrite waits until the site has got a write, and tells when it came.
func (s *site) firstWrite(ctx context.Context) (time.Time, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		requests, err := s.requests(ctx)
		if err != nil {
			return time.Time{}, err
		}
		for _, r := range requests {
			if !r.Reads() {
				return r.Time, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("nobody took the operation up: %w", ctx.Err())
		}
	}
}
