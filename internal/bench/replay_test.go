package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// newSite gives a site in this process.
func newSite(t *testing.T, latency time.Duration) *site {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{Latency: latency})
	if err != nil {
		t.Fatal(err)
	}
	server, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return &site{Ready: server.Ready(), latency: latency}
}

// statuses sums up what a site recorded, by path and status.
func statuses(t *testing.T, s *site) map[string][]int {
	t.Helper()
	list, err := s.requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]int{}
	for _, r := range list {
		got[r.Method+" "+r.Path] = append(got[r.Method+" "+r.Path], r.Status)
	}
	return got
}

func TestReplayRepeatsWhatWasRecorded(t *testing.T) {
	original, fresh := newSite(t, 0), newSite(t, 0)
	scimUsers := "/scim/directory/" + sandbox.DirectoryID + "/Users"
	for _, r := range []struct{ method, path, body string }{
		{"GET", "/rest/api/3/myself", ""},
		{"POST", scimUsers, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"new@example.com","emails":[{"value":"new@example.com","primary":true}],"active":true}`},
		{"GET", scimUsers + "?count=1", ""},
	} {
		req, err := http.NewRequest(r.method, original.URL+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", original.authorization(r.path))
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	recorded, err := original.requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := lane{fresh.exchangesOf(recorded), 1}
	if _, err := replay(t.Context(), bareClient(1), fresh.URL, again); err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"GET /rest/api/3/myself": {200}, "POST " + scimUsers: {201}, "GET " + scimUsers: {200}}
	for name, s := range map[string]*site{"original": original, "replay": fresh} {
		if diff := cmp.Diff(want, statuses(t, s)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}

	// The account is there now, so that the same work can't be done twice.
	if _, err := replay(t.Context(), bareClient(1), fresh.URL, again); err == nil || !strings.Contains(err.Error(), "status 409, was 201") {
		t.Errorf("a replay with another outcome: %v", err)
	}
}

func TestReplayKeepsToTheConcurrencyOfEachLane(t *testing.T) {
	const latency = 100 * time.Millisecond
	s := newSite(t, latency)
	var list []sandbox.Request
	for _, path := range []string{"/rest/api/3/myself", "/scim/directory/" + sandbox.DirectoryID + "/Users"} {
		for range 6 {
			list = append(list, sandbox.Request{Method: "GET", Path: path, Status: 200})
		}
	}
	list = append(list, sandbox.Request{Method: "GET", Path: "/given/up"})
	lanesOf := func(requests []sandbox.Request) []lane {
		sources := s.sources(requests)
		return []lane{sources[0].lanes[0], sources[1].lanes[0]}
	}
	lanes := lanesOf(list)
	if len(lanes[0].list) != 6 || len(lanes[1].list) != 6 {
		t.Fatalf("lanes of %d and %d requests", len(lanes[0].list), len(lanes[1].list))
	}
	lanes[0].parallel, lanes[1].parallel = 3, 2
	took, err := replay(t.Context(), bareClient(5), s.URL, lanes...)
	if err != nil {
		t.Fatal(err)
	}
	if took < 3*latency || took >= 12*latency {
		t.Errorf("six requests, two at once, beside six others, took %v", took)
	}
	recorded, err := s.requests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again := lanesOf(recorded); again[0].parallel > 3 || again[1].parallel > 2 {
		t.Errorf("%d and %d at once, more than 3 and 2", again[0].parallel, again[1].parallel)
	}
}

func TestReplayEndsWithItsContext(t *testing.T) {
	s := newSite(t, time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	list := s.exchangesOf([]sandbox.Request{{Method: "GET", Path: "/rest/api/3/myself", Status: 200}})
	if _, err := replay(ctx, bareClient(1), s.URL, lane{list, 1}); err == nil {
		t.Error("no error")
	}
}
