package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

const module = "github.com/jira-lifecycle/jira-lifecycle-mcp"

// bench is what all measures share.
type bench struct {
	options
	dir           string // temporary: programs, and the state of each process
	program, bare string // paths of the two servers
	processes     int    // started so far

	scope   *scope
	cluster *pgtest.Cluster // nil until a measure needs PostgreSQL
}

// newBench builds the program as `make build` does, and the bare server in the same way. The caller closes it.
func newBench(ctx context.Context, o options) (*bench, error) {
	dir, err := os.MkdirTemp("", "jira-lifecycle-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, scope: &scope{}, dir: dir, program: filepath.Join(dir, "jira-lifecycle-mcp"), bare: filepath.Join(dir, "bareserver")}
	for path, source := range map[string]string{b.program: module + "/cmd/jira-lifecycle-mcp", b.bare: module + "/internal/bench/bareserver"} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.close()
			return nil, fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
	}
	return b, nil
}

func (b *bench) close() {
	b.scope.close()
	_ = os.RemoveAll(b.dir) // what is left is in the system's folder for temporary files
}

// note tells on stderr what is being measured.
func (b *bench) note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// pick gives the size of a measure: full, or quick with --quick.
func (b *bench) pick(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// environment is what a process gets to see: nothing of the settings of whoever runs the benchmark, and a state folder of its own.
func (b *bench) environment(extra map[string]string) ([]string, error) {
	b.processes++
	home := filepath.Join(b.dir, "home", strconv.Itoa(b.processes))
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + b.dir}
	for name, value := range extra {
		env = append(env, name+"="+value)
	}
	return env, nil
}

// thousands writes 100000 as "100,000".
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
