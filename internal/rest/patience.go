package rest

import (
	"context"
	"sync/atomic"
	"time"
)

type patienceKey struct{}

// WithPatience returns a context whose calls, all of them together, wait no longer than d for repetitions and for pauses that a service asked for. A wait
// beyond it is an error at once, with RetryAfter. [Config.RetryBudget] holds as well; how long an answer itself takes is no wait.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(d))
	return context.WithValue(ctx, patienceKey{}, left)
}

// patient returns how long a call may wait, and what to call with as much of it as was used up.
func patient(ctx context.Context, budget time.Duration) (time.Duration, func(used time.Duration)) {
	left, ok := ctx.Value(patienceKey{}).(*atomic.Int64)
	if !ok {
		return budget, func(time.Duration) {}
	}
	return min(budget, max(time.Duration(left.Load()), 0)), func(used time.Duration) { left.Add(-int64(used)) }
}
