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
	most      int
	host      *lane
	endpoints map[string]*lane // by method and route
	changed   chan struct{}    // closed and replaced when a slot may be free
}

// lane is what the gate knows of the host, or of one endpoint.
type lane struct {
	pace   pace
	busy   int
	until  time.Time // nothing is sent before
	status int       // that asked for the pause
}

func newGate(most int) *gate {
	return &gate{most: most, host: newLane(most, scopeHost), endpoints: map[string]*lane{}, changed: make(chan struct{})}
}

func newLane(most int, s scope) *lane {
	return &lane{pace: pace{limit: most, most: most, lane: s}}
}

// lane returns the lane of an endpoint. There are as many as routes.
func (g *gate) lane(endpoint string) *lane {
	l, ok := g.endpoints[endpoint]
	if !ok {
		l = newLane(g.most, scopeEndpoint)
		g.endpoints[endpoint] = l
	}
	return l
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
		l := g.lane(endpoint)
		slower := g.host
		if l.until.After(slower.until) {
			slower = l
		}
		if wait, status := slower.until.Sub(now), slower.status; wait > 0 {
			g.mu.Unlock()
			if wait > budget || beyond(ctx, now.Add(wait)) {
				return budget, &pausedError{wait, status}
			}
			if err := sleep(ctx, wait); err != nil {
				return budget, err
			}
			budget -= wait
			continue
		}
		if l.busy < l.pace.limit && g.host.busy < g.host.pace.limit {
			l.busy++
			g.host.busy++
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
	l := g.lane(endpoint)
	var d delay
	g.host.pace, _ = g.host.pace.after(r)
	l.pace, d = l.pace.after(r)
	switch {
	case d.wait == 0:
	case d.scope == scopeHost:
		g.host.pause(d.wait, r.status)
	case d.scope == scopeEndpoint:
		l.pause(d.wait, r.status)
	}
	l.busy--
	g.host.busy--
	close(g.changed)
	g.changed = make(chan struct{})
	return d
}

// pause prolongs the lane's pause to at least wait from now.
func (l *lane) pause(wait time.Duration, status int) {
	if until := time.Now().Add(wait); until.After(l.until) {
		l.until, l.status = until, status
	}
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
