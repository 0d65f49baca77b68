package rest

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzUpstreamBody: whatever a service sends, a call ends with a decoded value or with an *Error whose text is fit to be shown.
func FuzzUpstreamBody(f *testing.F) {
	for _, seed := range []struct {
		status int
		header string
		body   string
	}{
		{200, "Content-Type: application/json", `{"name":"x"}`},
		{200, "", `[{"name":"x"},{"name":null}]`},
		{200, "Content-Type: text/html", "<html><title>Log in</title>"},
		{200, "", `{"name":`},
		{201, "", ""},
		{204, "", "leftover"},
		{302, "Location: https://else.example/?a=jane@example.com", ""},
		{400, "", `{"errorMessages":["No."],"errors":{"a":"b"}}`},
		{401, "Atl-Traceid: abc", `{"error":"Unauthorized","traceId":"t"}`},
		{403, "", `{"key":"forbidden.action","context":{"reason":{"key":"x"}}}`},
		{409, "", `{"status":409,"scimType":"uniqueness","detail":"jane@example.com exists"}`},
		{429, "Retry-After: 0\nRateLimit-Reason: jira-burst-based\nX-RateLimit-NearLimit: true", ""},
		{429, "X-RateLimit-Reset: 2026-03-04T12:00Z", "{"},
		{503, "Retry-After: Wed, 04 Mar 2026 12:00:00 GMT", "<h1>"},
		{502, "Retry-After: -1", "\xff\xfe\u202e"},
	} {
		f.Add(seed.status, seed.header, []byte(seed.body), byte(0), false)
		f.Add(seed.status, seed.header, []byte(seed.body), byte(7), true)
	}
	methods := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	f.Fuzz(func(t *testing.T, status int, header string, body []byte, kind byte, cut bool) {
		status = 200 + ((status%400)+400)%400
		// No wait fits the budget, so nothing sleeps and each call is one request.
		c := clientOf(t, play(turn{status: status, header: header, body: string(body), cut: cut}), func(config *Config) {
			config.RetryBudget, config.MaxBody = time.Nanosecond, 4096
		})
		out := []any{&named{}, &[]named{}, &map[string]any{}, nil}[kind%4]
		method := methods[int(kind/4)%len(methods)]
		err := c.Do(t.Context(), Request{Method: method, Route: "/x"}, out)
		if err == nil {
			if status >= 300 {
				t.Fatalf("status %d is a success", status)
			}
			return
		}
		e := errorOf(t, err)
		if status >= 300 && e.Status != status {
			t.Fatalf("status %d became %d", status, e.Status)
		}
		if e.Method != method || e.Path != "/x" || e.Service != "jira" {
			t.Fatalf("the error names %s %s %s", e.Service, e.Method, e.Path)
		}
		if method == http.MethodGet && errors.Is(err, ErrOutcomeUnknown) {
			t.Fatal("a read is in doubt")
		}
		text := err.Error()
		if !utf8.ValidString(text) || utf8.RuneCountInString(e.Message) > maxText || len(e.RequestID) > 128 {
			t.Fatalf("text %q, request id %q", text, e.RequestID)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return unicode.In(r, invisible...) }); i >= 0 {
			t.Fatalf("%q has an invisible character at %d", text, i)
		}
	})
}
