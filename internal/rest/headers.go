package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a header can ask for, so that no arithmetic on it overflows.
const longestWait = 30 * 24 * time.Hour

// noWait is the wait of an answer that asks for none.
const noWait = time.Duration(-1)

// waitOf is how long an answer asks to wait: Retry-After, or else the time until X-RateLimit-Reset; noWait without either.
func waitOf(h http.Header, now time.Time) time.Duration {
	if wait, ok := parseRetryAfter(h.Get("Retry-After"), now); ok {
		return wait
	}
	if wait, ok := parseReset(h.Get("X-RateLimit-Reset"), now); ok {
		return wait
	}
	return noWait
}

// parseRetryAfter reads RFC 9110's Retry-After: seconds (fractions are accepted), or an HTTP date.
func parseRetryAfter(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if wait, ok := parseSeconds(s); ok {
		return wait, true
	}
	if at, err := http.ParseTime(s); err == nil {
		return clampWait(at.Sub(now)), true
	}
	return 0, false
}

// resetLayouts are the forms of ISO 8601 in which the reset was seen; the documented one has no seconds.
var resetLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"}

// parseReset reads X-RateLimit-Reset: an instant in ISO 8601 or in Unix seconds.
func parseReset(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range resetLayouts {
		if at, err := time.Parse(layout, s); err == nil {
			return clampWait(at.Sub(now)), true
		}
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds > 0 && seconds < 1e11) {
		return 0, false
	}
	return clampWait(time.Unix(int64(seconds), 0).Sub(now)), true
}

func parseSeconds(s string) (time.Duration, bool) {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || seconds != seconds {
		return 0, false
	}
	if seconds > longestWait.Seconds() {
		return longestWait, true
	}
	return clampWait(time.Duration(max(seconds, 0) * float64(time.Second))), true
}

func clampWait(d time.Duration) time.Duration { return min(max(d, 0), longestWait) }

// replyOf is what the pacing policy needs of an answer.
func replyOf(res *http.Response, attempt int, jitter float64, now time.Time) reply {
	return reply{
		status:    res.StatusCode,
		wait:      waitOf(res.Header, now),
		reason:    strings.ToLower(strings.TrimSpace(res.Header.Get("RateLimit-Reason"))),
		nearLimit: strings.EqualFold(strings.TrimSpace(res.Header.Get("X-RateLimit-NearLimit")), "true"),
		attempt:   attempt,
		jitter:    jitter,
	}
}

// requestIDHeaders name the service's id of a request, the most useful one for support first.
var requestIDHeaders = []string{"X-ARequestId", "Atl-Request-Id", "Atl-Traceid", "X-Request-Id"}

func requestID(h http.Header) string {
	for _, name := range requestIDHeaders {
		if id := identifier(h.Get(name)); id != "" {
			return id
		}
	}
	return ""
}

// identifier gives s when it can be a trace id, else "": a header is untrusted, and half of something else is no id.
func identifier(s string) string {
	const longest = 128
	if len(s) > longest || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.:/=", r)
	}) {
		return ""
	}
	return s
}
