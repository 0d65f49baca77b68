package journal

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// TestAReadOnlyDirectory runs itself as nobody where it is root, whom modes don't stop.
func TestAReadOnlyDirectory(t *testing.T) {
	if dir := os.Getenv("JOURNAL_TEST_READ_ONLY"); dir != "" {
		readOnly(t, dir)
		return
	}
	dir, err := os.MkdirTemp("", "read-only-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{"fresh": 0o755, "used": 0o755} {
		if err := os.Mkdir(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	s := New(Options{Dir: filepath.Join(dir, "used")})
	ended(t, s, operation())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{".": 0o755, "fresh": 0o555, "used": 0o555, "used/" + databaseFile: 0o444, "used/" + workersFolder: 0o555} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() != 0 {
		readOnly(t, dir)
		return
	}
	program := filepath.Join(dir, "test")
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	cmd := exec.Command(program, "-test.run=^TestAReadOnlyDirectory$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_READ_ONLY="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func readOnly(t *testing.T, dir string) {
	for _, name := range []string{"fresh", "used"} {
		s := New(Options{Dir: filepath.Join(dir, name)})
		_, err := s.Begin(t.Context(), operation(), nil)
		refused(t, err, fault.Internal, false, "can't be written", "--state-dir", filepath.Join(dir, name))
		if _, err := s.Verify(t.Context(), ""); name == "used" && err == nil {
			t.Log("reading a journal that can't be written works")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
