package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

const (
	maxErrorBody = 64 << 10 // bytes of an error's body that are read
	maxDrain     = 64 << 10 // bytes of an unwanted body that are read so that the connection can be used again
	maxPooled    = 4 << 20  // buffers above this are left to the collector
)

// buffers hold bodies while they are decoded: pages of a walk are of one size, and there are many.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// answer reads what came and puts the result into o.
func (c *Client) answer(ctx context.Context, call call, res *http.Response, out any, o *outcome) {
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 400:
		c.refusal(call, res, o)
	case res.StatusCode >= 300:
		o.err = c.redirected(call, res)
	case out == nil || res.StatusCode == http.StatusNoContent:
		_, _ = io.CopyN(io.Discard, res.Body, maxDrain) // the status is the answer
	default:
		c.decode(ctx, call, res, out, o)
	}
}

// refusal reads an error's body.
func (c *Client) refusal(call call, res *http.Response, o *outcome) {
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // half a message is better than none
	o.err = c.status(call.Request, res)
	explain(o.err, res.Header.Get("Content-Type"), body)
	if res.StatusCode == http.StatusNotFound && isHTML(res.Header.Get("Content-Type"), body) {
		o.err.Code = CodeBadResponse // a page of a host that is no Jira, or of none: it says nothing about what was asked for
	}
	o.transient = faltered(res.StatusCode)
	o.doubt = !refused(o.reply) && (res.StatusCode >= 500 || res.StatusCode == http.StatusRequestTimeout)
}

func (c *Client) redirected(call call, res *http.Response) *Error {
	e := c.status(call.Request, res)
	e.Code, e.Message = CodeRedirected, "the service answers from another address; correct the configured one"
	if to, err := url.Parse(res.Header.Get("Location")); err == nil && to.Host != "" {
		e.Message = message(fmt.Sprintf("the service answers from %s://%s; correct the configured address", to.Scheme, to.Host))
	}
	return e
}

// decode reads a successful answer into out.
func (c *Client) decode(ctx context.Context, call call, res *http.Response, out any, o *outcome) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= maxPooled {
			buffers.Put(buf)
		}
	}()
	if res.ContentLength > 0 {
		buf.Grow(int(min(res.ContentLength, c.maxBody)) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(io.LimitReader(res.Body, c.maxBody+1))
	switch {
	case err != nil:
		// For pacing this is a broken connection, whatever the status line said.
		o.reply.status, o.transient, o.doubt = 0, ctx.Err() == nil, true
		o.err = c.noAnswer(ctx, call, "no complete answer", err)
	case int64(buf.Len()) > c.maxBody:
		o.doubt = true
		o.err = c.fail(call.Request, CodeTooLarge, fmt.Sprintf("the answer is larger than %d bytes; ask for less at once", c.maxBody), nil)
	default:
		if err := json.Unmarshal(buf.Bytes(), out); err != nil {
			o.doubt = true
			o.err = c.fail(call.Request, CodeBadResponse, unreadable(res, buf.Bytes(), err), err)
		}
	}
	if o.err != nil {
		o.err.RequestID = requestID(res.Header)
		if o.err.Code == CodeBadResponse || o.err.Code == CodeTooLarge {
			o.err.Status = res.StatusCode
		}
	}
}

// unreadable says what came instead of the JSON that was expected.
func unreadable(res *http.Response, body []byte, err error) string {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "an empty answer came instead of JSON"
	case isHTML(res.Header.Get("Content-Type"), body):
		return "an HTML page" + titleOf(body) + " came instead of JSON; check that the configured address is the service's"
	}
	return "the answer is not the JSON that was expected: " + err.Error()
}

func isHTML(contentType string, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

var titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func titleOf(body []byte) string {
	m := titlePattern.FindSubmatch(body[:min(len(body), maxErrorBody)])
	if m == nil {
		return ""
	}
	title := message(strings.Join(strings.Fields(string(m[1])), " "))
	if title == "" {
		return ""
	}
	return fmt.Sprintf(" titled %q", title)
}
