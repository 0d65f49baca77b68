package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// outcome is what became of one try.
type outcome struct {
	err       *Error // nil = success
	reply     reply  // for the pacing policy
	doubt     bool   // the service may have executed the request though err says otherwise
	transient bool   // another try may fare better
	took      time.Duration
}

// send sends the request once and reads its answer, within one deadline.
func (c *Client) send(ctx context.Context, call call, out any, attempt int) outcome {
	start := time.Now()
	trying, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var conn connection
	req, err := call.http(conn.watch(trying))
	if err != nil {
		return outcome{err: c.fail(call.Request, CodeBadRequest, "the request can't be built", withoutURL(err))}
	}

	o := outcome{reply: reply{wait: noWait, attempt: attempt, jitter: rand.Float64()}}
	if err := allowed(ctx, call.Request); err != nil {
		o.err = c.fail(call.Request, CodeCancelled, "not sent: "+err.Error(), err)
		return o
	}
	res, err := c.http.Do(req)
	if err != nil {
		o.err = c.noAnswer(ctx, call, "no answer", err)
		o.doubt, o.transient = conn.mayHaveSent(err), ctx.Err() == nil && !permanent(err)
	} else {
		o.reply = replyOf(res, attempt, o.reply.jitter, start)
		tellRequestID(ctx, requestID(res.Header))
		c.answer(ctx, call, res, out, &o)
	}
	o.took = time.Since(start)
	return o
}

// noAnswer says why no answer came, or why it broke off.
func (c *Client) noAnswer(ctx context.Context, call call, what string, err error) *Error {
	err = withoutURL(err)
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return c.fail(call.Request, CodeCancelled, "cancelled", ctxError(ctx))
	case ctx.Err() != nil:
		return c.fail(call.Request, CodeTimeout, what+" before the caller's deadline", ctxError(ctx))
	case errors.As(err, &timeout) && timeout.Timeout():
		return c.fail(call.Request, CodeTimeout, what+" within "+c.timeout.String(), err)
	}
	return c.fail(call.Request, CodeUnreachable, what+": "+err.Error(), err)
}

// withoutURL is the cause of an error that holds the whole address with its ids.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// permanent tells whether trying again is useless: the host does not exist, or its certificate is not to be trusted.
func permanent(err error) bool {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &cert)
}

// connection watches whether a request got as far as a connection.
type connection struct{ wanted, got atomic.Bool }

func (c *connection) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A transport that gives up a stale connection asks for another only when nothing was executed on the first.
		GetConn: func(string) { c.wanted.Store(true); c.got.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	})
}

// mayHaveSent tells whether any byte of the request may have left. A RoundTripper that is not net/http's reports nothing, and then the
// answer is yes unless err says that no connection was made.
func (c *connection) mayHaveSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" || permanent(err) {
		return false
	}
	return !c.wanted.Load() || c.got.Load()
}

// report logs one try and the wait before the next, if there will be one. It names the route, never the path or the query, which hold ids and addresses.
func (c *Client) report(ctx context.Context, call call, o outcome, attempt int, wait time.Duration) {
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("service", c.service), slog.String("method", call.Method), slog.String("route", call.Route),
		slog.Int("status", o.reply.status), slog.Duration("took", o.took), slog.Int("attempt", attempt),
	}
	if o.err != nil {
		attrs = append(attrs, slog.String("code", o.err.Code), slog.String("upstream_request", o.err.RequestID))
	}
	if wait > 0 {
		level = slog.LevelInfo
		attrs = append(attrs, slog.Duration("wait", wait))
	}
	c.log.LogAttrs(ctx, level, "request", attrs...)
}

func (c *Client) fail(r Request, code, text string, cause error) *Error {
	return &Error{Service: c.service, Method: r.Method, Path: r.Route, Code: code, Message: message(text), Err: cause}
}

// status is the error of an answer that is an error.
func (c *Client) status(r Request, res *http.Response) *Error {
	return &Error{Service: c.service, Method: r.Method, Path: r.Route, Status: res.StatusCode, RequestID: requestID(res.Header)}
}
