package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func request(text string) sandbox.Request {
	r := sandbox.Request{Method: "GET", Path: text, Status: 200}
	if text[0] == '!' {
		r.Method, r.Path, r.Body = "PATCH", "/scim/groups", text[1:]
	}
	return r
}

// shape writes a chain as its waves of paths.
func shape(c chain) [][]string {
	var waves [][]string
	for _, w := range c {
		var paths []string
		for _, r := range w.requests {
			paths = append(paths, r.Path+r.Body)
		}
		waves = append(waves, paths)
	}
	return waves
}

func TestChainsFollowWhatNeedsWhat(t *testing.T) {
	ann, bob := someone{"ann@example.com", "ann-id", "ann-scim"}, someone{"bob@example.com", "bob-id", "bob-scim"}
	var list []sandbox.Request
	for _, text := range []string{
		"/admins", "/search/ann@example.com", "/admins", "/search/bob@example.com", "/user/bob-id",
		"/scim/ann@example.com", "/user/ann-id", "/scim/bob@example.com", // bob's had to wait for its turn
		"/search/ann@example.com", "/admins", "/user/ann-id", "!ann-scim", "/user/ann-id", "/scim/ann-scim", "!ann-id 1", "!ann-id 2", "/user/ann-id",
		"/search/bob@example.com", "/user/bob-id",
	} {
		list = append(list, request(text))
	}
	chains := chainsOf(list, []someone{ann, bob})
	want := [][][]string{{
		{"/search/ann@example.com", "/scim/ann@example.com", "/admins"},
		{"/user/ann-id"},
		{"/search/ann@example.com", "/admins"},
		{"/user/ann-id"},
		{"/scim/groupsann-scim"},
		{"/user/ann-id", "/scim/ann-scim"},
		{"/scim/groupsann-id 1", "/scim/groupsann-id 2"},
		{"/user/ann-id"},
	}, {
		{"/search/bob@example.com", "/scim/bob@example.com", "/admins"},
		{"/user/bob-id"},
		{"/search/bob@example.com"},
		{"/user/bob-id"},
	}}
	for i, c := range chains {
		if diff := cmp.Diff(want[i], shape(c)); diff != "" {
			t.Errorf("person %d: %s", i, diff)
		}
	}
	before, after := chains[0].phases()
	if len(before) != 2 || len(after) != 6 {
		t.Errorf("%d waves before the last plan, and %d from it on", len(before), len(after))
	}
	if before, after := chain(nil).phases(); len(before)+len(after) != 0 {
		t.Error("nothing has phases")
	}
}

// The critical path of two people with three waves is three trips where both may be under way, and six where only one may.
func TestChainsAreReplayedAsEarlyAsTheyMay(t *testing.T) {
	const latency = 50 * time.Millisecond
	var chains []chain
	for range 2 {
		var c chain
		for _, kind := range []waveKind{asksWho, reads, writes} {
			c = append(c, wave{kind, []sandbox.Request{{Method: "GET", Path: "/rest/api/3/myself", Status: 200}}})
		}
		chains = append(chains, c)
	}
	for parallel, trips := range map[int]time.Duration{1: 6, 2: 3} {
		s := newSite(t, latency)
		took, err := s.replayChains(t.Context(), chains, parallel)
		if err != nil {
			t.Fatal(err)
		}
		if took < trips*latency {
			t.Errorf("%d at once: %v", parallel, took)
		}
		requests, err := s.requests(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, r := range requests {
			most = max(most, r.InFlight)
		}
		if len(requests) != 6 || most != parallel {
			t.Errorf("%d requests, %d at once, want %d", len(requests), most, parallel)
		}
	}
}

func TestLeaversCanBeOffboarded(t *testing.T) {
	simulated, err := sandbox.New(sandbox.Options{Users: 400})
	if err != nil {
		t.Fatal(err)
	}
	server, err := simulated.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s := &site{Ready: server.Ready()}
	list, err := s.leavers(t.Context(), 40)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.email == "" || p.accountID == "" || p.scimID == "" || simulated.AccountID(p.email) != p.accountID {
			t.Errorf("%+v", p)
		}
	}
	if _, err := s.leavers(t.Context(), 400); err == nil {
		t.Error("more people than there are")
	}
}
