package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// advisoryLock is the number of the lock under which schemas are migrated: "jirajrnl".
	advisoryLock = 0x6a6972616a726e6c
	// Workers, the caller's requests and River share the pool.
	poolSize       = 16
	connectTimeout = 10 * time.Second
)

// postgres is a journal that several replicas share.
type postgres struct {
	pool     *pgxpool.Pool
	where    string
	patience time.Duration // for another process that migrates
}

func openPostgres(ctx context.Context, databaseURL string, patience time.Duration) (*postgres, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errBadURL
	}
	if !strings.Contains(databaseURL, "pool_max_conns") {
		config.MaxConns = poolSize
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "jira-lifecycle-mcp"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &postgres{pool: pool, where: describe(config), patience: patience}, nil
}

func describe(config *pgxpool.Config) string {
	c := config.ConnConfig
	return fmt.Sprintf("database %s on %s port %d", c.Database, c.Host, c.Port)
}

// describeURL names a database without the secrets of its URL.
func describeURL(databaseURL string) string {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return "database"
	}
	return describe(config)
}

func (p *postgres) begin(ctx context.Context, readOnly bool) (transaction, error) {
	options := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	if readOnly {
		options = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	}
	// After a restart of the server every connection of the pool may be dead, which shows when it is used. Nothing has happened by then.
	var err error
	for range p.pool.Config().MaxConns + 1 {
		var conn *pgxpool.Conn
		if conn, err = p.pool.Acquire(ctx); err != nil {
			return nil, err
		}
		var t pgx.Tx
		if t, err = conn.BeginTx(ctx, options); err == nil {
			return &pgTransaction{conn: conn, t: t}, nil
		}
		conn.Release()
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// clock is the server's: leases must not depend on two machines agreeing about the time.
func (p *postgres) clock(ctx context.Context, t transaction) (now int64, ok bool, err error) {
	_, err = one(ctx, t, []any{&now}, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`)
	return now, true, err
}

func (p *postgres) forUpdate() string  { return " FOR UPDATE" }
func (p *postgres) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (p *postgres) close() error {
	p.pool.Close()
	return nil
}

func (p *postgres) migrate(ctx context.Context, all []migration) error {
	version, err := p.version(ctx)
	if err != nil {
		return err
	}
	if todo, err := pending(all, version, p.where); err != nil || len(todo) == 0 {
		return err
	}
	return p.locked(ctx, func() error {
		return pgx.BeginFunc(ctx, p.pool, func(t pgx.Tx) error {
			if _, err := t.Exec(ctx, createVersion); err != nil {
				return err
			}
			version := 0
			if err := t.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM journal_version`).Scan(&version); err != nil {
				return err
			}
			todo, err := pending(all, version, p.where)
			if err != nil {
				return err
			}
			for _, m := range todo {
				if _, err := t.Exec(ctx, m.sql); err != nil {
					return fmt.Errorf("migrate the journal to schema %d: %w", m.version, err)
				}
				if _, err := t.Exec(ctx, `INSERT INTO journal_version VALUES ($1)`, m.version); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (p *postgres) version(ctx context.Context) (int, error) {
	var found bool
	if err := p.pool.QueryRow(ctx, `SELECT to_regclass('journal_version') IS NOT NULL`).Scan(&found); err != nil || !found {
		return 0, err
	}
	var version int
	err := p.pool.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM journal_version`).Scan(&version)
	return version, err
}

// locked holds an advisory lock on a connection of its own, which ends with that connection whatever becomes of this process.
func (p *postgres) locked(ctx context.Context, fn func() error) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	waiting, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	if _, err := conn.Exec(waiting, `SELECT pg_advisory_lock($1)`, int64(advisoryLock)); err != nil {
		if waiting.Err() != nil && ctx.Err() == nil {
			return busy("The lock for migrations in the " + p.where).Because(err)
		}
		return err
	}
	err = fn()
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(advisoryLock)); unlockErr != nil {
		// Closing gives the lock up too, and the pool drops a closed connection.
		err = errors.Join(err, conn.Conn().Close(context.WithoutCancel(ctx)))
	}
	return err
}
