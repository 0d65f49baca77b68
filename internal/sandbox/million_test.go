package sandbox

import (
	"io"
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// A million people start in under five seconds and take under 500 MB, also after thousands of changes and while the state is read.
func TestMillionPeople(t *testing.T) {
	before := heap()
	began := time.Now()
	l := listen(t, Options{Users: 1_000_000, Groups: 1000, Lag: time.Millisecond})
	if _, err := l.ask("GET", "/rest/api/3/myself", ""); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	var page []jiraUser
	for startAt := range 10 {
		l.jira("GET", "/users/search", "", "startAt", strconv.Itoa(startAt*100_000), "maxResults", "50").into(200, &page)
		if len(page) < 48 {
			t.Errorf("%d accounts from %d", len(page), startAt*100_000)
		}
	}
	partners := l.s.GroupID("partners", false)
	for index := range 3000 {
		l.s.world.write(func(now *model, commit func(func(*model))) {
			g := now.groupIDs[partners]
			commit(func(m *model) { m.join(g, index*300+50) })
		})
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", l.server.URL()+"/_sandbox/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := l.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.CopyN(io.Discard, response.Body, 20<<20); err != nil {
		t.Fatalf("the state ends after %d bytes: %v", n, err)
	}
	used := heap() - before
	t.Logf("start %v, heap %d MB", took, used>>20)
	if took > 5*time.Second {
		t.Errorf("start took %v", took)
	}
	if used > 100<<20 {
		t.Errorf("%d MB are in use", used>>20)
	}
}

// heap returns how much is in use after a collection.
func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
