package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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

// audit runs an audit in a process of its own, with these settings and arguments.
func (b *bench) audit(ctx context.Context, site *site, env map[string]string, arguments map[string]any, users int) (_ audited, err error) {
	if err := site.forget(ctx); err != nil {
		return audited{}, err
	}
	s, err := b.startProgram(ctx, env)
	if err != nil {
		return audited{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var result struct {
		Counts struct{ Total int }
	}
	start := time.Now()
	if err := s.call("audit_active_users", arguments, &result); err != nil {
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

// withoutOrganization are the settings of a site that has none.
func withoutOrganization(env map[string]string) map[string]string {
	env = maps.Clone(env)
	maps.DeleteFunc(env, func(name, _ string) bool { return strings.HasPrefix(name, "ATLASSIAN_ORG_") })
	return env
}

// source is one source of an audit: lanes of requests side by side.
type source struct {
	name  string
	lanes []lane
}

// sources are the requests as they were sent, by source, each at the most that ran at once there. Pages that were asked for past the end of a list, and given up when the
// end was known, are left out: they had no answer, and nobody waited for one. A page of the organization's people can't be asked for before the one before it was answered.
func (s *site) sources(requests []sandbox.Request) []source {
	var jira, scim, people, rest []sandbox.Request
	for _, r := range requests {
		switch {
		case r.Status == 0:
		case directory(r.Path):
			scim = append(scim, r)
		case strings.HasSuffix(r.Path, "/users/search") && r.Method == http.MethodPost:
			people = append(people, r)
		case strings.HasPrefix(r.Path, "/admin/"):
			rest = append(rest, r)
		default:
			jira = append(jira, r)
		}
	}
	return []source{
		{"Jira", []lane{{s.exchangesOf(jira), atOnce(jira, s.latency)}}},
		{"SCIM", []lane{{s.exchangesOf(scim), atOnce(scim, s.latency)}}},
		{"the organization", []lane{{s.exchangesOf(people), 1}, {s.exchangesOf(rest), atOnce(rest, s.latency)}}},
	}
}

// slowest replays each source alone, and gives the time of the slowest.
func (s *site) slowest(ctx context.Context, requests []sandbox.Request) (took time.Duration, note string, err error) {
	for _, source := range s.sources(requests) {
		parallel, n := 0, 0
		for _, l := range source.lanes {
			parallel, n = parallel+max(l.parallel, 1), n+len(l.list)
		}
		alone, err := replay(ctx, bareClient(parallel), s.URL, source.lanes...)
		if err != nil {
			return 0, "", err
		}
		note += fmt.Sprintf(" %s: %d requests, %d ms.", source.name, n, alone.Milliseconds())
		took = max(took, alone)
	}
	return took, strings.TrimSpace(note), nil
}

// measureAudit takes the time and the memory of audits: of Jira and SCIM, of the organization besides, and of an export and a roster besides. The floor is the requests of
// that very audit by a bare loop that discards the bodies, as many at once as the audit had, each source alone: the slowest of them.
func measureAudit(ctx context.Context, b *bench) ([]row, error) {
	users := b.pick(100_000, 10_000)
	site, err := b.startSite(ctx, users, pageTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	folder, files, err := b.peopleFiles(ctx, site)
	if err != nil {
		return nil, err
	}
	five := maps.Clone(site.Env)
	five["JIRA_LIFECYCLE_CSV_DIR"] = folder

	name := thousands(users) + " people"
	two := row{measure: "audit of " + name + ", Jira and SCIM", unit: milliseconds, against: ratio, bar: 1.25}
	three := row{measure: "audit of " + name + ", and the organization", unit: milliseconds, against: ratio, bar: 1.25}
	listed := row{measure: "the same with export and roster", unit: milliseconds, against: more, bar: 1500}
	small := row{measure: "audit of " + name + ", Jira and SCIM, peak RSS", unit: megabytes, against: value, bar: 96}
	memory := row{measure: "audit of " + name + ", five sources, peak RSS", unit: megabytes, against: value, bar: 160}
	for range b.pick(2, 1) {
		for _, run := range []struct {
			env       map[string]string
			arguments map[string]any
			then      func(audited) error
		}{
			{withoutOrganization(site.Env), nil, func(a audited) error {
				floor, note, err := site.slowest(ctx, a.requests)
				two.value.time(a.took)
				two.floor.time(floor)
				two.note = note
				small.value.add(a.peak)
				return err
			}},
			{site.Env, nil, func(a audited) error {
				floor, note, err := site.slowest(ctx, a.requests)
				three.value.time(a.took)
				three.floor.time(floor)
				three.note = note
				listed.floor.time(a.took)
				return err
			}},
			{five, files, func(a audited) error {
				listed.value.time(a.took)
				memory.value.add(a.peak)
				return nil
			}},
		} {
			arguments := run.arguments
			if arguments == nil {
				arguments = map[string]any{}
			}
			a, err := b.audit(ctx, site, run.env, arguments, users)
			if err != nil {
				return nil, err
			}
			if err := run.then(a); err != nil {
				return nil, err
			}
		}
	}
	return []row{two, three, listed, small, memory}, nil
}

// peopleFiles writes an export and a roster of everybody on the site, and gives their folder and the arguments that name them.
func (b *bench) peopleFiles(ctx context.Context, site *site) (folder string, arguments map[string]any, err error) {
	var state struct {
		Jira struct {
			Users []struct{ AccountID, EmailAddress, AccountType string }
		}
	}
	if err := site.control(ctx, http.MethodGet, "state", nil, &state); err != nil {
		return "", nil, err
	}
	people := state.Jira.Users
	folder = filepath.Join(b.dir, "people")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", nil, err
	}
	export := func(line []byte, i int) []byte {
		u := people[i]
		return fmt.Appendf(line, "%s,Person %d,%s,Active,%d Jan 2024,User,\"jira-users,team-%d\",Never accessed,%d Apr 2026,%d May 2026\n", u.AccountID, i, u.EmailAddress, 1+i%31, i%100, 1+i%30, 1+i%31)
	}
	roster := func(line []byte, i int) []byte {
		return fmt.Appendf(line, "00u%017d,ACTIVE,Person,Number %d,%s,%s,\n", i, i, people[i].EmailAddress, people[i].EmailAddress)
	}
	_, err1 := writePeople(filepath.Join(folder, "export.csv"), len(people), exportHeader, export)
	_, err2 := writePeople(filepath.Join(folder, "roster.csv"), len(people), rosterHeader, roster)
	return folder, map[string]any{"export_path": "export.csv", "roster_path": "roster.csv", "confirm_roster": true}, errors.Join(err1, err2)
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
		site := sites[run.users]
		a, err := b.audit(ctx, site, withoutOrganization(site.Env), map[string]any{}, run.users)
		if err != nil {
			return nil, err
		}
		run.time.time(a.took)
		run.memory.add(a.peak)
	}
	return []row{time, memory}, nil
}

// measureMillion takes the memory of an audit of a very large site with all five sources: it sorts on disk. The sandbox answers at once, since a
// million people come in ten thousand pages of the organization, one after the other.
func measureMillion(ctx context.Context, b *bench) ([]row, error) {
	users := b.pick(1_000_000, 20_000)
	site, err := b.startSite(ctx, users, 0)
	if err != nil {
		return nil, err
	}
	defer site.close()
	folder, files, err := b.peopleFiles(ctx, site)
	if err != nil {
		return nil, err
	}
	env := maps.Clone(site.Env)
	env["JIRA_LIFECYCLE_CSV_DIR"] = folder
	memory := row{measure: "audit of " + thousands(users) + " people, five sources, peak RSS", unit: megabytes, against: value, bar: 256}
	a, err := b.audit(ctx, site, env, files, users)
	if err != nil {
		return nil, err
	}
	memory.value.add(a.peak)
	memory.note = fmt.Sprintf("%d requests, %d s", len(a.requests), int(a.took.Seconds()))
	return []row{memory}, nil
}
