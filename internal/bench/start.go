package main

import (
	"context"
	"errors"
	"time"
)

// oldOperations is how many operations a journal has that has been in use for years.
const oldOperations = 10_000

// oldJournal makes the settings of a process with such a journal.
func (b *bench) oldJournal(ctx context.Context, site *site) (map[string]string, error) {
	j, err := sqliteJournal.fresh(b)
	if err != nil {
		return nil, err
	}
	return settings(site.Env, j.env()), j.fillOperations(ctx, oldOperations, true)
}

// measureStart takes the time from starting the process to the answer to initialize. The floor is the bare server.
func measureStart(ctx context.Context, b *bench) ([]row, error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()

	old, err := b.oldJournal(ctx, site)
	if err != nil {
		return nil, err
	}

	var fresh, used, bare sample
	for i := range b.pick(40, 8) + 1 {
		warm := i > 0 // the first of each loads the programs from the disk
		for _, start := range []struct {
			took *sample
			path string
			env  map[string]string
			args []string
		}{
			{&fresh, b.program, site.Env, []string{"serve"}},
			{&used, b.program, old, []string{"serve"}},
			{&bare, b.bare, nil, nil},
		} {
			took, err := b.startOnce(ctx, start.path, start.env, start.args...)
			if err != nil {
				return nil, err
			}
			if warm {
				start.took.time(took)
			}
		}
	}
	const name = "start to initialize answered"
	return []row{
		{measure: name, unit: milliseconds, value: fresh, floor: bare, against: ratio, bar: 1.5},
		{measure: name + ", " + thousands(oldOperations) + " old operations", unit: milliseconds, value: used, floor: bare, against: ratio, bar: 1.5},
	}, nil
}

func (b *bench) startOnce(ctx context.Context, path string, env map[string]string, args ...string) (time.Duration, error) {
	start := time.Now()
	s, err := b.startServer(ctx, path, env, args...)
	if err != nil {
		return 0, err
	}
	err = s.initialize()
	took := time.Since(start)
	return took, errors.Join(err, s.close())
}

// sweeps is when a process that was just started has surely looked at its journal.
const sweeps = time.Second

// measureMemory reads the resident memory after a client has greeted the server, before any tool was called; where there are old operations, after the
// process has looked whether any of them is left to do.
func measureMemory(ctx context.Context, b *bench) ([]row, error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()
	old, err := b.oldJournal(ctx, site)
	if err != nil {
		return nil, err
	}

	var fresh, used sample
	for range b.pick(10, 3) {
		if err := b.idle(ctx, site.Env, 0, &fresh); err != nil {
			return nil, err
		}
		if err := b.idle(ctx, old, sweeps, &used); err != nil {
			return nil, err
		}
	}
	const name = "idle memory (RSS)"
	return []row{
		{measure: name, unit: megabytes, value: fresh, against: value, bar: 30},
		{measure: name + ", " + thousands(oldOperations) + " old operations", unit: megabytes, value: used, against: value, bar: 30},
	}, nil
}

// idle reads the memory of a process of its own, so long after its greeting.
func (b *bench) idle(ctx context.Context, env map[string]string, after time.Duration, resident *sample) error {
	s, err := b.startProgram(ctx, env)
	if err != nil {
		return err
	}
	time.Sleep(after)
	size, err := s.memory("VmRSS")
	resident.add(size)
	return errors.Join(err, s.close())
}
