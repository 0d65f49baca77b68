package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
)

var (
	alice  = task.Owner{Caller: "alice", Session: "1"}
	limits = task.Limits{Running: 2, Kept: 3, Life: time.Hour, ShortestLife: time.Minute, MaxLife: 2 * time.Hour, LastLook: 5 * time.Minute}
)

func begin(t *testing.T, s *task.Store) *task.Call {
	t.Helper()
	c, ok := s.Begin(t.Context(), alice)
	if !ok {
		t.Fatal("no place for a call")
	}
	return c
}

func TestATaskIsFollowedToItsEnd(t *testing.T) {
	s := task.NewStore(limits)
	c := begin(t, s)
	c.Say("looking")
	id := c.Keep(time.Hour).ID
	if got, err := s.Get(alice, id); err != nil || got.Message != "looking" || got.Ended || got.Life != time.Hour {
		t.Errorf("at work: %+v, %v", got, err)
	}
	c.End("succeeded", json.RawMessage(`{"a":1}`), false)
	c.Say("too late")
	got, err := s.Await(t.Context(), alice, id)
	if err != nil || !got.Ended || got.Failed || got.Cancelled || got.Message != "succeeded" || string(got.Result) != `{"a":1}` {
		t.Errorf("at the end: %+v, %v", got, err)
	}
}

func TestATaskIsItsOwners(t *testing.T) {
	s := task.NewStore(limits)
	c := begin(t, s)
	id := c.Keep(time.Hour).ID
	for _, other := range []task.Owner{{Caller: "alice"}, {Caller: "alice", Session: "2"}, {Caller: "bob", Session: "1"}} {
		if _, err := s.Get(other, id); !errors.Is(err, task.ErrNotFound) {
			t.Errorf("%+v gets it: %v", other, err)
		}
		if _, err := s.Cancel(other, id); !errors.Is(err, task.ErrNotFound) {
			t.Errorf("%+v cancels it: %v", other, err)
		}
		if _, err := s.Await(t.Context(), other, id); !errors.Is(err, task.ErrNotFound) {
			t.Errorf("%+v awaits it: %v", other, err)
		}
		if list := s.List(other); len(list) != 0 {
			t.Errorf("%+v lists %+v", other, list)
		}
	}
	if c.Context().Err() != nil {
		t.Error("it was cancelled")
	}
	if list := s.List(alice); len(list) != 1 || list[0].ID != id {
		t.Errorf("alice lists %+v", list)
	}
}

func TestCancelling(t *testing.T) {
	s := task.NewStore(limits)
	c := begin(t, s)
	id := c.Keep(time.Hour).ID
	for range 2 {
		if got, err := s.Cancel(alice, id); err != nil || !got.Cancelled || got.Ended {
			t.Errorf("cancel: %+v, %v", got, err)
		}
	}
	if cause := context.Cause(c.Context()); !errors.Is(cause, request.ErrClientCancelled) {
		t.Errorf("the call ended because of %v", cause)
	}
	c.End("cancelled", nil, true)
	if got, err := s.Cancel(alice, id); !errors.Is(err, task.ErrEnded) || !got.Cancelled || !got.Failed {
		t.Errorf("cancel after the end: %+v, %v", got, err)
	}
}

func TestACallOutlivesItsRequest(t *testing.T) {
	s := task.NewStore(limits)
	asked, end := context.WithCancel(request.With(t.Context(), request.Info{ID: "r1"}))
	c, _ := s.Begin(asked, alice)
	end()
	if c.Context().Err() != nil || request.From(c.Context()).ID != "r1" {
		t.Errorf("context %v of %+v", c.Context().Err(), request.From(c.Context()))
	}
	s.Stop(request.ErrStopping)
	if cause := context.Cause(c.Context()); !errors.Is(cause, request.ErrStopping) {
		t.Errorf("the call ended because of %v", cause)
	}
}

func TestPlacesAreLimited(t *testing.T) {
	s := task.NewStore(limits)
	first := begin(t, s)
	begin(t, s)
	if _, ok := s.Begin(t.Context(), alice); ok {
		t.Error("a third call has a place among two")
	}
	first.End("", nil, false)
	begin(t, s)
}

func TestWaitEndsWithTheLastCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := task.NewStore(limits)
		if !s.Wait(t.Context()) {
			t.Error("waits for nothing")
		}
		a, b := begin(t, s), begin(t, s)
		start := time.Now()
		go func() { time.Sleep(time.Second); a.End("", nil, false); time.Sleep(time.Second); b.End("", nil, false) }()
		if !s.Wait(t.Context()) || time.Since(start) != 2*time.Second {
			t.Errorf("returned after %s", time.Since(start))
		}
		begin(t, s)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if s.Wait(short) {
			t.Error("a call still runs")
		}
	})
}

func TestTasksAreForgotten(t *testing.T) {
	has := func(t *testing.T, s *task.Store, id string, want bool) {
		t.Helper()
		if _, err := s.Get(alice, id); (err == nil) != want {
			t.Errorf("after a while: %v, want it kept: %v", err, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := task.NewStore(limits)
		short, long := begin(t, s), begin(t, s)
		shortID, longID := short.Keep(10*time.Minute).ID, long.Keep(time.Minute).ID
		short.End("", nil, false)
		time.Sleep(9 * time.Minute)
		has(t, s, shortID, true)
		time.Sleep(2 * time.Minute)
		has(t, s, shortID, false)
		has(t, s, longID, true) // it runs
		long.End("", nil, false)
		time.Sleep(4 * time.Minute)
		has(t, s, longID, true) // its life is over, but its client must be able to look once more
		time.Sleep(2 * time.Minute)
		has(t, s, longID, false)

		var ids []string
		for range 4 {
			c := begin(t, s)
			ids = append(ids, c.Keep(time.Hour).ID)
			time.Sleep(time.Second)
			c.End("", nil, false)
		}
		has(t, s, ids[0], false)
		has(t, s, ids[1], true)
		has(t, s, ids[3], true)
	})
}

func TestLifeIsBounded(t *testing.T) {
	s := task.NewStore(limits)
	for asked, want := range map[time.Duration]time.Duration{0: time.Hour, time.Millisecond: time.Minute, 30 * time.Minute: 30 * time.Minute, 9999 * time.Hour: 2 * time.Hour} {
		if got := s.Life(asked); got != want {
			t.Errorf("asked for %s: %s, want %s", asked, got, want)
		}
	}
}
