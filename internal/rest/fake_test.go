package rest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// turn is what the fake service does with one request.
type turn struct {
	status int
	header string // "Name: value" lines
	body   string
	err    error
	hang   bool          // no answer until the request is given up
	took   time.Duration // before the answer
	cut    bool          // the body breaks off after what there is of it
}

// service is an http.RoundTripper that plays turns in order; the last one is played for ever.
type service struct {
	turns []turn

	mu   sync.Mutex
	sent []sent
}

type sent struct {
	at           time.Time
	method, path string
	body         string
}

func play(turns ...turn) *service { return &service{turns: turns} }

func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	s.mu.Lock()
	t := s.turns[min(len(s.sent), len(s.turns)-1)]
	s.sent = append(s.sent, sent{time.Now(), req.Method, req.URL.RequestURI(), body})
	s.mu.Unlock()
	if t.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if t.took > 0 {
		if err := sleep(req.Context(), t.took); err != nil {
			return nil, err
		}
	}
	if t.err != nil {
		return nil, t.err
	}
	return t.response(req), nil
}

func (t turn) response(req *http.Request) *http.Response {
	res := &http.Response{StatusCode: t.status, Header: http.Header{}, Request: req, ContentLength: -1}
	for line := range strings.Lines(t.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		res.Header.Add(name, strings.TrimSpace(value))
	}
	var r io.Reader = strings.NewReader(t.body)
	if t.cut {
		r = io.MultiReader(r, failing{io.ErrUnexpectedEOF})
	}
	res.Body = io.NopCloser(r)
	return res
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

// gaps are the times between requests.
func (s *service) gaps() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(s.sent); i++ {
		out = append(out, s.sent[i].at.Sub(s.sent[i-1].at))
	}
	return out
}

var (
	ok          = turn{status: 200, body: `{"name":"x"}`}
	errReset    = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errRefused  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errNoHost   = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}}
	reset       = turn{err: errReset}
	burst       = turn{status: 429, header: "Retry-After: 5\nRateLimit-Reason: jira-burst-based"}
	unavailable = turn{status: 503, header: "Retry-After: 3"}
)

func limited(seconds int, reason string) turn {
	return turn{status: 429, header: fmt.Sprintf("Retry-After: %d\nRateLimit-Reason: %s", seconds, reason)}
}

// clientOf is a client of s with the defaults, changed by changes.
func clientOf(t *testing.T, s http.RoundTripper, changes ...func(*Config)) *Client {
	t.Helper()
	config := Config{Service: "jira", BaseURL: "https://site.example", Transport: s}
	for _, change := range changes {
		change(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// errorOf is err as the one type of errors that there is.
func errorOf(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T %v, want *Error", err, err)
	}
	var u *url.Error
	if errors.As(err, &u) {
		t.Fatalf("the error holds the whole address: %v", u)
	}
	return e
}

type named struct {
	Name string `json:"name"`
}
