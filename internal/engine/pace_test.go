package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestUntilNext(t *testing.T) {
	const every = 5 * time.Second
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		next time.Time
		took bool
		want time.Duration
	}{
		"nothing waits":                             {time.Time{}, false, every},
		"the next is far":                           {now.Add(time.Hour), false, every},
		"the next is near":                          {now.Add(300 * time.Millisecond), false, 300 * time.Millisecond},
		"the sweep was full, and more is due":       {now.Add(-time.Second), true, 0},
		"due by this clock, not by the database's":  {now.Add(-time.Second), false, 250 * time.Millisecond},
		"due this moment, and the sweep left it be": {now, false, 250 * time.Millisecond},
	} {
		if got := untilNext(every, now, tt.next, tt.took); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestPause(t *testing.T) {
	want := []time.Duration{1, 2, 4, 8, 16, 30, 30}
	for failures, seconds := range want {
		if got := pause(5*time.Second, failures); got != seconds*time.Second {
			t.Errorf("after %d failures: %v, want %v", failures, got, seconds*time.Second)
		}
	}
	if got := pause(time.Hour, 1_000_000); got != 6*time.Hour {
		t.Errorf("after very many failures: %v", got)
	}
}

func TestRiverIsQuiet(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelInfo:  "",
		slog.LevelDebug: "level=DEBUG msg=\"River: trouble\" queue=q attempt=1\n",
	} {
		var b bytes.Buffer
		log := quiet(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level}))).With("queue", "q")
		log.Debug("trouble")
		log.Info("trouble")
		log.Error("trouble", "attempt", 1)
		_, got, _ := strings.Cut(b.String(), " ") // without the time
		if got != want {
			t.Errorf("at %v: %q, want %q", level, got, want)
		}
	}
}
