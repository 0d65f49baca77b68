package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// errPatience ends a query of the audit log that the service holds back for long.
var errPatience = errors.New("the audit log did not answer in time")

// patience is how long a query waits for its turn before it is refused.
const patience = 2 * time.Second

// quota lets at most a number of requests pass in any window of time.
type quota struct {
	mu     sync.Mutex
	window time.Duration
	sent   []time.Time // the last requests, a ring
	next   int
}

func newQuota(most int, window time.Duration) *quota {
	return &quota{window: window, sent: make([]time.Time, most)}
}

// take takes a place for a request at now, waits for one that is near, and refuses where the next is further off.
func (q *quota) take(ctx context.Context, now time.Time) error {
	wait := q.reserve(now)
	switch {
	case wait == 0:
		return nil
	case wait > patience:
		return &rest.Error{
			Service: Service, Method: http.MethodGet, Path: routeEvents, Status: http.StatusTooManyRequests, Code: rest.CodeRateLimited, RetryAfter: wait,
			Message: "the audit log answers " + strconv.Itoa(len(q.sent)) + " queries a minute, and they are used up",
		}
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &rest.Error{Service: Service, Method: http.MethodGet, Path: routeEvents, Code: rest.CodeCancelled, Message: "cancelled before it was sent", Err: ctx.Err()}
	}
}

// reserve returns how long a request at now has to wait. Its place is taken unless that is more than [patience].
func (q *quota) reserve(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := now
	if free := q.sent[q.next].Add(q.window); !q.sent[q.next].IsZero() && free.After(at) {
		at = free
	}
	wait := at.Sub(now)
	if wait > patience {
		return wait
	}
	q.sent[q.next] = at
	q.next = (q.next + 1) % len(q.sent)
	return wait
}
