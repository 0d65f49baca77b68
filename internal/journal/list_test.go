package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func ids(ops []Operation) (all []string) {
	for _, op := range ops {
		all = append(all, op.ID)
	}
	return all
}

// list reads all pages of a list.
func list(t *testing.T, s *Store, f Filter) (all []Operation) {
	t.Helper()
	for {
		page, err := s.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Operations) > f.Limit && f.Limit > 0 {
			t.Fatalf("%d on a page of %d", len(page.Operations), f.Limit)
		}
		all = append(all, page.Operations...)
		if page.Next == "" {
			return all
		}
		if len(page.Operations) == 0 {
			t.Fatal("an empty page that isn't the last one")
		}
		f.Cursor = page.Next
	}
}

func TestListFindsByEachFilter(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		var made []Operation // oldest first
		for i := range 12 {
			op := operation(func(o *Operation) {
				o.Status = Queued
				if i%2 == 1 {
					o.Kind = "provision_user"
				}
				if i%3 == 0 {
					o.Actor.Caller = "https://issuer/jane"
				}
				o.Email = fmt.Sprintf("Person%d@Example.com", i)
				if i >= 9 {
					// Those of one moment are told apart by their ids.
					o.CreatedAt = time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)
				}
			})
			add(t, s, op)
			switch i % 4 {
			case 0:
				record(t, claim(t, s, op.ID), Update{Event: "ended", Status: Succeeded})
			case 1:
				claim(t, s, op.ID)
			}
			made = append(made, get(t, s, op.ID))
		}
		people := batch(Queued, 3)
		add(t, s, people...)
		var all []Operation
		for _, op := range append(made, get(t, s, people[0].ID), get(t, s, people[1].ID), get(t, s, people[2].ID), get(t, s, people[3].ID)) {
			op.Steps, op.Request, op.Plan, op.Snapshot, op.Confirmation = nil, nil, nil, nil, nil
			all = append(all, op)
		}
		slices.SortFunc(all, func(a, b Operation) int {
			if d := b.CreatedAt.Compare(a.CreatedAt); d != 0 {
				return d
			}
			return strings.Compare(b.ID, a.ID)
		})
		tests := []struct {
			name   string
			filter Filter
			want   func(Operation) bool
		}{
			{"nothing", Filter{}, func(o Operation) bool { return o.Parent == "" }},
			{"kind", Filter{Kind: "provision_user"}, func(o Operation) bool { return o.Kind == "provision_user" }},
			{"a kind that nothing has", Filter{Kind: "x' OR 1=1 --"}, func(Operation) bool { return false }},
			{"caller", Filter{Actor: "https://issuer/jane"}, func(o Operation) bool { return o.Actor.Caller == "https://issuer/jane" }},
			{"a state", Filter{Statuses: []Status{Running}}, func(o Operation) bool { return o.Status == Running && o.Parent == "" }},
			{"states, one of them twice", Filter{Statuses: []Status{Running, Succeeded, Running}}, func(o Operation) bool { return o.Status == Running || o.Status == Succeeded }},
			{"since", Filter{Since: made[6].CreatedAt}, func(o Operation) bool { return o.Parent == "" && !o.CreatedAt.Before(made[6].CreatedAt) }},
			{"kind, state, caller and since", Filter{Kind: "provision_user", Statuses: []Status{Running}, Actor: "https://issuer/jane", Since: made[2].CreatedAt}, func(o Operation) bool {
				return o.Kind == "provision_user" && o.Status == Running && o.Actor.Caller == "https://issuer/jane" && !o.CreatedAt.Before(made[2].CreatedAt)
			}},
			{"account", Filter{Person: made[3].AccountID}, func(o Operation) bool { return o.AccountID == made[3].AccountID }},
			{"e-mail in another case", Filter{Person: "person4@example.COM"}, func(o Operation) bool { return o.ID == made[4].ID }},
			{"key", Filter{Person: made[5].Key}, func(o Operation) bool { return o.ID == made[5].ID }},
			{"a person of a batch", Filter{Person: people[2].AccountID}, func(o Operation) bool { return o.ID == people[2].ID }},
			{"a person and another state", Filter{Person: made[5].Key, Statuses: []Status{Failed}}, func(Operation) bool { return false }},
			{"the people of a batch", Filter{Parent: people[0].ID}, func(o Operation) bool { return o.Parent == people[0].ID }},
			{"those of them in a state", Filter{Parent: people[0].ID, Statuses: []Status{Queued}}, func(o Operation) bool { return o.Parent == people[0].ID }},
		}
		for _, test := range tests {
			want := slices.DeleteFunc(slices.Clone(all), func(o Operation) bool { return !test.want(o) })
			for _, limit := range []int{0, 1, 2, 5, 1000} {
				f := test.filter
				f.Limit = limit
				got := list(t, s, f)
				if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
					t.Errorf("%s, %d a page: %s", test.name, limit, diff)
				} else if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s, %d a page: %s", test.name, limit, diff)
				}
			}
		}
		// The people of a batch come in the opposite of their order.
		if got := list(t, s, Filter{Parent: people[0].ID}); len(got) != 3 || got[0].ID != people[3].ID || got[2].ID != people[1].ID {
			t.Errorf("order: %q", ids(got))
		}
		for _, bad := range []string{"x", "e30", "!!!", "eyJ0IjoxfQ", strings.Repeat("A", 5000), "'; DROP TABLE journal_events; --"} {
			if _, err := s.List(t.Context(), Filter{Cursor: bad}); !fault.Is(err, fault.InvalidArgument) || len(err.Error()) > 200 {
				t.Errorf("cursor %.20q: %v", bad, err)
			}
		}
	})
}

// TestThePlanOfEachListUsesAnIndex keeps the first page of a list as fast with a million operations as with ten.
func TestThePlanOfEachListUsesAnIndex(t *testing.T) {
	s := New(Options{Dir: t.TempDir()})
	defer s.Close()
	begin(t, s, operation())
	cursor := cursor{1, "op"}.String()
	for name, f := range map[string]Filter{
		"all":                        {},
		"kind":                       {Kind: "offboard_user"},
		"state":                      {Statuses: []Status{Running}},
		"states":                     {Statuses: []Status{Running, Queued, Failed}},
		"caller":                     {Actor: "local:1000"},
		"since":                      {Since: time.Now()},
		"person":                     {Person: "x"},
		"batch":                      {Parent: "x"},
		"batch, state":               {Parent: "x", Statuses: []Status{Failed}},
		"all, second page":           {Cursor: cursor},
		"state, second page":         {Statuses: []Status{Running}, Cursor: cursor},
		"kind, second page":          {Kind: "offboard_user", Cursor: cursor},
		"caller, state, second page": {Actor: "local:1000", Statuses: []Status{Running}, Cursor: cursor},
	} {
		f.Limit = 10
		query, args, err := f.query()
		if err != nil {
			t.Fatal(err)
		}
		err = s.read(t.Context(), "explain", func(ctx context.Context, tx *tx) error {
			r, err := tx.query(ctx, `EXPLAIN QUERY PLAN `+query, args...)
			if err != nil {
				return err
			}
			defer r.Close()
			for r.Next() {
				var id, parent, unused int
				var detail string
				if err := r.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				walks := strings.HasPrefix(detail, "SCAN journal_operations") && !strings.Contains(detail, "USING INDEX")
				// A person and a batch have few operations, which may be sorted.
				sorts := strings.Contains(detail, "TEMP B-TREE FOR ORDER BY") && f.Person == "" && f.Parent == "" && len(f.Statuses) < 2
				if walks || sorts {
					t.Errorf("%s: %s", name, detail)
				}
			}
			return r.Err()
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
