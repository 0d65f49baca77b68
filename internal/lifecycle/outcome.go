package lifecycle

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// How far a step and an operation are: see package journal.
type (
	StepStatus = journal.StepStatus
	Status     = journal.Status
)

// The states of a step.
const (
	StepPending = journal.StepPending
	StepRunning = journal.StepRunning
	StepDone    = journal.StepDone
	StepAlready = journal.StepAlready
	StepFailed  = journal.StepFailed
	StepSkipped = journal.StepSkipped
	StepUnknown = journal.StepUnknown
)

// The states of an operation, and of a call that made none.
const (
	AwaitingApproval = journal.AwaitingApproval
	Scheduled        = journal.Scheduled
	Queued           = journal.Queued
	Running          = journal.Running
	Succeeded        = journal.Succeeded
	Partial          = journal.Partial
	Failed           = journal.Failed
	Cancelled        = journal.Cancelled

	ConfirmationRequired Status = "confirmation_required"
	Planned              Status = "planned"
	Blocked              Status = "blocked"
)

// settle writes down what became of steps: by what was read, and where that does not show the change, by what the write answered.
func (x *execution) settle(steps []int, errs []error, state State, unread error) {
	for _, i := range steps {
		r := &x.steps[i]
		shown := unread == nil && x.changes[i].so(state)
		if unread == nil {
			r.After = facet(x.plan.Steps[i], state)
		}
		if told := x.changes[i].outcome; told != nil && unread == nil {
			status, detail := told(state, errs[i])
			x.set(i, status, detail)
			continue
		}
		switch err := errs[i]; {
		case shown && err == nil:
			r.Status = StepDone
			r.Detail = past(x.plan.Steps[i])
			if note := x.notes[i]; note != "" {
				r.Detail += "; the service says that a part of it failed: " + note
			}
		case shown && doubtful(err):
			r.Status = StepDone
			r.Detail = past(x.plan.Steps[i]) + " (" + unsettled(err) + "; reading back shows that it took effect)"
		case shown && r.Attempts > 1: // what was sent before it was cut off has come to show
			r.Status = StepDone
			r.Detail = past(x.plan.Steps[i]) + " (it was sent a second time after it was cut off)"
		case shown:
			r.Status = StepAlready
			r.Detail = "was so already when it was sent"
		case err == nil && x.notes[i] != "":
			r.Status = StepFailed
			r.Detail = "the service did not do all of it: " + x.notes[i]
		case err == nil && unread != nil:
			r.Status = StepUnknown
			r.Detail = "sent, but it could not be read back: " + explainText(unread)
		case err == nil && x.plan.Steps[i].Action == Verify && len(notPlanned(x.plan, state)) > 0:
			r.Status = StepFailed
			r.Detail = "in groups that were added while this ran: " + strings.Join(notPlanned(x.plan, state), ", ") + "; call again to take these too"
		case err == nil && x.plan.Steps[i].Action == Verify && len(newTokens(x.plan, state)) > 0:
			r.Status = StepFailed
			r.Detail = "has API tokens that were made while this ran: " + strings.Join(newTokens(x.plan, state), ", ") + "; call again to take these too"
		case err == nil && x.plan.Steps[i].Action == Verify && x.any(StepFailed):
			r.Status = StepFailed
			r.Detail = "not everything is as planned: see the steps before"
		case err == nil && x.plan.Steps[i].Action == Verify && x.troubled():
			r.Status = StepUnknown
			r.Detail = "can't be confirmed while a step before is in doubt: look the person up again in some minutes"
		case err == nil:
			r.Status = StepUnknown
			r.Detail = fmt.Sprintf("accepted, not yet visible after %s: Atlassian can take some minutes; look the person up again then", x.patient)
		case doubtful(err):
			r.Status = StepUnknown
			r.Detail = unsettled(err) + ", and reading back does not show the change: it may still come. Look again before you repeat it."
		case exists(x.plan.Steps[i], err):
			r.Status = StepUnknown
			r.Detail = "the service says that it exists already, and it does not show yet: look again in some minutes"
		default:
			r.Status, r.Denied = StepFailed, denied(err)
			r.Detail = explainText(err)
		}
		x.set(i, r.Status, r.Detail)
	}
}

func explainText(err error) string { return explain.Fault(err).Error() }

// doubtful tells whether a write that failed may have taken effect all the same: its answer was lost, or that of an earlier try was.
func doubtful(err error) bool {
	var e *rest.Error
	return errors.Is(err, rest.ErrOutcomeUnknown) || errors.As(err, &e) && e.Repeated
}

// exists tells that a create was refused because what it would make is there already, which reads that lag behind may not show yet.
func exists(s Step, err error) bool {
	return (s.Action == CreateUser || s.Action == CreateGroup) && s.Via == ViaSCIM && rest.IsStatus(err, http.StatusConflict)
}

// unsettled says why the answer to a write does not tell whether it was executed.
func unsettled(err error) string {
	var e *rest.Error
	switch {
	case !errors.As(err, &e), e.Status == 0, e.Repeated:
		return "the answer was lost"
	case e.Code == rest.CodeBadResponse:
		return "the answer was not readable"
	}
	return fmt.Sprintf("the service answered with an error of its own (%d)", e.Status)
}

// past says of a finished step what it did.
func past(s Step) string {
	switch s.Action {
	case Deactivate:
		return "deactivated through " + sideName(s.Via) + ", and " + sideName(s.Via) + " shows it"
	case Reactivate:
		return "reactivated through " + sideName(s.Via) + ", and " + sideName(s.Via) + " shows it"
	case Suspend:
		return "suspended, and the organization shows it"
	case RestoreAccess:
		return "the access is given back, and the organization shows it"
	case RevokeToken:
		return "revoked, and the list of the account's tokens no longer has it"
	case RemoveFromDirectory:
		return "removed from the organization's directory"
	case DeleteAccount:
		return "marked for deletion, and the organization shows it: " + graceDays + " to cancel it"
	case CancelDeletion:
		return "the deletion is cancelled, and the organization shows it"
	case CreateUser:
		return "the account is in the SCIM directory and active"
	case InviteUser:
		return "invited, and Jira shows the account with access"
	case UpdateUser:
		return "SCIM shows the new values"
	case AwaitAccount:
		return "the account id is there"
	case AddToGroup:
		return "added through " + sideName(s.Via) + ", and the membership shows"
	case RemoveFromGroup:
		return "removed through " + sideName(s.Via) + ", and the membership is gone"
	case RemoveFromSite:
		return "removed from the site"
	case CreateGroup:
		return "created through " + sideName(s.Via)
	case DeleteGroup:
		return "deleted through " + sideName(s.Via)
	}
	return strings.Replace(s.Detail, "read back: ", "checked: ", 1)
}

// conclude tells how an operation ended by its steps.
func conclude(results []journal.Step, cancelled bool) Status {
	good, bad := 0, 0
	for _, r := range results {
		switch {
		case r.Status == StepDone, r.Status == StepAlready:
			good++
		case isTransfer(Action(r.Action)) && len(movedBy(r)) > 0: // a part of it
			good++
			bad++
		default:
			bad++
		}
	}
	switch {
	case bad == 0:
		return Succeeded
	case good > 0, slices.ContainsFunc(results, func(r journal.Step) bool { return r.Status == StepUnknown }): // something may be done
		return Partial
	case cancelled:
		return Cancelled
	}
	return Failed
}

func summary(results []journal.Step) string {
	parts := make([]string, len(results))
	for i, r := range results {
		parts[i] = r.Action + "=" + string(r.Status)
	}
	return strings.Join(parts, " ")
}
