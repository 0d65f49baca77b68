package engine

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// source makes carriers on a database that has River's tables.
type source func() (carrier, error)

// open makes River's tables if they are not there, and a carrier that can insert.
func (l *loop) open(ctx context.Context) error {
	if l.source == nil {
		made, err := l.connect(ctx)
		if err != nil {
			return err
		}
		l.source = made
	}
	var err error
	l.carrier, err = l.source()
	return err
}

func (l *loop) connect(ctx context.Context) (source, error) {
	if l.journal.Shared() {
		pool, err := l.journal.Postgres(ctx)
		if err != nil {
			return nil, err
		}
		driver := riverpgxv5.New(pool)
		return func() (carrier, error) {
			return newClient(l.Engine, driver, func(tx journal.Tx) pgx.Tx { return tx.PGX })
		}, migrate(ctx, l.Engine, driver)
	}
	db, err := l.journal.SQLite(ctx)
	if err != nil {
		return nil, err
	}
	driver := riversqlite.New(db)
	return func() (carrier, error) {
		return newClient(l.Engine, driver, func(tx journal.Tx) *sql.Tx { return tx.SQL })
	}, migrate(ctx, l.Engine, driver)
}

// insert is the sweep's: it adds jobs in its transaction.
func (l *loop) insert(ctx context.Context, tx journal.Tx, ids []string) error {
	if l.carrier == nil {
		return errClosed
	}
	if l.drains {
		l.watched.add(ids) // before the commit, since a worker may be very fast
	}
	return l.carrier.insert(ctx, tx, ids)
}

// carry starts River when there is something to run, and ends it when there was nothing for a while. took tells whether the sweep inserted any.
func (l *loop) carry(ctx context.Context, took bool) error {
	if took {
		l.busy()
	}
	if l.running {
		if !l.journal.Shared() && l.idleFor() > l.idle {
			l.rest(ctx)
		}
		return nil
	}
	if !took {
		if l.journal.Shared() && l.once {
			return nil
		}
		if !l.journal.Shared() {
			left, err := l.left(ctx)
			if err != nil || !left {
				return err
			}
		}
	}
	if l.carrier == nil {
		if err := l.open(ctx); err != nil {
			return err
		}
	}
	if err := l.carrier.start(); err != nil {
		l.carrier = nil
		return fmt.Errorf("start River: %w", err)
	}
	l.busy()
	l.running = true
	return nil
}

// rest ends a River that has nothing to do. A job that it fetched in this very moment is run to its end; nobody waits for that but Stop.
func (l *loop) rest(ctx context.Context) {
	idle := l.carrier
	l.ended.Go(func() { idle.end(ctx) })
	l.carrier, l.running = nil, false
}

// left tells whether jobs wait in a SQLite file that nobody fetches: those of a process that is gone, or more than another process can run at once.
func (l *loop) left(ctx context.Context) (bool, error) {
	db, err := l.journal.SQLite(ctx)
	if err != nil {
		return false, err
	}
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'river_job')`).Scan(&there); err != nil || !there {
		return false, err
	}
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE state = 'available' AND queue = ?)`, queue).Scan(&there)
	return there, err
}
