package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestPatienceIsOfAllCallsTogether holds for waits of a call's own, for those that another call's refusal asks for, and for time that answers take, which is none.
func TestPatienceIsOfAllCallsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(limited(2, ""), turn{status: 200, body: `{}`, took: 20 * time.Second}, limited(2, ""), ok)
		c := clientOf(t, s)
		get := Request{Method: "GET", Route: "/x"}
		ctx := WithPatience(t.Context(), 3*time.Second)
		if err := c.Do(ctx, get, nil); err != nil { // 2 seconds and a bit
			t.Fatal(err)
		}
		start := time.Now()
		for range 2 { // refused, and then paused
			if e := errorOf(t, c.Do(ctx, get, nil)); e.Code != CodeRateLimited && e.Status != 429 || e.RetryAfter < 2*time.Second {
				t.Errorf("got %+v", e)
			}
		}
		if s.count() != 3 || time.Since(start) != 0 {
			t.Errorf("%d requests, waited %s", s.count(), time.Since(start))
		}
		if err := c.Do(t.Context(), get, nil); err != nil {
			t.Errorf("a call with all its patience: %v", err)
		}
	})
}
