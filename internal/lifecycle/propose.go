package lifecycle

import (
	"context"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Proposal says on whose behalf a change of several people is prepared that nobody has asked for.
type Proposal struct {
	// Rule is the name of the rule that found them. As "rule:NAME" it is the operation's caller, so that every person may approve it.
	Rule string
	// Reason is kept with the operation.
	Reason string
	// Agreed is set where the policy agrees to whatever this rule finds. Where every change needs a second person, so does this one.
	Agreed bool
}

// Proposed is what came of a proposal.
type Proposed struct {
	// OperationID is the batch that waits or runs, "" where there was nothing to do.
	OperationID string
	Status      Status
	People      int
	// LeftOut are those for whom nothing was proposed, each with the reason: nobody is kept waiting for somebody else's problem.
	LeftOut []RowProblem
}

// ProposeOffboarding prepares the offboarding of several people, and puts it up for approval.
func (s *Service) ProposeOffboarding(ctx context.Context, people []OffboardRequest, p Proposal) (Proposed, error) {
	return s.propose(ctx, batchOf(people, Rows{}), p)
}

// ProposeRemoval prepares taking several people out of groups, and puts it up for approval.
func (s *Service) ProposeRemoval(ctx context.Context, people []RemoveRequest, p Proposal) (Proposed, error) {
	return s.propose(ctx, batchOf(people, Rows{}), p)
}

// propose plans everybody with all guards, leaves out whom it can't be done for, and records the rest as one operation that awaits a person's approval. Like
// every operation that waited it is planned again when it begins, and does nothing beyond what was approved.
func (s *Service) propose(ctx context.Context, b batch, p Proposal) (Proposed, error) {
	info := request.From(ctx)
	info.Caller, info.Operator = "rule:"+p.Rule, false
	ctx = request.With(ctx, info)
	if err := s.policy.guardWrite(); err != nil {
		return Proposed{}, err
	}
	plans, errs := b.planEach(ctx, s)
	if err := unavailable(errs); err != nil {
		return Proposed{}, err
	}
	out := Proposed{LeftOut: b.problems(plans, errs)}
	wrong := map[string]bool{}
	for _, problem := range out.LeftOut {
		wrong[problem.Place] = true
	}
	limit := s.policy.batchLimit()
	var fit batch
	var agreed []Plan
	for i, plan := range plans {
		leaveOut := func(code, why string) {
			out.LeftOut = append(out.LeftOut, RowProblem{Place: b.place(i), Person: plan.Target.Label, Code: code, Problem: why})
		}
		if wrong[b.place(i)] {
			continue
		}
		busy, err := s.journal.List(ctx, journal.Filter{Person: plan.Target.key(), Statuses: []Status{AwaitingApproval, Scheduled, Queued, Running}, Limit: 1})
		switch {
		case err != nil:
			return Proposed{}, err
		case !plan.writes():
			leaveOut("already", "there is nothing left to do")
		case len(busy.Operations) > 0:
			leaveOut("conflict", "another operation is on its way: "+busy.Operations[0].ID)
		case len(agreed) == limit:
			leaveOut("invalid_argument", fmt.Sprintf("a batch holds %d people; this one is for the next", limit))
		default:
			fit.items, fit.places, agreed = append(fit.items, b.items[i]), append(fit.places, b.place(i)), append(agreed, plan)
		}
	}
	if len(agreed) == 0 {
		return out, nil
	}
	err := s.record(ctx, fit, agreed, p, &out)
	return out, err
}

// record makes the operation of a proposal.
func (s *Service) record(ctx context.Context, b batch, plans []Plan, p Proposal, out *Proposed) error {
	plan := b.join(plans)
	plan.site = s.site
	status := AwaitingApproval
	if p.Agreed && !s.policy.SecondPerson {
		status = Running
	}
	ops, err := s.recordsOf(ctx, b, plan, Terms{Reason: p.Reason}, status)
	if err != nil {
		return err
	}
	ops[0].Confirmation = &journal.Confirmation{Means: "rule", By: actor(ctx), At: s.now().UTC(), Shown: result(ConfirmationRequired, plan).Question()}
	if status == AwaitingApproval {
		ops[0].Due = s.now().Add(s.policy.approvalTimeout())
	}
	if err := s.journal.Add(ctx, ops, nil); err != nil {
		return s.refused(ctx, err, plan.Target.Label)
	}
	s.wake()
	out.OperationID, out.Status, out.People = ops[0].ID, status, len(plans)
	return nil
}
