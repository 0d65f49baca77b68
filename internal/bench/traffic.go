package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// atOnce tells how many requests ran at the same time at most, given that each of them takes at least latency: those that began within
// one latency of each other did. The list is in order of time.
func atOnce(requests []sandbox.Request, latency time.Duration) int {
	most, first := 0, 0
	for i, r := range requests {
		for r.Time.Sub(requests[first].Time) >= latency {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// waves splits requests into those that were sent side by side: one that began after the first of a wave could have been answered belongs
// to the next.
func waves(requests []sandbox.Request, latency time.Duration) [][]sandbox.Request {
	var list [][]sandbox.Request
	for _, r := range requests {
		if last := len(list) - 1; last >= 0 && r.Time.Sub(list[last][0].Time) < latency {
			list[last] = append(list[last], r)
			continue
		}
		list = append(list, []sandbox.Request{r})
	}
	return list
}

// repeated returns the reads that were sent again although they had been answered.
func repeated(requests []sandbox.Request) []string {
	answered := map[string]bool{}
	var again []string
	for _, r := range requests {
		read := r.Method + " " + r.Path + "?" + r.Query
		if answered[read] {
			again = append(again, read+" "+strconv.Itoa(r.Status))
		}
		answered[read] = answered[read] || r.Status >= 200 && r.Status < 300
	}
	return again
}

// asked tells for how long the sandbox asked its client to stay away: per endpoint the union of the spans that begin with the
// answer 429, which is latency after the request came, and last for retryAfter. Endpoints pause side by side, so the longest union counts.
func asked(requests []sandbox.Request, latency, retryAfter time.Duration) time.Duration {
	ends := map[string]time.Time{}
	sums := map[string]time.Duration{}
	slices.SortStableFunc(requests, func(a, b sandbox.Request) int { return a.Time.Compare(b.Time) })
	for _, r := range requests {
		if r.Status != 429 {
			continue
		}
		endpoint := r.Method + " " + r.Path
		from, to := r.Time.Add(latency), r.Time.Add(latency+retryAfter)
		if end := ends[endpoint]; end.After(from) {
			from = end
		}
		sums[endpoint] += to.Sub(from)
		ends[endpoint] = to
	}
	var longest time.Duration
	for _, sum := range sums {
		longest = max(longest, sum)
	}
	return longest
}
