package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeats(t *testing.T) {
	tests := map[string]struct {
		methods  []string
		turns    []turn
		requests int
		status   int // of the error; 0 with no code = success
		code     string
		unknown  bool
		repeated bool
	}{
		"a success is asked for once":                  {methods: every, turns: []turn{ok}, requests: 1},
		"a 429 is repeated for every method":           {methods: every, turns: []turn{burst, burst, ok}, requests: 3},
		"so is a 503 that names a time":                {methods: every, turns: []turn{unavailable, ok}, requests: 2},
		"a plain 503 is repeated where safe":           {methods: idempotents, turns: []turn{{status: 503}, ok}, requests: 2},
		"and in doubt elsewhere":                       {methods: others, turns: []turn{{status: 503}, ok}, requests: 1, status: 503, unknown: true},
		"a 502 is repeated where safe":                 {methods: idempotents, turns: []turn{{status: 502}, {status: 504}, ok}, requests: 3},
		"a 502 is in doubt elsewhere":                  {methods: others, turns: []turn{{status: 502}, ok}, requests: 1, status: 502, unknown: true},
		"a 504 is in doubt elsewhere":                  {methods: others, turns: []turn{{status: 504}, ok}, requests: 1, status: 504, unknown: true},
		"a reset is repeated where safe":               {methods: idempotents, turns: []turn{reset, ok}, requests: 2},
		"a reset is in doubt elsewhere":                {methods: others, turns: []turn{reset, ok}, requests: 1, code: CodeUnreachable, unknown: true},
		"a cut body is repeated where safe":            {methods: idempotents, turns: []turn{{status: 200, body: `{"na`, cut: true}, ok}, requests: 2},
		"a cut body is in doubt elsewhere":             {methods: others, turns: []turn{{status: 200, body: `{"na`, cut: true}, ok}, requests: 1, code: CodeUnreachable, unknown: true},
		"no connection is no doubt":                    {methods: others, turns: []turn{{err: errRefused}, ok}, requests: 1, code: CodeUnreachable},
		"no connection is repeated where safe":         {methods: idempotents, turns: []turn{{err: errRefused}, ok}, requests: 2},
		"a host that doesn't exist stays so":           {methods: every, turns: []turn{{err: errNoHost}, ok}, requests: 1, code: CodeUnreachable},
		"resets end after four tries":                  {methods: []string{"GET"}, turns: []turn{reset}, requests: 4, code: CodeUnreachable},
		"and then leave a write in doubt":              {methods: []string{"PUT", "DELETE"}, turns: []turn{reset}, requests: 4, code: CodeUnreachable, unknown: true, repeated: true},
		"time-outs end after two tries":                {methods: []string{"GET"}, turns: []turn{{hang: true}}, requests: 2, code: CodeTimeout},
		"a write that timed out twice is in doubt":     {methods: []string{"PUT", "DELETE"}, turns: []turn{{hang: true}}, requests: 2, code: CodeTimeout, unknown: true, repeated: true},
		"a POST that timed out is in doubt":            {methods: others, turns: []turn{{hang: true}, ok}, requests: 1, code: CodeTimeout, unknown: true},
		"a 404 after a reset may be our own doing":     {methods: []string{"PUT", "DELETE"}, turns: []turn{reset, {status: 404}}, requests: 2, status: 404, repeated: true},
		"a 400 after a 502 too":                        {methods: []string{"PUT", "DELETE"}, turns: []turn{{status: 502}, {status: 400}}, requests: 2, status: 400, repeated: true},
		"a 404 after a 429 is not":                     {methods: every, turns: []turn{burst, {status: 404}}, requests: 2, status: 404},
		"nor after a 503 that names a time":            {methods: every, turns: []turn{unavailable, {status: 404}}, requests: 2, status: 404},
		"a 404 after no connection is not":             {methods: idempotents, turns: []turn{{err: errRefused}, {status: 404}}, requests: 2, status: 404},
		"a 429 after a reset leaves the doubt":         {methods: []string{"PUT", "DELETE"}, turns: []turn{reset, limited(100, "")}, requests: 3, status: 429, code: CodeRateLimited, unknown: true, repeated: true},
		"a 500 is not repeated":                        {methods: []string{"GET"}, turns: []turn{{status: 500}, ok}, requests: 1, status: 500},
		"a 500 leaves a write in doubt":                {methods: writes, turns: []turn{{status: 500}, ok}, requests: 1, status: 500, unknown: true},
		"a 501 as well":                                {methods: writes, turns: []turn{{status: 501}, ok}, requests: 1, status: 501, unknown: true},
		"a 408 as well":                                {methods: writes, turns: []turn{{status: 408}, ok}, requests: 1, status: 408, unknown: true},
		"a 401 is an answer":                           {methods: every, turns: []turn{{status: 401}, ok}, requests: 1, status: 401},
		"a 409 is an answer":                           {methods: every, turns: []turn{{status: 409}, ok}, requests: 1, status: 409},
		"a redirect is not followed":                   {methods: every, turns: []turn{{status: 307, header: "Location: https://evil.example/"}, ok}, requests: 1, status: 307, code: CodeRedirected},
		"HTML is no answer":                            {methods: []string{"GET"}, turns: []turn{{status: 200, body: "<html>"}, ok}, requests: 1, status: 200, code: CodeBadResponse},
		"HTML leaves a write in doubt":                 {methods: writes, turns: []turn{{status: 200, body: "<html>"}, ok}, requests: 1, status: 200, code: CodeBadResponse, unknown: true},
		"half a JSON leaves a write in doubt":          {methods: writes, turns: []turn{{status: 201, body: `{"name":`}, ok}, requests: 1, status: 201, code: CodeBadResponse, unknown: true},
		"an empty 200 leaves a write in doubt":         {methods: writes, turns: []turn{{status: 200}, ok}, requests: 1, status: 200, code: CodeBadResponse, unknown: true},
		"a 204 is a success":                           {methods: writes, turns: []turn{{status: 204}}, requests: 1},
		"refusals end with the budget":                 {methods: every, turns: []turn{limited(50, "")}, requests: 3, status: 429, code: CodeRateLimited},
		"a wait beyond the budget is an error at once": {methods: every, turns: []turn{limited(3600, "")}, requests: 1, status: 429, code: CodeRateLimited},
		"refusals that cost nothing end after twenty":  {methods: []string{"POST"}, turns: []turn{limited(0, "")}, requests: 20, status: 429, code: CodeRateLimited},
	}
	for name, tt := range tests {
		for _, method := range tt.methods {
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := play(tt.turns...)
					c := clientOf(t, s)
					var out named
					err := c.Do(t.Context(), Request{Method: method, Route: "/rest/x", Body: bodyOf(method)}, &out)
					if s.count() != tt.requests {
						t.Errorf("%d requests, want %d", s.count(), tt.requests)
					}
					if tt.status == 0 && tt.code == "" {
						if err != nil {
							t.Fatal(err)
						}
						return
					}
					e := errorOf(t, err)
					if e.Status != tt.status || e.Code != tt.code || e.Repeated != tt.repeated || errors.Is(err, ErrOutcomeUnknown) != tt.unknown {
						t.Errorf("got status %d, code %q, repeated %v, unknown %v: %v", e.Status, e.Code, e.Repeated, errors.Is(err, ErrOutcomeUnknown), e)
					}
					if e.Attempts != tt.requests {
						t.Errorf("Attempts = %d, want %d", e.Attempts, tt.requests)
					}
				})
			})
		}
	}
}

var (
	every       = []string{"GET", "PUT", "DELETE", "POST", "PATCH"}
	writes      = []string{"PUT", "DELETE", "POST", "PATCH"}
	idempotents = []string{"GET", "PUT", "DELETE"}
	others      = []string{"POST", "PATCH"}
)

func bodyOf(method string) any {
	if method == http.MethodGet || method == http.MethodDelete {
		return nil
	}
	return map[string]string{"a": "b"}
}

func TestRepeatSendsTheSameBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(burst, unavailable, ok)
		err := clientOf(t, s).Do(t.Context(), Request{Method: "POST", Route: "/x", Body: map[string]string{"a": "b"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, sent := range s.sent {
			if sent.body != `{"a":"b"}` {
				t.Errorf("sent %q", sent.body)
			}
		}
	})
}

func TestWaitsAreAtLeastAsLongAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(burst, turn{status: 503, header: "Retry-After: 0"}, turn{status: 429, header: "X-RateLimit-Reset: " + time.Now().Add(20*time.Second).UTC().Format(time.RFC3339)}, ok)
		if err := clientOf(t, s).Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil); err != nil {
			t.Fatal(err)
		}
		reset := 20*time.Second - s.sent[2].at.Sub(s.sent[0].at)
		for i, least := range []time.Duration{5 * time.Second, waitFloor, reset} {
			if got := s.gaps()[i]; got < least || float64(got) > float64(least)*(1+jitterShare)+float64(time.Second) {
				t.Errorf("wait %d took %v, want %v and up to a tenth more", i, got, least)
			}
		}
	})
}

func TestWaitBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		start := time.Now()
		err := clientOf(t, play(burst, ok)).Do(ctx, Request{Method: "GET", Route: "/x"}, nil)
		e := errorOf(t, err)
		if e.Status != 429 || e.RetryAfter < 5*time.Second || time.Since(start) != 0 {
			t.Errorf("after %v: %v with RetryAfter %v", time.Since(start), e, e.RetryAfter)
		}
	})
}

func TestPauseOfAnotherCallFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(limited(600, "jira-quota-tenant-based"), ok)
		c := clientOf(t, s)
		_ = c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil)
		start := time.Now()
		e := errorOf(t, c.Do(t.Context(), Request{Method: "POST", Route: "/y"}, nil))
		if e.Status != 429 || e.Code != CodeRateLimited || e.RetryAfter < 10*time.Minute || e.OutcomeUnknown || e.Attempts != 0 {
			t.Errorf("got %+v", e)
		}
		if s.count() != 1 || time.Since(start) != 0 {
			t.Errorf("%d requests after %v, want only the first and no wait", s.count(), time.Since(start))
		}
	})
}

func TestPauseBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(burst, ok)
		c := clientOf(t, s)
		var group sync.WaitGroup
		group.Go(func() {
			if err := c.Do(t.Context(), Request{Method: "GET", Route: "/x"}, nil); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // the first call waits for its other try
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		e := errorOf(t, c.Do(ctx, Request{Method: "GET", Route: "/x"}, nil))
		if e.Status != 429 || e.RetryAfter < 5*time.Second || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), e)
		}
		group.Wait()
	})
}

func TestCancel(t *testing.T) {
	cause := errors.New("the person closed the laptop")
	tests := map[string]struct {
		turns   []turn
		method  string
		unknown bool
	}{
		"a read under way":           {[]turn{{hang: true}}, "GET", false},
		"a write under way":          {[]turn{{hang: true}}, "DELETE", true},
		"a wait for another try":     {[]turn{burst}, "POST", false},
		"a wait after a lost answer": {[]turn{{status: 502}, limited(60, "")}, "PUT", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2*time.Second, func() { cancel(cause) })
				start := time.Now()
				err := clientOf(t, play(tt.turns...)).Do(ctx, Request{Method: tt.method, Route: "/x"}, nil)
				e := errorOf(t, err)
				if e.Code != CodeCancelled || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || errors.Is(err, ErrOutcomeUnknown) != tt.unknown {
					t.Errorf("got %q, canceled %v, cause %v, unknown %v", e.Code, errors.Is(err, context.Canceled), errors.Is(err, cause), e.OutcomeUnknown)
				}
				if took := time.Since(start); took != 2*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := play(turn{hang: true})
		err := clientOf(t, s).Do(ctx, Request{Method: "GET", Route: "/x"}, nil)
		if e := errorOf(t, err); e.Code != CodeTimeout || !errors.Is(err, context.DeadlineExceeded) || s.count() != 1 {
			t.Errorf("%d requests: %v", s.count(), err)
		}
	})
}

func TestEndedContextSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := play(ok)
	err := clientOf(t, s).Do(ctx, Request{Method: "POST", Route: "/x"}, nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrOutcomeUnknown) || s.count() != 0 {
		t.Errorf("%d requests: %v", s.count(), err)
	}
}

func TestUnbuildableRequestSendsNothing(t *testing.T) {
	s := play(ok)
	c := clientOf(t, s)
	for name, r := range map[string]Request{
		"a body that has no JSON": {Method: "POST", Route: "/x", Body: func() {}},
		"a method with a space":   {Method: "GE T", Route: "/x"},
		"a path that isn't one":   {Method: "GET", Route: "/x", Path: "/%zz"},
	} {
		if e := errorOf(t, c.Do(t.Context(), r, nil)); e.Code != CodeBadRequest || e.OutcomeUnknown {
			t.Errorf("%s: %v", name, e)
		}
	}
	if s.count() != 0 {
		t.Errorf("%d requests", s.count())
	}
}

func TestRequestAsSent(t *testing.T) {
	s := play(ok)
	q := url.Values{"b": {"1&c=2"}, "a": {"x y", "ü"}}
	err := clientOf(t, s).Do(t.Context(), Request{Method: "PUT", Route: "/u/{id}", Path: "/u/" + PathEscape("a/../b?c#d:e"), Query: q}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.sent[0].path, "/u/a%2F..%2Fb%3Fc%23d:e?a=x+y&a=%C3%BC&b=1%26c%3D2"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	for segment, want := range map[string]string{".": "%2E", "..": "%2E%2E", "712020:ab-1": "712020:ab-1", "": ""} {
		if got := PathEscape(segment); got != want {
			t.Errorf("PathEscape(%q) = %q, want %q", segment, got, want)
		}
	}
}

// A write that is sent once is left in doubt rather than repeated, and repeated where it was surely not executed.
func TestAWriteThatIsSentOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		turns    []turn
		requests int
		unknown  bool
	}{
		"a reset is in doubt":     {[]turn{reset, ok}, 1, true},
		"a plain 503 is in doubt": {[]turn{{status: 503}, ok}, 1, true},
		"a 429 is repeated":       {[]turn{burst, ok}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(tt.turns...)
				var out named
				err := clientOf(t, s).Do(t.Context(), Request{Method: "PUT", Route: "/x", Body: bodyOf("PUT"), Once: true}, &out)
				if s.count() != tt.requests || errors.Is(err, ErrOutcomeUnknown) != tt.unknown || (err == nil) == tt.unknown {
					t.Errorf("%d requests, %v", s.count(), err)
				}
			})
		})
	}
}

// A search by POST changes nothing: it is repeated like a GET, and its fate is never in doubt.
func TestAReadByPOSTIsRepeated(t *testing.T) {
	for name, turns := range map[string][]turn{
		"after a reset":     {reset, ok},
		"after a cut body":  {{status: 200, body: `{"na`, cut: true}, ok},
		"after a plain 503": {{status: 503}, ok},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(turns...)
				ctx := Before(t.Context(), func() error { return errors.New("asked as if it were a write") })
				var out named
				if err := clientOf(t, s).Do(ctx, Request{Method: "POST", Route: "/search", Body: bodyOf("POST"), Reads: true}, &out); err != nil || s.count() != 2 {
					t.Errorf("%d requests, %v", s.count(), err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		err := clientOf(t, play(turn{status: 500})).Do(t.Context(), Request{Method: "POST", Route: "/search", Body: bodyOf("POST"), Reads: true}, nil)
		if err == nil || errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("a read that failed: %v", err)
		}
	})
}

func TestATryIsSentOnlyWhileItMayBe(t *testing.T) {
	stale := errors.New("stale")
	for name, test := range map[string]struct {
		method  string
		allowed int // tries that may be sent
		sent    int
		stale   bool
		unknown bool
	}{
		"a write that may not be sent at all":      {method: "DELETE", stale: true},
		"a write whose second try may not be sent": {method: "DELETE", allowed: 1, sent: 1, stale: true, unknown: true},
		"a read is not asked for":                  {method: "GET", sent: mostTries},
		"a write that is not repeated":             {method: "POST", allowed: 1, sent: 1, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service, asked := play(reset), 0
				ctx := Before(t.Context(), func() error {
					if asked++; asked > test.allowed {
						return stale
					}
					return nil
				})
				err := clientOf(t, service).Do(ctx, Request{Method: test.method, Route: "/x"}, nil)
				if service.count() != test.sent || errors.Is(err, stale) != test.stale || errors.Is(err, ErrOutcomeUnknown) != test.unknown {
					t.Errorf("sent %d times: %v", service.count(), err)
				}
			})
		})
	}
}
