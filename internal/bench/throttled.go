package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// Every tenth request is refused for a second.
const (
	refusedEvery = 10
	refusedFor   = time.Second
)

// measureThrottled takes the time of an audit whose every tenth request is answered 429 with Retry-After.
//
// The floor is the time of the same audit without a refusal, and on top the time for which the server asked to be left alone. A
// refusal asks for its own endpoint, until Retry-After has passed since it was sent; spans that overlap count once, and of the endpoints the one counts that
// asked for most, since the others pause beside it. So it is what a client takes that loses nothing but the waits that it was asked for.
//
// The people are fewer than in the audit without refusals: nearly each window of parallel requests meets one, so that the time is
// seconds per window.
func measureThrottled(ctx context.Context, b *bench) ([]row, error) {
	users := b.pick(20_000, 2_000)
	site, err := b.startSite(ctx, users, pageTime)
	if err != nil {
		return nil, err
	}
	defer site.close()

	name := "audit of " + thousands(users) + " people, every 10th request 429"
	time := row{measure: name, unit: milliseconds, against: ratio, bar: 1.2}
	again := row{measure: "  pages asked for again after a success", unit: times, against: value, bar: 0}
	for range b.pick(2, 1) {
		plain, err := b.audit(ctx, site, withoutOrganization(site.Env), map[string]any{}, users)
		if err != nil {
			return nil, err
		}
		if err := site.control(ctx, http.MethodPost, "faults", sandbox.Fault{Kind: sandbox.FaultRateLimit, Every: refusedEvery, RetryAfter: "1"}, nil); err != nil {
			return nil, err
		}
		hindered, err := b.audit(ctx, site, withoutOrganization(site.Env), map[string]any{}, users)
		if err != nil {
			return nil, err
		}
		if err := site.control(ctx, http.MethodDelete, "faults", nil, nil); err != nil {
			return nil, err
		}
		waits := asked(hindered.requests, pageTime, refusedFor)
		time.value.time(hindered.took)
		time.floor.time(plain.took + waits)
		refusals := 0
		for _, r := range hindered.requests {
			if r.Status == http.StatusTooManyRequests {
				refusals++
			}
		}
		time.note = fmt.Sprintf("%d of %d requests were refused; %.1f s without refusals, and %.1f s that the server asked to wait.",
			refusals, len(hindered.requests), plain.took.Seconds(), waits.Seconds())
		twice := slices.Concat(repeated(plain.requests), repeated(hindered.requests))
		again.value.add(float64(len(twice)))
		if len(twice) > 0 {
			again.note = "asked for twice: " + strings.Join(twice[:min(len(twice), 5)], ", ")
		}
	}
	return []row{time, again}, nil
}
