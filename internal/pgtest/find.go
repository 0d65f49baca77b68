package pgtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// debian is where Debian's packages put PostgreSQL, each major version in a folder of its own and none of them in PATH.
const debian = "/usr/lib/postgresql"

// Bin returns the folder of the newest installed PostgreSQL that can make clusters, "" when there is none.
func Bin() string {
	if found := newest(debian); found != "" {
		return found
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(initdb); err == nil {
		initdb = real
	}
	return filepath.Dir(initdb)
}

// newest finds the bin folder of the highest major version below root.
func newest(root string) string {
	found, _ := filepath.Glob(filepath.Join(root, "*", "bin", "initdb")) // errs on a bad pattern alone
	major := func(initdb string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // what is no number comes last
		return n
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) }))
}

// need returns Bin, or ends the test when there is none.
func need(t testing.TB) string {
	t.Helper()
	bin := Bin()
	if bin != "" {
		return bin
	}
	const missing = "PostgreSQL is not installed (no initdb in " + debian + "/*/bin or in PATH)"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing + ", and CI=true asks for it: apt-get install postgresql")
	}
	t.Skip(missing + ", so this test is left out")
	return ""
}
