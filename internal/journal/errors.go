package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// What the store refuses.
var (
	ErrNotFound  = errors.New("no such operation")
	ErrTokenUsed = errors.New("the confirmation token was used before")
	// ErrLost tells a worker that its lease has ended: another one may have the operation by now, and nothing that it brought was taken.
	ErrLost = errors.New("the operation belongs to another worker by now")
	// ErrHeld: another worker has the operation.
	ErrHeld = errors.New("the operation is being run by another worker")
	// ErrWaiting: it waits for its time, for an approval or, as a batch, for its people.
	ErrWaiting = errors.New("the operation waits")
	ErrEnded   = errors.New("the operation has ended")
)

// BusyError tells that another operation on the same person is pending or running.
type BusyError struct {
	OperationID string
	Status      Status
	Key         string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("operation %s on the same person is %s", e.OperationID, e.Status)
}

var errBadURL = fault.New(fault.Internal, "Give it as postgres://user:password@host:5432/database?sslmode=…; its password may come from a password file (passfile=…) instead.",
	"The database URL can't be read.")

// commitError is a commit whose answer was lost: it may have happened.
type commitError struct{ error }

func (e *commitError) Unwrap() error { return e.error }

// uncertain marks the error of a commit to PostgreSQL that is not the server's own. pgx calls some of them safe to retry after the commit was sent.
func uncertain(err error) error {
	var p *pgconn.PgError
	if err == nil || errors.As(err, &p) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	return &commitError{err}
}

// again tells whether a transaction failed because of another one, so that it shall be run once more. Nothing of it has happened.
func again(err error) bool {
	var s *sqlitedriver.Error
	if errors.As(err, &s) {
		return s.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch p.Code {
		case "23505", "40001", "40P01": // unique_violation, serialization_failure, deadlock_detected
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var commit *commitError
	return pgconn.SafeToRetry(err) && !errors.As(err, &connect) && !errors.As(err, &commit)
}

// interrupted tells whether an error is how a driver says that the context of a call has ended.
func interrupted(err error) bool {
	var s *sqlitedriver.Error
	return errors.As(err, &s) && s.Code()&0xff == sqlitelib.SQLITE_INTERRUPT || pgconn.Timeout(err)
}

// explain makes an error of a database or of the file system one that a person can act on. Other errors pass unchanged.
// Neither the database's URL nor its password is ever part of it.
func explain(err error, where string) error {
	var f *fault.Error
	var b *BusyError
	var s *sqlitedriver.Error
	var p *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	var path *fs.PathError
	var commit *commitError
	switch {
	case err == nil || errors.As(err, &f) || errors.As(err, &b):
		return err
	case errors.As(err, &commit):
		lost := fault.New(fault.UpstreamUnavailable, "Look at the operations of this person before you ask again: what was begun goes on by itself.",
			"The answer of the %s was lost, so it isn't known whether the last change was recorded.", where)
		lost.Retryable = true
		return lost.Because(err)
	case errors.As(err, &s):
		return explainSQLite(s, where).Because(err)
	case errors.As(err, &p):
		return explainPostgres(p, where).Because(err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return full(where).Because(err)
	case errors.As(err, &path):
		return fault.New(fault.Internal, "Let this user write there, or name another folder with --state-dir.", "The journal in %s can't be written: %v.", where, path).Because(err)
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), pgconn.SafeToRetry(err):
		return unavailable("The %s can't be reached.", where).Because(err)
	}
	return err
}

func unavailable(format string, args ...any) *fault.Error {
	f := fault.New(fault.UpstreamUnavailable, "Nothing was begun without the journal. Call again when the database is back.", format, args...)
	f.Retryable = true
	return f
}

func full(where string) *fault.Error {
	f := fault.New(fault.Internal, "Nothing was begun without the journal. Free some space, then call again.", "The disk that holds the journal in %s is full.", where)
	f.Retryable = true
	return f
}

func explainSQLite(e *sqlitedriver.Error, where string) *fault.Error {
	switch e.Code() & 0xff {
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
		return busy("The journal in " + where)
	case sqlitelib.SQLITE_FULL:
		return full(where)
	case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_PERM, sqlitelib.SQLITE_AUTH:
		return fault.New(fault.Internal, "Let this user write there, or name another folder with --state-dir.", "The journal in %s can't be written (%v).", where, e)
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return fault.New(fault.Internal, "Stop every process that uses it, keep the folder aside, and put back a backup of it.", "The journal in %s is damaged (%v).", where, e)
	case sqlitelib.SQLITE_IOERR:
		return fault.New(fault.Internal, "Look at the disk and its free space, then call again.", "The disk failed under the journal in %s (%v).", where, e)
	}
	return fault.New(fault.Internal, "This should not happen: please report it.", "The journal in %s failed (%v).", where, e)
}

func explainPostgres(e *pgconn.PgError, where string) *fault.Error {
	switch {
	case e.Code == "28P01" || e.Code[:2] == "28":
		return fault.New(fault.Internal, "Correct the user or the password in the database URL.", "The %s refused the login (%s).", where, e.Code)
	case e.Code == "3D000" || e.Code == "3F000":
		return fault.New(fault.Internal, "Create it, or correct the database URL.", "The %s does not exist (%s).", where, e.Code)
	case e.Code == "42501":
		return fault.New(fault.Internal, "Grant the user CREATE on the schema, and reading and writing of the journal's tables.", "The %s refused: %s.", where, e.Message)
	case e.Code == "53100":
		return full(where)
	case e.Code == "25006":
		return fault.New(fault.Internal, "Name the primary server in the database URL (target_session_attrs=read-write).", "The %s is read-only.", where)
	case e.Code[:2] == "53", e.Code[:2] == "57", e.Code[:2] == "08", e.Code[:2] == "55":
		return unavailable("The %s does not answer: %s.", where, e.Message)
	}
	return fault.New(fault.Internal, "This should not happen: please report it.", "The %s failed: %s (%s).", where, e.Message, e.Code)
}
