package rest

import (
	"context"
	"sync"
	"time"
)

// gate lets requests to one host through: as many at once as the pacing policy allows, and none during a pause that concerns them.
// All goroutines of a client share it.
type gate struct {
	mu        sync.Mutex
	state     pace
	busy      int
	host      pause
	endpoints map[string]pause // by method and route
	changed   chan struct{}    // closed and replaced when a slot may be free
}

// pause is a time until which nothing is sent, and the status that asked for it.
type pause struct {
	until  time.Time
	status int
}

func newGate(most int) *gate {
	return &gate{state: pace{limit: most, most: most}, endpoints: map[string]pause{}, changed: make(chan struct{})}
}

// pausedError tells that a pause lasts longer than the call can wait.
type pausedError struct {
	wait   time.Duration
	status int
}

func (e *pausedError) Error() string { return "paused for " + e.wait.String() }

// enter takes a slot for a request to endpoint, waiting for pauses and for a free slot. It returns what is left of budget, which only pauses use up.
// A pause longer than that, or than ctx allows, is a pausedError at once. Call leave after a nil error.
func (g *gate) enter(ctx context.Context, endpoint string, budget time.Duration) (time.Duration, error) {
	for {
		g.mu.Lock()
		now := time.Now()
		p := g.host
		if e := g.endpoints[endpoint]; e.until.After(p.until) {
			p = e
		}
		if wait := p.until.Sub(now); wait > 0 {
			g.mu.Unlock()
			if wait > budget || beyond(ctx, now.Add(wait)) {
				return budget, &pausedError{wait, p.status}
			}
			if err := sleep(ctx, wait); err != nil {
				return budget, err
			}
			budget -= wait
			continue
		}
		if g.busy < g.state.limit {
			g.busy++
			g.mu.Unlock()
			return budget, nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return budget, ctx.Err()
		}
	}
}

// leave tells what became of the request and gives its slot back. The pause that it asks for holds before the slot is free.
func (g *gate) leave(endpoint string, r reply) delay {
	g.mu.Lock()
	defer g.mu.Unlock()
	state, d := g.state.after(r)
	g.state = state
	p := pause{time.Now().Add(d.wait), r.status}
	switch {
	case d.wait == 0:
	case d.scope == scopeHost && p.until.After(g.host.until):
		g.host = p
	case d.scope == scopeEndpoint && p.until.After(g.endpoints[endpoint].until):
		g.endpoints[endpoint] = p
	}
	g.busy--
	close(g.changed)
	g.changed = make(chan struct{})
	return d
}

// beyond tells whether ctx ends before at.
func beyond(ctx context.Context, at time.Time) bool {
	deadline, ok := ctx.Deadline()
	return ok && deadline.Before(at)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
