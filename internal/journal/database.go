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

// statements are the prepared statements of a pool. SQLite parses a statement for longer than it runs most of ours. One is prepared when the
// transaction that needed it first has ended: before, a pool of one connection has none for it.
type statements struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func (s *statements) get(query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prepared[query]
}

// keep prepares what was missing. It is of no consequence when that fails.
func (s *statements) keep(queries []string) {
	for _, query := range queries {
		if s.get(query) != nil {
			continue
		}
		stmt, err := s.db.Prepare(query)
		if err != nil {
			continue
		}
		s.mu.Lock()
		if s.prepared[query] == nil {
			s.prepared[query] = stmt
			stmt = nil
		}
		s.mu.Unlock()
		if stmt != nil {
			_ = stmt.Close()
		}
	}
}

type sqlTransaction struct {
	t       *sql.Tx
	known   *statements
	missing []string
}

func (s *sqlTransaction) stmt(ctx context.Context, query string) *sql.Stmt {
	if stmt := s.known.get(query); stmt != nil {
		return s.t.StmtContext(ctx, stmt)
	}
	s.missing = append(s.missing, query)
	return nil
}

func (s *sqlTransaction) query(ctx context.Context, query string, args ...any) (rows, error) {
	var r *sql.Rows
	var err error
	if stmt := s.stmt(ctx, query); stmt != nil {
		r, err = stmt.QueryContext(ctx, args...)
	} else {
		r, err = s.t.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return nil, err
	}
	return sqlRows{r}, nil
}

func (s *sqlTransaction) exec(ctx context.Context, query string, args ...any) error {
	var err error
	if stmt := s.stmt(ctx, query); stmt != nil {
		_, err = stmt.ExecContext(ctx, args...)
	} else {
		_, err = s.t.ExecContext(ctx, query, args...)
	}
	return err
}

func (s *sqlTransaction) flush(context.Context) error { return nil }
func (s *sqlTransaction) commit(context.Context) error {
	err := s.t.Commit()
	if err == nil {
		s.known.keep(s.missing)
	}
	return err
}
func (s *sqlTransaction) rollback() { _ = s.t.Rollback() }
func (s *sqlTransaction) lend() Tx  { return Tx{SQL: s.t} }

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
