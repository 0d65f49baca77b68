package main

import (
	"context"
	"errors"
	"time"
)

// tripTime is the sandbox's latency where round trips are counted.
const tripTime = 100 * time.Millisecond

// tripUsers makes the directory larger than what a look-up by account id may walk, as that of a company is.
const tripUsers = 10_000

// The people who are looked up: one whom SCIM provisions, and one whom it does not.
const (
	person   = "jane.doe@example.com"
	outsider = "sam.partner@partner.example"
)

// trip is a tool call whose round trips are counted, once in a fresh process and once more in the same.
type trip struct {
	name      string
	tool      string
	arguments map[string]any
	bar       float64
	// linked says that the bar is for the second call: SCIM has no filter by account id, so that the first call for
	// an account has to ask Jira for the e-mail first. Later ones know the link.
	linked bool
}

const linkedNote = "SCIM can't be filtered by account id, so that the first look-up in a process learns by the e-mail that Jira gives who it is: a second trip. The bar is for those that follow."

// measureTrips counts round trips: the time of a call by the latency of the sandbox.
func (b *bench) measureTrips(ctx context.Context, list func(id, outsiderID string) []trip) ([]row, error) {
	site, err := b.startSite(ctx, tripUsers, tripTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	id, err := b.accountID(ctx, site, person)
	if err != nil {
		return nil, err
	}
	outsiderID, err := b.accountID(ctx, site, outsider)
	if err != nil {
		return nil, err
	}
	trips := list(id, outsiderID)
	floor := sample{float64(tripTime / time.Millisecond)}
	var rows []row
	for _, t := range trips {
		first := row{measure: t.name + ", first", unit: milliseconds, floor: floor, against: roundTrips, bar: t.bar}
		if t.linked {
			first.against, first.note = nothing, linkedNote
		}
		rows = append(rows, first, row{measure: t.name + ", again", unit: milliseconds, floor: floor, against: roundTrips, bar: t.bar})
	}
	for range b.pick(10, 3) {
		for i, t := range trips {
			s, err := b.startProgram(ctx, site.Env)
			if err != nil {
				return nil, err
			}
			for k := range 2 {
				start := time.Now()
				if err = s.call(t.tool, t.arguments, nil); err != nil {
					break
				}
				rows[2*i+k].value.time(time.Since(start))
			}
			if err := errors.Join(err, s.close()); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// accountID asks a process of its own, so that those that are measured know nothing.
func (b *bench) accountID(ctx context.Context, site *site, email string) (string, error) {
	s, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return "", err
	}
	var found struct {
		Person struct {
			AccountID string `json:"account_id"`
		}
	}
	err = s.call("lookup_user", map[string]any{"user": email}, &found)
	return found.Person.AccountID, errors.Join(err, s.close())
}

func measureLookup(ctx context.Context, b *bench) ([]row, error) {
	return b.measureTrips(ctx, func(id, outsiderID string) []trip {
		return []trip{
			{name: "lookup_user by id", tool: "lookup_user", arguments: user(id), bar: 1.15, linked: true},
			{name: "lookup_user by e-mail", tool: "lookup_user", arguments: user(person), bar: 2.15},
			{name: "lookup_user by id, not in SCIM", tool: "lookup_user", arguments: user(outsiderID), bar: 1.15, linked: true},
			{name: "lookup_user by e-mail, not in SCIM", tool: "lookup_user", arguments: user(outsider), bar: 2.15},
		}
	})
}

func measurePlan(ctx context.Context, b *bench) ([]row, error) {
	return b.measureTrips(ctx, func(id, _ string) []trip {
		return []trip{
			{name: "offboarding plan by id", tool: "offboard_user", arguments: user(id), bar: 3.15},
			{name: "offboarding plan by e-mail", tool: "offboard_user", arguments: user(person), bar: 3.15},
			{name: "offboarding plan by e-mail, not in SCIM", tool: "offboard_user", arguments: user(outsider), bar: 3.15},
		}
	})
}

func user(who string) map[string]any { return map[string]any{"user": who} }
