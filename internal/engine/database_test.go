package engine

import (
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

func TestAnEngineOutlivesItsDatabase(t *testing.T) {
	cluster := pgtest.Start(t)
	s := &site{dir: t.TempDir(), url: cluster.URL(t)}
	log := &lines{}
	p := s.process(t, Options{Sweep: 20 * time.Millisecond, Log: log.log()}, succeed)
	before := operations(3)
	add(t, p.store, before)
	p.Kick()
	waitEnded(t, p.store, before)

	for restart := 1; restart <= 2; restart++ {
		tried := log.count("DEBUG", "still can't be run")
		cluster.Crash(t)
		eventually(t, "the engine tried several times", func() bool { return log.count("DEBUG", "still can't be run") >= tried+3 })
		if got := log.count("WARN", ""); got != restart {
			t.Errorf("after outage %d the log has %d warnings, want one for each", restart, got)
		}
		cluster.Start(t)
		eventually(t, "the engine says that the database is back", func() bool { return log.count("INFO", "answers again") == restart })
		after := operations(3)
		add(t, p.store, after)
		p.Kick()
		waitEnded(t, p.store, after)
	}
	if got := log.count("ERROR", ""); got != 0 {
		t.Errorf("the log has %d errors", got)
	}
}

func TestAnEngineStartsBeforeItsDatabase(t *testing.T) {
	cluster := pgtest.Start(t)
	s := &site{dir: t.TempDir(), url: cluster.URL(t)}
	cluster.Stop(t)
	log := &lines{}
	p := s.process(t, Options{Sweep: 20 * time.Millisecond, Log: log.log()}, succeed)
	eventually(t, "the engine tried", func() bool { return log.count("WARN", "trying again") == 1 })
	cluster.Start(t)
	eventually(t, "the engine says that the database is there", func() bool { return log.count("INFO", "answers again") == 1 })
	ops := operations(3)
	add(t, p.store, ops)
	p.Kick()
	waitEnded(t, p.store, ops)
}
