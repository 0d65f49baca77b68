package lifecycle

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// furthest is how far ahead a change may be scheduled.
const furthest = 366 * 24 * time.Hour

func (s *Service) checkTime(at time.Time) error {
	switch ahead := at.Sub(s.now()); {
	case at.IsZero():
		return nil
	case ahead < 0:
		return fault.New(fault.InvalidArgument, "Give a time that is still to come, or leave effective_at out to do it now.", "effective_at is in the past: %s.", at.Format(time.RFC3339))
	case ahead > furthest:
		return fault.New(fault.InvalidArgument, "Schedule it nearer to its time.", "effective_at is more than a year ahead: %s.", at.Format(time.RFC3339))
	}
	return nil
}

// renew makes the plan of an operation anew, now that it is to begin. Nothing is done that goes beyond what was agreed to, nor against what somebody
// did meanwhile.
func (s *Service) renew(ctx context.Context, lease *journal.Lease, agreed Plan) (Plan, error) {
	op := lease.Operation()
	if err := s.policy.guardWrite(); err != nil {
		return Plan{}, err
	}
	in, err := decodeIntent(op.Kind, op.Request)
	if err != nil {
		return Plan{}, err
	}
	if err := s.overruled(ctx, op); err != nil {
		return Plan{}, err
	}
	plan, err := due(because(in, op.Reason)).plan(ctx, s)
	if err != nil {
		return Plan{}, err
	}
	plan.site, plan.org = agreed.site, s.orgOf(plan)
	if beyond := plan.beyond(agreed); beyond != "" {
		return Plan{}, changedSince(op, beyond, plan)
	}
	if len(plan.Blockers) > 0 {
		return Plan{}, changedSince(op, plan.Blockers[0], plan)
	}
	if plan.ID == agreed.ID && slices.EqualFunc(plan.Steps, agreed.Steps, sameStep) && sameThings(plan, agreed) {
		return plan, nil
	}
	if !plan.writes() {
		return plan, nil // the steps that were agreed to end as they are: so already
	}
	encoded, err := plan.encode()
	if err != nil {
		return Plan{}, err
	}
	state, err := plan.from.snapshot()
	if err != nil {
		return Plan{}, err
	}
	return plan, lease.Record(ctx, journal.Update{Event: "replanned", Plan: encoded, PlanID: plan.ID, Snapshot: state, AllSteps: plan.pending()})
}

// sameStep tells whether two steps write the same. A group is told by its id on the side that is written to: the other side's is not always known.
func sameStep(a, b Step) bool {
	same := a.group == b.group
	switch {
	case a.Via == ViaSCIM && a.group.SCIMID != "":
		same = a.group.SCIMID == b.group.SCIMID
	case a.Via == ViaJira && a.group.ID != "":
		same = a.group.ID == b.group.ID
	}
	return a.Action == b.Action && a.Via == b.Via && a.token == b.token && sameTransfer(a, b) && same
}

// beyond names what p would do that agreed does not, or "".
func (p Plan) beyond(agreed Plan) string {
	if p.Target.key() != agreed.Target.key() && agreed.Target.AccountID != "" {
		return "it would change " + p.Target.Label + " instead of " + agreed.Target.Label
	}
	for _, step := range p.Steps {
		if step.transfer != nil && (step.transfer.Broken != "" || p.successor != "" && p.successor == agreed.successor) { // whatever is there by then
			continue
		}
		if step.Via != ViaNone && !slices.ContainsFunc(agreed.Steps, func(s Step) bool { return sameStep(s, step) }) {
			return "it would also " + step.Detail
		}
	}
	if p.writes() && (!maps.Equal(p.attrs, agreed.attrs) || !slices.Equal(p.products, agreed.products)) && len(p.attrs)+len(p.products) > 0 {
		return "it would set other values"
	}
	for _, group := range p.widens {
		if !slices.Contains(agreed.widens, group) {
			return "it would give back more than the operation took"
		}
	}
	return ""
}

func changedSince(op journal.Operation, what string, plan Plan) error {
	r := result(ConfirmationRequired, plan)
	return fault.New(fault.PlanChanged, "Nothing was changed. Look the person up, and ask for it again: a person has to agree to the new plan.",
		"What %s would do now is not what was agreed to on %s: %s.", op.Kind, op.CreatedAt.UTC().Format("2 January 15:04 MST"), strings.TrimSuffix(what, ".")).With(r)
}

// opposites are the kinds of operations after which a waiting one is no longer wanted.
var opposites = map[string][]string{
	"offboard_user":  {"restore_user", "provision_user"},
	"delete_user":    {"restore_user", "provision_user"},
	"provision_user": {"offboard_user", "delete_user"},
	"restore_user":   {"offboard_user", "delete_user"},
}

// overruled refuses an operation that waited, where somebody did the opposite meanwhile.
func (s *Service) overruled(ctx context.Context, op journal.Operation) error {
	against := opposites[op.Kind]
	person := op.AccountID
	if person == "" {
		person = op.Email
	}
	if len(against) == 0 || person == "" {
		return nil
	}
	since, err := s.journal.List(ctx, journal.Filter{Person: person, Since: op.CreatedAt, Limit: 50})
	if err != nil {
		return err
	}
	var undo RestoreRequest
	if op.Kind == undo.kind() {
		if err := json.Unmarshal(op.Request, &undo); err != nil {
			return err
		}
	}
	for _, other := range since.Operations {
		undone := undo.OperationID != "" && (other.ID == undo.OperationID || other.Parent == undo.OperationID) // it may seem later, after a clock was set back
		took := other.Status == Succeeded || other.Status == Partial
		if undone || !took || !slices.Contains(against, other.Kind) || !other.CreatedAt.After(op.CreatedAt) {
			continue
		}
		return fault.New(fault.PlanChanged, "Nothing was changed. Look the person up, and ask for it again if it is still wanted.",
			"%s was changed the other way meanwhile: %s, operation %s of %s.", op.Label, other.Kind, other.ID, other.CreatedAt.UTC().Format("2 January 15:04 MST"))
	}
	return nil
}
