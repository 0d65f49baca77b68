package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// twoPeople is a state directory that somebody reaches by stdio and somebody else by HTTP, where changes need a second person.
func twoPeople(t *testing.T, s *site, edits ...func(*setup)) (inside, outside *session) {
	t.Helper()
	edits = append(edits, with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir(), "JIRA_LIFECYCLE_CONFIRMATION", "second_person"))
	return connect(t, s, append(edits, over("stdio"))...), connect(t, s, append(edits, over("http"))...)
}

// TestASecondPersonApproves has each of two ways in ask for an offboarding that the other one approves.
func TestASecondPersonApproves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inside, outside := twoPeople(t, s)
	for name, tt := range map[string]struct {
		asks, approves *session
		user           string
	}{"asked for on stdio": {inside, outside, jane}, "asked for over HTTP": {outside, inside, petra}} {
		t.Run(name, func(t *testing.T) {
			before, sent := s.facts(t, tt.user), len(s.writes())
			waiting := tt.asks.change(t, "offboard_user", args{"user": tt.user, "reason": "HR-4711"})
			waiting.wants(t, map[string]any{"status": "awaiting_approval", "operation.status": "awaiting_approval", "operation.steps.0.status": "pending"})
			waiting.says(t, "second person", "Nothing was changed yet")
			id := waiting.id()
			tt.approves.call(t, "list_operations", args{"status": "awaiting_approval"}).wants(t, map[string]any{"operations.#": 1, "operations.0.operation_id": id})
			shown := tt.approves.operation(t, id) // what the second person decides on
			for _, step := range waiting.all("plan.steps", "detail") {
				shown.says(t, step)
			}
			shown.says(t, "Warnings", "HR-4711")

			own := tt.asks.steer(t, id, "approve")
			own.wants(t, map[string]any{"code": "permission_denied"})
			own.says(t, "nobody approves their own request")
			tt.approves.steer(t, id, "cancel").wants(t, map[string]any{"code": "permission_denied"})
			unapproved := tt.asks.steer(t, id, "resume")
			unapproved.wants(t, map[string]any{"code": "conflict"})
			unapproved.says(t, id, "second person")
			s.want(t, tt.user, before)
			if now := s.writes(); len(now) != sent {
				t.Fatalf("wrote %v before it was approved", now[sent:])
			}

			done := tt.approves.call(t, "update_operation", args{"operation_id": id, "action": "approve", "reason": "seen the ticket"})
			done.wants(t, map[string]any{
				"operation.status": "succeeded", "operation.actor": shown.str("operation.actor"), "operation.confirmation.by": shown.str("operation.actor"), "operation.confirmation.means": "token",
				"operation.approval.means": "approved", "operation.approval.reason": "seen the ticket",
			})
			if by := done.str("operation.approval.by"); by == "" || by == done.str("operation.actor") {
				t.Errorf("asked for by %q, approved by %q", done.str("operation.actor"), by)
			}
			done.says(t, "Approved by", "seen the ticket")
			s.wantOffboarded(t, tt.user)
			for _, action := range []string{"approve", "reject"} {
				tt.approves.steer(t, id, action).wants(t, map[string]any{"code": "conflict"})
			}
			s.didOnce(t)
		})
	}
}

// TestASecondPersonRejects ends it; whoever asked may also take it back.
func TestASecondPersonRejects(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	inside, outside := twoPeople(t, s)
	id := inside.change(t, "offboard_user", args{"user": jane}).id()
	rejected := outside.call(t, "update_operation", args{"operation_id": id, "action": "reject", "reason": "she stays"})
	rejected.wants(t, map[string]any{"operation.status": "cancelled", "operation.approval.means": "rejected", "operation.approval.by": "loopback", "operation.approval.reason": "she stays"})
	rejected.says(t, "Rejected by loopback", "she stays")
	for _, action := range []string{"approve", "reject", "resume", "cancel"} {
		inside.steer(t, id, action).wants(t, map[string]any{"code": "conflict"})
	}
	again := inside.change(t, "offboard_user", args{"user": jane})
	again.wants(t, map[string]any{"status": "awaiting_approval"})
	inside.steer(t, again.id(), "cancel").wants(t, map[string]any{"operation.status": "cancelled"})
	outside.steer(t, again.id(), "approve").wants(t, map[string]any{"code": "conflict"})
}

// TestAnApprovalHasItsTime cancels what nobody approved.
func TestAnApprovalHasItsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	inside, outside := twoPeople(t, s, with("JIRA_LIFECYCLE_APPROVAL_TIMEOUT", "5m"))
	id := outside.change(t, "offboard_user", args{"user": jane}).id()
	timePasses(t, inside.stateDir, id, time.Second)
	connect(t, s, with("JIRA_LIFECYCLE_STATE_DIR", inside.stateDir, "JIRA_LIFECYCLE_CONFIRMATION", "second_person"))
	over := inside.becomes(t, id, "cancelled")
	over.says(t, "approve")
	over.wants(t, map[string]any{"operation.approval": nil, "operation.problem.code": "cancelled"})
	inside.steer(t, id, "approve").wants(t, map[string]any{"code": "conflict"})
}

// TestWhatIsApprovedIsWhatIsDone has the person change before somebody approves: the plan that was shown is no longer what would be done.
func TestWhatIsApprovedIsWhatIsDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inside, outside := twoPeople(t, s)
	id := inside.change(t, "offboard_user", args{"user": jane}).id()
	// What takes nothing away needs no agreement, and so no second person.
	inside.call(t, "add_user_to_group", args{"user": jane, "groups": []string{"partners"}}).wants(t, map[string]any{"status": "succeeded"})
	before := s.facts(t, jane)
	got := outside.steer(t, id, "approve")
	got.wants(t, map[string]any{"operation.status": "failed", "operation.problem.code": "plan_changed"})
	got.says(t, "partners")
	s.want(t, jane, before)
}

// TestApprovalOfWhatWaitsAndOfBatches needs both: the second person first, then the time; and one decision for all people of a batch.
func TestApprovalOfWhatWaitsAndOfBatches(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inside, outside := twoPeople(t, s)
	later := inside.change(t, "offboard_user", args{"user": alex2, "effective_at": tomorrow()})
	later.wants(t, map[string]any{"status": "awaiting_approval"})
	outside.steer(t, later.id(), "approve").wants(t, map[string]any{"operation.status": "scheduled"})
	if sent := s.writes(); len(sent) != 0 {
		t.Fatalf("wrote %v", sent)
	}
	timePasses(t, inside.stateDir, later.id(), time.Minute)

	several := inside.change(t, "offboard_user", args{"users": []string{jane, sam}})
	several.wants(t, map[string]any{"status": "awaiting_approval", "operation.steps.#": 2})
	one := several.all("operation.steps", "operation_id")[0]
	if alone := outside.steer(t, one, "approve"); !alone.isError {
		t.Errorf("one person of a batch was approved alone: %s", alone.text)
	}
	inside.steer(t, several.id(), "approve").wants(t, map[string]any{"code": "permission_denied"})
	inside.steer(t, one, "approve").wants(t, map[string]any{"code": "conflict"}) // it is decided on as a whole
	done := outside.steer(t, several.id(), "approve")
	done.wants(t, map[string]any{"operation.status": "succeeded"})
	s.wantOffboarded(t, jane, sam)
	outside.becomes(t, later.id(), "succeeded")
	s.wantOffboarded(t, alex2)

	rejected := inside.change(t, "offboard_user", args{"users": []string{petra, manager}})
	outside.steer(t, rejected.id(), "reject").wants(t, map[string]any{"operation.status": "cancelled", "operation.people.0.status": "skipped", "operation.people.1.status": "skipped"})
	if f := s.facts(t, petra); !f.Active || len(f.Groups) != 2 {
		t.Errorf("%s is %+v", petra, f)
	}
	s.didOnce(t)
}

// TestTheShellApproves has the person at the server approve what came over HTTP, and not what they asked for themselves.
func TestTheShellApproves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	inside, outside := twoPeople(t, s)
	mine, theirs := inside.change(t, "offboard_user", args{"user": petra}).id(), outside.change(t, "offboard_user", args{"user": jane}).id()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	approve := func(id string) (string, error) {
		env := settings(t, s)
		env["JIRA_LIFECYCLE_STATE_DIR"], env["JIRA_LIFECYCLE_CONFIRMATION"] = inside.stateDir, "second_person"
		command := exec.CommandContext(t.Context(), path, "operations", "approve", id, "--reason", "seen")
		command.Env = environment(env)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := approve(mine); err == nil {
		t.Errorf("somebody approved their own request in the shell: %s", out)
	}
	inside.operation(t, mine).wants(t, map[string]any{"operation.status": "awaiting_approval"})
	if out, err := approve(theirs); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	inside.becomes(t, theirs, "succeeded").wants(t, map[string]any{"operation.approval.reason": "seen"})
	s.wantOffboarded(t, jane)
}

// TestAskedPersonsAndSecondPersons has the client ask its own person first. Both are in the record.
func TestAskedPersonsAndSecondPersons(t *testing.T) {
	for _, revision := range []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			dir := t.TempDir()
			state := with("JIRA_LIFECYCLE_STATE_DIR", dir, "JIRA_LIFECYCLE_CONFIRMATION", "second_person")
			who := &person{action: decline}
			c := connect(t, s, state, over("stdio"), speaking(revision), asked(who))
			c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "declined", "operation": nil})
			who.action = cancel
			c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "declined", "operation": nil})
			c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 0})
			who.action = accept
			waiting := c.call(t, "offboard_user", args{"user": jane})
			waiting.wants(t, map[string]any{"status": "awaiting_approval"})
			done := connect(t, s, state).steer(t, waiting.id(), "approve")
			done.wants(t, map[string]any{"operation.status": "succeeded", "operation.confirmation.means": "person", "operation.approval.by": "loopback"})
			s.wantOffboarded(t, jane)
		})
	}
}
