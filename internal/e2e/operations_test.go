package e2e

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
