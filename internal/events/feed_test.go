package events

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestProcessesOnOneStateTellTheirOwnSubscribers although one of them keeps the position.
func TestProcessesOnOneStateTellTheirOwnSubscribers(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	dir := t.TempDir()
	var told []chan struct{}
	for range 2 {
		feed, tell := NewFeed(s.log(), dir, time.Millisecond, slog.New(slog.DiscardHandler)), make(chan struct{}, 100)
		told = append(told, tell)
		feed.Subscribe("a", func() { tell <- struct{}{} })
		defer feed.Close()
	}
	s.toggle(1)
	for _, tell := range told {
		<-tell
	}
}

// TestAFeedOutlastsAnExpiredCursor and tells of nothing twice for it.
func TestAFeedOutlastsAnExpiredCursor(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	feed, told := NewFeed(s.log(), t.TempDir(), time.Millisecond, slog.New(slog.DiscardHandler)), make(chan struct{}, 100)
	feed.Subscribe("a", func() { told <- struct{}{} })
	s.toggle(1)
	<-told
	if err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultCursorExpired, Times: 3}); err != nil {
		t.Fatal(err)
	}
	polls := len(s.queries("/events-stream"))
	for len(s.queries("/events-stream")) < polls+10 { // the fault is over
		runtime.Gosched()
	}
	feed.Unsubscribe("a")
	<-feed.Stopped()
	if n := len(told); n > 0 {
		t.Errorf("told %d times of nothing", n)
	}
	feed.Subscribe("b", func() { told <- struct{}{} })
	if err := s.client(sandbox.OrgKeyFull).DisableAccount(context.Background(), s.AccountID("max.manager@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	<-told
	feed.Close()
	<-feed.Stopped()
}
