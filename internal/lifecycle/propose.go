package lifecycle

import (
	"context"
	"slices"

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
	// Next is how many were not looked at, since the batch was full.
	Next int
}

// ProposeOffboarding prepares the offboarding of several people, and puts it up for approval.
func (s *Service) ProposeOffboarding(ctx context.Context, people []OffboardRequest, p Proposal) (Proposed, error) {
	return s.propose(ctx, batchOf(people, Rows{}), p)
}

// ProposeRemoval prepares taking several people out of groups, and puts it up for approval.
func (s *Service) ProposeRemoval(ctx context.Context, people []RemoveRequest, p Proposal) (Proposed, error) {
	return s.propose(ctx, batchOf(people, Rows{}), p)
}

// rounds is how many batches' worth of people are planned to fill one, where many of them can't be changed.
const rounds = 20

// propose plans people with all guards until a batch is full, leaves out whom it can't be done for, and records the others as one operation that awaits a
// person's approval. Like every operation that waited it is planned again when it begins, and does nothing beyond what was approved.
func (s *Service) propose(ctx context.Context, b batch, p Proposal) (out Proposed, err error) {
	info := request.From(ctx)
	info.Caller, info.Operator = "rule:"+p.Rule, false
	ctx = request.With(ctx, info)
	if err := s.policy.guardWrite(); err != nil {
		return out, err
	}
	limit := s.policy.batchLimit()
	var fit batch
	var plans []Plan
	next := 0
	for round := 0; round < rounds && next < len(b.items) && len(plans) < limit; round++ {
		// Whoever was found fit stays in, so that nobody is in twice and an administrator is always left.
		trial, agreed := fit, plans
		for ; next < len(b.items) && len(trial.items) < limit; next++ {
			busy, err := s.busy(ctx, b.items[next])
			if err != nil {
				return out, err
			}
			if busy != "" {
				out.LeftOut = append(out.LeftOut, RowProblem{Place: b.place(next), Person: whom(b.items[next]), Code: "conflict", Problem: "another operation is on its way: " + busy})
				continue
			}
			trial.items, trial.places = append(trial.items, b.items[next]), append(trial.places, b.place(next))
		}
		fresh, errs := batch{items: trial.items[len(agreed):]}.planEach(ctx, s)
		if err := unavailable(errs); err != nil {
			return out, err
		}
		all := append(slices.Clone(agreed), fresh...)
		wrong := map[string]bool{}
		for _, problem := range trial.problems(all, append(make([]error, len(agreed)), errs...)) {
			out.LeftOut, wrong[problem.Place] = append(out.LeftOut, problem), true
		}
		for i := len(agreed); i < len(all); i++ {
			switch place := trial.places[i]; {
			case wrong[place]:
			case !all[i].writes():
				out.LeftOut = append(out.LeftOut, RowProblem{Place: place, Person: all[i].Target.Label, Code: "already", Problem: "there is nothing left to do"})
			default:
				fit.items, fit.places, plans = append(fit.items, trial.items[i]), append(fit.places, place), append(plans, all[i])
			}
		}
	}
	if out.Next = len(b.items) - next; len(plans) == 0 {
		return out, nil
	}
	err = s.record(ctx, fit, plans, p, &out)
	return out, err
}

// busy names the operation on somebody that waits or runs, "" where there is none.
func (s *Service) busy(ctx context.Context, in intent) (string, error) {
	others, err := s.journal.List(ctx, journal.Filter{Person: whom(in), Statuses: []Status{AwaitingApproval, Scheduled, Queued, Running}, Limit: 1})
	if err != nil || len(others.Operations) == 0 {
		return "", err
	}
	return others.Operations[0].ID, nil
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
