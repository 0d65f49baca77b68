package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// journalKind is one of the two databases that a journal may be in.
type journalKind struct {
	name  string
	fresh func(*bench) (journalPlace, error) // makes a place for a journal that is not there yet
}

// journalPlace is where a journal is.
type journalPlace struct{ dir, url string }

// env tells the program.
func (p journalPlace) env() map[string]string {
	env := map[string]string{"JIRA_LIFECYCLE_STATE_DIR": p.dir}
	if p.url != "" {
		env["JIRA_LIFECYCLE_DATABASE_URL"] = p.url
	}
	return env
}

func (p journalPlace) open() *journal.Store {
	return journal.New(journal.Options{Dir: p.dir, URL: p.url})
}

// settings joins environments; the later one wins.
func settings(all ...map[string]string) map[string]string {
	joint := map[string]string{}
	for _, env := range all {
		maps.Copy(joint, env)
	}
	return joint
}

var sqliteJournal = journalKind{"SQLite", func(b *bench) (journalPlace, error) {
	dir, err := os.MkdirTemp(b.dir, "state-")
	return journalPlace{dir: dir}, err
}}

// onEachJournal measures with SQLite and with PostgreSQL. Where there is no PostgreSQL, a row says so.
func (b *bench) onEachJournal(ctx context.Context, name string, measure func(journalKind) ([]row, error)) ([]row, error) {
	rows, err := measure(sqliteJournal)
	if err != nil {
		return nil, err
	}
	kind, missing := b.postgres()
	if missing != "" {
		return append(rows, leftOut(name+", PostgreSQL", missing)), nil
	}
	if err := ctx.Err(); err != nil {
		return rows, err
	}
	more, err := measure(kind)
	return append(rows, more...), err
}

func leftOut(name, why string) row { return row{measure: name, note: "left out: " + why} }

// postgres gives the kind of journal that several replicas share, or the reason why there is none here. The server is a temporary one, which the
// first call starts and close ends.
func (b *bench) postgres() (kind journalKind, missing string) {
	if pgtest.Bin() == "" {
		return journalKind{}, "PostgreSQL is not installed"
	}
	return journalKind{"PostgreSQL", func(b *bench) (journalPlace, error) {
		place, err := sqliteJournal.fresh(b) // its directory has the locks by which processes of one host know each other
		if err != nil {
			return place, err
		}
		err = b.scope.do(func() {
			if b.cluster == nil {
				b.cluster = pgtest.Start(b.scope)
			}
			place.url = b.cluster.URL(b.scope)
		})
		return place, err
	}}, ""
}

// scope stands in for the test that a cluster usually belongs to.
type scope struct {
	testing.TB // nil: only what is below may be called
	cleanups   []func()
}

// scopeError is what Fatal panics with, since it must not return.
type scopeError string

// do runs f and gives what it was fatal about.
func (s *scope) do(f func()) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			failed, ok := caught.(scopeError)
			if !ok {
				panic(caught)
			}
			err = fmt.Errorf("PostgreSQL: %s", failed)
		}
	}()
	f()
	return nil
}

func (s *scope) close() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		s.cleanups[i]()
	}
	s.cleanups = nil
}

func (s *scope) Helper()                           {}
func (s *scope) Cleanup(f func())                  { s.cleanups = append(s.cleanups, f) }
func (s *scope) Fatal(args ...any)                 { panic(scopeError(fmt.Sprint(args...))) }
func (s *scope) Fatalf(format string, args ...any) { panic(scopeError(fmt.Sprintf(format, args...))) }
