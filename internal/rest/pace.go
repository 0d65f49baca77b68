package rest

import (
	"net/http"
	"strings"
	"time"
)

// The bounds of the pacing policy.
const (
	// waitFloor is the least wait after a refusal: Retry-After: 0 occurs, and obeying it would hammer.
	waitFloor = 500 * time.Millisecond
	// waitCeiling is the most that the policy waits where the service named no time.
	waitCeiling = 30 * time.Second
	// stumble is the first wait after a failure that is not a refusal: a broken connection, 502, 504.
	stumble = 200 * time.Millisecond
	// jitterShare is the largest part that is added to a wait at random, so that clients don't come back as one. It only ever adds.
	jitterShare = 0.1
	// leastParallel is what refusals leave of the concurrency; the waits then do the rest.
	leastParallel = 2
)

// scope says whom a wait concerns.
type scope int

const (
	scopeCall     scope = iota // the call that was answered, nobody else
	scopeEndpoint              // every call of this method and route
	scopeHost                  // every call of this client
)

// pace is the state of the policy for one lane, the host or one of its endpoints: how many requests may be under way.
type pace struct {
	limit, most int
	lane        scope
}

// reply is what the policy looks at.
type reply struct {
	status    int           // 0 = no answer
	wait      time.Duration // what the answer asks for; noWait when it doesn't say
	reason    string        // RateLimit-Reason in lower case
	nearLimit bool          // X-RateLimit-NearLimit: under a fifth of the budget is left
	attempt   int           // how many times this call failed before
	jitter    float64       // in [0,1), drawn by the caller
}

// delay is how long to wait before the next request, and whose.
type delay struct {
	wait  time.Duration // 0 = none
	scope scope
}

// after is the pacing policy. It is pure: no clock, no randomness, no I/O.
//
//   - A refusal (429, or 503 that names a time) waits at least as asked, at least waitFloor, or longer each time where no time was named. jira-burst-based
//     and refusals without a reason concern the endpoint, quotas the host, a limit on one issue only the call.
//   - No answer and any other 502, 503 and 504 make the call wait, longer each time.
//   - A refusal halves the concurrency of the lane that it concerns, a near limit takes a quarter, and every calm answer gives one back.
func (p pace) after(r reply) (pace, delay) {
	concerns := scopeOf(r.reason) == p.lane
	switch {
	case refused(r):
		if concerns {
			p.limit = max(p.limit/2, min(leastParallel, p.most))
		}
		wait := r.wait
		if wait == noWait {
			wait = backoff(waitFloor, r.attempt)
		}
		return p, delay{jittered(max(wait, waitFloor), r.jitter), scopeOf(r.reason)}
	case faltered(r.status):
		return p, delay{jittered(backoff(stumble, r.attempt), r.jitter), scopeCall}
	case r.nearLimit && concerns:
		p.limit = max(p.limit*3/4, min(leastParallel, p.most))
	case !r.nearLimit && r.status < http.StatusInternalServerError:
		p.limit = min(p.limit+1, p.most)
	}
	return p, delay{}
}

// refused tells whether the service turned the request away without executing it.
func refused(r reply) bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable && r.wait != noWait
}

// faltered tells whether a request may have got lost on its way.
func faltered(status int) bool {
	switch status {
	case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func scopeOf(reason string) scope {
	switch {
	case strings.Contains(reason, "quota"):
		return scopeHost
	case strings.Contains(reason, "per-issue"):
		return scopeCall
	}
	return scopeEndpoint
}

// backoff doubles first with each attempt, up to waitCeiling.
func backoff(first time.Duration, attempt int) time.Duration {
	return min(first<<min(max(attempt, 0), 16), waitCeiling)
}

func jittered(wait time.Duration, jitter float64) time.Duration {
	return wait + time.Duration(float64(wait)*jitterShare*jitter)
}
