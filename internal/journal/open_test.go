package journal

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

func TestNothingIsMadeBeforeTheFirstUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := New(Options{Dir: dir})
	ctx := t.Context()
	if s.Exists() || s.Shared() {
		t.Error("a journal in nothing")
	}
	if _, err := s.Get(ctx, "op-x"); err != ErrNotFound { //nolint:errorlint // exactly
		t.Errorf("get: %v", err)
	}
	if page, err := s.List(ctx, Filter{}); err != nil || len(page.Operations) != 0 {
		t.Errorf("list: %v, %v", page, err)
	}
	if used, err := s.Used(ctx, "x"); err != nil || used {
		t.Errorf("used: %v, %v", used, err)
	}
	if swept, err := s.Sweep(ctx, noEnqueue); err != nil || len(swept.IDs) != 0 {
		t.Errorf("sweep: %v, %v", swept, err)
	}
	if pending, err := s.Pending(ctx); err != nil || pending {
		t.Errorf("pending: %v, %v", pending, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is there: %v", err)
	}
	if _, err := s.Key(ctx, "x"); err == nil {
		t.Error("a closed store was opened again")
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := filepath.Join(t.TempDir(), "a", "state %41?#ü")
	s := New(Options{Dir: dir})
	begin(t, s, operation())
	if err := s.Locked(t.Context(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		names = append(names, d.Name())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{databaseFile, databaseFile + "-wal", databaseFile + "-shm", lockFile, workersFolder} {
		if !strings.Contains(strings.Join(names, "\n")+"\n", name+"\n") {
			t.Errorf("%s is not there: %q", name, names)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestACommitIsOnDiskBeforeItIsAnswered(t *testing.T) {
	s := New(Options{Dir: t.TempDir()})
	defer s.Close()
	db, err := s.SQLite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v", pragma, got, err)
		}
	}
}

func TestManyOpenOneFreshJournalAtOnce(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		var wg sync.WaitGroup
		start := make(chan struct{})
		keys := make([]string, 8)
		for i := range keys {
			s := open()
			wg.Go(func() {
				<-start
				if l, err := s.Begin(t.Context(), operation(), nil); err != nil {
					t.Error(err)
				} else if err := l.Record(t.Context(), Update{Event: "ended", Status: Succeeded}); err != nil {
					t.Error(err)
				}
				key, err := s.Key(t.Context(), "confirmations")
				if err != nil || len(key) != 32 {
					t.Error(key, err)
				}
				keys[i] = string(key)
			})
		}
		close(start)
		wg.Wait()
		for _, key := range keys[1:] {
			if key != keys[0] {
				t.Error("two keys of one name")
			}
		}
		if v := verify(t, open(), ""); v.Problem != nil || v.Events != 16 {
			t.Errorf("%+v", v)
		}
	})
}

func TestMigrationFromEachEarlierVersion(t *testing.T) {
	// One more than there is, so that the step from the version in use to the next one is always tried.
	next := append(migrations[:len(migrations):len(migrations)], migration{
		version: len(migrations) + 1, sql: `ALTER TABLE journal_operations ADD COLUMN added TEXT NOT NULL DEFAULT 'new'`,
	})
	for version := range next {
		t.Run(fmt.Sprintf("from %d", version), func(t *testing.T) {
			each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
				old := open()
				old.migrations = next[:version]
				if version == 0 {
					old.migrations = nil
				}
				var op Operation
				if version > 0 {
					op = ended(t, old, operation())
				} else if err := old.Locked(t.Context(), func() error { return nil }); err != nil {
					t.Fatal(err)
				}
				s := open()
				s.migrations = next
				if version > 0 {
					if got := get(t, s, op.ID); got.Status != Succeeded || len(got.Steps) != 2 {
						t.Errorf("the old operation: %+v", got)
					}
				}
				l := begin(t, s, operation())
				record(t, l, Update{Event: "ended", Status: Succeeded})
				var added string
				if err := s.read(t.Context(), "look", func(ctx context.Context, t *tx) error {
					_, err := one(ctx, t, []any{&added}, `SELECT added FROM journal_operations WHERE id = ?`, l.id)
					return err
				}); err != nil || added != "new" {
					t.Errorf("the new column: %q, %v", added, err)
				}
				if v := verify(t, s, ""); v.Problem != nil {
					t.Error(v.Problem)
				}
				// What is older refuses what is newer, and leaves it as it is.
				older := open()
				older.migrations = next[:len(next)-1]
				_, err := older.List(t.Context(), Filter{})
				if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "newer version of this program") {
					t.Errorf("an older program: %v", err)
				}
			})
		})
	}
}

func TestAFailedMigrationLeavesTheOldSchemaAndIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		op := ended(t, open(), operation())
		s := open()
		bad := migration{version: len(migrations) + 1, sql: `ALTER TABLE journal_operations ADD COLUMN added TEXT; SELECT * FROM nowhere`}
		s.migrations = append(migrations[:len(migrations):len(migrations)], bad)
		if _, err := s.Get(t.Context(), op.ID); err == nil {
			t.Fatal("it went well")
		}
		get(t, open(), op.ID)
		s.migrations[len(migrations)].sql = `ALTER TABLE journal_operations ADD COLUMN added TEXT`
		get(t, s, op.ID)
	})
}

// refused checks an error for people: a fault, with these words in it.
func refused(t *testing.T, err error, code fault.Code, retryable bool, words ...string) {
	t.Helper()
	var f *fault.Error
	if !asError(err, &f) || f.Code != code || f.Retryable != retryable || f.Hint == "" {
		t.Errorf("got %#v", err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func TestADirectoryThatCanNotBeUsed(t *testing.T) {
	tests := []struct {
		name  string
		make  func(dir string) error
		words []string
	}{
		{"a file is in its place", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, []string{"can't be written", "--state-dir"}},
		{"the database is a folder", func(dir string) error { return os.MkdirAll(filepath.Join(dir, databaseFile), 0o700) }, []string{"can't be written", "--state-dir"}},
		{"the database is something else", func(dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, databaseFile), []byte(strings.Repeat("not a database. ", 400)), 0o600)
		}, []string{"is damaged", "backup"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			if err := test.make(dir); err != nil {
				t.Fatal(err)
			}
			s := New(Options{Dir: dir})
			_, err := s.Begin(t.Context(), operation(), nil)
			refused(t, err, fault.Internal, false, append(test.words, dir)...)
			// When it is put right, the same store goes on.
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			begin(t, s, operation())
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestALockedFileIsSaidAndTriedAgain(t *testing.T) {
	dir := t.TempDir()
	first := New(Options{Dir: dir})
	defer first.Close()
	begin(t, first, operation())
	db, err := sql.Open("sqlite", dataSource(filepath.Join(dir, databaseFile), time.Second, "immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hold, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Dir: dir})
	defer s.Close()
	s.patience = 20 * time.Millisecond
	_, err = s.Begin(t.Context(), operation(), nil)
	refused(t, err, fault.UpstreamUnavailable, true, "is locked by another process", dir)
	if _, err := s.List(t.Context(), Filter{}); err != nil {
		t.Errorf("reading waits for who writes: %v", err)
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	begin(t, s, operation())
}

func TestAMigrationThatNeverEndsIsSaid(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		ready, end, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		// Whoever migrates has opened the database. What waits for it finds an earlier schema.
		holder, s := open(), open()
		go func() {
			ended <- holder.Locked(t.Context(), func() error { close(ready); <-end; return nil })
		}()
		<-ready
		s.migrations = append(migrations[:len(migrations):len(migrations)], migration{len(migrations) + 1, `CREATE TABLE journal_more (n BIGINT)`})
		s.patience = 10 * time.Millisecond
		_, err := s.Begin(t.Context(), operation(), nil)
		refused(t, err, fault.UpstreamUnavailable, true, "is locked by another process")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Begin(ctx, operation(), nil); !strings.Contains(fmt.Sprint(err), "context canceled") {
			t.Errorf("a caller that has gone: %v", err)
		}
		close(end)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		begin(t, s, operation())
	})
}

func TestAFullDiskIsSaidAndNothingIsHalfWritten(t *testing.T) {
	s := New(Options{Dir: t.TempDir()})
	defer s.Close()
	l := begin(t, s, operation())
	db, err := s.SQLite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		var got int
		if err := db.QueryRow(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages)).Scan(&got); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes the number of pages that there are
	large := operation(func(o *Operation) { o.Reason = strings.Repeat("x", 100_000) })
	_, err = s.Begin(t.Context(), large, nil)
	refused(t, err, fault.Internal, true, "is full")
	if _, err := s.Get(t.Context(), large.ID); err == nil {
		t.Error("the operation is there")
	}
	update := Update{Event: "outcome", Snapshot: []byte(`"` + strings.Repeat("y", 100_000) + `"`)}
	refused(t, l.Record(t.Context(), update), fault.Internal, true, "is full")
	limit(1_000_000)
	begin(t, s, large)
	record(t, l, update)
	if v := verify(t, s, ""); v.Problem != nil || v.Events != 3 {
		t.Errorf("%+v", v)
	}
}

func TestADatabaseServerThatRefuses(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	good := cluster.URL(t)
	const secret = "wrong-Secret-2"
	tests := []struct {
		name, url string
		code      fault.Code
		retryable bool
		words     []string
	}{
		{"a wrong password", cluster.TCP(t, good, secret), fault.Internal, false, []string{"refused the login", "password in the database URL"}},
		{"no such database", strings.Replace(cluster.TCP(t, good, pgtest.Password), "/test", "/nowhere", 1), fault.Internal, false, []string{"nowhere", "does not exist"}},
		{"nobody at this port", "postgres://app:" + secret + "@127.0.0.1:1/x?sslmode=disable", fault.UpstreamUnavailable, true, []string{"can't be reached", "127.0.0.1"}},
		{"no URL at all", "postgres://app:" + secret + "@127.0.0.1:port/x", fault.Internal, false, []string{"can't be read"}},
		{"another broken URL", "host=127.0.0.1 password='" + secret, fault.Internal, false, []string{"can't be read"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{Dir: t.TempDir(), URL: test.url})
			defer s.Close()
			_, err := s.Begin(t.Context(), operation(), nil)
			refused(t, err, test.code, test.retryable, test.words...)
			for e := err; e != nil; e = unwrap(e) {
				if strings.Contains(e.Error(), secret) {
					t.Errorf("the password is in %q", e)
				}
			}
		})
	}
}

func unwrap(err error) error {
	if e, ok := err.(interface{ Unwrap() error }); ok { //nolint:errorlint // the chain itself
		return e.Unwrap()
	}
	return nil
}

func TestADatabaseServerThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := New(Options{Dir: t.TempDir(), URL: cluster.URL(t)})
	defer s.Close()
	l := begin(t, s, operation())
	cluster.Crash(t)
	_, err := s.Begin(t.Context(), operation(), nil)
	refused(t, err, fault.UpstreamUnavailable, true)
	refused(t, l.Record(t.Context(), Update{Event: "outcome"}), fault.UpstreamUnavailable, true)
	_, err = s.List(t.Context(), Filter{})
	refused(t, err, fault.UpstreamUnavailable, true)
	cluster.Start(t)
	// Dead connections of the pool are found and replaced without anybody seeing them.
	for range poolSize {
		begin(t, s, operation())
	}
	record(t, l, Update{Event: "ended", Status: Succeeded})
	if v := verify(t, s, ""); v.Problem != nil {
		t.Error(v.Problem)
	}
}
