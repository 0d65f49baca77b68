package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request on its way to an answer.
type call struct {
	*reply
	s      *Sandbox
	r      *http.Request
	sent   []byte // the request's body
	path   string // below the gateway's prefix
	query  url.Values
	base   string // address of the site or the gateway, for links in answers
	who    caller
	fault  Fault
	serial uint64 // which request this is, from 1
	trace  string

	entry *Request // in the log

	// Of a request to the organization: its key, and what stands for the {} of its path.
	orgKey OrgKey
	args   []string

	shown  *model // what reads show
	now    *model // what is so
	commit func(change func(*model))
}

// serve takes a request through the limits and the faults to the service that it asks for.
func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	if tail, ok := strings.CutPrefix(r.URL.Path, "/_sandbox/"); ok {
		s.control(w, r, tail)
		return
	}
	path, gateway := strings.CutPrefix(r.URL.Path, "/ex/jira/"+CloudID)
	serial := s.serial.Add(1)
	c := &call{
		reply: newReply(), s: s, r: r, path: path, query: r.URL.Query(), base: "http://" + r.Host, serial: serial,
		trace: fmt.Sprintf("%016x%016x", mix(saltRequest, serial), mix(serial, saltRequest)),
	}
	if gateway {
		c.base += "/ex/jira/" + CloudID
	}
	defer c.release()
	c.entry = s.requests.begin(r.Method, r.URL.Path, r.URL.RawQuery)
	finish := func(status int) { s.requests.end(c.entry, status, c.fault.Kind) }
	if !c.readBody() || !wait(r.Context(), s.options.Latency) {
		finish(0)
		return
	}
	s.requests.sent(c.entry, c.sent)
	if !s.holds.pass(r.Context()) {
		finish(0)
		reset(w)
		return
	}
	if s.limiter != nil && !s.limiter.Allow() {
		c.fault = Fault{Kind: FaultRateLimit, RetryAfter: "1"}
	} else {
		c.fault = s.faults.strike(r, path)
	}
	if c.fault.Kind == FaultDelay && !wait(r.Context(), time.Duration(c.fault.DelayMS)*time.Millisecond) {
		finish(0)
		return
	}
	if !c.held(StageBefore) {
		finish(0)
		reset(w)
		return
	}
	c.header.Set("Atl-Traceid", c.trace)
	if !c.spoilBefore() {
		c.route(gateway)
	}
	c.held(StageDuring)
	c.send(w, finish)
}

// held stops the request if a fault wants so at this stage. It returns false when what has not taken effect yet shall not do so.
func (c *call) held(stage string) bool {
	return c.fault.Kind != FaultHold || c.fault.Stage != stage || c.s.holds.hold(c)
}

// write calls f with what is so, and lets it commit a change.
func (c *call) write(f func()) {
	c.s.world.write(func(now *model, commit func(func(*model))) {
		c.shown, c.now = now, now
		c.commit = func(change func(*model)) {
			c.s.requests.effect(c.entry)
			c.record(now, now.listen(func() { commit(change) }))
		}
		f()
	})
}

// maxBody is how much of a request's body is read; what is longer is cut, and then is not valid.
const maxBody = 8 << 20

// readBody takes the body in, so that a slow client does not hold up others while its request is served. It returns false when the client
// gave up.
func (c *call) readBody() bool {
	data, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody))
	c.sent = data
	return err == nil
}

// route calls the service that the path belongs to.
func (c *call) route(gateway bool) {
	switch {
	case strings.HasPrefix(c.path, "/rest/api/3/"):
		c.header.Set("X-Arequestid", uuid(0, saltRequest, c.serial))
		c.jira(gateway)
	case !gateway && c.path == "/_edge/tenant_info" && c.r.Method == http.MethodGet:
		c.json(http.StatusOK, map[string]string{"cloudId": CloudID})
	case !gateway && strings.HasPrefix(c.path, "/scim/directory/"):
		c.scim()
	case !gateway && (strings.HasPrefix(c.path, "/admin/") || strings.HasPrefix(c.path, "/users/")):
		c.organization()
	case strings.HasPrefix(c.path, "/ex/jira/"):
		c.json(http.StatusNotFound, map[string]any{"code": 404, "message": "Not Found"})
	default:
		// What the site's web server says to a path that no application serves.
		c.header.Set("Content-Type", "text/html;charset=UTF-8")
		c.status = http.StatusNotFound
		c.body.WriteString("<!DOCTYPE html><html><head><title>Oops, you've found a dead link.</title></head><body></body></html>")
	}
}

// wait sleeps for d. It returns false when the client gave up first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
