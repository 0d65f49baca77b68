package main

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func TestAFilledJournalReadsLikeAnUsedOne(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			p := journalPlace{dir: t.TempDir(), url: url(t)}
			empty := journalPlace{dir: t.TempDir(), url: url(t)}
			const count = 120
			if err := p.fillOperations(t.Context(), count, true); err != nil {
				t.Fatal(err)
			}
			if err := empty.fillOperations(t.Context(), 1, false); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(indexes(t, empty), indexes(t, p)); diff != "" {
				t.Errorf("indexes: %s", diff)
			}
			store := p.open()
			defer store.Close()
			page, err := store.List(t.Context(), journal.Filter{Limit: 200})
			if err != nil || len(page.Operations) != count || page.Next != "" {
				t.Fatalf("%d operations, next %q, %v", len(page.Operations), page.Next, err)
			}
			for i, op := range page.Operations {
				if !op.Status.Ended() || i > 0 && !op.CreatedAt.Before(page.Operations[i-1].CreatedAt) {
					t.Errorf("%d: %s is %s, made %v", i, op.ID, op.Status, op.CreatedAt)
				}
			}
			for _, f := range []journal.Filter{{Kind: "update_user"}, {Statuses: []journal.Status{journal.Partial}}, {Person: "person7@example.com"}} {
				if page, err := store.List(t.Context(), f); err != nil || len(page.Operations) == 0 {
					t.Errorf("%+v: nothing, %v", f, err)
				}
			}
			op, err := store.Get(t.Context(), page.Operations[7].ID)
			if err != nil || len(op.Steps) != 2 || len(op.Plan) == 0 {
				t.Errorf("%+v, %v", op, err)
			}
			events := 0
			err = store.Events(t.Context(), journal.ExportFilter{}, func(journal.Event) error { events++; return nil })
			if err != nil || events != 2*count {
				t.Errorf("%d events, %v", events, err)
			}
			if err := firstOperation(t.Context(), store); err != nil { // the record goes on
				t.Error(err)
			}
		})
	}
}

// indexes lists the indexes of the operations.
func indexes(t *testing.T, p journalPlace) (names map[string]bool) {
	t.Helper()
	names = map[string]bool{}
	store := p.open()
	defer store.Close()
	db, done, err := p.database(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	query := `SELECT name FROM sqlite_master WHERE type = 'index'`
	if p.url != "" {
		query = `SELECT indexname FROM pg_indexes WHERE schemaname = 'public'`
	}
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names[name] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return names
}
