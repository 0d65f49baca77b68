package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// Request is one call.
type Request struct {
	Method string
	// Route is the path template as the API's documentation has it, such as "/scim/directory/{directoryId}/Users/{userId}".
	// Pacing goes by method and route, and errors name the route rather than the path.
	Route string
	// Path is the escaped path that is sent, see [PathEscape]; empty means Route.
	Path  string
	Query url.Values
	// Body is marshalled once as JSON and sent again on each attempt; nil sends none.
	Body any
	// Reads tells that the request changes nothing though its method says otherwise, as with a search by POST: it is repeated like a GET.
	Reads bool
	// Once tells that a PUT or DELETE is not repeated where it may have been executed: somebody else may have changed the same thing since, and the caller
	// looks before it sends again.
	Once bool
	// ContentType and Accept are "application/json" when empty.
	ContentType, Accept string
}

// PathEscape makes s one segment of a path: nothing in it can end the segment, start a query or climb up.
func PathEscape(s string) string {
	switch s {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(s)
}

// call is a request ready to be sent any number of times.
type call struct {
	Request
	url  string
	body []byte
}

func (c *Client) prepare(r Request) (call, error) {
	path := r.Path
	if path == "" {
		path = r.Route
	}
	target := c.base + path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	out := call{Request: r, url: target}
	if r.Body != nil {
		body, err := json.Marshal(r.Body)
		if err != nil {
			return call{}, err
		}
		out.body = body
	}
	return out, nil
}

// http builds the request of one attempt; GetBody is set, so that a RoundTripper may send it a second time.
func (c call) http(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, c.url, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", orJSON(c.Accept))
	if c.body != nil {
		req.Header.Set("Content-Type", orJSON(c.ContentType))
	}
	return req, nil
}

func orJSON(s string) string {
	if s == "" {
		return "application/json"
	}
	return s
}
