package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const (
	offboardTime   = 50 * time.Millisecond
	offboardPerson = "tessa.twenty@example.com" // in twenty groups of Jira's own, and in one that grants a product
	offboardGroups = 20
	// usualParallel is how many requests the program sends to one service at once, unless it is told otherwise.
	usualParallel = 16
)

// measureOffboard takes the time of an offboarding that was agreed to, against two floors, each of which is the very requests of that offboarding
// on a fresh site, bodies and all. The one sends them one after the other. The other is their critical path, which a program without a journal
// could at best be as fast as: as many at once as the program may send, and none before what it needs was answered.
func measureOffboard(ctx context.Context, b *bench) ([]row, error) {
	var took, inTurn, critical sample
	var count int
	for range b.pick(5, 2) {
		applied, requests, people, err := b.offboardOnce(ctx)
		if err != nil {
			return nil, err
		}
		took.time(applied)
		count = len(requests)
		floor, err := b.onFreshSite(ctx, 0, offboardTime, func(s *site) (time.Duration, error) {
			return replay(ctx, bareClient(1), s.URL, lane{s.exchangesOf(requests), 1})
		})
		if err != nil {
			return nil, err
		}
		inTurn.time(floor)
		floor, err = b.onFreshSite(ctx, 0, offboardTime, func(s *site) (time.Duration, error) {
			return s.replayChains(ctx, chainsOf(requests, people), usualParallel)
		})
		if err != nil {
			return nil, err
		}
		critical.time(floor)
	}
	name := fmt.Sprintf("offboarding applied, %d Jira groups (%d requests)", offboardGroups, count)
	return []row{
		{measure: name, unit: milliseconds, value: took, floor: inTurn, against: ratio, bar: 0.35, note: "The floor sends the requests one after the other."},
		{
			measure: name + ", critical path", unit: milliseconds, value: took, floor: critical, against: ratio, bar: 1.15,
			note: "The floor sends the requests as early as their answers allow, 16 at once to each service, and keeps no journal.",
		},
	}, nil
}

func (b *bench) offboardOnce(ctx context.Context) (time.Duration, []sandbox.Request, []someone, error) {
	site, err := b.startSite(ctx, 0, offboardTime)
	if err != nil {
		return 0, nil, nil, err
	}
	defer site.close()
	people, err := site.people(ctx)
	if err != nil {
		return 0, nil, nil, err
	}
	for _, p := range people {
		if p.email == offboardPerson {
			took, requests, err := b.offboard(ctx, site)
			return took, requests, []someone{p}, err
		}
	}
	return 0, nil, nil, fmt.Errorf("the sandbox has no %s", offboardPerson)
}

// offboard plans and applies, and tells how long applying took and what it asked for.
func (b *bench) offboard(ctx context.Context, site *site) (took time.Duration, requests []sandbox.Request, err error) {
	s, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	token, err := s.planned("offboard_user", map[string]any{"user": offboardPerson})
	if err == nil {
		err = site.forget(ctx)
	}
	if err != nil {
		return 0, nil, err
	}
	var done struct {
		Status    string
		Operation struct {
			Steps []struct{ Action, Status string }
		}
	}
	start := time.Now()
	if err := s.call("offboard_user", map[string]any{"user": offboardPerson, "confirm": token}, &done); err != nil {
		return 0, nil, err
	}
	took = time.Since(start)
	removed := 0
	for _, step := range done.Operation.Steps {
		if step.Action == "remove_from_group" && step.Status == "done" {
			removed++
		}
	}
	if done.Status != "succeeded" || removed < offboardGroups {
		return 0, nil, fmt.Errorf("the offboarding ended as %q with %d groups removed", done.Status, removed)
	}
	requests, err = site.requests(ctx)
	return took, requests, err
}

// planned calls a tool for its plan and gives the token that confirms it.
func (s *server) planned(tool string, arguments map[string]any) (string, error) {
	var plan struct {
		Status       string
		Confirmation struct{ Token string }
	}
	if err := s.call(tool, arguments, &plan); err != nil {
		return "", err
	}
	if plan.Confirmation.Token == "" {
		return "", fmt.Errorf("%s: no plan to confirm, but %q", tool, plan.Status)
	}
	return plan.Confirmation.Token, nil
}
