package pgtest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { os.Exit(Run(m)) }

// one asks a database for a single value, after statements that give none.
func one[T any](t *testing.T, url, query string, before ...string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range before {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var value T
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestDatabasesAreFreshAndTheRolesOwn(t *testing.T) {
	for range 2 {
		url := URL(t)
		if n := one[int](t, url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"); n != 0 {
			t.Errorf("%d tables in a fresh database", n)
		}
		if n := one[int](t, url, "INSERT INTO here VALUES (7) RETURNING n", "CREATE TABLE here (n int)"); n != 7 {
			t.Errorf("read %d, want 7", n)
		}
		if one[bool](t, url, "SELECT usesuper FROM pg_user WHERE usename = current_user") {
			t.Error("the role is a superuser")
		}
		for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			if got := one[string](t, url, "SHOW "+setting); got != "on" {
				t.Errorf("%s is %s", setting, got)
			}
		}
	}
}

func TestPasswordsOverTCP(t *testing.T) {
	c := Start(t)
	database := c.URL(t)
	if got := one[int](t, c.TCP(t, database, Password), "SELECT 1"); got != 1 {
		t.Error(got)
	}
	_, err := pgx.Connect(t.Context(), c.TCP(t, database, "wrong"))
	if e := (*pgconn.PgError)(nil); !errors.As(err, &e) || e.Code != "28P01" {
		t.Errorf("%v, want an error of authentication", err)
	}
}

func TestAServerThatStopsKeepsWhatWasCommitted(t *testing.T) {
	c := Start(t)
	url := c.URL(t)
	one[int](t, url, "INSERT INTO kept VALUES (0) RETURNING n", "CREATE TABLE kept (n int)")
	for i, stop := range []func(testing.TB){c.Stop, c.Crash} {
		one[int](t, url, "UPDATE kept SET n = n + 1 RETURNING n")
		stop(t)
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			_ = conn.Close(t.Context())
			t.Fatal("a stopped server answers")
		}
		c.Start(t)
		if got := one[int](t, url, "SELECT n FROM kept"); got != i+1 {
			t.Errorf("after stop %d: %d", i+1, got)
		}
	}
}

func TestNothingIsLeft(t *testing.T) {
	var dir string
	t.Run("a cluster", func(t *testing.T) { dir = Start(t).Dir() })
	if _, err := os.Stat(dir); dir != "" && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", dir, err)
	}
}

func TestTheNewestVersionIsTaken(t *testing.T) {
	root := t.TempDir()
	if got := newest(root); got != "" {
		t.Errorf("found %s in an empty folder", got)
	}
	for _, version := range []string{"9.6", "15", "9", "old"} {
		bin := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, "initdb"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := newest(root), filepath.Join(root, "15", "bin"); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}
