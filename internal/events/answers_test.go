package events

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// useUp has the service answer nobody at a path for a while.
func (s site) useUp(path string, seconds int) {
	s.t.Helper()
	fault := sandbox.Fault{Kind: sandbox.FaultRateLimit, Path: "/admin/v1/orgs/{orgId}/" + path + "$", RetryAfter: strconv.Itoa(seconds)}
	if err := s.AddFault(fault); err != nil {
		s.t.Fatal(err)
	}
}

// TestNobodyWaitsLongForAnAnswer when others have used up what the service answers in a minute, however near its end is.
func TestNobodyWaitsLongForAnAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		path, key string
		seconds   int
		answered  bool
	}{
		"the log":                        {path: "events", key: sandbox.OrgKeyFull, seconds: 50},
		"the log, free again soon":       {path: "events", key: sandbox.OrgKeyFull, seconds: 20},
		"the stream, for a scoped key":   {path: "events-stream", key: sandbox.OrgKeyScoped, seconds: 20},
		"the list of actions":            {path: "event-actions", key: sandbox.OrgKeyFull, seconds: 50, answered: true},
		"the list of actions, free soon": {path: "event-actions", key: sandbox.OrgKeyFull, seconds: 20, answered: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
			s.useUp(tt.path, tt.seconds)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			late := time.AfterFunc(mostWait+2*time.Second, cancel)
			defer late.Stop()
			page, err := New(s.client(tt.key), nil).List(ctx, Query{})
			var refused *rest.Error
			switch {
			case tt.answered && (err != nil || len(page.Events) == 0 || !page.Nameless):
				t.Errorf("%d events, nameless %v, %v", len(page.Events), page.Nameless, err)
			case !tt.answered && (!errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests || refused.RetryAfter < time.Duration(tt.seconds)*time.Second):
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnAnswerIsKeptForWhenTheServiceAnswersNobody and never taken for another one, nor for a new one.
func TestAnAnswerIsKeptForWhenTheServiceAnswersNobody(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	log, now := s.log(), time.Now()
	log.now = func() time.Time { return now }
	q := Query{Limit: 3, Stale: true}
	first, err := log.List(t.Context(), q)
	if err != nil || first.Stale || !first.AsOf.Equal(now) || len(first.Events) != 3 {
		t.Fatalf("%d events as of %s, kept %v, %v", len(first.Events), first.AsOf, first.Stale, err)
	}
	s.useUp("events", 50)
	now = now.Add(answersAge)
	kept, err := log.List(t.Context(), q)
	if err != nil || !kept.Stale || !kept.AsOf.Equal(first.AsOf) || kept.Limited < 50*time.Second {
		t.Errorf("as of %s, kept %v, limited %s, %v", kept.AsOf, kept.Stale, kept.Limited, err)
	}
	if diff := cmp.Diff(ids(first.Events), ids(kept.Events)); diff != "" || kept.Next != first.Next {
		t.Errorf("next %q and %q (-first +kept):\n%s", first.Next, kept.Next, diff)
	}
	for name, other := range map[string]Query{
		"another length":           {Limit: 4, Stale: true},
		"another page":             {Limit: 3, Stale: true, Cursor: first.Next},
		"another person":           {Limit: 3, Stale: true, Filter: Filter{User: Who{AccountID: "x"}}},
		"a window":                 {Limit: 3, Stale: true, From: now.Add(-time.Hour)},
		"who wants a new one only": {Limit: 3},
	} {
		if page, err := log.List(t.Context(), other); !rest.IsStatus(err, http.StatusTooManyRequests) {
			t.Errorf("%s: %d events, %v", name, len(page.Events), err)
		}
	}
	now = now.Add(time.Second)
	if _, err := log.List(t.Context(), q); !rest.IsStatus(err, http.StatusTooManyRequests) {
		t.Errorf("an old answer: %v", err)
	}
}

func TestTheOldestAnswerMakesRoom(t *testing.T) {
	var a answers
	now := time.Now()
	for i := range mostAnswers + 2 {
		a.keep(question{limit: i}, Page{AsOf: now.Add(time.Duration(i))})
	}
	for i := range mostAnswers + 2 {
		if _, ok := a.find(question{limit: i}, now); ok != (i >= 2) {
			t.Errorf("answer %d is there: %v", i, ok)
		}
	}
}

// TestAFollowerWaitsForTheNamesOfActions since without them it would pass over what nobody looks at again. Where they may not be read, it goes without.
func TestAFollowerWaitsForTheNamesOfActions(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	begin := Started(time.Now().Add(-30 * 24 * time.Hour))
	s.useUp("event-actions", 600)
	_, err := s.log().Follow(Filter{}, begin, nil).Next(t.Context())
	if _, passes := patience(err, 0); !passes {
		t.Errorf("it went on: %v", err)
	}
	s.ClearFaults()
	if err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusForbidden, Path: "/admin/v1/orgs/{orgId}/event-actions$"}); err != nil {
		t.Fatal(err)
	}
	if b, err := s.log().Follow(Filter{}, begin, nil).Next(t.Context()); err != nil || len(b.Events) == 0 {
		t.Errorf("%d events, %v", len(b.Events), err)
	}
}
