package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestCrashMatrix kills the process before, during and after each request of an operation. Another process, which nobody asks for anything, ends
// the operation as planned; no write that took effect is sent again; no operation is lost.
//
// A read, and each request of the batch, which sends many, has one of its crashes in turn; JIRA_LIFECYCLE_CRASHES=all (make crashes) gives each all of them.
func TestCrashMatrix(t *testing.T) {
	for _, sc := range []scenario{
		{name: "offboarding", prepare: prepareOffboarding},
		{name: "provisioning", prepare: prepareProvisioning},
		{name: "restore", prepare: prepareRestore},
		{name: "batch of five", prepare: prepareBatch, long: true},
	} {
		sc.crashAt(t, func(sandbox.Request) bool { return true })
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
		sc.crashAt(t, writes)
	}
}

// TestCrashesOnPostgreSQL kills the process around each write of operations whose record is in PostgreSQL.
func TestCrashesOnPostgreSQL(t *testing.T) {
	for _, sc := range []scenario{
		{name: "offboarding", prepare: prepareOffboarding, shared: true},
		{name: "batch of five", prepare: prepareBatch, shared: true, long: true},
	} {
		sc.crashAt(t, writes)
	}
}

// TestCrashesOfTheOrganizationsSteps kills the process around each write that goes to the organization: no token that was revoked twice is told as a failure,
// and nobody who left stays inside.
func TestCrashesOfTheOrganizationsSteps(t *testing.T) {
	for _, sc := range []scenario{
		{name: "deactivation and tokens", prepare: prepareManaged},
		{name: "deactivation and tokens, while reads lag", prepare: prepareManaged, lag: time.Second, long: true},
		{name: "suspension", prepare: prepareSuspension},
		{name: "suspension, while reads lag", prepare: prepareSuspension, lag: time.Second, long: true},
		{name: "restored access", prepare: prepareAccess, long: true},
	} {
		sc.crashAt(t, func(r sandbox.Request) bool {
			return writes(r) && (strings.HasPrefix(r.Path, "/users/") || strings.HasPrefix(r.Path, "/admin/"))
		})
	}
}

// TestCrashesOfATransfer kills the process around each write that hands over what somebody leaves behind, or gives it back: nothing is with nobody, nothing is
// taken from a third person, and all of it is with whom it should be.
func TestCrashesOfATransfer(t *testing.T) {
	for _, sc := range []scenario{
		{name: "transfer", prepare: prepareTransfer, long: true},
		{name: "transfer, while reads lag", prepare: prepareTransfer, lag: time.Second, long: true},
		{name: "given back", prepare: prepareGivingBack, long: true},
	} {
		issues := 0
		sc.crashAt(t, func(r sandbox.Request) bool {
			if strings.HasSuffix(r.Path, "/assignee") { // one in three stands for the others
				if issues++; issues%3 != 1 {
					return false
				}
			}
			return writes(r) && r.Method == http.MethodPut
		})
	}
}

func writes(r sandbox.Request) bool { return r.TookEffect }

// crashAt kills the process in every way at each of the scenario's requests that which accepts.
func (sc scenario) crashAt(t *testing.T, which func(sandbox.Request) bool) {
	t.Run(sc.name, func(t *testing.T) {
		t.Parallel()
		undisturbed := rehearse(t, sc)
		for i, request := range undisturbed.requests {
			if !which(request) {
				continue
			}
			for _, c := range sc.crashes(i+1, request) {
				t.Run(c.String(), func(t *testing.T) {
					t.Parallel()
					c.run(t, sc, undisturbed)
				})
			}
		}
	})
}

// crashes gives the ways to die at the n-th request.
func (sc scenario) crashes(n int, request sandbox.Request) []crash {
	c := crash{request: n}
	if request.TookEffect {
		c.write = &request
	}
	var all []crash
	for _, c.stage = range []string{sandbox.StageBefore, sandbox.StageDuring, sandbox.StageAfter} {
		all = append(all, c)
	}
	if request.TookEffect {
		c.stage, c.late = sandbox.StageBefore, true
		all = append(all, c)
	}
	if (sc.long || !request.TookEffect) && os.Getenv("JIRA_LIFECYCLE_CRASHES") != "all" {
		return all[n%len(all):][:1]
	}
	return all
}
