package sandbox

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// spoilBefore plays the part of a fault that comes before any effect. It returns true when the request ends there.
func (c *call) spoilBefore() bool {
	f := c.fault
	switch f.Kind {
	case FaultRateLimit:
		c.rateLimited()
	case FaultUnavailable:
		c.upstreamError(http.StatusServiceUnavailable, "Service Unavailable")
	case FaultStatus:
		c.upstreamError(f.Status, http.StatusText(f.Status))
	case FaultConflictSlow:
		c.upstreamError(http.StatusConflict, "The request took longer than 10 seconds or was interrupted.")
	case FaultHTML:
		c.status = max(f.Status, http.StatusOK)
		c.header.Set("Content-Type", "text/html;charset=UTF-8")
		c.body.WriteString("<!DOCTYPE html>\n<html><head><title>Log in to continue</title></head><body><h1>Log in to continue</h1></body></html>")
	case FaultResetBefore, FaultBigBody:
	default:
		return false
	}
	if f.RetryAfter != "" {
		c.header.Set("Retry-After", f.RetryAfter)
	}
	return true
}

// upstreamError answers in the shape that the service has for errors. SCIM's infrastructure writes the status as a number, unlike SCIM itself.
func (c *call) upstreamError(status int, detail string) {
	if strings.HasPrefix(c.path, "/scim/") {
		c.json(status, map[string]any{"schemas": []string{scimErrorSchema}, "status": status, "detail": detail})
		return
	}
	switch {
	case c.ofAccount() && status == http.StatusForbidden:
		c.manageError(status, "forbidden")
	case c.ofAccount() && status == http.StatusNotFound:
		c.manageError(status, "accountNotFound")
	case c.ofAccount() && status == http.StatusUnauthorized:
		c.manageError(status, "unauthorized")
	case c.ofAccount(), strings.HasPrefix(c.path, "/admin/") && status == http.StatusTooManyRequests:
		c.gatewayError(status, detail)
	case strings.HasPrefix(c.path, "/admin/"):
		c.orgError(status, "ADMIN-"+strconv.Itoa(status)+"-1", http.StatusText(status), detail)
	default:
		c.json(status, errorCollection{ErrorMessages: []string{detail}, Errors: map[string]string{}})
	}
}

// rateLimited answers 429 with the headers that Atlassian documents. The reset time comes in both forms that were seen.
func (c *call) rateLimited() {
	f := c.fault
	c.upstreamError(http.StatusTooManyRequests, "Rate limit exceeded.")
	reset := time.Now().UTC().Add(time.Second)
	if seconds, err := strconv.Atoi(f.RetryAfter); err == nil {
		reset = time.Now().UTC().Add(time.Duration(seconds) * time.Second)
	}
	reason := f.Reason
	organization := c.ofAccount() || strings.HasPrefix(c.path, "/admin/")
	if reason == "" && !organization {
		reason = "jira-burst-based"
	}
	c.header.Set("X-Ratelimit-Limit", "100")
	c.header.Set("X-Ratelimit-Remaining", "0")
	c.header.Set("X-Ratelimit-Reset", reset.Format(time.RFC3339))
	if f.Struck%2 == 0 {
		c.header.Set("X-Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	}
	if reason != "" {
		c.header.Set("Ratelimit-Reason", reason)
	}
	if f.NearLimit {
		c.header.Set("X-Ratelimit-Nearlimit", "true")
	}
}

// send records the request and writes the answer, or what the fault leaves of it.
func (c *call) send(w http.ResponseWriter, finish func(status int)) {
	switch c.fault.Kind {
	case FaultResetBefore, FaultResetAfter:
		finish(0)
		reset(w)
		return
	case FaultNearLimit:
		c.header.Set("X-Ratelimit-Limit", "100")
		c.header.Set("X-Ratelimit-Remaining", "12")
		c.header.Set("X-Ratelimit-Nearlimit", "true")
	}
	body := c.body.Bytes()
	header := w.Header()
	for name, values := range c.header {
		header[name] = append([]string(nil), values...)
	}
	if c.fault.Kind == FaultCutJSON {
		body = body[:len(body)/2]
	}
	if len(body) > 0 {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	finish(c.status)
	switch c.fault.Kind {
	case FaultBigBody:
		sendBig(w, c.fault.MB)
	case FaultSlowBody, FaultCutBody:
		w.WriteHeader(c.status)
		half := len(body) / 2
		_, _ = w.Write(body[:half])
		_ = http.NewResponseController(w).Flush()
		if c.fault.Kind == FaultCutBody {
			panic(http.ErrAbortHandler)
		}
		if wait(c.r.Context(), time.Duration(c.fault.DelayMS)*time.Millisecond) {
			_, _ = w.Write(body[half:])
		}
	default:
		hold := c.fault.Kind == FaultHold && c.fault.Stage == StageAfter
		if hold {
			header.Set("Connection", "close") // or the client's next request waits there, unread
			if len(body) == 0 && c.status != http.StatusNoContent {
				header.Set("Content-Length", "0") // or the end of the answer comes with the end of this function
			}
		}
		w.WriteHeader(c.status)
		_, _ = w.Write(body) // the client may have gone; nobody else is to be told
		if hold {
			_ = http.NewResponseController(w).Flush()
			c.held(StageAfter)
		}
	}
}

// reset ends the connection so that the client sees a reset rather than an orderly end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// sendBig sends megabytes of one JSON string, 64 if 0.
func sendBig(w http.ResponseWriter, megabytes int) {
	if megabytes == 0 {
		megabytes = 64
	}
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", "application/json")
	chunk := []byte(strings.Repeat("x", 1<<16))
	_, err := w.Write([]byte(`{"padding":"`))
	for i := 0; i < megabytes<<4 && err == nil; i++ {
		_, err = w.Write(chunk)
	}
	_, _ = w.Write([]byte(`"}`))
}
