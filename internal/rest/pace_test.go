package rest

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPaceAfter(t *testing.T) {
	full := pace{16, 16, scopeEndpoint}
	host := pace{16, 16, scopeHost}
	tests := map[string]struct {
		from      pace
		reply     reply
		wantLimit int
		want      delay
	}{
		"a success waits for nothing":                      {full, reply{status: 200, wait: noWait}, 16, delay{}},
		"a success gives one request back":                 {pace{3, 16, scopeEndpoint}, reply{status: 200, wait: noWait}, 4, delay{}},
		"a 404 is as calm as a success":                    {pace{3, 16, scopeEndpoint}, reply{status: 404, wait: noWait}, 4, delay{}},
		"a 500 changes nothing":                            {pace{3, 16, scopeEndpoint}, reply{status: 500, wait: noWait}, 3, delay{}},
		"a near limit takes a quarter":                     {full, reply{status: 200, wait: noWait, nearLimit: true}, 12, delay{}},
		"a near limit leaves two":                          {pace{2, 16, scopeEndpoint}, reply{status: 200, wait: noWait, nearLimit: true}, 2, delay{}},
		"one alone stays one":                              {pace{1, 1, scopeEndpoint}, reply{status: 429, wait: noWait}, 1, delay{waitFloor, scopeEndpoint}},
		"a burst pauses its endpoint as long as asked":     {full, reply{status: 429, wait: 5 * time.Second, reason: "jira-burst-based"}, 8, delay{5 * time.Second, scopeEndpoint}},
		"a burst leaves the host's concurrency alone":      {host, reply{status: 429, wait: 5 * time.Second, reason: "jira-burst-based"}, 16, delay{5 * time.Second, scopeEndpoint}},
		"a near limit too":                                 {pace{8, 16, scopeHost}, reply{status: 200, wait: noWait, nearLimit: true}, 8, delay{}},
		"a quota leaves the endpoint's alone":              {full, reply{status: 429, wait: time.Minute, reason: "jira-quota-tenant-based"}, 16, delay{time.Minute, scopeHost}},
		"a quota pauses the host":                          {host, reply{status: 429, wait: time.Minute, reason: "jira-quota-tenant-based"}, 8, delay{time.Minute, scopeHost}},
		"the global quota too":                             {host, reply{status: 429, wait: time.Minute, reason: "jira-quota-global-based"}, 8, delay{time.Minute, scopeHost}},
		"a limit on one issue concerns the call":           {full, reply{status: 429, wait: 2 * time.Second, reason: "jira-per-issue-on-write"}, 16, delay{2 * time.Second, scopeCall}},
		"no reason pauses the endpoint":                    {full, reply{status: 429, wait: time.Second}, 8, delay{time.Second, scopeEndpoint}},
		"zero seconds are not obeyed":                      {full, reply{status: 429, wait: 0}, 8, delay{waitFloor, scopeEndpoint}},
		"no time named starts at the floor":                {full, reply{status: 429, wait: noWait}, 8, delay{waitFloor, scopeEndpoint}},
		"and doubles":                                      {full, reply{status: 429, wait: noWait, attempt: 3}, 8, delay{8 * waitFloor, scopeEndpoint}},
		"up to the ceiling":                                {full, reply{status: 429, wait: noWait, attempt: 1000}, 8, delay{waitCeiling, scopeEndpoint}},
		"jitter adds":                                      {full, reply{status: 429, wait: 10 * time.Second, jitter: 0.5}, 8, delay{10500 * time.Millisecond, scopeEndpoint}},
		"a 503 that names a time is a refusal":             {full, reply{status: 503, wait: 3 * time.Second}, 8, delay{3 * time.Second, scopeEndpoint}},
		"a 503 that names none makes the call wait":        {full, reply{status: 503, wait: noWait}, 16, delay{stumble, scopeCall}},
		"a 502 waits longer the third time":                {full, reply{status: 502, wait: noWait, attempt: 2}, 16, delay{4 * stumble, scopeCall}},
		"a broken connection makes the call wait":          {full, reply{wait: noWait}, 16, delay{stumble, scopeCall}},
		"a 200 with Retry-After has nothing to be retried": {full, reply{status: 200, wait: time.Second}, 16, delay{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			state, got := tt.from.after(tt.reply)
			if got != tt.want || state.limit != tt.wantLimit {
				t.Errorf("after(%+v) = limit %d, %+v; want limit %d, %+v", tt.reply, state.limit, got, tt.wantLimit, tt.want)
			}
		})
	}
}

func genReply(t *rapid.T) reply {
	return reply{
		status:    rapid.SampledFrom([]int{0, 200, 204, 400, 401, 403, 404, 409, 429, 429, 500, 502, 503, 504}).Draw(t, "status"),
		wait:      time.Duration(rapid.Int64Range(-1, int64(longestWait)).Draw(t, "wait")),
		reason:    rapid.SampledFrom([]string{"", "jira-burst-based", "jira-quota-tenant-based", "jira-per-issue-on-write", "new"}).Draw(t, "reason"),
		nearLimit: rapid.Bool().Draw(t, "nearLimit"),
		attempt:   rapid.IntRange(0, 1<<20).Draw(t, "attempt"),
		jitter:    rapid.Float64Range(0, 0.999).Draw(t, "jitter"),
	}
}

func TestPaceHoldsForAllReplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 64).Draw(t, "most")
		state := pace{most, most, rapid.SampledFrom([]scope{scopeEndpoint, scopeHost}).Draw(t, "lane")}
		for range rapid.IntRange(1, 40).Draw(t, "replies") {
			r := genReply(t)
			next, d := state.after(r)
			if next.limit < 1 || next.limit > most || next.most != most {
				t.Fatalf("limit %d is out of 1 to %d", next.limit, most)
			}
			switch {
			case refused(r) && (d.wait < waitFloor || d.wait < r.wait):
				t.Fatalf("a refusal that asks for %v waits %v", r.wait, d.wait)
			case refused(r) && next.limit > state.limit:
				t.Fatalf("a refusal raised the limit from %d to %d", state.limit, next.limit)
			case !refused(r) && !faltered(r.status) && d.wait != 0:
				t.Fatalf("status %d waits %v", r.status, d.wait)
			case float64(d.wait) > float64(max(r.wait, waitCeiling))*(1+jitterShare):
				t.Fatalf("waits %v where %v was asked for", d.wait, r.wait)
			}
			state = next
		}
		// Whatever happened, calm answers bring the full concurrency back.
		for range most {
			state, _ = state.after(reply{status: 200, wait: noWait})
		}
		if state.limit != most {
			t.Fatalf("after %d calm answers the limit is %d", most, state.limit)
		}
	})
}
