package task

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"
)

// Call is one call that runs apart from its request, and may become a task.
type Call struct {
	store  *Store
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}

	// Under the store's lock.
	owner            Owner
	id               string // "" = no task
	created, updated time.Time
	life             time.Duration
	message          string
	cancelled        bool
	result           json.RawMessage
	failed           bool
}

// Context is what the call runs under.
func (c *Call) Context() context.Context { return c.ctx }

// Done is closed when the call has ended.
func (c *Call) Done() <-chan struct{} { return c.done }

// Cancel ends the call's context with cause, unless it has ended.
func (c *Call) Cancel(cause error) { c.cancel(cause) }

// Say tells what the call is doing.
func (c *Call) Say(message string) {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if !c.ended() {
		c.message, c.updated = message, time.Now()
	}
}

// Keep makes the call a task, which is remembered for life, or, where it runs longer, for a while after its end.
func (c *Call) Keep(life time.Duration) Snapshot {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	c.id, c.life = rand.Text(), life
	c.store.tasks[c.id] = c
	c.store.forget()
	return c.snapshot()
}

// Kept reports whether the call is a task.
func (c *Call) Kept() bool {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	return c.id != ""
}

// End records how the call ended, in a short message and as the answer that the request would have had, and gives its place back.
// It must be called once.
func (c *Call) End(message string, result json.RawMessage, failed bool) {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	c.message, c.result, c.failed, c.updated = message, result, failed, time.Now()
	c.cancel(context.Canceled)
	close(c.done)
	delete(c.store.running, c)
	if len(c.store.running) == 0 && c.store.idle != nil {
		close(c.store.idle)
		c.store.idle = nil
	}
}

func (c *Call) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Snapshot is a task at one moment.
type Snapshot struct {
	ID               string
	Created, Updated time.Time
	Life             time.Duration // from Created
	Message          string        // what it is doing, or how it ended
	Cancelled        bool          // it was asked to stop while it ran
	Ended            bool
	Failed           bool            // its result is an error
	Result           json.RawMessage // once it has ended
}

func (c *Call) snapshot() Snapshot {
	return Snapshot{
		ID: c.id, Created: c.created, Updated: c.updated, Life: c.life, Message: c.message,
		Cancelled: c.cancelled, Ended: c.ended(), Failed: c.failed, Result: c.result,
	}
}
