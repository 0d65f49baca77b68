package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"
)

const (
	mostTries    = 4  // of a call that finds no connection or no healthy server
	mostTimeouts = 2  // of a call that gets no answer in time
	mostRefusals = 20 // of a call that is turned away; the budget mostly ends it before
)

// Do sends r and decodes a 2xx answer into out (nil discards it). Every failure is an [*Error].
//
// GET, PUT, DELETE and what [Request.Reads] are repeated on broken connections, 502, 503, 504 and 429; POST and PATCH only on 429 and on a 503 that names a time,
// since both say that nothing was executed. Waits keep within the retry budget, ctx's deadline and its patience ([WithPatience]): a wait that would pass
// one of them is an error at once, with RetryAfter. Any write whose fate is in doubt is [ErrOutcomeUnknown].
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	prepared, err := c.prepare(r)
	if err != nil {
		return c.fail(r, CodeBadRequest, "the request can't be built: "+err.Error(), err)
	}
	budget, used := patient(ctx, c.budget)
	t := &tries{client: c, call: prepared, out: out, budget: budget}
	defer func() { used(budget - t.budget) }()
	err = retry.Do(ctx, retry.BackoffFunc(t.next), t.try)
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return t.ended(ctx) // only the end of ctx comes back as anything else
}

// tries is one call with its repetitions.
type tries struct {
	client *Client
	call   call
	out    any

	budget   time.Duration // what is left for waiting
	wait     time.Duration // before the next try
	count    int
	timeouts int
	doubt    bool // a try that is over may have been executed
}

// try sends the request once. A retryable error asks for another try after t.wait.
func (t *tries) try(ctx context.Context) error {
	endpoint := t.call.Method + " " + t.call.Route
	left, err := t.client.gate.enter(ctx, endpoint, t.budget)
	t.budget = left
	var p *pausedError
	if errors.As(err, &p) {
		return t.paused(p)
	}
	if err != nil {
		return t.ended(ctx)
	}

	o := t.client.send(ctx, t.call, t.out, t.count)
	d := t.client.gate.leave(endpoint, o.reply)
	t.count++
	t.wait = 0
	if t.again(o) && !beyond(ctx, time.Now().Add(d.wait)) {
		t.wait = d.wait
	}
	t.client.report(ctx, t.call, o, t.count, t.wait)
	if o.err == nil {
		return nil
	}

	e := t.judge(o)
	if refused(o.reply) {
		e.RetryAfter = d.wait
	}
	if t.wait == 0 {
		return e
	}
	return retry.RetryableError(e)
}

// judge adds to an error what the earlier tries mean for it.
func (t *tries) judge(o outcome) *Error {
	e := o.err
	doubt := o.doubt && t.call.writes()
	e.Attempts, e.Repeated = t.count, t.doubt
	e.OutcomeUnknown = doubt || t.doubt && !settles(e.Status)
	t.doubt = t.doubt || doubt
	return e
}

// next is the backoff between two tries. It stops where the wait would pass the budget.
func (t *tries) next() (time.Duration, bool) {
	if t.wait > t.budget {
		return 0, true
	}
	t.budget -= t.wait
	return t.wait, false
}

// again decides whether the request may be sent once more.
func (t *tries) again(o outcome) bool {
	switch {
	case o.err == nil:
		return false
	case refused(o.reply):
		return t.count < mostRefusals
	case !t.call.idempotent() || !o.transient:
		return false
	case o.err.Code == CodeTimeout:
		t.timeouts++
		return t.timeouts < mostTimeouts && t.count < mostTries
	}
	return t.count < mostTries
}

// paused is the error for a pause that lasts longer than the call may wait.
func (t *tries) paused(p *pausedError) *Error {
	e := t.client.fail(t.call.Request, CodeRateLimited, "the service asked for a pause that is longer than this call can wait", p)
	e.Status, e.RetryAfter = p.status, p.wait
	return t.marked(e)
}

// ended is the error for a ctx that ended while nothing was under way.
func (t *tries) ended(ctx context.Context) *Error {
	e := t.client.fail(t.call.Request, CodeCancelled, "cancelled before it was sent", ctxError(ctx))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Code, e.Message = CodeTimeout, "out of time before it was sent"
	}
	return t.marked(e)
}

func (t *tries) marked(e *Error) *Error {
	e.Attempts, e.Repeated, e.OutcomeUnknown = t.count, t.doubt, t.doubt
	return e
}

// ctxError is why ctx ended, such that errors.Is finds both the standard error and the cause given to its cancel function.
func ctxError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return errors.Join(ctx.Err(), cause)
	}
	return ctx.Err()
}

func (r Request) writes() bool {
	return !r.Reads && r.Method != http.MethodGet && r.Method != http.MethodHead
}

func (r Request) idempotent() bool {
	if r.Reads || r.Once {
		return r.Reads
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// settles tells whether an answer decides the fate of a write that was sent more than once: the last try surely did nothing,
// and what the service says of the state is true.
func settles(status int) bool {
	return status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}
