package main

import (
	"context"
	"errors"
	"time"
)

// measureStart takes the time from starting the process to the answer to initialize. The floor is the bare server.
func measureStart(ctx context.Context, b *bench) ([]row, error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()

	var ours, bare sample
	for i := range b.pick(40, 8) + 1 {
		warm := i > 0 // the first pair loads the programs from the disk
		took, err := b.startOnce(ctx, b.program, site.Env, "serve")
		if err != nil {
			return nil, err
		}
		floor, err := b.startOnce(ctx, b.bare, nil)
		if err != nil {
			return nil, err
		}
		if warm {
			ours.time(took)
			bare.time(floor)
		}
	}
	return []row{{measure: "start to initialize answered", unit: milliseconds, value: ours, floor: bare, against: ratio, bar: 1.5}}, nil
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

// measureMemory reads the resident memory after a client has greeted the server, before any tool was called.
func measureMemory(ctx context.Context, b *bench) ([]row, error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()

	var resident sample
	for range b.pick(10, 3) {
		s, err := b.startProgram(ctx, site.Env)
		if err != nil {
			return nil, err
		}
		size, err := s.memory("VmRSS")
		if err := errors.Join(err, s.close()); err != nil {
			return nil, err
		}
		resident.add(size)
	}
	return []row{{measure: "idle memory (RSS)", unit: megabytes, value: resident, against: value, bar: 30}}, nil
}
