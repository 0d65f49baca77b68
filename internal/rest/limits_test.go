package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// throttled serves pages of numbers, 50 ms each, and refuses every tenth request for a second.
type throttled struct {
	length int
	reason string

	mu       sync.Mutex
	requests int
	refusals int
	served   map[string]int
}

func (s *throttled) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	refuse := s.requests%10 == 0
	if refuse {
		s.refusals++
	}
	s.mu.Unlock()
	if err := sleep(req.Context(), 50*time.Millisecond); err != nil {
		return nil, err
	}
	if refuse {
		return limited(1, s.reason).response(req), nil
	}
	start, err := strconv.Atoi(req.URL.Query().Get("start"))
	if err != nil {
		return nil, err
	}
	page := []int{}
	for i := start; i < min(start+100, s.length); i++ {
		page = append(page, i)
	}
	body, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.served[req.URL.RawQuery]++
	s.mu.Unlock()
	return turn{status: 200, body: string(body)}.response(req), nil
}

// A walk that is refused now and then takes hardly longer than the waits that the service asks for, and repeats what was refused alone.
func TestWalkUnderLimits(t *testing.T) {
	for _, reason := range []string{"jira-burst-based", "jira-quota-tenant-based"} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &throttled{length: 10_000, reason: reason, served: map[string]int{}}
				c := clientOf(t, s)
				start, n := time.Now(), 0
				for page, err := range Pages(t.Context(), PageOptions{Size: 100}, nil, func(ctx context.Context, start, _ int) (Page[int], error) {
					var out []int
					err := c.Do(ctx, Request{Method: "GET", Route: "/numbers", Query: url.Values{"start": {strconv.Itoa(start)}}}, &out)
					return Page[int]{Items: out, Total: -1}, err
				}) {
					if err != nil {
						t.Fatal(err)
					}
					n += len(page)
				}
				took, asked := time.Since(start), time.Duration(s.refusals)*time.Second
				if n != s.length || took > asked*6/5 {
					t.Errorf("%d items in %v, while the service asked for waits of %v", n, took, asked)
				}
				t.Logf("%v of work and waits, %v of them asked for by %d refusals", took, asked, s.refusals)
				for query, times := range s.served {
					if times > 1 {
						t.Errorf("%s was asked for again after a success", query)
					}
				}
			})
		})
	}
}
