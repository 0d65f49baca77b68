package mcpserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestGuard tests the guard alone: mcp-go refuses some foreign hosts by itself.
func TestGuard(t *testing.T) {
	for name, tt := range map[string]struct {
		host    string
		origins []string
		want    int
	}{
		"localhost":           {"localhost:8710", nil, 200},
		"an address":          {"127.0.0.1", nil, 200},
		"IPv6":                {"[::1]:8710", nil, 200},
		"IPv6 without port":   {"[::1]", nil, 200},
		"own page":            {"localhost", []string{"http://127.0.0.1:6274"}, 200},
		"foreign host":        {"evil.example:8710", nil, 403},
		"no host":             {"", nil, 403},
		"another machine":     {"10.0.0.1:8710", nil, 403},
		"every address":       {"0.0.0.0:8710", nil, 403},
		"foreign page":        {"localhost", []string{"https://evil.example"}, 403},
		"a page of no origin": {"localhost", []string{"null"}, 403},
		"a second origin":     {"localhost", []string{"http://localhost", "https://evil.example"}, 403},
		"an extension":        {"localhost", []string{"chrome-extension://localhost"}, 403},
		"a name like ours":    {"localhost", []string{"http://localhost.evil.example"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			passed := false
			handler := guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed = true }))
			r := httptest.NewRequest(http.MethodGet, "/mcp", http.NoBody)
			r.Host = tt.host
			for _, origin := range tt.origins {
				r.Header.Add("Origin", origin)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.want || passed != (tt.want == 200) {
				t.Errorf("%d, passed %v; want %d", w.Code, passed, tt.want)
			}
		})
	}
}
