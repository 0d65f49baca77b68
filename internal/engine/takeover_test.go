package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// holderEnv makes the test binary a process that begins an operation and holds it until it is killed. It is the state directory, a space, and the
// database's URL.
const holderEnv = "ENGINE_TEST_HOLDER"

func hold() {
	dir, url, _ := strings.Cut(os.Getenv(holderEnv), " ")
	store := journal.New(journal.Options{Dir: dir, URL: url})
	op := operations(1)[0]
	if _, err := store.Begin(context.Background(), op, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(op.ID)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// killedHolder gives an operation whose process was killed while it had the lease.
func killedHolder(t *testing.T, s *site) journal.Operation {
	t.Helper()
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), holderEnv+"="+s.dir+" "+s.url)
	other.Stderr = os.Stderr
	stdin, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "op-") {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	return journal.Operation{ID: strings.TrimSpace(line)}
}

func TestTheOperationOfAProcessThatIsGoneIsTakenOverAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		op := killedHolder(t, s)
		s.stands = time.Now() // so the lease does not lapse
		p := s.process(t, Options{}, succeed)
		waitEnded(t, p.store, []journal.Operation{op})
		got, err := p.store.Get(t.Context(), op.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Epoch < 2 {
			t.Errorf("epoch is %d: nobody took the lease away", got.Epoch)
		}
	})
}

func TestALeaseOfAnotherHostIsTakenOverWhenItLapses(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		op := killedHolder(t, s)
		// Another host's processes have no file here.
		if err := os.RemoveAll(filepath.Join(s.dir, "workers")); err != nil {
			t.Fatal(err)
		}
		p := s.process(t, Options{Sweep: 10 * time.Millisecond}, succeed)
		others := operations(1)
		add(t, p.store, others)
		waitEnded(t, p.store, others) // by then the engine has swept
		if got, err := p.store.Get(t.Context(), op.ID); err != nil || got.Status != journal.Running {
			t.Fatalf("before its lease lapsed the operation is %s, %v", got.Status, err)
		}
		s.pass(journal.DefaultLease + time.Second)
		waitEnded(t, p.store, []journal.Operation{op})
	})
}

func TestStopGivesOperationsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		a := s.process(t, Options{Workers: 1, Sweep: time.Hour}, untilStopped)
		ops := operations(3)
		add(t, a.store, ops)
		a.Kick()
		a.next(t)
		a.stop(t)
		for _, op := range ops {
			if got, err := a.store.Get(t.Context(), op.ID); err != nil || got.Status != journal.Queued || got.Owner != "" {
				t.Errorf("after the stop operation %s is %s of %q, %v", op.ID, got.Status, got.Owner, err)
			}
		}
		b := s.process(t, Options{Sweep: time.Hour}, succeed)
		waitEnded(t, b.store, ops)
	})
}

func TestStopEndsWithItsContext(t *testing.T) {
	s := &site{dir: t.TempDir()}
	stubborn := make(chan struct{})
	p := s.process(t, Options{Sweep: time.Hour}, func(_ context.Context, lease *journal.Lease) error {
		<-stubborn
		return lease.Release(context.Background(), 0)
	})
	add(t, p.store, operations(1))
	p.Kick()
	p.next(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop = %v while an operation ignores its context", err)
	}
	close(stubborn)
}

// A process may die with jobs that it never fetched. What it left in River is not due in the journal for half a minute.
func TestJobsThatADeadProcessLeftAreRunAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.stands = time.Now() // so nothing becomes due again
		store := s.store(t)
		ops := operations(5)
		add(t, store, ops)
		dead := &loop{Engine: New(Options{Journal: store, Log: testLog(t)})}
		if ids, _, err := dead.take(t.Context()); err != nil || len(ids) != len(ops) {
			t.Fatalf("took %d, %v", len(ids), err)
		}
		p := s.process(t, Options{Sweep: time.Hour}, succeed)
		waitEnded(t, p.store, ops)
	})
}
