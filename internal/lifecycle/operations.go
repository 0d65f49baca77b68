package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// What update_operation can do.
const (
	ActionResume  = "resume"
	ActionCancel  = "cancel"
	ActionApprove = "approve"
	ActionReject  = "reject"
)

// Actions are the values that the argument action takes.
var Actions = []string{ActionResume, ActionCancel, ActionApprove, ActionReject}

// Operations lists operations, the newest first, without their steps.
func (s *Service) Operations(ctx context.Context, f journal.Filter) (journal.Page, error) {
	return s.journal.List(ctx, f)
}

// Detail is all that is known of one operation.
type Detail struct {
	journal.Operation
	Problem *Problem     // why it ended without its steps
	Plan    Plan         // what was agreed to
	People  []StepResult // of a batch
	Late    string       // how late a scheduled one began
	// FollowUps are what no API can do and a person should.
	FollowUps []string
}

// Operation gives one operation with its steps.
func (s *Service) Operation(ctx context.Context, id string) (Detail, error) {
	op, err := s.operation(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	return s.detail(ctx, op)
}

func (s *Service) detail(ctx context.Context, op journal.Operation) (Detail, error) {
	d := Detail{Operation: op, Problem: problemIn(op), Late: lateness(op)}
	var err error
	if d.Plan, err = decodePlan(op.Plan); err != nil {
		return d, err
	}
	d.FollowUps = d.Plan.followUps
	if isBatch(op) {
		for child, err := range s.children(ctx, op.ID) {
			if err != nil {
				return d, err
			}
			d.People = append(d.People, asStep(child))
		}
	}
	return d, nil
}

// operation reads an operation that a caller named.
func (s *Service) operation(ctx context.Context, id string) (journal.Operation, error) {
	op, err := s.journal.Get(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return op, fault.New(fault.NotFound, "list_operations shows what there is.", "There is no operation %q.", id)
	}
	return op, err
}

// UpdateOperation resumes, cancels, approves or rejects an operation.
func (s *Service) UpdateOperation(ctx context.Context, id, action, reason string) (Detail, error) {
	op, err := s.operation(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	switch action {
	case ActionCancel:
		op, err = s.cancel(ctx, op, reason)
	case ActionResume:
		if err = s.here(op); err == nil {
			op, err = s.retry(ctx, op)
		}
	case ActionApprove:
		if err = s.here(op); err == nil {
			op, err = s.decide(ctx, op, true, reason)
		}
	case ActionReject:
		op, err = s.decide(ctx, op, false, reason)
	default:
		return Detail{}, fault.New(fault.InvalidArgument, "Use resume, cancel, approve or reject.", "%q is nothing that can be done with an operation.", action)
	}
	if err != nil {
		return Detail{}, err
	}
	return s.detail(ctx, op)
}

// own refuses what only whoever asked for an operation may do with it. A person at the shell of the server owns all of them.
func own(ctx context.Context, op journal.Operation, doing string) error {
	if by := request.From(ctx); by.Caller == op.Actor.Caller || by.Operator {
		return nil
	}
	return fault.New(fault.PermissionDenied, "Ask them to, or do it in the server's shell: jira-lifecycle-mcp operations "+doing+" "+op.ID+".",
		"Operation %s was asked for by %s, and only they can %s it here.", op.ID, op.Actor.Caller, doing)
}

// cancel stops an operation before its next step. One that waits is cancelled at once.
func (s *Service) cancel(ctx context.Context, op journal.Operation, reason string) (journal.Operation, error) {
	if err := own(ctx, op, ActionCancel); err != nil {
		return op, err
	}
	if op.Status.Ended() {
		return op, over(op, "cancelled", "restore_user puts back what an offboarding took.")
	}
	text := "Cancelled by " + request.From(ctx).Caller
	if reason != "" {
		text += ": " + reason
	}
	problem, err := json.Marshal(Problem{Code: string(fault.Cancelled), Message: text + ".", Hint: "Ask for it again if it is still wanted."})
	if err != nil {
		return op, err
	}
	cancelled, err := s.journal.Cancel(ctx, op.ID, actor(ctx), problem)
	if errors.Is(err, journal.ErrEnded) {
		return op, over(op, "cancelled", "Look at it with get_operation.")
	}
	if err != nil || cancelled.Status.Ended() {
		return cancelled, err
	}
	s.wake() // one whose process is gone ends when it is taken over
	return s.waitFor(ctx, op.ID)
}

func over(op journal.Operation, what, hint string) error {
	return fault.New(fault.Conflict, hint, "Operation %s is over (%s) and can't be %s.", op.ID, op.Status, what)
}

// waitFor waits for an operation as long as a call may.
func (s *Service) waitFor(ctx context.Context, id string) (journal.Operation, error) {
	waiting, cancel := context.WithTimeout(ctx, max(s.wait, time.Millisecond))
	defer cancel()
	op, err := s.journal.Wait(waiting, id)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return s.journal.Get(ctx, id)
	}
	return op, err
}

// retry goes on with an operation that ended without all of its steps. What failed, was skipped or is in doubt is looked at again; what is done is not
// done twice. A plan that would do more by now is refused.
func (s *Service) retry(ctx context.Context, op journal.Operation) (journal.Operation, error) {
	if err := own(ctx, op, ActionResume); err != nil {
		return op, err
	}
	if err := s.policy.guardWrite(); err != nil {
		return op, err
	}
	switch {
	case op.Status == Succeeded:
		return op, over(op, "resumed", "There is nothing left to do.")
	case op.Status == Cancelled, op.Status.Ended() && op.CancelBy != nil: // a cancellation withdraws the agreement
		return op, over(op, "resumed", "Ask for the change again, with a plan of how things are now.")
	case op.Status == Scheduled:
		return op, fault.New(fault.Conflict, "Leave it to its time, or cancel it and ask for the change now.", "Operation %s is scheduled for %s and does not begin before.", op.ID, op.EffectiveAt.Format(time.RFC3339))
	case op.Status == AwaitingApproval:
		return op, fault.New(fault.Conflict, "Ask somebody else to approve it (update_operation approve).", "Operation %s is awaiting_approval: a second person has to approve it.", op.ID)
	case !op.Status.Ended():
		s.wake()
		return s.waitFor(ctx, op.ID)
	case isBatch(op):
		return s.retryBatch(ctx, op)
	}
	if err := s.stillWanted(ctx, op); err != nil {
		return op, err
	}
	again := openAgain(op)
	if len(again) == 0 {
		return op, over(op, "resumed", "All of its steps are done.")
	}
	lease, err := s.journal.Reopen(ctx, op.ID, actor(ctx), again)
	switch {
	case errors.Is(err, journal.ErrHeld), errors.Is(err, journal.ErrEnded): // somebody else has just resumed it
		return s.waitFor(ctx, op.ID)
	case err != nil:
		return op, s.refused(ctx, err, op.Label)
	}
	done := s.beside(ctx, lease, func(working context.Context) error { return s.resume(working, lease) })
	if _, err := s.attend(ctx, op.ID, done, Plan{}); err != nil {
		return op, err
	}
	return s.journal.Get(ctx, op.ID)
}

// stillWanted refuses to go on with an operation whose person was changed the other way since, or for whom it would do more by now.
func (s *Service) stillWanted(ctx context.Context, op journal.Operation) error {
	if err := s.overruled(ctx, op); err != nil {
		return err
	}
	agreed, err := decodePlan(op.Plan)
	if err != nil {
		return err
	}
	in, err := decodeIntent(op.Kind, op.Request)
	if err != nil {
		return err
	}
	plan, err := due(because(in, op.Reason)).plan(ctx, s)
	if err != nil {
		return err
	}
	if beyond := plan.beyond(agreed); beyond != "" {
		return changedSince(op, beyond, plan)
	}
	return nil
}

// openAgain gives the steps of an ended operation that are looked at again when it is resumed. One in doubt may have been sent: it counts as running, and
// is read back before anything else.
func openAgain(op journal.Operation) map[int]journal.Step {
	again := map[int]journal.Step{}
	for i, step := range op.Steps {
		switch step.Status {
		case StepUnknown:
			step.Status = StepRunning
		case StepFailed, StepSkipped, StepPending:
			step.Status = StepPending
		default:
			continue
		}
		if step.Action == string(Verify) {
			step.Status = StepPending
		}
		step.EndedAt, step.Denied = time.Time{}, false
		again[i] = step
	}
	return again
}

// retryBatch resumes each person of a batch who is not done and whom nobody cancelled. It passes the same checks for each as a resume of that one alone,
// and nobody is begun while anything is wrong with any of them.
func (s *Service) retryBatch(ctx context.Context, op journal.Operation) (journal.Operation, error) {
	if err := s.stillWantedAll(ctx, op); err != nil {
		return op, err
	}
	_, err := s.journal.ReopenBatch(ctx, op.ID, actor(ctx), openAgain)
	switch {
	case errors.Is(err, journal.ErrEnded):
		return op, over(op, "resumed", "There is nobody left to do. Whoever was cancelled needs a new plan.")
	case errors.Is(err, journal.ErrHeld): // somebody else has just resumed it
	case err != nil:
		return op, s.refused(ctx, err, op.Label)
	}
	s.wake()
	return s.waitFor(ctx, op.ID)
}

func (s *Service) stillWantedAll(ctx context.Context, batch journal.Operation) error {
	var ids []string
	for child, err := range s.children(ctx, batch.ID) {
		if err != nil {
			return err
		}
		if child.Status.Ended() && child.Status != Succeeded && child.CancelBy == nil {
			ids = append(ids, child.ID)
		}
	}
	problems := make([]*RowProblem, len(ids))
	all, all1 := parallel.WithContext(ctx)
	all.SetLimit(s.parallel)
	for i, id := range ids {
		all.Go(func() error {
			child, err := s.journal.Get(all1, id)
			if err != nil {
				return err
			}
			// Whoever was changed the other way is left alone when their turn comes, and more than was agreed to is never done.
			if err := s.stillWanted(all1, child); err != nil && !fault.Is(err, fault.PlanChanged) {
				f := explain.Fault(err)
				problems[i] = &RowProblem{Place: id, Person: child.Label, Code: string(f.Code), Problem: f.Error()}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	var wrong []RowProblem
	for _, p := range problems {
		if p != nil {
			wrong = append(wrong, *p)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	f := WrongRows(wrong, len(ids))
	f.Code, f.Hint = fault.Conflict, "Nothing was changed. Resume the others one by one, by their own operations."
	return f
}

// decide records the second person's decision. Whoever asked for the operation can't approve it.
func (s *Service) decide(ctx context.Context, op journal.Operation, approve bool, reason string) (journal.Operation, error) {
	by := request.From(ctx).Caller
	switch {
	case op.Parent != "":
		return op, fault.New(fault.Conflict, "Approve or reject the batch.", "Operation %s belongs to the batch %s, which is decided on as a whole.", op.ID, op.Parent)
	case op.Status != AwaitingApproval:
		return op, fault.New(fault.Conflict, "Look at it with get_operation.", "Operation %s does not wait for approval: it is %s.", op.ID, op.Status)
	case approve && (by == "" || by == op.Actor.Caller):
		return op, fault.New(fault.PermissionDenied, "Ask somebody else who may change people here to approve it.",
			"Operation %s was asked for by %s, and nobody approves their own request.", op.ID, op.Actor.Caller)
	}
	if err := s.policy.guardWrite(); err != nil && approve {
		return op, err
	}
	var problem json.RawMessage
	if !approve {
		text := "Rejected by " + by
		if reason != "" {
			text += ": " + reason
		}
		problem, _ = json.Marshal(Problem{Code: string(fault.Cancelled), Message: text + ".", Hint: "Talk to them, and ask for it again if it is still wanted."})
	}
	id := op.ID
	op, err := s.journal.Decide(ctx, id, journal.Approval{Approved: approve, By: actor(ctx), At: s.now().UTC(), Reason: reason}, problem)
	switch {
	case errors.Is(err, journal.ErrEnded), errors.Is(err, journal.ErrNotAwaiting):
		return op, fault.New(fault.Conflict, "Look at it with get_operation.", "Operation %s does not wait for approval any more.", id)
	case err != nil || !approve || op.Status == Scheduled:
		return op, err
	}
	s.wake()
	return s.waitFor(ctx, op.ID)
}
