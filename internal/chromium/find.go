package chromium

import (
	"os"
	"os/exec"
	"testing"
)

// Env names the browser to use instead of the one that is found.
const Env = "JIRA_LIFECYCLE_CHROMIUM"

// Bin returns the program to run, "" when there is none.
func Bin() string {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	if told := os.Getenv(Env); told != "" {
		names = []string{told}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Need starts a browser for this test and those below it. Where there is none the test is skipped, and fails if CI=true is in the environment.
func Need(t testing.TB) *Browser {
	t.Helper()
	if Bin() == "" {
		const missing = "Chromium is not installed (no chromium or google-chrome in PATH)"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing + ", and CI=true asks for it: apt-get install chromium")
		}
		t.Skip(missing + ", so this test is left out")
	}
	b, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Open opens a file in a tab of its own, which is closed when the test ends.
func (b *Browser) Open(t testing.TB, path string, prepare ...Action) *Tab {
	t.Helper()
	tab, err := b.Tab(path, prepare...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	return tab
}
