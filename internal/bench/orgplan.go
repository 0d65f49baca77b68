package main

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"
)

// managed is somebody whom the organization manages and SCIM does not have: without the organization nothing ends their account.
const managed = "max.manager@example.com"

// measureOrgPlan takes the time of the plan of an offboarding with the organization's key, against the same without it. What it may cost more is one
// round trip, whatever the key adds: the person's status, what may be done to the account, its API tokens.
func measureOrgPlan(ctx context.Context, b *bench) ([]row, error) {
	site, err := b.startSite(ctx, tripUsers, tripTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	without := maps.Clone(site.Env)
	maps.DeleteFunc(without, func(name, _ string) bool { return strings.HasPrefix(name, "ATLASSIAN_ORG_") })

	var rows []row
	for _, who := range []struct{ email, what string }{{person, "in SCIM"}, {managed, "managed"}, {outsider, "of another domain"}} {
		for _, round := range []string{"first", "again"} {
			rows = append(rows, row{measure: "offboarding plan with the organization, " + who.what + ", " + round, unit: milliseconds, against: more, bar: 115})
		}
		for range b.pick(10, 3) {
			for _, side := range []struct {
				env  map[string]string
				into func(*row) *sample
			}{{without, func(r *row) *sample { return &r.floor }}, {site.Env, func(r *row) *sample { return &r.value }}} {
				s, err := b.startProgram(ctx, side.env)
				if err != nil {
					return nil, err
				}
				for k := range 2 {
					start := time.Now()
					if err = s.call("offboard_user", user(who.email), nil); err != nil {
						break
					}
					side.into(&rows[len(rows)-2+k]).time(time.Since(start))
				}
				if err := errors.Join(err, s.close()); err != nil {
					return nil, err
				}
			}
		}
	}
	return rows, nil
}
