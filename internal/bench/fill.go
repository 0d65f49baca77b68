package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// fillOperations makes a journal with so many operations that have ended. The first is made as the program makes it; the others are copies of its rows,
// each with a person and a time of its own, and with kinds and ends that vary. With history they have their steps and their record of events as well.
// The copies' hashes are the first one's, so that such a journal serves to be read and not to be verified.
func (p journalPlace) fillOperations(ctx context.Context, count int, history bool) (err error) {
	store := p.open()
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := firstOperation(ctx, store); err != nil {
		return err
	}
	db, done, err := p.database(ctx, store)
	if err != nil {
		return err
	}
	defer done()
	if err := copyRows(ctx, db, "journal_operations", "id", count-1); err != nil || !history {
		return err
	}
	for _, table := range []string{"journal_details", "journal_steps", "journal_events"} {
		if err := copyRows(ctx, db, table, "operation_id", count-1); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, `UPDATE journal_chain SET seq = (SELECT max(seq) FROM journal_events)`)
	return err
}

func (p journalPlace) database(ctx context.Context, store *journal.Store) (*sql.DB, func(), error) {
	if p.url == "" {
		db, err := store.SQLite(ctx)
		return db, func() {}, err // the store closes it
	}
	pool, err := store.Postgres(ctx)
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	return db, func() { _ = db.Close() }, nil // the pool is the store's
}

func firstOperation(ctx context.Context, store *journal.Store) error {
	now := time.Now()
	steps := []journal.Step{{Action: "deactivate", Target: "Person 0", Via: "scim", Status: journal.StepPending}, {Action: "verify", Target: "Person 0", Status: journal.StepPending}}
	lease, err := store.Begin(ctx, journal.Operation{
		ID: journal.NewID(now), Kind: "offboard_user", Key: "account:0", AccountID: "0", Email: "person0@example.com", Label: "Person 0", PlanID: "plan-0",
		Reason: "left the company", Actor: journal.Actor{Caller: "local:1000", Client: "bench 1"},
		Request: json.RawMessage(`{"user":"person0@example.com"}`), Plan: json.RawMessage(`{"steps":[]}`), Snapshot: json.RawMessage(`{}`), Steps: steps,
	}, nil)
	if err != nil {
		return err
	}
	ended := map[int]journal.Step{}
	for i, step := range steps {
		step.Status, step.Detail, step.EndedAt = journal.StepDone, "done and verified", now
		ended[i] = step
	}
	return lease.Record(ctx, journal.Update{Event: "ended", Status: journal.Succeeded, Steps: ended})
}

// copyRows copies the rows of the one operation that is there, count times. Indexes are made anew when all rows are there, which is much faster.
func copyRows(ctx context.Context, db *sql.DB, table, id string, count int) error {
	if count < 1 {
		return nil
	}
	rows, err := db.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 1`)
	if err != nil {
		return err
	}
	columns, err := rows.Columns()
	if err := errors.Join(err, rows.Close()); err != nil {
		return err
	}
	var values []string
	for _, column := range columns {
		values = append(values, varied(table, column))
	}
	restore, err := dropIndexes(ctx, db, table)
	if err != nil {
		return err
	}
	statement := fmt.Sprintf(`WITH RECURSIVE series (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM series WHERE i < %d), original AS (SELECT * FROM %s) `+
		`INSERT INTO %s (%s) SELECT %s FROM series, original`, count, table, table, strings.Join(columns, ", "), strings.Join(values, ", "))
	for _, s := range append([]string{statement}, restore...) {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.100s: %w", s, err)
		}
	}
	return nil
}

// varied is what the i-th copy has in a column.
func varied(table, column string) string {
	switch column {
	case "id", "operation_id", "plan_id":
		return column + ` || '-' || i`
	case "subject":
		return `'account:' || i`
	case "account_id":
		return `'' || i`
	case "email":
		return `'person' || i || '@example.com'`
	case "label":
		return `'Person ' || i`
	case "created_at", "started_at", "ended_at", "at":
		return column + ` - i * 60000000` // a minute apart
	case "seq":
		return `seq + 2 * i` // the first one has two events
	}
	switch {
	case table == "journal_operations" && column == "kind":
		return `CASE i % 4 WHEN 0 THEN 'provision_user' WHEN 1 THEN 'add_user_to_group' WHEN 2 THEN 'update_user' ELSE kind END`
	case table == "journal_operations" && column == "status":
		return `CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'partial' WHEN 2 THEN 'cancelled' ELSE status END`
	}
	return column
}

// dropIndexes drops the indexes of a table and gives the statements that make them again. Those of constraints stay.
func dropIndexes(ctx context.Context, db *sql.DB, table string) ([]string, error) {
	query := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '` + table + `' AND sql IS NOT NULL`
	var restore []string
	if _, ok := db.Driver().(*stdlib.Driver); ok {
		query = `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '` + table + `' AND indexname NOT LIKE '%\_pkey'`
		restore = []string{`ANALYZE ` + table} // as autovacuum does where nobody is in a hurry
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	var names []string
	for rows.Next() {
		var name, make string
		if err := rows.Scan(&name, &make); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		names = append(names, name)
		restore = append([]string{make}, restore...)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return nil, err
		}
	}
	return restore, nil
}
