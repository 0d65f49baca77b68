package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// record reads the events of a state directory, and checks that their chain is whole.
func record(t *testing.T, stateDir string) []journal.Event {
	t.Helper()
	events, found := readJournal(t, stateDir)
	if found.Problem != nil || found.Events != int64(len(events)) {
		t.Errorf("verify: %+v, with %d events", found, len(events))
	}
	return events
}

func readJournal(t *testing.T, stateDir string) ([]journal.Event, journal.Verification) {
	t.Helper()
	j := journal.New(journal.Options{Dir: stateDir})
	var events []journal.Event
	err := j.Events(t.Context(), journal.ExportFilter{}, func(e journal.Event) error {
		events = append(events, e)
		return nil
	})
	found, err1 := j.Verify(t.Context(), "")
	if err := errors.Join(err, err1, j.Close()); err != nil {
		t.Fatal(err)
	}
	return events, found
}

// TestTheRecordTellsWhoWhyAndWhat makes a change in every way to agree to it, and reads in the record who asked, with which program, on whose machine,
// why, what they were shown, how they agreed, and each step before and after it was sent.
func TestTheRecordTellsWhoWhyAndWhat(t *testing.T) {
	for name, tt := range map[string]struct {
		transport, caller, means string
		edits                    []func(*setup)
	}{
		"a token over HTTP":              {"http", "loopback", "token", nil},
		"a token on stdio":               {"stdio", "local:", "token", nil},
		"a person, asked by the client":  {"http", "loopback", "person", []func(*setup){asked(&person{action: accept})}},
		"a person, asked within a call":  {"stdio", "local:", "person", []func(*setup){asked(&person{action: accept}), speaking(mcp.ProtocolVersion20251125)}},
		"a person, where only they may":  {"http", "loopback", "person", []func(*setup){asked(&person{action: accept}), with("JIRA_LIFECYCLE_CONFIRMATION", "human")}},
		"nobody, since nothing is taken": {"http", "loopback", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, append(tt.edits, over(tt.transport))...)
			var done answer
			if tt.means == "" {
				done = c.call(t, "provision_user", args{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New", "reason": "HR-4711: \"new\" & <hired>"})
			} else {
				done = c.change(t, "offboard_user", args{"user": jane, "reason": "HR-4711: \"new\" & <hired>"})
			}
			done.wants(t, map[string]any{"status": "succeeded"})
			events := record(t, c.stateDir)
			var begun struct{ Operation journal.Operation }
			if events[0].Kind != "begun" || json.Unmarshal(events[0].Data, &begun) != nil {
				t.Fatalf("the record begins with %s %s", events[0].Kind, events[0].Data)
			}
			op := begun.Operation
			if op.ID != done.id() || op.Reason != "HR-4711: \"new\" & <hired>" || !strings.HasPrefix(op.Actor.Caller, tt.caller) || op.Actor.Client != "e2e 1" || !strings.Contains(op.Actor.OSUser, "@") || op.Actor.Call == "" {
				t.Errorf("the record says %+v, reason %q", op.Actor, op.Reason)
			}
			until(t, "a line of the call in the log", func() bool { return strings.Contains(c.log.String(), op.Actor.Call) })
			got := c.operation(t, done.id())
			if tt.means == "" {
				if op.Confirmation != nil {
					t.Errorf("agreed to by %+v", op.Confirmation)
				}
			} else {
				if op.Confirmation == nil || op.Confirmation.Means != tt.means || op.Confirmation.By.Client != "e2e 1" || op.Confirmation.At.IsZero() {
					t.Fatalf("agreed to by %+v", op.Confirmation)
				}
				for _, shown := range slices.Concat(done.all("plan.steps", "detail"), []string{"Jane Doe", "Warnings", "Undo"}) {
					if !strings.Contains(op.Confirmation.Shown, shown) {
						t.Errorf("what was shown lacks %q:\n%s", shown, op.Confirmation.Shown)
					}
				}
				got.wants(t, map[string]any{"operation.confirmation.means": tt.means})
			}
			got.wants(t, map[string]any{"operation.reason": op.Reason, "operation.actor": op.Actor.Caller, "operation.client": "e2e 1", "operation.os_user": op.Actor.OSUser})

			// Each step that writes is in the record before it is sent, and after.
			intended := map[string]time.Time{}
			ended := map[string]bool{}
			for _, e := range events {
				var change struct{ Steps map[string]journal.Step }
				if err := json.Unmarshal(e.Data, &change); err != nil {
					t.Fatal(err)
				}
				for n, step := range change.Steps {
					switch step.Status {
					case journal.StepRunning:
						intended[n] = e.Time
					case journal.StepDone:
						ended[n] = true
					}
				}
			}
			writes := s.writes()
			if len(intended) != len(writes) || len(ended) != len(op.Steps) {
				t.Errorf("%d steps intended and %d ended, of %d with %d requests", len(intended), len(ended), len(op.Steps), len(writes))
			}
			for _, at := range intended {
				if !slices.ContainsFunc(writes, func(w sandbox.Request) bool { return !w.Time.Before(at.Add(-time.Millisecond)) }) {
					t.Errorf("intended at %s, after all that was sent", at)
				}
			}
			if last := events[len(events)-1]; last.Kind != "ended" {
				t.Errorf("the record ends with %s", last.Kind)
			}
		})
	}
}

// TestTheRecordTellsWhoSteered has an operation cancelled, resumed and approved, each by somebody.
func TestTheRecordTellsWhoSteered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inside, outside := twoPeople(t, s, with("JIRA_LIFECYCLE_APPROVAL_TIMEOUT", "1h"))
	s.refuse(t)
	id := inside.change(t, "offboard_user", args{"user": jane}).id()
	outside.call(t, "update_operation", args{"operation_id": id, "action": "approve", "reason": "seen-it"}).wants(t, map[string]any{"operation.status": "partial"})
	s.ClearFaults()
	inside.steer(t, id, "resume").wants(t, map[string]any{"operation.status": "succeeded"})
	dropped := inside.change(t, "offboard_user", args{"user": petra}).id()
	inside.call(t, "update_operation", args{"operation_id": dropped, "action": "cancel", "reason": "wrong-person"}).wants(t, map[string]any{"operation.status": "cancelled"})
	events := record(t, inside.stateDir)
	for _, want := range []struct{ id, actor, word string }{{id, "loopback", "seen-it"}, {id, "local:", "resumed"}, {dropped, "local:", "wrong-person"}} {
		if !slices.ContainsFunc(events, func(e journal.Event) bool {
			return e.OperationID == want.id && strings.HasPrefix(e.Actor, want.actor) && strings.Contains(e.Kind+string(e.Data), want.word)
		}) {
			t.Errorf("no record of %v", want)
		}
	}
}

// TestReadOnlyTakesNothingUp has a server in read-only mode on a state with operations that are due: it shows them, and leaves them and the site alone.
func TestReadOnlyTakesNothingUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := t.TempDir()
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", dir)
	first := connect(t, s, over("stdio"), sameState, impatient, func(su *setup) { su.killed = true })
	due := first.change(t, "offboard_user", args{"user": petra, "effective_at": tomorrow()}).id()
	gone := first.change(t, "offboard_user", args{"user": alex2}).id()
	first.becomes(t, gone, "succeeded")
	s.refuse(t)
	left := first.change(t, "remove_user_from_group", args{"user": manager, "groups": []string{"release-managers"}}).id()
	first.becomes(t, left, "failed")
	s.ClearFaults()
	plan := first.call(t, "offboard_user", args{"user": jane})
	release := s.hold(t, http.MethodPatch, scimUserPath)
	running := first.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).id()
	s.held(t)
	if err := first.child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	release()
	until(t, "the end of what was sent", func() bool { return s.idle(t) })
	timePasses(t, dir, due, time.Minute)

	before, _ := readJournal(t, dir) // the test itself altered it
	sent := len(s.writes())
	reader := connect(t, s, over("stdio"), sameState, with("JIRA_LIFECYCLE_READ_ONLY", "true"))
	reader.call(t, "list_operations", args{"status": "open"}).wants(t, map[string]any{"operations.#": 2})
	for id, action := range map[string]string{running: "resume", left: "resume"} {
		if got := reader.steer(t, id, action); id == left {
			got.wants(t, map[string]any{"code": "protected"})
			got.says(t, "read-only")
		}
	}
	reader.call(t, "restore_user", args{"operation_id": gone}).wants(t, map[string]any{"code": "protected"})
	for id, status := range map[string]string{due: "scheduled", running: "running", left: "failed", gone: "succeeded"} {
		reader.operation(t, id).wants(t, map[string]any{"operation.status": status})
	}
	if now := s.writes(); len(now) != sent {
		t.Errorf("wrote %v", now[sent:])
	}
	if now, _ := readJournal(t, dir); len(now) != len(before) {
		t.Errorf("the record has %d events more", len(now)-len(before))
	}

	// The next one that may change something takes all of it up.
	next := connect(t, s, sameState)
	next.becomes(t, due, "succeeded")
	next.becomes(t, running, "succeeded")
	s.wantOffboarded(t, jane, petra)
	s.didOnce(t)
}

// TestLookingMakesNoJournal has servers that only look: nothing is written where nothing was changed.
func TestLookingMakesNoJournal(t *testing.T) {
	for name, edit := range map[string]func(*setup){"a usual one": func(*setup) {}, "a read-only one": with("JIRA_LIFECYCLE_READ_ONLY", "true")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, newSite(t), over("stdio"), edit)
			c.call(t, "lookup_user", args{"user": jane})
			c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 0})
			c.operation(t, noOperation).wants(t, map[string]any{"code": "not_found"})
			c.steer(t, noOperation, "cancel").wants(t, map[string]any{"code": "not_found"})
			c.call(t, "restore_user", args{"operation_id": noOperation}).wants(t, map[string]any{"code": "not_found"})
			if strings.Contains(name, "read-only") {
				c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"code": "protected"})
			}
			if err := filepath.WalkDir(c.stateDir, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					t.Errorf("%s was written", path)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTheJournalIsPrivate has a state directory that others may read, and looks at what the server makes in it while it runs and afterwards.
func TestTheJournalIsPrivate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := filepath.Join(t.TempDir(), "state")
	c := connect(t, s, over("stdio"), with("JIRA_LIFECYCLE_STATE_DIR", dir))
	var tokens []string
	for _, user := range []string{jane, petra} {
		token := c.call(t, "offboard_user", args{"user": user}).str("confirmation.token")
		tokens = append(tokens, token)
		c.call(t, "offboard_user", args{"user": user, "confirm": token})
	}
	waiting := c.call(t, "offboard_user", args{"users": []string{alex, alex2}, "effective_at": tomorrow()}).str("confirmation.token")
	tokens = append(tokens, waiting)
	secrets := slices.Concat(credentialsOf(s.env), tokens)
	for _, file := range []string{"journal.db", "workers"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	checkFiles(t, dir, secrets)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	checkFiles(t, dir, secrets)
	raw, err := os.ReadFile(filepath.Join(dir, "journal.db"))
	if err != nil || !strings.Contains(string(raw), jane) {
		t.Errorf("the journal can't be searched for secrets (%v): the test proves nothing", err)
	}
}
