package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// buildFlags build the program as this test was built, so that most of it comes from the build cache.
var buildFlags = []string{"build", "-buildvcs=false"}

// buildDir is where the program is built; TestMain removes it.
var buildDir string

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := pgtest.Run(m)
	_ = os.RemoveAll(buildDir) // what is left lies in the system's folder for such things
	os.Exit(code)
}

// program builds the program once a run and gives its path.
var program = sync.OnceValues(func() (string, error) { return build("jira-lifecycle-mcp", buildFlags) })

// quickProgram is the program without a race detector, for tests that start it hundreds of times.
var quickProgram = sync.OnceValues(func() (string, error) { return build("quick", []string{"build", "-buildvcs=false"}) })

func build(name string, flags []string) (string, error) {
	path := filepath.Join(buildDir, name)
	args := append(slices.Clone(flags), "-o", path, "github.com/jira-lifecycle/jira-lifecycle-mcp/cmd/jira-lifecycle-mcp")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return path, nil
}
