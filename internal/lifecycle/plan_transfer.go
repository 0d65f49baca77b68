package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// successor is who takes over what somebody leaves behind.
type successor struct {
	id, label string
	broken    error // why they can't, of a plan that is made again when it is due: ending access does not wait for them
}

// successorOf finds the person who takes over. Whether they are somebody else than the one who leaves is checked when both are known.
func (s *Service) successorOf(ctx context.Context, target directory.Target) (successor, error) {
	person, err := s.directory.Resolve(ctx, target)
	if err != nil {
		f := explain.Fault(err)
		told := fault.New(f.Code, f.Hint, "transfer_to: %s", f.Message).Because(err)
		told.Details, told.Retryable = f.Details, f.Retryable
		return successor{}, told
	}
	return successor{id: person.AccountID, label: person.Label()}, guardSuccessor(person)
}

// guardSuccessor refuses to hand anything to an account that is not an active person of this site.
func guardSuccessor(p directory.Person) error {
	const hint = "Name somebody else in transfer_to, or leave it out. Nothing was changed."
	switch {
	case p.AccountType != directory.AccountTypePerson || p.AccountID == directory.UnknownAccountID:
		return fault.New(fault.InvalidArgument, hint, "transfer_to: %s is not a person but an account of type %s.", p.Label(), p.AccountType)
	case p.AccountID == "" || !slices.Contains(p.Sources, directory.SourceJira):
		return fault.New(fault.InvalidArgument, hint, "transfer_to: %s has no account on this Jira site.", p.Label())
	case !p.Active:
		return fault.New(fault.InvalidArgument, hint, "transfer_to: the account of %s is inactive.", p.Label())
	}
	return nil
}

// handOver adds to the plan of an offboarding that what the person leaves behind goes to somebody else: after their access has ended, before they are
// removed from anywhere.
func (p *Plan) handOver(leaver directory.Person, h holdings, to successor) error {
	if to.id != "" && to.id == leaver.AccountID {
		return fault.New(fault.InvalidArgument, "Name somebody else in transfer_to, or leave it out.", "transfer_to: %s is the one who leaves.", leaver.Label())
	}
	if to.broken != nil {
		p.Steps = append(p.Steps, Step{
			Action: TransferIssues, Via: ViaJira, Target: leaver.Label(), Detail: "hand over what the person leaves behind",
			transfer: &transfer{From: leaver.AccountID, Broken: explain.Fault(to.broken).Message},
		})
		p.Steps = inOrder(p.Steps)
		return nil
	}
	p.successor = to.id
	for _, e := range estates {
		things := h.things[e.action]
		if err := h.unread[e.action]; err != nil {
			if f := explain.Fault(err); f.Retryable && !errors.As(err, new(tooMany)) {
				return err
			}
			p.Warnings = append(p.Warnings, "The "+e.its+" that the person "+e.does+" can't be handed over here: "+unreadText(err)+".")
			p.followUps = append(p.followUps, "Hand over the "+e.its+" that the person "+e.does+".")
			continue
		}
		most := mostOthers
		if e.action == TransferIssues {
			most = mostIssues
		}
		if len(things) > most {
			things = things[:most]
			p.Warnings = append(p.Warnings, fmt.Sprintf("Only the first %d %s are handed over now. Call offboard_user again for the rest.", most, e.its))
		}
		p.Steps = append(p.Steps, transferSteps(e, transfer{From: leaver.AccountID, To: to.id, ToLabel: to.label}, things, "hand over %s to "+to.label)...)
	}
	p.warnRenaming(to.label)
	if hasTransfer(p.Steps) {
		p.Undo = append(p.Undo, "What is handed over: restore_user gives back what is still with "+to.label+" then.")
	}
	p.followUps = slices.DeleteFunc(p.followUps, func(text string) bool { return text == followUpReassign })
	p.Steps = inOrder(p.Steps)
	return nil
}

// warnRenaming tells that dashboards do not always keep their names.
func (p *Plan) warnRenaming(to string) {
	if hasAction(p.Steps, TransferDashboards) {
		p.Warnings = append(p.Warnings, "Jira gives a dashboard another name where "+to+" has one of the same name already, and never the old name back: the result tells which.")
	}
}

// transferSteps are the steps that hand over things, a hundred at a time. detail has a place for what they are.
func transferSteps(e estate, t transfer, things []thing, detail string) []Step {
	var steps []Step
	n := 0
	for chunk := range slices.Chunk(things, batchSize) {
		t.Things = chunk
		own := t
		what := e.amount(len(chunk))
		if len(things) > batchSize {
			what = fmt.Sprintf("%s (%d to %d of %d)", e.its, n+1, n+len(chunk), len(things))
		} else if len(chunk) <= 5 {
			what += " (" + names(chunk) + ")"
		}
		n += len(chunk)
		steps = append(steps, Step{Action: e.action, Via: ViaJira, Target: e.amount(len(chunk)), Detail: fmt.Sprintf(detail, what), transfer: &own})
	}
	return steps
}

func names(things []thing) string {
	text := ""
	for i, t := range things {
		if i > 0 {
			text += ", "
		}
		text += t.Name
	}
	return text
}

func unreadText(err error) string {
	var many tooMany
	if errors.As(err, &many) {
		return many.Error()
	}
	return explain.Fault(err).Message
}

func hasTransfer(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.transfer != nil })
}

// handBack adds to the plan of a restore that the person gets back what was handed over and is still with whoever took it. An inactive account can't be
// given anything.
func (p *Plan) handBack(person directory.Person, t taken) (lost []string) {
	if len(t.transfers) == 0 {
		return nil
	}
	if !person.Active && !hasAction(p.Steps, Reactivate, RestoreAccess, CancelDeletion) {
		return []string{"What was handed over can't be given back while the account is inactive."}
	}
	for _, step := range t.transfers {
		e, _ := estateOf(step.Action)
		back := transfer{From: step.transfer.To, To: step.transfer.From, ToLabel: person.Label()}
		p.Steps = append(p.Steps, transferSteps(e, back, step.transfer.Things, "give back %s, where still with "+step.transfer.ToLabel)...)
	}
	p.warnRenaming(person.Label())
	return nil
}
