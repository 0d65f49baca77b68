package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// impatient has calls answer before their operation ends.
var impatient = with("JIRA_LIFECYCLE_WAIT", "100ms")

// TestCancellingARunningOperation stops it before its next step: the one under way is finished and told of, the rest is left. What was left can be done
// by a resume, which sends nothing twice.
func TestCancellingARunningOperation(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport), impatient)
			before := s.facts(t, jane)
			plan := c.call(t, "offboard_user", args{"user": jane})
			release := s.hold(t, http.MethodPatch, scimUserPath)
			id := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).str("operation.operation_id")
			s.held(t)
			got := c.call(t, "update_operation", args{"operation_id": id, "action": "cancel", "reason": "wrong person"})
			got.wants(t, map[string]any{"operation.status": "running", "operation.cancelled_by": got.str("operation.actor")})
			release()
			left := c.becomes(t, id, "partial")
			left.wants(t, map[string]any{
				"operation.steps.0.status": "done", "operation.steps.1.status": "skipped", "operation.steps.4.status": "skipped", "operation.steps.5.status": "skipped",
				"operation.cancelled_by": got.str("operation.actor"),
			})
			left.says(t, "cancelled by", "deactivated through SCIM")
			if !slices.ContainsFunc(record(t, c.stateDir), func(e journal.Event) bool { return strings.Contains(string(e.Data), "wrong person") }) {
				t.Error("the record does not say why it was cancelled")
			}
			before.Active, before.SCIMActive = false, false
			s.want(t, jane, before)
			if writes := s.writes(); len(writes) != 1 {
				t.Errorf("sent %v", writes)
			}

			// A cancellation withdraws the agreement: what is left needs a new plan.
			c.steer(t, id, "resume").wants(t, map[string]any{"code": "conflict"})
			s.want(t, jane, before)
			plan = c.call(t, "offboard_user", args{"user": jane})
			rest := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).str("operation.operation_id")
			c.becomes(t, rest, "succeeded")
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			if writes := s.writes(); len(writes) != 5 {
				t.Errorf("sent %v", writes)
			}
			s.didOnce(t)
		})
	}
}

// TestResumingAPartialOperation sends again what was refused, and nothing else.
func TestResumingAPartialOperation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	s.refuse(t)
	left := c.change(t, "offboard_user", args{"user": jane})
	left.wants(t, map[string]any{"status": "partial", "operation.status": "partial", "operation.steps.0.status": "done", "operation.steps.1.status": "done", "operation.steps.2.status": "failed"})
	id := left.str("operation.operation_id")
	refused := len(s.writes())

	again := c.steer(t, id, "resume") // the fault is still there
	again.wants(t, map[string]any{"operation.status": "partial", "operation.steps.0.status": "done", "operation.steps.2.status": "failed", "operation.steps.2.attempts": 2})
	if sent := s.writes()[refused:]; len(sent) != 3 {
		t.Errorf("the first resume sent %v, want the three memberships", sent)
	}

	s.ClearFaults()
	before := len(s.writes())
	done := c.steer(t, id, "resume")
	done.wants(t, map[string]any{"operation.operation_id": id, "operation.status": "succeeded", "operation.steps.0.attempts": 1, "operation.steps.2.attempts": 3})
	for i, status := range done.all("operation.steps", "status") {
		if status != "done" {
			t.Errorf("step %d is %s\n%s", i+1, status, done.text)
		}
	}
	for _, r := range s.writes()[before:] {
		if r.Method != http.MethodDelete || r.Status != http.StatusOK {
			t.Errorf("the resume sent %+v", r)
		}
	}
	s.didOnce(t)
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 1, "operations.0.status": "succeeded"})
}

// TestAResumeDoesNotGoAgainstWhatWasDoneSince has a person come back after an offboarding that was left partial.
func TestAResumeDoesNotGoAgainstWhatWasDoneSince(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	s.refuse(t)
	id := c.change(t, "offboard_user", args{"user": jane}).str("operation.operation_id")
	s.ClearFaults()
	back := c.call(t, "provision_user", args{"email": jane, "given_name": "Jane", "family_name": "Doe"})
	back.wants(t, map[string]any{"status": "succeeded", "operation.steps.0.action": "reactivate"})
	now := s.facts(t, jane)
	s.changesNothing(t)
	got := c.steer(t, id, "resume")
	got.wants(t, map[string]any{"code": "plan_changed"})
	got.says(t, "provision_user", back.str("operation.operation_id"))
	s.want(t, jane, now)
	c.operation(t, id).wants(t, map[string]any{"operation.status": "partial"})
}

// TestWhatCannotBeDoneWithAnOperation tries every action on operations in every state.
func TestWhatCannotBeDoneWithAnOperation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, impatient)
	ahead := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	id := func(a answer) string { t.Helper(); return a.str("operation.operation_id") }
	ids := map[string]string{"scheduled": id(c.change(t, "offboard_user", args{"user": petra, "effective_at": ahead}))}
	cancelled := id(c.change(t, "offboard_user", args{"user": alex2, "effective_at": ahead}))
	c.steer(t, cancelled, "cancel").wants(t, map[string]any{"operation.status": "cancelled"})
	ids["cancelled"] = cancelled
	succeeded := id(c.change(t, "add_user_to_group", args{"user": sam, "groups": []string{"release-managers"}}))
	c.becomes(t, succeeded, "succeeded")
	ids["succeeded"] = succeeded
	s.refuse(t)
	for status, what := range map[string]args{"partial": {"user": jane}, "failed": {"user": manager, "steps": []string{"jira_groups"}}} {
		ids[status] = id(c.change(t, "offboard_user", what))
		c.becomes(t, ids[status], status)
	}
	s.ClearFaults()
	plan := c.call(t, "offboard_user", args{"user": "tessa.twenty@example.com"})
	release := s.hold(t, http.MethodPatch, scimUserPath)
	ids["running"] = id(c.call(t, "offboard_user", args{"user": "tessa.twenty@example.com", "confirm": plan.str("confirmation.token")}))
	s.held(t)

	writes := len(s.writes())
	for status, id := range ids {
		for _, action := range []string{"approve", "reject", "cancel", "resume"} {
			switch {
			case action == "resume" && (status == "partial" || status == "failed" || status == "running"):
				continue // may be resumed, or is at work
			case action == "cancel" && (status == "scheduled" || status == "running"):
				continue // may be cancelled
			}
			t.Run(action+" of "+status, func(t *testing.T) {
				got := c.steer(t, id, action)
				got.wants(t, map[string]any{"code": "conflict", "retryable": false})
				got.says(t, id, status)
				c.operation(t, id).wants(t, map[string]any{"operation.status": status})
			})
		}
	}
	if now := s.writes(); len(now) != writes {
		t.Errorf("wrote %v", now[writes:])
	}
	release()
	c.becomes(t, ids["running"], "succeeded")
}

// TestAnOperationIsItsCallers has one way in ask for changes, and another on the same state try to steer them.
func TestAnOperationIsItsCallers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	inside, outside := connect(t, s, over("stdio"), sameState), connect(t, s, over("http"), sameState)
	ahead := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	people := []string{jane, petra, alex2, manager}
	for _, way := range []struct {
		name       string
		from, to   *session
		first, two string
	}{{"from stdio to http", inside, outside, people[0], people[1]}, {"from http to stdio", outside, inside, people[2], people[3]}} {
		t.Run(way.name, func(t *testing.T) {
			waiting := way.from.change(t, "offboard_user", args{"user": way.first, "effective_at": ahead}).str("operation.operation_id")
			s.refuse(t)
			failed := way.from.change(t, "remove_user_from_group", args{"user": way.two, "groups": []string{"jira-software-users"}}).str("operation.operation_id")
			s.ClearFaults()
			before := len(s.writes())
			for id, action := range map[string]string{waiting: "cancel", failed: "resume"} {
				got := way.to.steer(t, id, action)
				got.wants(t, map[string]any{"code": "permission_denied", "retryable": false})
				got.says(t, "jira-lifecycle-mcp operations "+action+" "+id)
				shown := way.to.operation(t, id) // looking is not forbidden
				if actor := shown.str("operation.actor"); actor == "" || !strings.Contains(got.text, actor) {
					t.Errorf("%q does not say that %q asked for it", got.text, actor)
				}
			}
			if now := s.writes(); len(now) != before {
				t.Errorf("wrote %v", now[before:])
			}
			way.from.steer(t, waiting, "cancel").wants(t, map[string]any{"operation.status": "cancelled"})
			way.from.steer(t, failed, "resume").wants(t, map[string]any{"operation.status": "succeeded"})
		})
	}
}
