package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// pageTime is the sandbox's latency where pages are read.
const pageTime = 50 * time.Millisecond

// audited is what one audit cost and what it asked for.
type audited struct {
	took     time.Duration
	peak     float64 // resident memory at its highest, in megabytes
	requests []sandbox.Request
}

// audit runs an audit in a process of its own.
func (b *bench) audit(ctx context.Context, site *site, users int) (_ audited, err error) {
	if err := site.forget(ctx); err != nil {
		return audited{}, err
	}
	s, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return audited{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var result struct {
		Counts struct{ Total int }
	}
	start := time.Now()
	if err := s.call("audit_active_users", map[string]any{}, &result); err != nil {
		return audited{}, err
	}
	a := audited{took: time.Since(start)}
	if a.peak, err = s.memory("VmHWM"); err != nil {
		return a, err
	}
	// One seeded account was never let into the site, and Jira lists it to nobody.
	if result.Counts.Total < users-1 {
		return a, fmt.Errorf("the audit counted %d of %d accounts", result.Counts.Total, users)
	}
	a.requests, err = site.requests(ctx)
	return a, err
}

// lanes are the requests as they were sent: those to Jira at the most that ran at once there, and beside them those to the directory. Pages that
// were asked for past the end of a list, and given up when the end was known, are left out: they had no answer, and nobody waited for one.
func (s *site) lanes(requests []sandbox.Request) []lane {
	var jira, scim []sandbox.Request
	for _, r := range requests {
		switch {
		case r.Status == 0:
		case directory(r.Path):
			scim = append(scim, r)
		default:
			jira = append(jira, r)
		}
	}
	return []lane{
		{s.exchangesOf(jira), atOnce(jira, s.latency)},
		{s.exchangesOf(scim), atOnce(scim, s.latency)},
	}
}

// measureAudit takes the time and the memory of an audit. The floor is the requests of that very audit by a bare loop that discards the bodies, as
// many at once as the audit had. The two services are loops of their own, since each has its own limit.
func measureAudit(ctx context.Context, b *bench) ([]row, error) {
	users := b.pick(100_000, 10_000)
	site, err := b.startSite(ctx, users, pageTime)
	if err != nil {
		return nil, err
	}
	defer site.close()

	name := "audit of " + thousands(users) + " people"
	time := row{measure: name, unit: milliseconds, against: ratio, bar: 1.25}
	memory := row{measure: name + ", peak RSS", unit: megabytes, against: value, bar: 96}
	for range b.pick(3, 2) {
		a, err := b.audit(ctx, site, users)
		if err != nil {
			return nil, err
		}
		lanes := site.lanes(a.requests)
		floor, err := replay(ctx, bareClient(lanes[0].parallel+lanes[1].parallel), site.URL, lanes...)
		if err != nil {
			return nil, err
		}
		time.value.time(a.took)
		time.floor.time(floor)
		memory.value.add(a.peak)
		time.note = fmt.Sprintf("%d requests to Jira, %d at once, and %d to SCIM, %d at once.",
			len(lanes[0].list), lanes[0].parallel, len(lanes[1].list), lanes[1].parallel)
	}
	return []row{time, memory}, nil
}

// measureScale compares an audit of ten times the people.
func measureScale(ctx context.Context, b *bench) ([]row, error) {
	small := b.pick(100_000, 10_000)
	large := 10 * small
	name := fmt.Sprintf("%s people by %s", thousands(large), thousands(small))
	time := row{measure: name + ", time", unit: milliseconds, against: ratio, bar: 10.5}
	memory := row{measure: name + ", peak RSS", unit: megabytes, against: ratio, bar: 1.1}

	sites := map[int]*site{}
	for _, users := range []int{small, large} {
		s, err := b.startSite(ctx, users, pageTime)
		if err != nil {
			return nil, err
		}
		defer s.close()
		sites[users] = s
	}
	for _, run := range []struct {
		users  int
		time   *sample
		memory *sample
	}{
		{small, &time.floor, &memory.floor},
		{large, &time.value, &memory.value},
		{small, &time.floor, &memory.floor},
	} {
		b.note("  audit of %s people", thousands(run.users))
		a, err := b.audit(ctx, sites[run.users], run.users)
		if err != nil {
			return nil, err
		}
		run.time.time(a.took)
		run.memory.add(a.peak)
	}
	return []row{time, memory}, nil
}
