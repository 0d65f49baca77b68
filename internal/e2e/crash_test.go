package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestCrashMatrix kills the process before, during and after each request of an operation. Another process, which nobody asks for anything, ends
// the operation as planned; no write that took effect is sent again; no operation is lost.
func TestCrashMatrix(t *testing.T) {
	for _, sc := range []scenario{
		{name: "offboarding", prepare: prepareOffboarding},
		{name: "provisioning", prepare: prepareProvisioning},
		{name: "restore", prepare: prepareRestore},
		{name: "batch of five", prepare: prepareBatch, long: true},
	} {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := rehearse(t, sc)
			for i, request := range undisturbed.requests {
				crashes := crashesAt(i+1, request)
				if !request.TookEffect {
					crashes = sc.some(i, crashes)
				}
				for _, c := range crashes {
					t.Run(c.String(), func(t *testing.T) {
						t.Parallel()
						c.run(t, sc, undisturbed)
					})
				}
			}
		})
	}
}

// TestCrashesWhereReadsLag kills the process around each write of an operation whose changes show late, as they do at Atlassian: that a read does
// not show a write is no reason to send it again.
func TestCrashesWhereReadsLag(t *testing.T) {
	for _, sc := range []scenario{
		{name: "offboarding", prepare: prepareOffboarding, lag: time.Second},
		{name: "provisioning", prepare: prepareProvisioning, lag: time.Second},
		{name: "restore", prepare: prepareRestore, lag: time.Second},
	} {
		crashAtWrites(t, sc)
	}
}

// TestCrashesOnPostgreSQL kills the process around each write of operations whose record is in PostgreSQL.
func TestCrashesOnPostgreSQL(t *testing.T) {
	for _, sc := range []scenario{
		{name: "offboarding", prepare: prepareOffboarding, shared: true},
		{name: "batch of five", prepare: prepareBatch, shared: true, long: true},
	} {
		crashAtWrites(t, sc)
	}
}

// crashAtWrites kills the process before, during and after each write of a scenario.
func crashAtWrites(t *testing.T, sc scenario) {
	t.Run(sc.name, func(t *testing.T) {
		t.Parallel()
		undisturbed := rehearse(t, sc)
		for i, request := range undisturbed.requests {
			if !request.TookEffect {
				continue
			}
			crashes := crashesAt(i+1, request)
			if sc.shared {
				crashes = sc.some(i, crashes)
			}
			for _, c := range crashes {
				t.Run(c.String(), func(t *testing.T) {
					t.Parallel()
					c.run(t, sc, undisturbed)
				})
			}
		}
	})
}

// some gives one of the crashes at the i-th request of a long scenario, in turn, unless CI=true asks for all.
func (sc scenario) some(i int, crashes []crash) []crash {
	if !sc.long || os.Getenv("CI") == "true" {
		return crashes
	}
	return crashes[i%len(crashes):][:1]
}

// crashesAt gives the ways to die at a request.
func crashesAt(n int, request sandbox.Request) []crash {
	c := crash{request: n}
	if request.TookEffect {
		c.write = &request
	}
	var crashes []crash
	for _, c.stage = range []string{sandbox.StageBefore, sandbox.StageDuring, sandbox.StageAfter} {
		crashes = append(crashes, c)
	}
	if request.TookEffect {
		c.stage, c.late = sandbox.StageBefore, true
		crashes = append(crashes, c)
	}
	return crashes
}
