package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// minuteLimits are how many requests a minute a key may send to an operation. That of the last-active dates is what was seen in practice, the
// others are documented.
var minuteLimits = map[string]int{
	"GET /admin/v1/orgs/{}/events":                               10,
	"GET /admin/v1/orgs/{}/events/{}":                            10,
	"GET /admin/v1/orgs/{}/event-actions":                        10,
	"GET /admin/v1/orgs/{}/events-stream":                        50,
	"GET /admin/v1/orgs/{}/directory/users/{}/last-active-dates": 200,
}

// minutes counts requests in the running minute of each key and operation.
type minutes struct {
	mu      sync.Mutex
	windows map[string]*minute
}

type minute struct {
	began time.Time
	count int
}

// take counts a request. wait is how long the minute lasts that is full, 0 while it is not.
func (m *minutes) take(name string, limit int, now time.Time) (left int, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.windows == nil {
		m.windows = map[string]*minute{}
	}
	w := m.windows[name]
	if w == nil || now.Sub(w.began) >= time.Minute {
		w = &minute{began: now}
		m.windows[name] = w
	}
	if w.count >= limit {
		return 0, w.began.Add(time.Minute).Sub(now)
	}
	w.count++
	return limit - w.count, 0
}

// withinMinute counts the request, and answers 429 when the minute is full.
func (c *call) withinMinute(name string) bool {
	limit, limited := minuteLimits[name]
	if !limited || c.s.knobs.get().NoMinuteLimits {
		return true
	}
	now := time.Now()
	left, wait := c.s.minutes.take(c.orgKey.Key+strings.TrimPrefix(name, "GET"), limit, now)
	c.header.Set("X-Ratelimit-Limit", strconv.Itoa(limit))
	c.header.Set("X-Ratelimit-Remaining", strconv.Itoa(left))
	if wait == 0 {
		return true
	}
	c.gatewayError(http.StatusTooManyRequests, "Rate limit exceeded")
	seconds := int(wait/time.Second) + 1
	c.header.Set("Retry-After", strconv.Itoa(seconds))
	c.header.Set("X-Ratelimit-Reset", now.UTC().Add(wait).Format(time.RFC3339))
	return false
}
