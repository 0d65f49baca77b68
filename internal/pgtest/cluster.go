package pgtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Role owns every database that URL makes. It is an ordinary role, as a careful administrator would give a program.
	Role = "app"
	// Password is Role's over TCP. The unix socket asks for none.
	Password = "pgtest-Secret-1"

	superuser = "postgres"
	// patience is for a machine that is busy with other tests.
	patience = time.Minute
)

// Cluster is a PostgreSQL server of its own. Its methods are for one goroutine, except URL and Exec.
type Cluster struct {
	bin, dir  string
	port      int
	owner     *owner        // whom the server runs as
	server    *exec.Cmd     // nil while it is stopped
	exited    chan struct{} // closed when server has ended
	databases atomic.Int64
}

// Start makes and starts a cluster for this test alone, and removes it when the test ends.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c, err := create(need(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.remove)
	return c
}

// create makes a cluster and starts it.
func create(bin string) (*Cluster, error) {
	// Not TMPDIR: the path of a unix socket has to be short (107 bytes), and a server that is not root has to get there.
	dir, err := os.MkdirTemp("/tmp", "pgtest-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	c := &Cluster{bin: bin, dir: dir}
	if err := c.initialize(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return c, nil
}

func (c *Cluster) initialize() error {
	var err error
	if c.owner, err = unprivileged(); err != nil {
		return err
	}
	if err := c.owner.give(c.dir); err != nil {
		return err
	}
	// Nothing has to survive yet, so initdb need not wait for the disk; the server does.
	initdb := c.command("initdb", "--pgdata=data", "--no-sync", "--encoding=UTF8", "--locale=C", "--username="+superuser, "--auth-local=trust", "--auth-host=scram-sha-256")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for attempt := 1; ; attempt++ {
		c.port = freePort()
		err := c.start()
		if err == nil {
			break
		}
		// Another process may have taken the port meanwhile.
		if attempt == 5 || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
	}
	return c.exec(context.Background(), fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", Role, Password))
}

// command makes a command of PostgreSQL, run as the cluster's owner and with nothing of this process's environment that could steer it.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "LC_ALL=C"}
	cmd.SysProcAttr = c.owner.attributes()
	return cmd
}

// freePort finds a port below those that systems hand out by themselves, so that it is still free when a stopped server starts again.
func freePort() int {
	for {
		port := 20000 + rand.IntN(12000)
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			_ = l.Close()
			return port
		}
	}
}

// start starts the server and waits until it answers.
func (c *Cluster) start() error {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own
	server := c.command(
		"postgres", "-D", filepath.Join(c.dir, "data"), "-k", c.dir, "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "max_connections=400", "-c", "shared_buffers=32MB", "-c", "log_line_prefix=%m [%p] ",
	)
	server.Stdout, server.Stderr = log, log
	began, exited := make(chan error, 1), make(chan struct{})
	go run(server, began, exited)
	if err := <-began; err != nil {
		return err
	}
	c.server, c.exited = server, exited
	deadline, tick := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		err := c.exec(context.Background(), "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-exited:
			c.server = nil
			return fmt.Errorf("the server ended at once:\n%s", c.Log())
		case <-deadline:
			c.end(syscall.SIGQUIT)
			return fmt.Errorf("the server does not answer: %w\n%s", err, c.Log())
		}
	}
}

// end sends the server a signal and waits until it has ended.
func (c *Cluster) end(signal os.Signal) {
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(signal) // it may have ended by itself
	select {
	case <-c.exited:
	case <-time.After(patience):
		_ = c.server.Process.Kill()
		<-c.exited
	}
	c.server = nil
}

// remove ends the server without ceremony and deletes the cluster.
func (c *Cluster) remove() {
	c.end(syscall.SIGQUIT)
	_ = os.RemoveAll(c.dir) // a temporary folder; there is nobody to be told
}

// Stop stops the server in good order: clients are cut off, what was committed is on disk.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	c.end(syscall.SIGINT)
}

// Crash stops the server at once, so that the next Start has to recover from the write-ahead log.
func (c *Cluster) Crash(t testing.TB) {
	t.Helper()
	c.end(syscall.SIGQUIT)
}

// Start starts a stopped server again, on the same port and socket: its URLs go on to be right.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if c.server != nil {
		t.Fatal("pgtest: Start of a server that runs")
	}
	if err := c.start(); err != nil {
		t.Fatal(fmt.Errorf("pgtest: %w", err))
	}
}

// URL makes a fresh, empty database that belongs to Role and returns its URL on the unix socket. It is dropped when the test ends.
func (c *Cluster) URL(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", c.databases.Add(1))
	c.Exec(t, fmt.Sprintf("CREATE DATABASE %s OWNER %s", name, Role))
	t.Cleanup(func() {
		// While the server is stopped there is nothing to drop it from: its folder goes as a whole.
		_ = c.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return c.socket(Role, name)
}

// TCP returns the URL of the same database as one that URL made, over loopback and with the given password; Password is the right one.
func (c *Cluster) TCP(t testing.TB, databaseURL, password string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal("pgtest: not a URL of this cluster") // err would show the password
	}
	u.User, u.Host, u.RawQuery = url.UserPassword(Role, password), net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)), "sslmode=disable"
	return u.String()
}

// Exec runs statements as the superuser, each in a transaction of its own: what tests need to do to a server from outside.
func (c *Cluster) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := c.exec(context.Background(), statement); err != nil {
			t.Fatalf("pgtest: %s: %v", statement, err)
		}
	}
}

func (c *Cluster) exec(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.socket(superuser, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (c *Cluster) socket(role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: url.Values{"host": {c.dir}, "port": {strconv.Itoa(c.port)}}.Encode()}
	return u.String()
}

// Dir returns the cluster's folder, which holds its socket and, in "data", its files.
func (c *Cluster) Dir() string { return c.dir }

// Log returns what the server has logged.
func (c *Cluster) Log() string {
	text, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (c *Cluster) logFile() string { return filepath.Join(c.dir, "server.log") }
