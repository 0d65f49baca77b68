package mcpserver

import (
	"context"
	"sync"
)

// counter counts what is under way, and lets others wait for it to fall. The zero value is ready to use.
type counter struct {
	mu      sync.Mutex
	n       int
	changed chan struct{} // closed at the next change; nil when nobody waits
}

func (c *counter) add(delta int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += delta
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

func (c *counter) get() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// wait returns true once no more than floor() are under way, and false when ctx ends before.
func (c *counter) wait(ctx context.Context, floor func() int) bool {
	for {
		least := floor()
		c.mu.Lock()
		if c.n <= least {
			c.mu.Unlock()
			return true
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func none() int { return 0 }
