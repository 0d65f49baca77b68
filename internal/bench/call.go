package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// measureCall takes the time of a small tool call where the network costs nothing: what is left is the program's own work. The floor is a
// call of the bare server's echo tool, and then the same HTTP requests by a bare client, side by side where the program sends them so.
func measureCall(ctx context.Context, b *bench) (_ []row, err error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()
	id, err := b.accountID(ctx, site, "jane.doe@example.com")
	if err != nil {
		return nil, err
	}
	steps, err := b.recordLookup(ctx, id)
	if err != nil {
		return nil, err
	}

	ours, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ours.close()) }()
	bare, err := b.startServer(ctx, b.bare, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	if err := bare.greet(); err != nil {
		return nil, err
	}

	client := bareClient(8)
	result := row{measure: "tool call over stdio (lookup_user by id)", unit: milliseconds, against: ratio, bar: 1.5}
	echo := row{measure: "  of the floor: echo", unit: milliseconds}
	plain := row{measure: "  of the floor: HTTP requests", unit: milliseconds}
	const warmUp = 20
	for i := range b.pick(1000, 100) + warmUp {
		start := time.Now()
		if err := ours.call("lookup_user", map[string]any{"user": id}, nil); err != nil {
			return nil, err
		}
		called := time.Now()
		if err := bare.call("echo", map[string]any{"text": id}, nil); err != nil {
			return nil, err
		}
		echoed := time.Now()
		if err := sendWaves(ctx, client, site, steps); err != nil {
			return nil, err
		}
		sent := time.Now()
		if i < warmUp {
			continue
		}
		result.value.time(called.Sub(start))
		result.floor.time(sent.Sub(called))
		echo.value.time(echoed.Sub(called))
		plain.value.time(sent.Sub(echoed))
	}
	return []row{result, echo, plain}, nil
}

// recordLookup returns the requests of a look-up, wave by wave. It looks at a site that is slow enough to tell waves apart, and at the second
// call of a process, since that is what is measured.
func (b *bench) recordLookup(ctx context.Context, id string) ([]lane, error) {
	site, err := b.startSite(ctx, 0, tripTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	s, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return nil, err
	}
	lookUp := func() error { return s.call("lookup_user", map[string]any{"user": id}, nil) }
	err = errors.Join(lookUp(), site.forget(ctx), lookUp(), s.close())
	if err != nil {
		return nil, err
	}
	requests, err := site.requests(ctx)
	if err != nil {
		return nil, err
	}
	var steps []lane
	for _, wave := range waves(requests, tripTime) {
		steps = append(steps, lane{site.exchangesOf(wave), len(wave)})
	}
	return steps, nil
}

func sendWaves(ctx context.Context, client *http.Client, site *site, steps []lane) error {
	for _, step := range steps {
		if _, err := replay(ctx, client, site.URL, step); err != nil {
			return err
		}
	}
	return nil
}
