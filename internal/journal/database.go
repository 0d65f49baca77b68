package journal

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// database is what both kinds of database can do. Statements are written once, with ? for arguments.
type database interface {
	begin(ctx context.Context, readOnly bool) (transaction, error)
	// clock is the database's own time in microseconds where replicas share it; ok is false where this machine's clock is the one to ask.
	clock(ctx context.Context, t transaction) (now int64, ok bool, err error)
	// forUpdate is what a SELECT ends with to lock its rows; skipLocked to lock those that nobody holds.
	forUpdate() string
	skipLocked() string
	migrate(ctx context.Context, migrations []migration) error
	locked(ctx context.Context, fn func() error) error
	close() error
}

// transaction is one transaction of either database.
type transaction interface {
	query(ctx context.Context, query string, args ...any) (rows, error)
	// exec may put off a statement until the next query, flush or commit, so that many cost one round trip.
	exec(ctx context.Context, query string, args ...any) error
	flush(ctx context.Context) error
	commit(ctx context.Context) error
	rollback()
	// lend is this transaction for somebody else's statements.
	lend() Tx
}

// Tx is a transaction of the journal for those who take part in it. One of the two is set.
type Tx struct {
	SQL *sql.Tx
	PGX pgx.Tx
}

type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

type sqlTransaction struct{ t *sql.Tx }

func (s sqlTransaction) query(ctx context.Context, query string, args ...any) (rows, error) {
	r, err := s.t.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

func (s sqlTransaction) exec(ctx context.Context, query string, args ...any) error {
	_, err := s.t.ExecContext(ctx, query, args...)
	return err
}

func (s sqlTransaction) flush(context.Context) error  { return nil }
func (s sqlTransaction) commit(context.Context) error { return s.t.Commit() }
func (s sqlTransaction) rollback()                    { _ = s.t.Rollback() }
func (s sqlTransaction) lend() Tx                     { return Tx{SQL: s.t} }

type sqlRows struct{ *sql.Rows }

// Close hides an error that Err gives as well.
func (r sqlRows) Close() { _ = r.Rows.Close() }

const rollbackTimeout = 5 * time.Second

type pgTransaction struct {
	conn  *pgxpool.Conn
	t     pgx.Tx
	batch pgx.Batch
}

func (p *pgTransaction) query(ctx context.Context, query string, args ...any) (rows, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.t.Query(ctx, numbered(query), args...)
}

func (p *pgTransaction) exec(_ context.Context, query string, args ...any) error {
	p.batch.Queue(numbered(query), args...)
	return nil
}

func (p *pgTransaction) flush(ctx context.Context) error {
	if p.batch.Len() == 0 {
		return nil
	}
	b := p.batch
	p.batch = pgx.Batch{}
	return p.t.SendBatch(ctx, &b).Close()
}

func (p *pgTransaction) commit(ctx context.Context) error {
	err := p.flush(ctx)
	if err == nil {
		err = uncertain(p.t.Commit(ctx))
	}
	if err != nil {
		return err
	}
	p.conn.Release()
	p.conn = nil
	return nil
}

func (p *pgTransaction) rollback() {
	if p.conn == nil {
		return
	}
	// A connection that can't roll back is broken, and pgx closes it.
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_ = p.t.Rollback(ctx)
	p.conn.Release()
	p.conn = nil
}

func (p *pgTransaction) lend() Tx { return Tx{PGX: p.t} }

var numberedQueries sync.Map // string → string

// numbered writes $1, $2 … for each ? of a statement. No statement here has a ? in a text.
func numbered(query string) string {
	if n, ok := numberedQueries.Load(query); ok {
		return n.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	numberedQueries.Store(query, b.String())
	return b.String()
}
