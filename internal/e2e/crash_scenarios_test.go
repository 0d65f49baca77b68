package e2e

import (
	"testing"
	"time"
)

// scenario is an operation that shall survive whatever its process dies of.
type scenario struct {
	name string
	// prepare brings the site to where the operation starts, through a process that is not disturbed, and gives the call that begins it.
	prepare func(t *testing.T, p *process) toolCall
	long    bool          // it sends many requests: see crashes
	lag     time.Duration // for so long reads do not show a change
	shared  bool          // the record is in PostgreSQL
}

// toolCall is a call that is still to be made.
type toolCall struct {
	tool string
	args args
}

var newcomer = args{
	"email": "nova.neu@example.com", "given_name": "Nova", "family_name": "Neu", "title": "Engineer",
	"groups": []string{"engineering", "jira-software-users", "release-managers"},
}

func prepareOffboarding(t *testing.T, p *process) toolCall {
	return p.confirmed(t, toolCall{"offboard_user", args{"user": jane, "reason": "HR-4711"}})
}

func prepareProvisioning(*testing.T, *process) toolCall { return toolCall{"provision_user", newcomer} }

func prepareRestore(t *testing.T, p *process) toolCall {
	left := p.do(t, prepareOffboarding(t, p))
	left.wants(t, map[string]any{"status": "succeeded"})
	return toolCall{"restore_user", args{"operation_id": left.str("operation.operation_id")}}
}

func prepareBatch(t *testing.T, p *process) toolCall {
	return p.confirmed(t, toolCall{"offboard_user", args{"users": []string{jane, sam, petra, manager, "alex.kim@example.com"}}})
}

func prepareManaged(t *testing.T, p *process) toolCall {
	return p.confirmed(t, toolCall{"offboard_user", args{"user": manager, "reason": "HR-4711"}})
}

func prepareSuspension(t *testing.T, p *process) toolCall {
	return p.confirmed(t, toolCall{"offboard_user", args{"user": sam}})
}

func prepareAccess(t *testing.T, p *process) toolCall {
	left := p.do(t, prepareSuspension(t, p))
	left.wants(t, map[string]any{"status": "succeeded"})
	return toolCall{"restore_user", args{"operation_id": left.str("operation.operation_id")}}
}

func prepareTransfer(t *testing.T, p *process) toolCall {
	return p.confirmed(t, toolCall{"offboard_user", args{"user": jane, "transfer_to": manager}})
}

func prepareGivingBack(t *testing.T, p *process) toolCall {
	left := p.do(t, prepareTransfer(t, p))
	left.wants(t, map[string]any{"status": "succeeded"})
	return toolCall{"restore_user", args{"operation_id": left.str("operation.operation_id")}}
}

// confirmed asks for the plan and adds its token to the call.
func (p *process) confirmed(t *testing.T, c toolCall) toolCall {
	t.Helper()
	plan := p.do(t, c)
	plan.wants(t, map[string]any{"status": "confirmation_required"})
	with := args{"confirm": plan.str("confirmation.token")}
	for name, value := range c.args {
		with[name] = value
	}
	return toolCall{c.tool, with}
}

// do calls a tool.
func (p *process) do(t *testing.T, c toolCall) answer {
	t.Helper()
	return plainAnswer(t, c.tool, p.wire(t, c.message()))
}

func (c toolCall) message() map[string]any {
	return message(2, "tools/call", map[string]any{"name": c.tool, "arguments": c.args})
}
