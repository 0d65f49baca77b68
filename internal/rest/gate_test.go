package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// routed answers by route, and counts who is inside at once.
type routed struct {
	answer func(req *http.Request) turn

	mu           sync.Mutex
	busy, widest int
	at           map[string][]time.Time
}

func (r *routed) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.busy++
	r.widest = max(r.widest, r.busy)
	if r.at == nil {
		r.at = map[string][]time.Time{}
	}
	key := req.Method + " " + req.URL.Path
	r.at[key] = append(r.at[key], time.Now())
	t := r.answer(req)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.busy--
		r.mu.Unlock()
	}()
	if err := sleep(req.Context(), 100*time.Millisecond); err != nil {
		return nil, err
	}
	return t.response(req), nil
}

func TestPauseScope(t *testing.T) {
	tests := map[string]struct {
		reason                             string
		sameEndpoint, sameRoute, elsewhere bool // paused?
	}{
		"a burst":            {"jira-burst-based", true, false, false},
		"no reason":          {"", true, false, false},
		"a quota":            {"jira-quota-tenant-based", true, true, true},
		"a limit on an item": {"jira-per-issue-on-write", false, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := true
				r := &routed{answer: func(req *http.Request) turn {
					if refuse && req.Method == "GET" && req.URL.Path == "/a" {
						refuse = false
						return limited(5, tt.reason)
					}
					return ok
				}}
				c := clientOf(t, r)
				var group sync.WaitGroup
				call := func(method, route string) {
					group.Go(func() {
						if err := c.Do(t.Context(), Request{Method: method, Route: route}, nil); err != nil {
							t.Error(err)
						}
					})
				}
				call("GET", "/a")
				time.Sleep(time.Second) // by then the refusal has come
				start := time.Now()
				call("GET", "/a")
				call("POST", "/a")
				call("GET", "/b")
				group.Wait()
				for key, paused := range map[string]bool{"GET /a": tt.sameEndpoint, "POST /a": tt.sameRoute, "GET /b": tt.elsewhere} {
					at := r.at[key]
					first := at[0].Sub(start)
					if key == "GET /a" {
						first = at[1].Sub(start) // after the refused one
					}
					if got := first > 0; got != paused {
						t.Errorf("%s was sent after %v, want paused = %v", key, first, paused)
					}
				}
			})
		})
	}
}

func TestGateKeepsConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &routed{answer: func(*http.Request) turn { return ok }}
		c := clientOf(t, r, func(config *Config) { config.MaxParallel = 3 })
		var group sync.WaitGroup
		for range 30 {
			group.Go(func() {
				if err := c.Do(t.Context(), Request{Method: "GET", Route: "/a"}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		start := time.Now()
		group.Wait()
		if r.widest != 3 || time.Since(start) != time.Second {
			t.Errorf("%d at once in %v, want 3 in 1s", r.widest, time.Since(start))
		}
	})
}

func TestNearLimitLowersConcurrencyBeforeTheWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near := true
		r := &routed{answer: func(*http.Request) turn {
			if near {
				return turn{status: 200, header: "X-RateLimit-NearLimit: true"}
			}
			return ok
		}}
		c := clientOf(t, r)
		round := func(n int) int {
			r.widest = 0
			var group sync.WaitGroup
			for range n {
				group.Go(func() {
					if err := c.Do(t.Context(), Request{Method: "GET", Route: "/a"}, nil); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			return r.widest
		}
		if got := round(40); got != DefaultMaxParallel {
			t.Fatalf("%d at once at first, want %d", got, DefaultMaxParallel)
		}
		if got := round(40); got != leastParallel {
			t.Errorf("%d at once near the limit, want %d", got, leastParallel)
		}
		near = false
		if got := round(100); got != DefaultMaxParallel {
			t.Errorf("%d at once after it recovered, want %d", got, DefaultMaxParallel)
		}
	})
}

// A refusal lowers the concurrency of what it concerns, and of that alone.
func TestRefusalLowersConcurrency(t *testing.T) {
	for reason, want := range map[string]int{"jira-quota-tenant-based": DefaultMaxParallel / 4, "jira-burst-based": DefaultMaxParallel} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refusals := 2
				r := &routed{answer: func(req *http.Request) turn {
					if req.URL.Path == "/a" && refusals > 0 {
						refusals--
						return limited(5, reason)
					}
					return turn{status: 500} // neither calm nor a refusal
				}}
				c := clientOf(t, r)
				_ = c.Do(t.Context(), Request{Method: "GET", Route: "/a"}, nil)
				var group sync.WaitGroup
				for range 40 {
					group.Go(func() { _ = c.Do(t.Context(), Request{Method: "GET", Route: "/b"}, nil) })
				}
				synctest.Wait()
				r.mu.Lock()
				got := len(r.at["GET /b"])
				r.mu.Unlock()
				if got != want {
					t.Errorf("%d requests at once to another endpoint, want %d", got, want)
				}
				group.Wait()
			})
		})
	}
}

func TestWaitForASlotEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(turn{hang: true})
		c := clientOf(t, s, func(config *Config) { config.MaxParallel = 1 })
		holding, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = c.Do(holding, Request{Method: "GET", Route: "/a"}, nil) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Do(ctx, Request{Method: "POST", Route: "/a"}, nil)
		if e := errorOf(t, err); e.Code != CodeTimeout || errors.Is(err, ErrOutcomeUnknown) || s.count() != 1 {
			t.Errorf("%d requests: %v", s.count(), err)
		}
	})
}

func TestPauseStopsThoseThatWaitForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		r := &routed{answer: func(*http.Request) turn {
			if first {
				first = false
				return limited(7, "jira-burst-based")
			}
			return ok
		}}
		c := clientOf(t, r, func(config *Config) { config.MaxParallel = 1 })
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if err := c.Do(t.Context(), Request{Method: "GET", Route: "/a"}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		at := r.at["GET /a"]
		if len(at) != 4 || at[1].Sub(at[0]) < 7*time.Second {
			t.Errorf("sent at %v: something went through the pause", at)
		}
	})
}
