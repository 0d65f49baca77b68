package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DefaultLease is how long an operation belongs to a worker that does not renew its lease.
const DefaultLease = 30 * time.Second

// Options say where a journal is.
type Options struct {
	Dir   string           // state directory: journal.db and workers/ are in it
	URL   string           // of a PostgreSQL database; "" = SQLite in Dir
	Lease time.Duration    // 0 = DefaultLease
	Now   func() time.Time // nil = the database's clock for PostgreSQL, time.Now for SQLite
	Log   *slog.Logger     // nil = nowhere
}

// Store is a journal. It may be used by any number of goroutines, and any number of processes may have one on the same database.
type Store struct {
	o Options

	opening chan struct{} // holds one token: who has it may set db
	dbMu    sync.Mutex
	db      database
	closed  bool

	worker  worker
	leases  leases
	waiters waiters
	uses    useSweeper

	migrations []migration
	patience   time.Duration // for other processes
}

// New makes a store and touches nothing. The database is opened, created and migrated at the first use; when that fails, the next use tries again.
func New(o Options) *Store {
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{o: o, opening: make(chan struct{}, 1), migrations: migrations, patience: patience}
	s.worker.dir = o.Dir
	s.leases.init()
	return s
}

// Exists tells whether there is anything to open. For SQLite that is the file; a PostgreSQL database counts as there, and so does a file that was opened
// and is gone, of which everything else tells. It has no side effect.
func (s *Store) Exists() bool {
	db, _ := s.opened()
	return db != nil || s.o.URL != "" || existsSQLite(s.o.Dir)
}

// Shared tells whether the journal is one that several hosts share: PostgreSQL. It does no I/O.
func (s *Store) Shared() bool { return s.o.URL != "" }

// where names the journal in errors.
func (s *Store) where() string {
	if s.o.URL == "" {
		return s.o.Dir
	}
	return describeURL(s.o.URL)
}

// Close ends what the store does by itself and closes the database. Leases that are still held are not given back: whoever sweeps next finds
// their owner gone.
func (s *Store) Close() error {
	s.opening <- struct{}{}
	defer func() { <-s.opening }()
	held := s.leases.close()
	s.dbMu.Lock()
	db := s.db
	s.db, s.closed = nil, true
	s.dbMu.Unlock()
	err := s.worker.close(held)
	if db != nil {
		err = errors.Join(err, db.close())
	}
	return err
}

var errClosed = errors.New("the journal was closed")

// open gives the database, and opens it at the first call.
func (s *Store) open(ctx context.Context) (database, error) {
	if db, err := s.opened(); db != nil || err != nil {
		return db, err
	}
	select {
	case s.opening <- struct{}{}:
		defer func() { <-s.opening }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if db, err := s.opened(); db != nil || err != nil {
		return db, err
	}
	db, err := s.openDatabase(ctx)
	if err != nil {
		return nil, explain(err, s.where())
	}
	s.dbMu.Lock()
	s.db = db
	s.dbMu.Unlock()
	return db, nil
}

func (s *Store) opened() (database, error) {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	return s.db, nil
}

func (s *Store) openDatabase(ctx context.Context) (database, error) {
	var db database
	var err error
	if s.o.URL != "" {
		db, err = openPostgres(ctx, s.o.URL, lockPatience*s.patience)
	} else {
		db, err = openSQLite(s.o.Dir, s.patience)
	}
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, s.migrations); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// SQLite gives the connection that writes, for River. It is an error on PostgreSQL.
func (s *Store) SQLite(ctx context.Context) (*sql.DB, error) {
	db, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := db.(*sqlite); ok {
		return d.writer, nil
	}
	return nil, errors.New("the journal is not in SQLite")
}

// Postgres gives the pool, for River. It is an error on SQLite.
func (s *Store) Postgres(ctx context.Context) (*pgxpool.Pool, error) {
	db, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := db.(*postgres); ok {
		return d.pool, nil
	}
	return nil, errors.New("the journal is not in PostgreSQL")
}

// Locked runs fn while no other process migrates this database.
func (s *Store) Locked(ctx context.Context, fn func() error) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	return explain(db.locked(ctx, fn), s.where())
}

// attempts is how often a transaction is begun when another one gets in its way, or its connection turns out to be dead.
const attempts = 6

// write runs fn in a transaction, appends the events that it made, and commits. fn may be run again, so it changes nothing but the transaction.
func (s *Store) write(ctx context.Context, doing string, fn func(context.Context, *tx) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for attempt := 1; ; attempt++ {
		t := &tx{s: s, db: db}
		err = t.run(ctx, false, fn)
		if err == nil {
			t.done()
			return nil
		}
		if attempt == attempts || !again(err) || ctx.Err() != nil {
			break
		}
	}
	return s.wrap(ctx, doing, err)
}

// read runs fn in a transaction that sees one moment of the database.
func (s *Store) read(ctx context.Context, doing string, fn func(context.Context, *tx) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for attempt := 1; ; attempt++ {
		t := &tx{s: s, db: db}
		err = t.run(ctx, true, fn)
		if err == nil || attempt == attempts || !again(err) || ctx.Err() != nil {
			break
		}
	}
	return s.wrap(ctx, doing, err)
}

// wrap says what was being done. What callers compare with, and faults, stay visible through it.
func (s *Store) wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && (interrupted(err) || errors.Is(err, ctx.Err())) {
		return fmt.Errorf("%s: %w", doing, ctx.Err()) // the caller's own time is over, which says nothing of the database
	}
	if explained := explain(err, s.where()); explained != err { //nolint:errorlint // the same error, not the same kind
		return explained
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// tx is one transaction with the events that it will append.
type tx struct {
	transaction
	s      *Store
	db     database
	now    int64 // microseconds
	events []*event
	// after are run once the transaction is committed.
	after []func()
}

func (t *tx) run(ctx context.Context, readOnly bool, fn func(context.Context, *tx) error) error {
	var err error
	if t.transaction, err = t.db.begin(ctx, readOnly); err != nil {
		return err
	}
	defer t.rollback() // which is also how a transaction that only reads ends
	if readOnly {
		return fn(ctx, t)
	}
	if err := t.readClock(ctx); err != nil {
		return err
	}
	if err := fn(ctx, t); err != nil {
		return err
	}
	if err := t.appendEvents(ctx); err != nil {
		return err
	}
	return t.commit(ctx)
}

// readClock sets now, which only transactions that write have by themselves.
func (t *tx) readClock(ctx context.Context) error {
	if t.s.o.Now != nil {
		t.now = micros(t.s.o.Now())
		return nil
	}
	now, ok, err := t.db.clock(ctx, t.transaction)
	if err != nil {
		return err
	}
	if !ok {
		now = micros(time.Now())
	}
	t.now = now
	return nil
}

func (t *tx) done() {
	for _, fn := range t.after {
		fn()
	}
}

// one scans the first row, if there is one.
func one(ctx context.Context, t transaction, dest []any, query string, args ...any) (bool, error) {
	r, err := t.query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer r.Close()
	if !r.Next() {
		return false, r.Err()
	}
	if err := r.Scan(dest...); err != nil {
		return false, err
	}
	r.Close()
	return true, r.Err()
}

// micros and moment are how a time is stored: to the microsecond, with 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// hostName is this machine's name for records.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
