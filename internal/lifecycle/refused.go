package lifecycle

import (
	"errors"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// The organization's key may be one that only reads, and no request tells so before the first change. So the step that ends somebody's access goes first
// and alone; where it is refused nothing else of this person is begun, and the plans that follow have the refusal as a blocker.

// orgWrites are the requests of the steps that the organization writes.
var orgWrites = map[Action]admin.Write{
	Deactivate: admin.WriteDisable, Reactivate: admin.WriteEnable, Suspend: admin.WriteSuspend, RestoreAccess: admin.WriteRestore, RevokeToken: admin.WriteRevokeToken,
	RemoveFromDirectory: admin.WriteRemove, DeleteAccount: admin.WriteDelete, CancelDeletion: admin.WriteCancelDeletion, InviteUser: admin.WriteInvite,
}

// refusals are the steps of the organization's that its key was refused a short while ago, whomever they were for, with the reason in words.
func (s *Service) refusals() map[Action]string {
	client, err := s.directory.Organization()
	if err != nil {
		return nil
	}
	words := map[Action]string{}
	for action, write := range orgWrites {
		if err := client.Refused(write); err != nil {
			words[action] = explain.Fault(err).Message + " " + explain.Fault(err).Hint
		}
	}
	return words
}

// unlessRefused makes a blocker of each kind of step that the organization's key was refused before.
func (p Plan) unlessRefused(refused map[Action]string) Plan {
	for _, step := range p.Steps {
		if why := refused[step.Action]; step.Via == ViaOrganization && why != "" {
			p.Blockers = appendNew(p.Blockers, []string{keyRefused + why})
		}
	}
	return p
}

const keyRefused = "The organization's key was refused this change before, less than five minutes ago, for want of a scope: "

// denied tells whether the service said no to a change, for whatever reason: the key's, the account's or the request's. An answer that asks to wait is none.
func denied(err error) bool {
	var e *rest.Error
	if !errors.As(err, &e) {
		return false
	}
	wait := e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
	return e.Status >= 400 && e.Status < 500 && !wait
}

// stopsRest tells whether nothing else of the person may be begun where a step is refused: without the way by which the access ends as a whole the
// plan is another one, which nobody has agreed to, and a revoked token comes back by nothing.
func stopsRest(s Step) bool {
	return s.Action == Deactivate || s.Action == Suspend
}

// rounds gives the open steps of a stage in the order in which they are sent: side by side, but for a step of the organization's that may be refused and
// stop the others, which goes before them.
func (x *execution) rounds(stage int) [][]int {
	var first, rest []int
	for _, i := range x.open(stage) {
		if stopsRest(x.plan.Steps[i]) && x.plan.Steps[i].Via == ViaOrganization {
			first = append(first, i)
		} else {
			rest = append(rest, i)
		}
	}
	var rounds [][]int
	for _, steps := range [][]int{first, rest} {
		if len(steps) > 0 {
			rounds = append(rounds, steps)
		}
	}
	return rounds
}

// stopped is the reason why nothing more of an operation is begun after the step that ends the access was refused, or "".
func (x *execution) stopped() string {
	for i, step := range x.plan.Steps {
		if stopsRest(step) && x.steps[i].Status == StepFailed && x.steps[i].Denied {
			return "not begun: the access can't be ended this way, since the step for that was refused; a new plan says what can be done instead"
		}
	}
	return ""
}
