//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows

package filelock_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/filelock"
)

// holdEnv makes the test binary a process that holds the lock of that file until it is killed.
const holdEnv = "FILELOCK_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		f, err := filelock.Take(path, true)
		fmt.Println(err)
		io.Copy(io.Discard, os.Stdin)
		f.Close()
		return
	}
	os.Exit(m.Run())
}

func TestTakeIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if _, err := filelock.Take(path, false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Take of no file = %v, want fs.ErrNotExist", err)
	}
	held, err := filelock.Take(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Take(path, false); !errors.Is(err, filelock.ErrLocked) {
		t.Fatalf("Take of a held file = %v, want ErrLocked", err)
	}
	waited := make(chan error, 1)
	go func() {
		f, err := filelock.Take(path, true)
		if err == nil {
			f.Close()
		}
		waited <- err
	}()
	select {
	case err := <-waited:
		t.Fatalf("a Take that waits came back with %v while the file was held", err)
	default:
	}
	held.Close()
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	free, err := filelock.Take(path, false)
	if err != nil {
		t.Fatalf("Take after its holder let go = %v", err)
	}
	free.Close()
}

func TestTheLockEndsWithItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), holdEnv+"="+path)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "<nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if _, err := filelock.Take(path, false); !errors.Is(err, filelock.ErrLocked) {
		t.Fatalf("Take of another process's file = %v, want ErrLocked", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	f, err := filelock.Take(path, false)
	if err != nil {
		t.Fatalf("Take after the holder was killed = %v", err)
	}
	f.Close()
}
