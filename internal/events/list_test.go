package events

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// all pages through an answer, with a quota of its own for each page.
func (s site) all(q Query) (list []Event, pages int) {
	s.t.Helper()
	for {
		page, err := s.log().List(context.Background(), q)
		if err != nil {
			s.t.Fatal(err)
		}
		list, pages = append(list, page.Events...), pages+1
		if q.Cursor = page.Next; q.Cursor == "" {
			return list, pages
		}
		if pages > 100 {
			s.t.Fatal("the pages have no end")
		}
	}
}

func TestEventsAreToldOfPeopleNewestFirst(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	who := s.AccountID("max.manager@example.com")
	if err := s.client(sandbox.OrgKeyFull).DisableAccount(context.Background(), who, "left"); err != nil {
		t.Fatal(err)
	}
	page, err := s.log().List(context.Background(), Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(page.Events, newest) || len(page.Events) < 3 {
		t.Errorf("%d events, not all the newest first", len(page.Events))
	}
	got := page.Events[0]
	got.ID, got.Time, got.people = "", time.Time{}, nil
	want := Event{
		Action: "deactivated", Kind: Deactivated, RawAction: "managed_account_deactivated", Detail: "Deactivated account",
		Actor:  Party{AccountID: s.AccountID("admin@example.com"), Name: "Avery Admin", Email: "admin@example.com", Via: "container-token"},
		Target: Party{Type: "person", AccountID: who, Name: "Max Manager", Email: "max.manager@example.com"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Event{})); diff != "" && !strings.HasPrefix(got.Detail, want.Detail) {
		t.Errorf("the event (-want +got):\n%s", diff)
	}
}

func TestAFilterLeavesWhatItAsksFor(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(6)
	everything, _ := s.all(Query{Limit: 200})
	sam, admin := s.AccountID("sam.partner@partner.example"), s.AccountID("admin@example.com")
	for name, tt := range map[string]struct {
		filter Filter
		fits   func(Event) bool
	}{
		"a person":             {Filter{User: Who{AccountID: sam}}, func(e Event) bool { return e.Target.AccountID == sam }},
		"a person by e-mail":   {Filter{User: Who{Email: "SAM.partner@partner.example"}}, func(e Event) bool { return e.Target.AccountID == sam }},
		"an actor":             {Filter{Actor: Who{AccountID: admin}}, func(e Event) bool { return e.Actor.AccountID == admin }},
		"a kind":               {Filter{Kinds: []Kind{Group}}, func(e Event) bool { return e.Kind == Group }},
		"a kind of one action": {Filter{Kinds: []Kind{Invited}}, func(e Event) bool { return e.Kind == Invited }},
		"all at once": {Filter{User: Who{AccountID: sam}, Actor: Who{AccountID: admin}, Kinds: []Kind{Group, Invited}}, func(e Event) bool {
			return e.Target.AccountID == sam && e.Actor.AccountID == admin && (e.Kind == Group || e.Kind == Invited)
		}},
		"nobody": {Filter{User: Who{AccountID: "nobody-1234567"}}, func(Event) bool { return false }},
	} {
		var want []Event
		for _, e := range everything {
			if tt.fits(e) {
				want = append(want, e)
			}
		}
		if len(want) == 0 && name != "nobody" && name != "a kind of one action" {
			t.Errorf("%s: the site has none, so nothing is proven", name)
		}
		got, _ := s.all(Query{Filter: tt.filter, Limit: 200})
		if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestPagesHaveEachEventOnce holds for pages of every length, of ours and of the service's.
func TestPagesHaveEachEventOnce(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(5)
	want, _ := s.all(Query{Limit: 200})
	for _, limit := range []int{1, 3, 4, 200} {
		for _, perPage := range []int{2, 3, 500} {
			var got []Event
			q := Query{Limit: limit}
			for pages := 0; pages < 200; pages++ {
				log := s.log()
				log.perPage = perPage
				page, err := log.List(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page.Events) > limit {
					t.Errorf("%d events where %d were asked for", len(page.Events), limit)
				}
				got = append(got, page.Events...)
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			slices.SortStableFunc(got, newest)
			if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
				t.Fatalf("limit %d, pages of %d (-want +got):\n%s", limit, perPage, diff)
			}
		}
	}
}

func TestNewEventsDoNotShiftThePages(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(6)
	want, _ := s.all(Query{Limit: 200})
	first, err := s.log().List(context.Background(), Query{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	for !time.Now().After(first.To) { // the window has ended
	}
	s.toggle(2)
	rest, _ := s.all(Query{Limit: 200, Cursor: first.Next})
	if diff := cmp.Diff(ids(want), ids(append(first.Events, rest...))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheMinutesQueriesAreToldWhenUsedUp(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{})
	log := s.log()
	for range 9 {
		if _, err := log.List(context.Background(), Query{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	// One query is left, and the answer needs more: what was found is told, and where to go on.
	log.perPage = 2
	page, err := log.List(context.Background(), Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if page.Limited <= 0 || page.Limited > 2*time.Minute || page.Next == "" || len(page.Events) != 2 {
		t.Errorf("%d events, next %q, possible after %s", len(page.Events), page.Next, page.Limited)
	}
	_, err = log.List(context.Background(), Query{Limit: 100})
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests || refused.RetryAfter <= 0 {
		t.Errorf("without a query left: %v", err)
	}
	if n := len(s.queries("/events")); n > 10 {
		t.Errorf("%d queries were sent", n)
	}
}

// queries are the requests whose path ends in suffix.
func (s site) queries(suffix string) (list []sandbox.Request) {
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, suffix) {
			list = append(list, r)
		}
	}
	return list
}

func TestAnAnswerLooksAtABoundedNumberOfPages(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(20)
	log := s.log()
	log.perPage = 2
	page, err := log.List(context.Background(), Query{Filter: Filter{User: Who{AccountID: "nobody-1234567"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Events) != 0 || page.Next == "" || page.Looked != 2*mostPages || len(s.queries("/events")) != mostPages {
		t.Errorf("%d events, next %q, looked at %d entries in %d queries", len(page.Events), page.Next, page.Looked, len(s.queries("/events")))
	}
}

func TestWhatTheServiceCanFilterItFilters(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	admin := s.AccountID("admin@example.com")
	if _, err := s.log().List(context.Background(), Query{Filter: Filter{Actor: Who{AccountID: admin}, Kinds: []Kind{Invited}}}); err != nil {
		t.Fatal(err)
	}
	sent := s.queries("/events")
	if len(sent) == 0 {
		t.Fatal("nothing was sent")
	}
	q := sent[0].Query
	for _, part := range []string{"actor=", "action=user_invited", "from=", "to=", "limit=500"} {
		if !strings.Contains(q, part) {
			t.Errorf("the query %s lacks %s", q, part)
		}
	}
}

func TestAKeyWithScopesReadsTheStream(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(4)
	want, _ := s.all(Query{Limit: 200})
	log := New(s.client(sandbox.OrgKeyScoped), nil)
	var got []Event
	q := Query{Limit: 3}
	for range 50 {
		page, err := log.List(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !page.Streamed {
			t.Error("the order is not told")
		}
		got = append(got, page.Events...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	slices.SortStableFunc(got, newest)
	for i := range got {
		got[i].ProcessedAt = time.Time{}
	}
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if refused := s.queries("/events"); slices.IndexFunc(refused, func(r sandbox.Request) bool {
		return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	}) < 0 {
		t.Error("the filtered log was not tried")
	}
	for _, key := range []string{sandbox.OrgKeyNarrow, sandbox.OrgKeyExpired} {
		_, err := New(s.client(key), nil).List(context.Background(), Query{})
		if !rest.IsStatus(err, http.StatusUnauthorized) && !rest.IsStatus(err, http.StatusForbidden) {
			t.Errorf("the key %s: %v", key, err)
		}
	}
}

func TestALateEventComesLate(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true, EventDelayMS: 3_600_000})
	before, _ := s.all(Query{Limit: 200})
	s.toggle(1)
	if after, _ := s.all(Query{Limit: 200}); len(after) != len(before) {
		t.Errorf("%d events, and %d before", len(after), len(before))
	}
}

func TestACursorBelongsToItsQuestion(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(4)
	sam := Who{AccountID: s.AccountID("sam.partner@partner.example")}
	q := Query{Limit: 2, Filter: Filter{User: sam, Kinds: []Kind{Group}}}
	page, err := s.log().List(context.Background(), q)
	if err != nil || page.Next == "" {
		t.Fatal(page.Next, err)
	}
	for name, other := range map[string]Query{
		"another kind":   {Limit: 2, Cursor: page.Next, Filter: Filter{User: sam, Kinds: []Kind{Token}}},
		"another person": {Limit: 2, Cursor: page.Next, Filter: Filter{Kinds: []Kind{Group}, User: Who{AccountID: "x"}}},
		"another window": {Limit: 2, Cursor: page.Next, Filter: Filter{User: sam, Kinds: []Kind{Group}}, From: time.Now().Add(-time.Hour)},
		"made up":        {Limit: 2, Cursor: "bm9uc2Vuc2U", Filter: Filter{Kinds: []Kind{Group}}},
		"cut off":        {Limit: 2, Cursor: page.Next[:len(page.Next)-4], Filter: Filter{Kinds: []Kind{Group}}},
	} {
		if _, err := s.log().List(context.Background(), other); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Only the limit may change, and how the person's e-mail shows.
	q.Cursor, q.Limit = page.Next, 1
	q.User.Email = "shown@example.com"
	if next, err := s.log().List(context.Background(), q); err != nil || len(next.Events) != 1 {
		t.Errorf("%d events, %v", len(next.Events), err)
	}
}

func TestAnExpiredCursorSaysWhereToGoOn(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	s.toggle(6)
	log := s.log()
	log.perPage = 3
	page, err := log.List(context.Background(), Query{Limit: 5})
	if err != nil || page.Next == "" {
		t.Fatal(page.Next, err)
	}
	if err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultCursorExpired}); err != nil {
		t.Fatal(err)
	}
	_, err = log.List(context.Background(), Query{Limit: 5, Cursor: page.Next})
	last := page.Events[len(page.Events)-1].Time.Format(time.RFC3339)
	if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "too old") || !strings.Contains(err.Error(), last) {
		t.Errorf("%v; want %s in it", err, last)
	}
}

func TestAWindowIsOneThatTheLogHas(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, tt := range map[string]struct {
		from, to         time.Time
		wantFrom, wantTo time.Time
		problem          string
	}{
		"nothing said":              {wantFrom: now.Add(-30 * day), wantTo: now},
		"an end alone":              {to: now.Add(-day), wantFrom: now.Add(-31 * day), wantTo: now.Add(-day)},
		"an end near the oldest":    {to: now.Add(-179 * day), wantFrom: now.Add(-180 * day), wantTo: now.Add(-179 * day)},
		"180 days":                  {from: now.Add(-180 * day), wantFrom: now.Add(-180 * day), wantTo: now},
		"180 days, counted earlier": {from: now.Add(-180*day - time.Minute), wantFrom: now.Add(-180 * day), wantTo: now},
		"an end ahead":              {from: now.Add(-day), to: now.Add(day), wantFrom: now.Add(-day), wantTo: now},
		"181 days":                  {from: now.Add(-181 * day), problem: "180 days"},
		"an end before the oldest":  {to: now.Add(-200 * day), problem: "180 days"},
		"an end before the log":     {to: now.Add(-Kept - day), problem: "The window ends at"},
		"the first year":            {from: time.Time{}.Add(1), problem: "The window begins at 0001"},
		"a beginning ahead":         {from: now.Add(time.Hour), problem: "ahead"},
		"backwards":                 {from: now.Add(-day), to: now.Add(-2 * day), problem: "begins no earlier"},
		"of no length":              {from: now.Add(-day), to: now.Add(-day), problem: "begins no earlier"},
	} {
		from, to, err := window(tt.from, tt.to, now)
		switch {
		case tt.problem != "":
			if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || !from.Equal(tt.wantFrom) || !to.Equal(tt.wantTo):
			t.Errorf("%s: %s to %s, %v", name, from, to, err)
		}
	}
}

func TestWithoutAnOrganizationTheLogSaysSo(t *testing.T) {
	missing := fault.New(fault.NotConfigured, "Set it.", "ATLASSIAN_ORG_ID is not set.")
	if _, err := New(nil, missing).List(context.Background(), Query{}); !errors.Is(err, missing) {
		t.Error(err)
	}
}
