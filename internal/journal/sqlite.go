package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/filelock"
)

const (
	databaseFile = "journal.db"
	lockFile     = "journal.lock"
	// patience is how long a statement waits for another process. A transaction of ours takes milliseconds.
	patience = 10 * time.Second
	// lockPatience is how often as long opening waits for another process that migrates.
	lockPatience = 3
)

// sqlite is a journal in a file. One connection writes; a few others read the last commit without waiting for it.
type sqlite struct {
	dir      string
	patience time.Duration
	path     string
	file     os.FileInfo // as it was opened
	writer   *sql.DB
	readers  *sql.DB

	writing, reading statements
}

func openSQLite(dir string, patience time.Duration) (*sqlite, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, databaseFile)
	// SQLite gives the files beside the database the database's own mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	file, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	s := &sqlite{dir: dir, patience: patience, path: path, file: file}
	if s.writer, err = sql.Open("sqlite", dataSource(path, patience, "immediate", "synchronous(FULL)", "foreign_keys(1)")); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if s.readers, err = sql.Open("sqlite", dataSource(path, patience, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	s.readers.SetMaxOpenConns(4)
	s.writing = statements{db: s.writer, prepared: map[string]*sql.Stmt{}}
	s.reading = statements{db: s.readers, prepared: map[string]*sql.Stmt{}}
	return s, nil
}

// dataSource names a file to the driver so that no character of its path means something else.
func dataSource(path string, patience time.Duration, lock string, pragmas ...string) string {
	query := url.Values{"_txlock": {lock}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds())}}
	query["_pragma"] = append(query["_pragma"], pragmas...)
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

func (s *sqlite) begin(ctx context.Context, readOnly bool) (transaction, error) {
	// SQLite would go on in a file that was moved away or replaced, where nobody will find the record.
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(now, s.file) {
		return nil, fault.New(fault.Internal, "Put the state directory back as it was, or restart the server, which then starts a new journal. Operations that were under way are in the old one.",
			"The journal in %s was moved or replaced while this program runs.", s.dir).Because(err)
	}
	known := &s.writing
	if readOnly {
		known = &s.reading
	}
	t, err := known.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &sqlTransaction{t: t, known: known}, nil
}

func (s *sqlite) clock(context.Context, transaction) (now int64, ok bool, err error) {
	return 0, false, nil
}

// A transaction that writes has the database to itself from its start.
func (s *sqlite) forUpdate() string  { return "" }
func (s *sqlite) skipLocked() string { return "" }

func (s *sqlite) close() error { return errors.Join(s.readers.Close(), s.writer.Close()) }

func (s *sqlite) migrate(ctx context.Context, all []migration) error {
	version, err := s.version(ctx)
	if err != nil {
		return err
	}
	if todo, err := pending(all, version, s.dir); err != nil || len(todo) == 0 {
		return err
	}
	return s.locked(ctx, func() error {
		// Kept in the file. Two processes that switch a fresh file at the same moment fail one another.
		if _, err := s.writer.ExecContext(ctx, `PRAGMA journal_mode = WAL`); err != nil {
			return err
		}
		t, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer t.Rollback() //nolint:errcheck // nothing to roll back after a commit
		if _, err := t.ExecContext(ctx, createVersion); err != nil {
			return err
		}
		version := 0
		if err := t.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM journal_version`).Scan(&version); err != nil {
			return err
		}
		todo, err := pending(all, version, s.dir)
		if err != nil {
			return err
		}
		for _, m := range todo {
			if _, err := t.ExecContext(ctx, m.sql); err != nil {
				return fmt.Errorf("migrate the journal to schema %d: %w", m.version, err)
			}
			if _, err := t.ExecContext(ctx, `INSERT INTO journal_version VALUES (?)`, m.version); err != nil {
				return err
			}
		}
		return t.Commit()
	})
}

// version is that of the schema, 0 for a file without one.
func (s *sqlite) version(ctx context.Context) (int, error) {
	var tables int
	if err := s.writer.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'journal_version'`).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	var version int
	err := s.writer.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM journal_version`).Scan(&version)
	return version, err
}

func (s *sqlite) locked(ctx context.Context, fn func() error) error {
	path := filepath.Join(s.dir, lockFile)
	created, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := created.Close(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience*s.patience)
	defer cancel()
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for {
		f, err := filelock.Take(path, false)
		if err == nil {
			return errors.Join(fn(), f.Close())
		}
		if !errors.Is(err, filelock.ErrLocked) {
			return err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return ctx.Err()
			}
			return busy(path).Because(err)
		}
	}
}

// exists tells whether there is a journal in this directory.
func existsSQLite(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, databaseFile))
	return err == nil && info.Mode().IsRegular() || err != nil && !errors.Is(err, fs.ErrNotExist)
}

func busy(path string) *fault.Error {
	f := fault.New(fault.UpstreamUnavailable, "Call again in a moment. If it stays so, find the process that holds it, and end it.",
		"%s is locked by another process.", path)
	f.Retryable = true
	return f
}
