package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestNewRefusesAddresses(t *testing.T) {
	tests := map[string]bool{
		"https://site.example":           true,
		"https://site.example/":          true,
		"https://site.example/context":   true,
		"http://127.0.0.1:8711":          true,
		"http://[::1]:8711":              true,
		"http://localhost:8711":          true,
		"http://site.example":            false,
		"http://127.0.0.1.example":       false,
		"http://localhost.example":       false,
		"ftp://site.example":             false,
		"site.example":                   false,
		"https://":                       false,
		"":                               false,
		"https://me:secret@site.example": false,
		"https://site.example?a=b":       false,
		"https://site.example#a":         false,
		"https://site example":           false,
	}
	for address, want := range tests {
		_, err := New(Config{Service: "jira", BaseURL: address})
		if (err == nil) != want {
			t.Errorf("New(%q): %v, want allowed = %v", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%q) tells the secret: %v", address, err)
		}
	}
}

// server is a loopback service that counts its connections.
func server(t testing.TB, handler http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(handler)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, &connections
}

func TestConnectionsAreReused(t *testing.T) {
	s, connections := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/error" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, `{"name":"x"}`)
	})
	c, err := New(Config{Service: "jira", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	var out named
	for range 5 {
		_ = c.Do(t.Context(), Request{Method: "GET", Route: "/wanted"}, &out)
		_ = c.Do(t.Context(), Request{Method: "GET", Route: "/unwanted"}, nil)
		_ = c.Do(t.Context(), Request{Method: "GET", Route: "/error"}, &out)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for calls one after another, want 1", n)
	}
}

func TestHTTP2WhereOffered(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"name":%q}`, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	transport := NewTransport()
	transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.NextProtos = nil
	c, err := New(Config{Service: "jira", BaseURL: s.URL, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	var out named
	if err := c.Do(t.Context(), Request{Method: "GET", Route: "/"}, &out); err != nil || out.Name != "HTTP/2.0" {
		t.Errorf("%v over %s", err, out.Name)
	}
}

func TestUntrustedCertificateIsNotTriedAgain(t *testing.T) {
	var handshakes atomic.Int32
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			handshakes.Add(1)
		}
	}
	s.StartTLS()
	defer s.Close()
	c, err := New(Config{Service: "jira", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	e := errorOf(t, c.Do(t.Context(), Request{Method: "DELETE", Route: "/x"}, nil))
	if e.Code != CodeUnreachable || e.OutcomeUnknown || handshakes.Load() != 1 || !strings.Contains(e.Message, "certificate") {
		t.Errorf("%d handshakes: %v", handshakes.Load(), e)
	}
}

func TestBodiesAreCapped(t *testing.T) {
	const limit = 1 << 20
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		size := limit
		if r.URL.Path == "/over" {
			size++
		}
		body := `{"name":"` + strings.Repeat("x", size-len(`{"name":""}`)) + `"}`
		if r.URL.Path == "/bomb" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			for range 100 {
				_, _ = z.Write([]byte(body))
			}
			return
		}
		fmt.Fprint(w, body)
	})
	c, err := New(Config{Service: "jira", BaseURL: s.URL, MaxBody: limit})
	if err != nil {
		t.Fatal(err)
	}
	var out named
	if err := c.Do(t.Context(), Request{Method: "GET", Route: "/just"}, &out); err != nil {
		t.Errorf("a body of just the limit: %v", err)
	}
	for _, path := range []string{"/over", "/bomb"} {
		e := errorOf(t, c.Do(t.Context(), Request{Method: "POST", Route: path}, &out))
		if e.Code != CodeTooLarge || !strings.Contains(e.Error(), "1048576 bytes") || !e.OutcomeUnknown {
			t.Errorf("%s: %v", path, e)
		}
	}
}

func TestRedirectTakesNoCredentialsAlong(t *testing.T) {
	var leaked atomic.Bool
	other, _ := server(t, func(http.ResponseWriter, *http.Request) { leaked.Store(true) })
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/login?next=secret", http.StatusFound)
	})
	c, err := New(Config{Service: "jira", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	e := errorOf(t, c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil))
	if e.Code != CodeRedirected || e.Status != http.StatusFound || !strings.Contains(e.Message, other.URL) || strings.Contains(e.Message, "secret") || leaked.Load() {
		t.Errorf("leaked = %v: %v", leaked.Load(), e)
	}
}

func TestStaleConnectionIsNoDoubt(t *testing.T) {
	// The service closes the idle connection; the write that finds it closed goes out on a new one, once.
	var writes atomic.Int32
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			writes.Add(1)
		}
		fmt.Fprint(w, `{}`)
	})
	c, err := New(Config{Service: "jira", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil); err != nil {
		t.Fatal(err)
	}
	s.CloseClientConnections()
	if err := c.Do(t.Context(), Request{Method: "POST", Route: "/x", Body: 1}, nil); err != nil && !errors.Is(err, ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	if n := writes.Load(); n > 1 {
		t.Errorf("%d writes arrived", n)
	}
}

// endless is a body without end.
type endless struct{}

func (endless) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(zeros{}), ContentLength: -1, Request: req}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestEndlessBodies(t *testing.T) {
	c := clientOf(t, endless{}, func(config *Config) { config.MaxBody = 1 << 16 })
	var out named
	if e := errorOf(t, c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, &out)); e.Code != CodeTooLarge {
		t.Errorf("wanted: %v", e)
	}
	if err := c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil); err != nil {
		t.Errorf("unwanted: %v", err)
	}
}

func TestNoConnectionInTimeIsNoDoubt(t *testing.T) {
	transport := NewTransport()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c, err := New(Config{Service: "jira", BaseURL: "http://127.0.0.1:1", Transport: transport, Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if e := errorOf(t, c.Do(t.Context(), Request{Method: "POST", Route: "/x", Body: 1}, nil)); e.Code != CodeTimeout || e.OutcomeUnknown {
		t.Errorf("got %v", e)
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	release := make(chan struct{})
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"name":`)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	c, err := New(Config{Service: "jira", BaseURL: s.URL, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var out named
	e := errorOf(t, c.Do(t.Context(), Request{Method: "POST", Route: "/slow"}, &out))
	if e.Code != CodeTimeout || !e.OutcomeUnknown {
		t.Errorf("got %v", e)
	}
}

func TestLogsNameTheRouteAlone(t *testing.T) {
	var log bytes.Buffer
	s, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Atl-Traceid", "trace-1")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"detail":"user jane.doe@example.com unknown"}`)
	})
	c, err := New(Config{
		Service: "scim", BaseURL: s.URL,
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Do(context.Background(), Request{
		Method: "GET", Route: "/Users/{userId}", Path: "/Users/id-of-jane",
		Query: map[string][]string{"filter": {`userName eq "jane.doe@example.com"`}},
	}, nil)
	for _, hidden := range []string{"id-of-jane", "jane.doe", "filter"} {
		if strings.Contains(log.String()+err.Error(), hidden) {
			t.Errorf("%q is in the log or the error:\n%s%v", hidden, log.String(), err)
		}
	}
	for _, shown := range []string{"/Users/{userId}", "trace-1", "404", "scim"} {
		if !strings.Contains(log.String(), shown) || !strings.Contains(err.Error(), shown) {
			t.Errorf("%q is missing:\n%s%v", shown, log.String(), err)
		}
	}
}
