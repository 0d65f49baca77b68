package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sending is a request under way.
type sending struct {
	answer
	err    error
	cancel func() // ends the client's side, as killing it does
	done   chan struct{}
}

// begin sends a request without waiting for its answer.
func (l *listening) begin(method, path, body string) *sending {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	r, err := http.NewRequestWithContext(ctx, method, l.server.URL()+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	authorize(r, l.token)
	r.Header.Set("Content-Type", "application/json")
	s := &sending{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		var response *http.Response
		if response, s.err = l.http.Do(r); s.err != nil {
			return
		}
		defer response.Body.Close()
		s.status, s.header = response.StatusCode, response.Header
		s.body, s.err = io.ReadAll(response.Body)
	}()
	return s
}

// next waits for a held request.
func (l *listening) next() Held {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	held, err := l.s.NextHold(ctx)
	if err != nil {
		l.t.Fatalf("no request is held: %v", err)
	}
	return held
}

func (l *listening) release(held Held, execute bool) {
	l.t.Helper()
	if err := l.s.Release(held.ID, execute); err != nil {
		l.t.Fatal(err)
	}
}

// recorded is the log's first request to a path, once all have ended.
func (l *listening) recorded(path string) Request {
	l.t.Helper()
	l.until("the end of all requests", func() bool {
		l.s.requests.mu.Lock()
		defer l.s.requests.mu.Unlock()
		return l.s.requests.inFlight == 0
	})
	list := l.s.Requests()
	i := slices.IndexFunc(list, func(r Request) bool { return r.Path == path })
	if i < 0 {
		l.t.Fatalf("no request to %s", path)
	}
	return list[i]
}

// until waits for what happens soon.
func (l *listening) until(what string, so func() bool) {
	l.t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			l.t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

const groupPath = "/rest/api/3/group"

func made(l *listening, name string) bool { return l.s.GroupID(name, false) != "" }

func TestAHeldRequestIsStoppedAtItsStage(t *testing.T) {
	for _, test := range []struct {
		stage    string
		execute  bool
		held     bool // took effect while it was held
		answered bool // while it was held
		done     bool // took effect in the end
	}{
		{StageBefore, true, false, false, true},
		{StageBefore, false, false, false, false},
		{StageDuring, true, true, false, true},
		{StageDuring, false, true, false, true},
		{StageAfter, true, true, true, true},
		{StageAfter, false, true, true, true},
	} {
		t.Run(fmt.Sprintf("%s, execute %v", test.stage, test.execute), func(t *testing.T) {
			l := listen(t, Options{Faults: []string{"kind=hold,method=POST,path=/rest/api/3/group$,skip=1,times=1,stage=" + test.stage}})
			if a, err := l.ask("POST", groupPath, `{"name":"first"}`); err != nil || a.status != 201 {
				t.Fatalf("the request before: %v %d", err, a.status)
			}
			s := l.begin("POST", groupPath, `{"name":"second"}`)
			held := l.next()
			if diff := cmp.Diff(Held{ID: held.ID, Stage: test.stage, Method: "POST", Path: groupPath, N: 2}, held); diff != "" {
				t.Error(diff)
			}
			if made(l, "second") != test.held {
				t.Errorf("took effect while it was held: %v", !test.held)
			}
			if test.answered {
				<-s.done // the whole answer, while the request is still held
			} else {
				select {
				case <-s.done:
					t.Error("answered while it was held")
				default:
				}
			}
			if l.s.requests.list()[1].TookEffect != test.held {
				t.Errorf("recorded as %+v", l.s.requests.list()[1])
			}
			if a, err := l.ask("POST", groupPath, `{"name":"other"}`); err != nil || a.status != 201 {
				t.Errorf("another request meanwhile: %v %d", err, a.status)
			}
			l.release(held, test.execute)
			<-s.done
			if test.done && (s.err != nil || s.status != 201) || !test.done && s.err == nil {
				t.Errorf("answer %d, %v", s.status, s.err)
			}
			if made(l, "second") != test.done {
				t.Errorf("took effect in the end: %v", !test.done)
			}
			if len(l.s.Holds()) != 0 {
				t.Errorf("still held: %v", l.s.Holds())
			}
		})
	}
}

// The client of a held request is killed, which neither ends the hold nor decides about the effect.
func TestAHeldRequestOutlivesItsClient(t *testing.T) {
	for _, execute := range []bool{true, false} {
		t.Run(fmt.Sprintf("execute %v", execute), func(t *testing.T) {
			l := listen(t, Options{Faults: []string{"kind=hold,method=POST,stage=before,times=1"}})
			s := l.begin("POST", groupPath, `{"name":"late"}`)
			held := l.next()
			s.cancel()
			<-s.done
			l.http.CloseIdleConnections()
			if made(l, "late") || len(l.s.Holds()) != 1 {
				t.Fatal("the hold ended with its client")
			}
			l.release(held, execute)
			if got := l.recorded(groupPath); got.TookEffect != execute || got.Body != `{"name":"late"}` || got.Fault != FaultHold {
				t.Errorf("recorded as %+v", got)
			}
			if made(l, "late") != execute {
				t.Errorf("took effect: %v", !execute)
			}
		})
	}
}

// With freeze nothing happens behind the held request, so that a test knows what had taken effect when it killed the client.
func TestAFrozenSandboxLetsNothingPass(t *testing.T) {
	for _, execute := range []bool{true, false} {
		t.Run(fmt.Sprintf("execute %v", execute), func(t *testing.T) {
			l := listen(t, Options{Faults: []string{"kind=hold,method=POST,stage=after,times=1,freeze=true"}})
			first := l.begin("POST", groupPath, `{"name":"first"}`)
			held := l.next()
			<-first.done
			behind := []*sending{l.begin("POST", groupPath, `{"name":"second"}`), l.begin("GET", "/rest/api/3/myself", "")}
			l.until("requests behind the held one", func() bool { return len(l.s.Requests()) == 3 })
			for _, s := range behind {
				select {
				case <-s.done:
					t.Error("answered behind a held request")
				default:
				}
			}
			l.release(held, execute)
			for _, s := range behind {
				<-s.done
			}
			if made(l, "second") != execute {
				t.Errorf("what waited took effect: %v", !execute)
			}
			if !made(l, "first") {
				t.Error("what was held at the stage after has lost its effect")
			}
		})
	}
}

func TestAHoldEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for rule, limit := range map[string]time.Duration{
			"kind=hold,stage=before,path=/rest/api/3/myself":               time.Minute,
			"kind=hold,stage=before,path=/rest/api/3/myself,delay_ms=1500": 1500 * time.Millisecond,
		} {
			c, began := start(t, Options{Faults: []string{rule}}), time.Now()
			c.jira("GET", "/myself", "").want(200)
			if took := time.Since(began); took != limit {
				t.Errorf("%s: held for %v, want %v", rule, took, limit)
			}
		}
	})
}

func TestClosingReleasesWhatIsHeld(t *testing.T) {
	c := start(t, Options{Faults: []string{"kind=hold,stage=before,freeze=true"}})
	server, err := c.s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		response, err := http.Get(server.URL() + "/_edge/tenant_info")
		if err == nil {
			err = errors.Join(errors.New("answered"), response.Body.Close())
		}
		ended <- err
	}()
	if _, err := c.s.NextHold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil || err.Error() == "answered" {
		t.Errorf("%v, want a reset", err)
	}
	if held := c.s.Holds(); len(held) != 0 {
		t.Errorf("still held: %v", held)
	}
}

func TestHoldsAreControlled(t *testing.T) {
	l := listen(t, Options{})
	control := func(status int, method, what, body string, into any) {
		t.Helper()
		if a := l.do(method, "/_sandbox/"+what, body).want(status); into != nil {
			a.into(status, into)
		}
	}
	control(204, "GET", "holds/next?timeout_ms=1", "", nil)
	control(400, "GET", "holds/next?timeout_ms=soon", "", nil)
	control(200, "POST", "faults", `{"kind":"hold","stage":"before","path":"/rest/api/3/group","method":"POST"}`, nil)
	first := l.begin("POST", groupPath, `{"name":"first"}`)
	var held, again Held
	control(200, "GET", "holds/next", "", &held)
	if held.ID == 0 || held.Stage != StageBefore || held.Path != groupPath || held.N != 1 {
		t.Errorf("held %+v", held)
	}
	control(204, "GET", "holds/next?timeout_ms=1", "", nil) // it was told already
	var list []Held
	control(200, "GET", "holds", "", &list)
	if diff := cmp.Diff([]Held{held}, list); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{"id":`, `{"colour":"red"}`, `{"id":"one"}`, `[]`} {
		control(400, "POST", "holds/release", bad, nil)
	}
	control(404, "POST", "holds/release", `{"id":99}`, nil)
	control(404, "POST", "holds/release", `{"id":0}`, nil)
	control(200, "POST", "holds/release", fmt.Sprintf(`{"id":%d,"execute":false}`, held.ID), nil)
	<-first.done
	if first.err == nil || made(l, "first") {
		t.Errorf("%v, want a reset and no effect", first.err)
	}
	control(404, "POST", "holds/release", fmt.Sprintf(`{"id":%d}`, held.ID), nil)

	second := l.begin("POST", groupPath, `{"name":"second"}`)
	control(200, "GET", "holds/next", "", &again)
	if again.ID == held.ID || again.N != 2 {
		t.Errorf("held %+v after %+v", again, held)
	}
	var released struct{ Released int }
	control(200, "POST", "holds/release", "", &released)
	<-second.done
	if released.Released != 1 || second.err != nil || second.status != 201 || !made(l, "second") {
		t.Errorf("released %d: %d %v", released.Released, second.status, second.err)
	}
}

func TestBadHoldRules(t *testing.T) {
	for rule, says := range map[string]string{
		"kind=hold":                         "before (it takes effect), during",
		"kind=hold,stage=later":             `stage "later" must be before`,
		"kind=hold,stage=after,freeze=some": "freeze must be true or false",
		"kind=delay,stage=before":           "belong to the kind hold",
		"kind=delay,freeze=true":            "belong to the kind hold",
		"kind=hold,stage=after,delay_ms=-1": "must not be negative",
	} {
		if _, err := ParseFault(rule); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", rule, err, says)
		}
	}
	got, err := ParseFault("kind=hold,stage=after,freeze=true,skip=3,times=1")
	if diff := cmp.Diff(Fault{Kind: FaultHold, Stage: StageAfter, Freeze: true, Skip: 3, Times: 1}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestRequestsSayWhatTookEffect(t *testing.T) {
	long := `{"name":"` + strings.Repeat("x", 300) + `","padding":"` + strings.Repeat("x", shownBody) + `"}`
	for _, test := range []struct {
		name, fault, method, target, body string
		effect                            bool
		recorded                          string
	}{
		{"a change", "", "POST", groupPath, `{"name":"new"}`, true, `{"name":"new"}`},
		{"a read", "", "GET", "/rest/api/3/myself", "", false, ""},
		{"a change that is refused", "", "POST", groupPath, `{"name":"jira-software-users"}`, false, `{"name":"jira-software-users"}`},
		{"a change whose answer is lost", "kind=reset_after", "POST", groupPath, `{"name":"new"}`, true, `{"name":"new"}`},
		{"a change that never arrives", "kind=unavailable", "POST", groupPath, `{"name":"new"}`, false, `{"name":"new"}`},
		{"a long body", "kind=unavailable", "POST", groupPath, long, false, "sha256:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Options{}
			if test.fault != "" {
				o.Faults = []string{test.fault}
			}
			l := listen(t, o)
			_, _ = l.ask(test.method, test.target, test.body) // some have no answer
			got := l.s.Requests()[0]
			if got.TookEffect != test.effect || !strings.HasPrefix(got.Body, test.recorded) || (test.recorded == "") != (got.Body == "") {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("the directory's too", func(t *testing.T) {
		c := start(t, Options{})
		id := c.scimUser("jane.doe@example.com").ID
		for range 2 { // the second changes nothing any more, and is a write all the same
			c.scim("PATCH", "/Users/"+id, patchActive("false")).want(200)
		}
		list := c.s.Requests()
		if list[0].TookEffect || !list[1].TookEffect || !list[2].TookEffect || list[1].Body != list[2].Body || list[1].Body == "" {
			t.Errorf("%+v", list)
		}
	})
}

// What a killed client sent just before may be read after the release. It comes over a connection that was there already.
func TestADroppedFreezeCutsTheConnectionsThereAre(t *testing.T) {
	h := newHolds()
	before := h.accepted(t.Context())
	hold := func(freeze bool) *call {
		return &call{r: httptest.NewRequestWithContext(before, "POST", groupPath, http.NoBody), fault: Fault{Kind: FaultHold, Stage: StageAfter, Freeze: freeze}}
	}
	for _, test := range []struct {
		name            string
		freeze, execute bool
		pass            bool
	}{
		{"one that let the rest pass", false, false, true},
		{"one that was executed", true, true, true},
		{"one that froze the rest and was dropped", true, false, false},
	} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			h.hold(hold(test.freeze))
		}()
		held, err := h.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.release(held.ID, test.execute)
		<-ended
		if h.pass(before) != test.pass {
			t.Errorf("%s: a request over an old connection passes: %v", test.name, !test.pass)
		}
		if !h.pass(h.accepted(t.Context())) || !h.pass(t.Context()) {
			t.Errorf("%s: a request over a new connection does not pass", test.name)
		}
	}
}
