package sandbox

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// The stages at which a rule of kind [FaultHold] stops a request.
const (
	// StageBefore is before the request takes effect.
	StageBefore = "before"
	// StageDuring is when it has taken effect and its answer was not sent.
	StageDuring = "during"
	// StageAfter is when its whole answer was sent.
	StageAfter = "after"
)

// holdLimit is for how long a request is held at most, unless its rule says otherwise: a test that forgot it does not hang for ever.
const holdLimit = time.Minute

// Held is a request that a rule of kind [FaultHold] stopped, until it is released or the rule's limit has passed. Its client may be gone.
type Held struct {
	ID     int    `json:"id"` // counts from 1
	Stage  string `json:"stage"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`
	N      int    `json:"n"` // the how-manieth request that the rule matched
}

// holdList is the requests that are held.
type holdList struct {
	mu      sync.Mutex
	last    int
	active  []*hold
	changed chan struct{} // closed, and replaced, when a request is held

	connections int // how many were accepted
	cut         int // up to which one nothing takes effect any more
}

// connectionKey is the key of a request's connection in its context: the how-manieth that was accepted.
type connectionKey struct{}

// accepted numbers a connection.
func (h *holdList) accepted(ctx context.Context) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.connections++
	return context.WithValue(ctx, connectionKey{}, h.connections)
}

type hold struct {
	Held
	freeze  bool
	told    bool          // by next
	ended   chan struct{} // closed at the end
	execute bool          // set before ended is closed
}

func newHolds() *holdList { return &holdList{changed: make(chan struct{})} }

// hold keeps the request at a stage, and returns whether what has not taken effect yet shall do so.
func (h *holdList) hold(c *call) bool {
	held := &hold{
		Held:   Held{Stage: c.fault.Stage, Method: c.r.Method, Path: c.r.URL.Path, Query: c.r.URL.RawQuery, N: c.fault.Seen},
		freeze: c.fault.Freeze, ended: make(chan struct{}),
	}
	h.mu.Lock()
	h.last++
	held.ID = h.last
	h.active = append(h.active, held)
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	limit := holdLimit
	if c.fault.DelayMS > 0 {
		limit = time.Duration(c.fault.DelayMS) * time.Millisecond
	}
	timer := time.AfterFunc(limit, func() { h.release(held.ID, true) })
	defer timer.Stop()
	// The client's going is no end: whether a request that arrived takes effect does not depend on who waits for the answer.
	<-held.ended
	return held.execute
}

// pass waits while a request is held that froze the rest. It returns false when the request with this context shall not take effect.
func (h *holdList) pass(ctx context.Context) bool {
	for {
		ice, cut := h.frozen(ctx)
		if ice == nil || cut {
			return !cut
		}
		<-ice.ended
		if !ice.execute {
			return false
		}
	}
}

// frozen returns the request that froze the rest, if any, and whether the connection of a request with this context was cut.
func (h *holdList) frozen(ctx context.Context) (ice *hold, cut bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if connection, ok := ctx.Value(connectionKey{}).(int); ok && connection <= h.cut {
		return nil, true
	}
	for _, held := range h.active {
		if held.freeze {
			return held, false
		}
	}
	return nil, false
}

// next returns the oldest held request that it has not returned before, once there is one.
func (h *holdList) next(ctx context.Context) (Held, error) {
	for {
		h.mu.Lock()
		for _, held := range h.active {
			if !held.told {
				held.told = true
				h.mu.Unlock()
				return held.Held, nil
			}
		}
		changed := h.changed
		h.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Held{}, ctx.Err()
		}
	}
}

func (h *holdList) list() []Held {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]Held, 0, len(h.active))
	for _, held := range h.active {
		list = append(list, held.Held)
	}
	return list
}

// release ends the hold with this id, or all if it is 0, and returns how many ended.
func (h *holdList) release(id int, execute bool) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.active[:0]
	released := 0
	for _, held := range h.active {
		if id != 0 && held.ID != id {
			kept = append(kept, held)
			continue
		}
		held.execute = execute
		if held.freeze && !execute {
			h.cut = h.connections
		}
		close(held.ended)
		released++
	}
	clear(h.active[len(kept):])
	h.active = kept
	return released
}

// NextHold returns the oldest request that is held and that it has not returned before. It waits for one until ctx ends.
func (s *Sandbox) NextHold(ctx context.Context) (Held, error) { return s.holds.next(ctx) }

// Holds returns the requests that are held now, oldest first.
func (s *Sandbox) Holds() []Held { return s.holds.list() }

// Release lets a held request go on. With execute it is as if it had come late; without, it never takes effect, if it is held at [StageBefore]:
// its connection is reset. Releasing one that froze the rest without execute cuts every connection there is by then, so that nothing takes
// effect of what a killed client may still have sent; a release by HTTP comes after all that was sent before it.
func (s *Sandbox) Release(id int, execute bool) error {
	if id <= 0 || s.holds.release(id, execute) == 0 {
		return fmt.Errorf("sandbox: no request is held under the id %d; it may have been released, or held for as long as its rule allows", id)
	}
	return nil
}

// ReleaseAll releases every held request, and returns how many.
func (s *Sandbox) ReleaseAll(execute bool) int { return s.holds.release(0, execute) }
