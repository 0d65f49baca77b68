package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	offboardTime   = 50 * time.Millisecond
	offboardPerson = "tessa.twenty@example.com" // in twenty groups of Jira's own, and in one that grants a product
	offboardGroups = 20
)

// measureOffboard takes the time of an offboarding that was agreed to. The floor is the same requests, bodies and all, sent one after the
// other. Each run has a site of its own: the person is there once. What the requests are is recorded before, in a run through a
// proxy that is not timed.
func measureOffboard(ctx context.Context, b *bench) ([]row, error) {
	list, err := b.recordOffboarding(ctx)
	if err != nil {
		return nil, err
	}
	result := row{
		measure: fmt.Sprintf("offboarding applied, %d Jira groups (%d requests)", offboardGroups, len(list)), unit: milliseconds, against: ratio, bar: 0.35,
	}
	for range b.pick(5, 2) {
		took, err := b.offboardOnce(ctx)
		if err != nil {
			return nil, err
		}
		floor, err := b.replayOffboarding(ctx, list)
		if err != nil {
			return nil, err
		}
		result.value.time(took)
		result.floor.time(floor)
	}
	return []row{result}, nil
}

func (b *bench) offboardOnce(ctx context.Context) (time.Duration, error) {
	site, err := b.startSite(ctx, 0, offboardTime)
	if err != nil {
		return 0, err
	}
	defer site.close()
	return b.offboard(ctx, site.Env, func() {})
}

func (b *bench) replayOffboarding(ctx context.Context, list []exchange) (time.Duration, error) {
	site, err := b.startSite(ctx, 0, offboardTime)
	if err != nil {
		return 0, err
	}
	defer site.close()
	return replay(ctx, bareClient(1), site.URL, lane{list, 1})
}

// recordOffboarding returns the requests that applying sends.
func (b *bench) recordOffboarding(ctx context.Context) ([]exchange, error) {
	site, err := b.startSite(ctx, 0, offboardTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	recorder, err := newRecorder(site)
	if err != nil {
		return nil, err
	}
	defer recorder.close()
	if _, err := b.offboard(ctx, recorder.env(site), recorder.forget); err != nil {
		return nil, err
	}
	return recorder.exchanges(), nil
}

// offboard plans and applies, and tells how long applying took. It calls planned between the two.
func (b *bench) offboard(ctx context.Context, env map[string]string, planned func()) (took time.Duration, err error) {
	s, err := b.startProgram(ctx, env)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var plan struct {
		Confirmation struct{ Token string }
	}
	if err := s.call("offboard_user", map[string]any{"user": offboardPerson}, &plan); err != nil {
		return 0, err
	}
	planned()
	start := time.Now()
	var done struct {
		Status    string
		Operation struct {
			Steps []struct{ Action, Status string }
		}
	}
	if err := s.call("offboard_user", map[string]any{"user": offboardPerson, "confirm": plan.Confirmation.Token}, &done); err != nil {
		return 0, err
	}
	took = time.Since(start)
	removed := 0
	for _, step := range done.Operation.Steps {
		if step.Action == "remove_from_group" && step.Status == "done" {
			removed++
		}
	}
	if done.Status != "succeeded" || removed < offboardGroups {
		return 0, fmt.Errorf("the offboarding ended as %q with %d groups removed", done.Status, removed)
	}
	return took, nil
}
