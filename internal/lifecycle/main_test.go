package lifecycle_test

import (
	"flag"
	"os"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// TestMain sets what the command line left open: most of these tests wait rather than work, so that many run side by side, and each check of a
// property is a whole site with a journal, so that a few are a lot.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	checks := "20"
	if underRace {
		checks = "10"
	}
	for name, value := range map[string]string{"test.parallel": "16", "rapid.checks": checks} {
		if !given[name] {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(pgtest.Run(m))
}
