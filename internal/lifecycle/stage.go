package lifecycle

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// stage runs steps side by side and returns the state that was read last.
func (x *execution) stage(ctx context.Context, steps []int, state State) (State, error) {
	state, steps, err := x.reconsider(ctx, steps, state)
	if err != nil {
		return state, err
	}
	if slices.ContainsFunc(steps, func(i int) bool { return x.plan.Steps[i].transfer != nil }) { // who has what is read right before it is handed over
		seen, err := x.look(ctx, steps)
		if err != nil {
			x.skip(steps, "not begun: it could not be looked at: "+explainText(err))
			return state, x.interrupted(ctx)
		}
		state = seen
	}
	var pending []int
	writes := false
	for _, i := range steps {
		switch missing := x.missingID(i); {
		case x.changes[i].so(state) && x.byInvitation(i):
			x.steps[i].After = facet(x.plan.Steps[i], state)
			x.set(i, StepDone, "given with the invitation, and the membership shows")
		case x.changes[i].so(state) && x.steps[i].Attempts > 0 && x.changes[i].outcome != nil: // what an earlier attempt did not do has been done since
			x.steps[i].After = facet(x.plan.Steps[i], state)
			_, told := x.changes[i].outcome(state, nil)
			x.set(i, StepDone, told)
		case x.changes[i].so(state) && x.changes[i].write != nil:
			x.steps[i].Before, x.steps[i].After = facet(x.plan.Steps[i], state), facet(x.plan.Steps[i], state)
			x.set(i, StepAlready, "was so already")
		case missing != "":
			x.set(i, StepSkipped, missing)
		default:
			pending = append(pending, i)
			writes = writes || x.changes[i].write != nil
		}
	}
	if len(pending) == 0 {
		return state, nil
	}
	if !writes && x.shows(pending, state) {
		x.settle(pending, make([]error, len(x.steps)), state, nil)
		return state, nil
	}
	if writes {
		if err := x.intend(ctx, pending, state); err != nil {
			return state, err
		}
		if why := x.hindered(stageOf(x.plan.Steps[pending[0]].Action)); why != "" { // a cancellation that the journal knew of
			for _, i := range pending {
				x.steps[i].Attempts--
			}
			x.skip(pending, why)
			return state, nil
		}
	}
	errs := x.send(ctx, pending)
	if slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errStale) }) {
		for _, i := range pending {
			x.changed[i] = true // what was sent until then is for the record
		}
		return state, errStale // whoever has the lease now reads it back
	}
	after, unread := x.readBack(ctx, pending, errs)
	stopped := x.interrupted(ctx)
	if stopped != nil { // what does not show yet stays in doubt, for the next process
		pending = slices.DeleteFunc(pending, func(i int) bool {
			return (unread != nil || !x.changes[i].so(after)) && (errs[i] == nil || doubtful(errs[i]))
		})
	}
	x.settle(pending, errs, after, unread)
	if unread != nil {
		return state, stopped
	}
	return after, stopped
}

// byInvitation tells whether a step is part of an invitation that this operation has sent.
func (x *execution) byInvitation(i int) bool {
	return x.plan.Steps[i].Action == AddToGroup && x.plan.Steps[i].Via == ViaOrganization && slices.ContainsFunc(x.steps, func(s journal.Step) bool {
		return s.Action == string(InviteUser) && s.Status == StepDone
	})
}

// missingID tells what a step can't be sent without.
func (x *execution) missingID(i int) string {
	step, subject := x.plan.Steps[i], x.current()
	switch {
	case step.Action != AddToGroup && step.Action != RemoveFromGroup:
	case step.Via != ViaSCIM && subject.AccountID == "":
		return "not begun: Atlassian has not given the person an account id yet; resume the operation in some minutes"
	case step.Via == ViaSCIM && subject.SCIMID == "":
		return "not begun: the SCIM user is not there yet; resume the operation in some minutes"
	}
	return ""
}

// reconsider settles the steps that an earlier process began and did not finish: for as long as a change may take to show they are read back. What
// shows is done; what does not was not sent, or had no effect, and is sent now.
func (x *execution) reconsider(ctx context.Context, steps []int, state State) (State, []int, error) {
	var doubtful, rest []int
	began := time.Time{}
	for _, i := range steps {
		if x.steps[i].Status == StepRunning {
			doubtful = append(doubtful, i)
			if x.steps[i].StartedAt.After(began) {
				began = x.steps[i].StartedAt
			}
		} else {
			rest = append(rest, i)
		}
	}
	if len(doubtful) == 0 {
		return state, steps, nil
	}
	patient := max(0, min(x.patient, x.patient-x.now().Sub(began)))
	now, err := x.await(ctx, doubtful, patient)
	if err == nil {
		state = now
	}
	for _, i := range doubtful {
		switch {
		case err != nil:
			x.set(i, StepUnknown, "may have been sent before this was cut off, and it could not be read back: "+explainText(err))
		case x.changes[i].so(state):
			x.steps[i].After = facet(x.plan.Steps[i], state)
			x.set(i, StepDone, past(x.plan.Steps[i])+" (this was cut off after it was sent; reading back shows that it took effect)")
		default:
			rest = append(rest, i)
		}
	}
	slices.Sort(rest)
	return state, rest, x.interrupted(ctx)
}

// intend records that steps are about to be written, and what was so before.
func (x *execution) intend(ctx context.Context, steps []int, state State) error {
	for _, i := range steps {
		if x.changes[i].write == nil {
			continue
		}
		step := &x.steps[i]
		step.Status, step.StartedAt = StepRunning, x.now().UTC()
		step.Attempts++
		if step.Before == nil {
			step.Before = facet(x.plan.Steps[i], state)
		}
		x.changed[i] = true
	}
	return x.record(ctx, "intent", journal.Update{})
}
