package sandbox

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// logSize is how many of the newest requests are remembered.
const logSize = 100_000

// Request is one request that the sandbox got.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"` // unescaped
	Query  string `json:"query"`
	// Status is 0 while the request runs, and when its connection was reset.
	Status int       `json:"status"`
	Time   time.Time `json:"time"`
	// InFlight is how many requests ran when this one came, itself included.
	InFlight int `json:"in_flight"`
	// Fault is the kind of the fault that struck, if any.
	Fault string `json:"fault,omitempty"`
	// TookEffect tells whether the service executed the request as a change, also when the answer never arrived, and also one that changed
	// nothing since it was so already.
	TookEffect bool `json:"took_effect,omitempty"`
	// Body is what was sent, of requests other than GET; its digest ("sha256:…") where it is long.
	Body string `json:"body,omitempty"`
}

// questions are the ends of paths that are asked by POST and change nothing.
var questions = []string{"/users/search", "/groups/search", "/get-scim-links-for-email", "/workspaces", "/search/jql", "/search/approximate-count"}

// Reads tells whether a request of this method and path can change nothing: it is a GET, or a question that is sent as a POST.
func Reads(method, path string) bool {
	return method == http.MethodGet || method == http.MethodPost && slices.ContainsFunc(questions, func(end string) bool { return strings.HasSuffix(path, end) })
}

// Reads tells whether the request can change nothing.
func (r Request) Reads() bool { return Reads(r.Method, r.Path) }

// requestLog remembers requests in the order in which they came.
type requestLog struct {
	mu       sync.Mutex
	entries  []*Request
	start    int // of the ring, once it is full
	inFlight int
}

// begin records a request. The caller ends it.
func (l *requestLog) begin(method, path, query string) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight++
	r := &Request{Method: method, Path: path, Query: query, Time: time.Now(), InFlight: l.inFlight}
	if len(l.entries) < logSize {
		l.entries = append(l.entries, r)
		return r
	}
	l.entries[l.start] = r
	l.start = (l.start + 1) % logSize
	return r
}

// shownBody is how long a body may be that is recorded as it is.
const shownBody = 4096

// sent records the body of a request.
func (l *requestLog) sent(r *Request, body []byte) {
	if r.Method == http.MethodGet {
		return
	}
	text := string(body)
	if len(body) > shownBody {
		text = fmt.Sprintf("sha256:%x", sha256.Sum256(body))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Body = text
}

// effect records that a request took effect.
func (l *requestLog) effect(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.TookEffect = true
}

// end completes a recorded request.
func (l *requestLog) end(r *Request, status int, fault string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	r.Status, r.Fault = status, fault
}

// list returns a copy of what is remembered, oldest first.
func (l *requestLog) list() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Request, 0, len(l.entries))
	for i := range l.entries {
		list = append(list, *l.entries[(l.start+i)%len(l.entries)])
	}
	return list
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.start = nil, 0
}

// Requests returns the newest requests, oldest first, control requests left out.
func (s *Sandbox) Requests() []Request { return s.requests.list() }
