package e2e

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// change calls a write tool and, where it asks for that, confirms its plan. What became of it is for the caller to check.
func (s *session) change(t *testing.T, tool string, arguments args) answer {
	t.Helper()
	got := s.call(t, tool, arguments)
	token := got.str("confirmation.token")
	if token == "" {
		return got
	}
	again := maps.Clone(arguments)
	again["confirm"] = token
	return s.call(t, tool, again)
}

// operation looks an operation up.
func (s *session) operation(t *testing.T, id string) answer {
	t.Helper()
	return s.call(t, "get_operation", args{"operation_id": id})
}

// becomes waits until an operation is in a state, and gives it as it is then. An operation that is over stays as it is, so that it is not waited for.
func (s *session) becomes(t *testing.T, id, status string) answer {
	t.Helper()
	var got answer
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	until(t, "operation "+id+" becoming "+status, func() bool {
		<-tick.C
		got = s.operation(t, id)
		now := got.str("operation.status")
		return now == status || slices.Contains([]string{"succeeded", "partial", "failed", "cancelled"}, now)
	})
	if now := got.str("operation.status"); now != status {
		t.Fatalf("operation %s is %s, want %s\n%s", id, now, status, got.text)
	}
	return got
}

// steer calls update_operation.
func (s *session) steer(t *testing.T, id, action string) answer {
	t.Helper()
	return s.call(t, "update_operation", args{"operation_id": id, "action": action})
}

// hold has the site stop the first request of a kind before it takes effect, until release is called or the test ends. It is called when the server
// is there already, since a server does not stop while it waits for an answer.
func (s *site) hold(t *testing.T, method, path string) (release func()) {
	t.Helper()
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Method: method, Path: path, Stage: sandbox.StageBefore, Times: 1})
	release = func() {
		s.ClearFaults()
		s.ReleaseAll(true)
	}
	t.Cleanup(release)
	return release
}

// Where the writes of an offboarding go.
const (
	scimUserPath   = "/scim/directory/{d}/Users/{id}$"
	scimGroupPath  = "/scim/directory/{d}/Groups/{id}$"
	membershipPath = "/rest/api/3/group/user$"
)

// refuse has the site refuse, from now on, what would take a person out of a group.
func (s *site) refuse(t *testing.T) {
	t.Helper()
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusForbidden, Method: http.MethodDelete, Path: membershipPath})
}

// steps gives what became of each step, as "action target: status".
func (a answer) steps(path string) []string {
	var list []string
	actions, targets, statuses := a.all(path, "action"), a.all(path, "target"), a.all(path, "status")
	for i, action := range actions {
		list = append(list, action+" "+targets[i]+": "+statuses[i])
	}
	return list
}

// wantSteps checks what became of each step of an operation.
func (a answer) wantSteps(t *testing.T, path string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, a.steps(path)); diff != "" {
		t.Errorf("%s: steps (-want +got):\n%s\n%s", a.tool, diff, a.text)
	}
}

// tomorrow is a time to schedule a change for.
func tomorrow() string { return time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339) }
