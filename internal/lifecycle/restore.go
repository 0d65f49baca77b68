package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// RestoreRequest says which operation to undo, or whose deletion to cancel.
type RestoreRequest struct {
	OperationID string
	// Target is set instead of OperationID for somebody whose account is marked for deletion, whoever did that.
	Target directory.Target `json:",omitzero"`
	Terms
}

func (RestoreRequest) kind() string { return "restore_user" }

// Restore puts back what an operation took from a person, and nothing else. It passes every gate that giving it would pass, and needs a person's
// agreement where it would give more than the operation took. Of a Target it cancels the deletion, and nothing else.
func (s *Service) Restore(ctx context.Context, r RestoreRequest) (Result, error) {
	if r.Target.Value != "" {
		return s.do(ctx, r, r.Terms)
	}
	op, err := s.operation(ctx, r.OperationID)
	if err != nil {
		return Result{}, err
	}
	if !isBatch(op) {
		return s.do(ctx, r, r.Terms)
	}
	if err := s.restorable(op); err != nil {
		return Result{}, err
	}
	var b batch
	for child, err := range s.children(ctx, op.ID) {
		switch {
		case err != nil:
			return Result{}, err
		case undoable(child) == nil: // its site is the batch's
			b.items, b.places = append(b.items, RestoreRequest{OperationID: child.ID}), append(b.places, child.ID)
		}
	}
	if len(b.items) == 0 {
		return Result{}, changedNothing(op)
	}
	return s.do(ctx, b, r.Terms)
}

func (r RestoreRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	if r.Target.Value != "" {
		return r.planCancel(ctx, s)
	}
	op, err := s.operation(ctx, r.OperationID)
	if err != nil {
		return Plan{}, err
	}
	if err := s.restorable(op); err != nil {
		return Plan{}, err
	}
	taken, err := takenBy(op)
	if err != nil {
		return Plan{}, err
	}
	if !taken.anything() {
		return Plan{}, changedNothing(op)
	}
	target := directory.Target{Kind: directory.ByAccountID, Value: op.AccountID}
	if op.AccountID == "" {
		target = directory.Target{Kind: directory.ByEmail, Value: op.Email}
	}
	var at situation
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		at, err = s.situationBy(both1, target, s.directory.ResolveToChange)
		return err
	})
	there := make([]bool, len(taken.groups))
	for i, membership := range taken.groups {
		both.Go(func() (err error) {
			there[i], err = s.stillThere(both1, membership)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		if (taken.site || taken.removed) && fault.Is(err, fault.NotFound) {
			return Plan{}, fault.New(fault.NotFound, "Invite them again with provision_user, with the groups that get_operation lists.", "%s is not on the site any more, since this operation removed them, and nothing can put somebody back.", op.Label)
		}
		return Plan{}, err
	}
	if taken.organization() {
		if err := orgUnread(at.person); err != nil {
			return Plan{}, err
		}
	}
	if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
		return Plan{}, err
	}
	return at.meet(planRestore(at.person, op.ID, taken, there, at.admins, s.policy).unlessRefused(s.refusals())), nil
}

// planCancel is plan for somebody whose deletion shall be cancelled.
func (r RestoreRequest) planCancel(ctx context.Context, s *Service) (Plan, error) {
	if _, err := s.directory.Organization(); err != nil {
		return Plan{}, err
	}
	at, err := s.situationBy(ctx, r.Target, s.directory.ResolveToChange)
	if err != nil {
		return Plan{}, err
	}
	if err := orgUnread(at.person); err != nil {
		return Plan{}, err
	}
	if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
		return Plan{}, err
	}
	return at.meet(planCancelDeletion(at.person).unlessRefused(s.refusals())), nil
}

// stillThere tells whether the group of a membership that was taken exists, on the side through which it was taken and under the same id: another one of
// its name is another group.
func (s *Service) stillThere(ctx context.Context, membership Step) (bool, error) {
	if membership.Via == ViaSCIM {
		group, ok, err := s.directory.SCIMGroup(ctx, membership.group.Name)
		return ok && group.ID == membership.group.SCIMID, err
	}
	_, err := s.directory.ResolveGroups(ctx, []string{membership.group.ID})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// taken is what an operation took from a person.
type taken struct {
	access bool // the account was active and was deactivated through SCIM
	site   bool // the person was removed from the site
	// What the organization took: it deactivated the account, suspended access, took the person out of its directory, marked the account for deletion.
	disabled, suspended, removed, deleted bool
	tokens                                []string // the names of the API tokens that were revoked
	groups                                []Step   // the memberships that were taken, each with its group and side
	transfers                             []Step   // what was handed over, each with the things that were
	before                                snapshot
}

func (t taken) anything() bool {
	return t.access || t.site || len(t.groups) > 0 || t.organization() || t.removed || len(t.tokens) > 0 || len(t.transfers) > 0
}

// organization tells whether the organization has a part in giving it back.
func (t taken) organization() bool { return t.disabled || t.suspended || t.deleted }

// restorable refuses operations of another site, and those that took nothing from anybody or are not over.
func (s *Service) restorable(op journal.Operation) error {
	if err := s.here(op); err != nil {
		return err
	}
	return undoable(op)
}

// undoable refuses operations that took nothing, or are not over.
func undoable(op journal.Operation) error {
	switch {
	case !slices.Contains([]string{"offboard_user", "remove_user_from_group", "delete_user"}, op.Kind):
		return fault.New(fault.InvalidArgument, "To take back what it gave use offboard_user or remove_user_from_group.",
			"restore_user undoes what took something from a person. Operation %s was %s.", op.ID, op.Kind)
	case !op.Status.Ended():
		return fault.New(fault.Conflict, "Wait for its end, or cancel it with update_operation; then restore.", "Operation %s is not over: it is %s.", op.ID, op.Status)
	case op.Status == Failed || op.Status == Cancelled:
		return changedNothing(op)
	}
	return nil
}

func changedNothing(op journal.Operation) error {
	return fault.New(fault.InvalidArgument, "There is nothing to put back.", "Operation %s (%s) changed nothing.", op.ID, op.Status)
}

// takenBy reads from an operation's record what it took. A step in doubt counts where the thing was there before.
func takenBy(op journal.Operation) (taken, error) {
	plan, err := decodePlan(op.Plan)
	if err != nil {
		return taken{}, err
	}
	var t taken
	if err := json.Unmarshal(op.Snapshot, &t.before); err != nil {
		return taken{}, fmt.Errorf("read the recorded state: %w", err)
	}
	if len(plan.Steps) != len(op.Steps) {
		return taken{}, fmt.Errorf("operation %s has %d steps and its plan %d", op.ID, len(op.Steps), len(plan.Steps))
	}
	for i, step := range plan.Steps {
		if step.transfer != nil {
			if moved := movedBy(op.Steps[i]); len(moved) > 0 {
				own := *step.transfer
				own.Things, step.transfer = moved, &own
				t.transfers = append(t.transfers, step)
			}
			continue
		}
		if status := op.Steps[i].Status; status != StepDone && status != StepUnknown {
			continue
		}
		switch step.Action {
		case Deactivate:
			t.access, t.disabled = t.access || step.Via == ViaSCIM, t.disabled || step.Via == ViaOrganization
		case Suspend:
			t.suspended = true
		case DeleteAccount:
			t.deleted = true
		case RemoveFromDirectory:
			t.removed = true
		case RevokeToken:
			t.tokens = append(t.tokens, step.Target)
		case RemoveFromSite:
			t.site = true
		case RemoveFromGroup:
			t.groups = append(t.groups, step)
		}
	}
	return t, nil
}
