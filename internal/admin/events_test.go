package admin_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestEvents(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	who := o.sandbox.AccountID(maxim)
	if err := o.DisableAccount(ctx, who, "On leave"); err != nil {
		t.Fatal(err)
	}

	p, err := o.Events(ctx, admin.EventQuery{Action: "user_deactivated_account", Limit: 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	actions, err := o.EventActions(ctx)
	if err != nil || len(actions) == 0 || actions[0].Name == "" || actions[0].Group == "" {
		t.Fatalf("%+v, %v", actions, err)
	}
	if p, err = o.Events(ctx, admin.EventQuery{Limit: 3}, ""); err != nil || len(p.Items) != 3 || p.Next == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	newest := p.Items[0]
	if newest.ID == "" || newest.Actor.ID == "" || time.Since(newest.Time) > time.Minute || len(newest.Context) == 0 || newest.Context[0].ID != who ||
		!slices.ContainsFunc(actions, func(a admin.EventAction) bool { return a.ID == newest.Action }) {
		t.Errorf("the newest event is %+v", newest)
	}
	second, err := o.Events(ctx, admin.EventQuery{Limit: 3}, p.Next)
	if err != nil || len(second.Items) != 3 || second.Items[0].ID == newest.ID || second.Items[0].Time.After(p.Items[2].Time) {
		t.Errorf("the page after it: %+v, %v", second, err)
	}
	nobody, err := o.Events(ctx, admin.EventQuery{Actors: []string{"712020:a", "712020:b"}}, "")
	if err != nil || len(nobody.Items) != 0 {
		t.Errorf("of actors who did nothing: %+v, %v", nobody, err)
	}
	before, err := o.Events(ctx, admin.EventQuery{To: newest.Time.Add(-time.Hour), From: newest.Time.AddDate(0, 0, -90)}, "")
	if err != nil || len(before.Items) == 0 || !before.Items[0].Time.Before(newest.Time) {
		t.Errorf("of a time: %+v, %v", before, err)
	}
	if _, err := o.Events(ctx, admin.EventQuery{}, "made up"); !errors.Is(err, admin.ErrCursorExpired) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

// The stream gives every event once, in order, and its cursor goes on later with what came meanwhile.
func TestEventsStream(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	var all []string
	for page, err := range o.AllEvents(ctx, admin.Stream{Limit: 20}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			all = append(all, e.ID)
		}
	}
	slices.Sort(all)
	if len(all) < 20 || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Fatalf("%d events, some of them twice", len(all))
	}

	p, err := o.EventsStream(ctx, admin.Stream{Descending: true, Limit: 1}, "")
	if err != nil || len(p.Items) != 1 || p.Items[0].ProcessedAt.IsZero() {
		t.Fatalf("%+v, %v", p, err)
	}
	cursor := ""
	for {
		p, err := o.EventsStream(ctx, admin.Stream{From: time.Now().Add(-time.Hour)}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Items) == 0 || p.Next == cursor {
			cursor = p.Next
			break
		}
		cursor = p.Next
	}
	if err := o.SuspendUser(ctx, admin.AllDirectories, o.sandbox.AccountID(sam)); err != nil {
		t.Fatal(err)
	}
	p, err = o.EventsStream(ctx, admin.Stream{}, cursor)
	if err != nil || len(p.Items) != 1 || len(p.Items[0].Context) == 0 || p.Items[0].Context[0].ID != o.sandbox.AccountID(sam) {
		t.Errorf("what came meanwhile: %+v, %v", p, err)
	}
}

// The client never asks more than ten queries a minute, whoever calls: the eleventh is refused at once with the time to wait, and one whose turn is near waits for it.
func TestQueriesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &recorder{status: http.StatusOK, body: `{"data":[]}`}
		c := clientTo(t, service)
		var times []time.Time
		query := func() error {
			_, err := c.Events(t.Context(), admin.EventQuery{}, "")
			if err == nil {
				times = append(times, time.Now())
			}
			return err
		}
		for range 10 {
			if err := query(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		start := time.Now()
		err := query()
		e := refusal(t, err)
		if e.Code != rest.CodeRateLimited || e.Status != http.StatusTooManyRequests || e.RetryAfter < 50*time.Second || e.RetryAfter > time.Minute || time.Since(start) != 0 {
			t.Errorf("the eleventh: %v after %s", err, time.Since(start))
		}
		time.Sleep(e.RetryAfter - time.Second)
		if err := query(); err != nil {
			t.Errorf("one whose turn is a second away: %v", err)
		}
		for range 200 {
			_ = query()
			time.Sleep(700 * time.Millisecond)
		}
		for i := 10; i < len(times); i++ {
			if in := times[i].Sub(times[i-10]); in <= time.Minute {
				t.Fatalf("eleven queries in %s", in)
			}
		}
		if n := len(service.take()); n != len(times) || n < 30 {
			t.Errorf("%d queries of %d were sent", n, len(times))
		}
	})
}

// Where others have used up the minute, the service says so, and nobody waits for it longer than a request may take.
func TestAMinuteThatOthersUsedUp(t *testing.T) {
	o := newOrganization(t, sandbox.Options{Faults: []string{"kind=" + sandbox.FaultRateLimit + ",path=/admin/v1/orgs/{orgId}/events$,retry_after=45"}})
	start := time.Now()
	for range 2 {
		_, err := o.Events(t.Context(), admin.EventQuery{}, "")
		if e := refusal(t, err); e.Code != rest.CodeRateLimited || e.RetryAfter < 40*time.Second {
			t.Errorf("got %v", err)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("waited %s", took)
	}
}
