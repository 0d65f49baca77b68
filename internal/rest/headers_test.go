package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWaitOf(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		retryAfter, reset string
		want              time.Duration
	}{
		"nothing":                            {"", "", noWait},
		"seconds":                            {"7", "", 7 * time.Second},
		"seconds with space":                 {" 7 ", "", 7 * time.Second},
		"a fraction":                         {"1.5", "", 1500 * time.Millisecond},
		"zero":                               {"0", "", 0},
		"less than zero":                     {"-5", "", 0},
		"more than anybody waits":            {"99999999999999999999", "", longestWait},
		"infinity":                           {"Inf", "", longestWait},
		"no number":                          {"NaN", "", noWait},
		"an HTTP date":                       {"Wed, 04 Mar 2026 12:00:30 GMT", "", 30 * time.Second},
		"a date that has passed":             {"Wed, 04 Mar 2026 11:00:00 GMT", "", 0},
		"nonsense":                           {"soon", "", noWait},
		"a reset in ISO 8601":                {"", "2026-03-04T12:00:09Z", 9 * time.Second},
		"a reset in minutes":                 {"", "2026-03-04T12:01Z", time.Minute},
		"a reset with an offset":             {"", "2026-03-04T13:00:10+01:00", 10 * time.Second},
		"a reset with a fraction":            {"", "2026-03-04T12:00:00.250Z", 250 * time.Millisecond},
		"a reset in Unix seconds":            {"", "1772625605", 5 * time.Second},
		"a reset that has passed":            {"", "1772625000", 0},
		"a reset of nonsense":                {"", "99999999999999999", noWait},
		"Retry-After counts before a reset":  {"3", "2026-03-04T12:30:00Z", 3 * time.Second},
		"a reset stands in for a bad header": {"soon", "2026-03-04T12:00:09Z", 9 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Retry-After", tt.retryAfter)
			h.Set("X-RateLimit-Reset", tt.reset)
			if got := waitOf(h, now); got != tt.want {
				t.Errorf("waitOf(%q, %q) = %v, want %v", tt.retryAfter, tt.reset, got, tt.want)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	tests := map[string]struct {
		header http.Header
		want   string
	}{
		"Jira's own first":        {http.Header{"X-Arequestid": {"a-1"}, "Atl-Traceid": {"t"}}, "a-1"},
		"the trace id":            {http.Header{"Atl-Traceid": {"t-2"}}, "t-2"},
		"the edge's":              {http.Header{"Atl-Request-Id": {"r-3"}}, "r-3"},
		"none":                    {http.Header{}, ""},
		"hostile text is no id":   {http.Header{"Atl-Traceid": {"ab\u202e c<script>"}}, ""},
		"an echoed credential":    {http.Header{"Atl-Traceid": {"Basic YTpi"}, "Atl-Request-Id": {"r-4"}}, "r-4"},
		"an endless one is no id": {http.Header{"Atl-Traceid": {strings.Repeat("a", 129)}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := requestID(tt.header); got != tt.want {
				t.Errorf("requestID = %q, want %q", got, tt.want)
			}
		})
	}
}
