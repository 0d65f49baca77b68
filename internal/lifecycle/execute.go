package lifecycle

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// StepStatus is how far a step is.
type StepStatus string

// The states of a step. Unknown means that the change was sent and could not be seen when the time for reading back was over.
const (
	StepPending StepStatus = "pending"
	StepDone    StepStatus = "done"
	StepAlready StepStatus = "already"
	StepFailed  StepStatus = "failed"
	StepSkipped StepStatus = "skipped"
	StepUnknown StepStatus = "unknown"
)

// Status is how a call or an operation ended.
type Status string

// The ends of an operation, and those of a call that ran none.
const (
	Succeeded            Status = "succeeded"
	Partial              Status = "partial"
	Failed               Status = "failed"
	Cancelled            Status = "cancelled"
	ConfirmationRequired Status = "confirmation_required"
	Planned              Status = "planned"
	Blocked              Status = "blocked"
)

// StepResult is a step with what became of it.
type StepResult struct {
	Action Action     `json:"action"`
	Target string     `json:"target"`
	Status StepStatus `json:"status" jsonschema:"done, already (was so before), failed, skipped or unknown (sent, not visible yet)"`
	Detail string     `json:"detail"`
}

// Operation is a plan that was run.
type Operation struct {
	ID     string       `json:"operation_id"`
	Reason string       `json:"reason,omitempty"`
	Status Status       `json:"status"`
	Steps  []StepResult `json:"steps"`
}

const (
	// parallelWrites is how many steps of one stage are sent side by side.
	parallelWrites = 16
	// writeTimeout ends a write that was begun and whose caller is gone.
	writeTimeout = time.Minute
	// lastLook is how long a read may take that tells a cancelled step apart from one that did not happen.
	lastLook = 10 * time.Second

	firstPoll, slowestPoll = 100 * time.Millisecond, 2 * time.Second
)

// execution runs one plan. It reads the state, skips what is so, writes each step once, and reads back until the change shows or the time
// for it is over. It never repeats a write: what the HTTP core could not settle is settled by reading.
type execution struct {
	plan    Plan
	changes []change
	results []StepResult
	observe func(context.Context, Subject) (State, error)
	patient time.Duration // how long a stage waits for its changes to show
	log     *slog.Logger

	mu      sync.Mutex
	subject Subject
}

// execute runs plan to its end. A cancelled context stops it before the next stage, never inside a write.
func (s *Service) execute(ctx context.Context, plan Plan, observe func(context.Context, Subject) (State, error)) (Operation, error) {
	x := &execution{plan: plan, observe: observe, patient: s.patience, log: s.log, subject: plan.Target}
	for _, step := range plan.Steps {
		c, err := s.change(plan, step, x.current)
		if err != nil {
			return Operation{}, err
		}
		x.changes = append(x.changes, c)
		x.results = append(x.results, StepResult{Action: step.Action, Target: step.Target, Status: StepPending, Detail: step.Detail})
	}
	op := Operation{Reason: plan.reason, ID: "op-" + time.Now().UTC().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:8])}
	log := s.log.With("operation", op.ID, "tool", plan.tool, "plan", plan.ID, "call", request.From(ctx).ID)
	log.Info("operation begins", "steps", len(plan.Steps))
	x.run(ctx)
	op.Steps, op.Status = x.results, conclude(x.results, ctx.Err() != nil)
	log.Info("operation ends", "status", op.Status, "outcome", summary(x.results))
	return op, nil
}

func (x *execution) current() Subject {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.subject
}

func (x *execution) run(ctx context.Context) {
	state := x.plan.from
	for stage := 0; stage <= stageOf(Verify); stage++ {
		var steps []int
		for i, step := range x.plan.Steps {
			if stageOf(step.Action) == stage {
				steps = append(steps, i)
			}
		}
		if len(steps) == 0 {
			continue
		}
		if why := x.stopped(ctx); why != "" {
			x.skip(steps, why)
			continue
		}
		request.Progress(ctx, float64(steps[0]), float64(len(x.plan.Steps)), x.plan.Steps[steps[0]].Detail)
		state = x.stage(ctx, steps, state)
	}
}

// stopped gives the reason why no further stage may begin, or "".
func (x *execution) stopped(ctx context.Context) string {
	if ctx.Err() != nil {
		return "not begun: the call was cancelled"
	}
	for _, r := range x.results {
		entry := r.Action == CreateUser || r.Action == InviteUser || r.Action == Reactivate
		if entry && r.Status == StepFailed {
			return "not begun: without an active account there is nobody to add"
		}
	}
	return ""
}

func (x *execution) skip(steps []int, why string) {
	for _, i := range steps {
		x.results[i].Status, x.results[i].Detail = StepSkipped, why
	}
}

// stage runs steps side by side and returns the state that was read last.
func (x *execution) stage(ctx context.Context, steps []int, state State) State {
	var pending []int
	for _, i := range steps {
		switch missing := x.missingID(i); {
		case x.changes[i].so(state) && x.changes[i].write != nil:
			x.results[i].Status, x.results[i].Detail = StepAlready, "was so already"
		case missing != "":
			x.results[i].Status, x.results[i].Detail = StepSkipped, missing
		default:
			pending = append(pending, i)
		}
	}
	if len(pending) == 0 {
		return state
	}

	errs := make([]error, len(x.changes))
	var writers errgroup.Group
	writers.SetLimit(parallelWrites)
	wrote := false
	for _, i := range pending {
		if x.changes[i].write != nil {
			wrote = true
			writers.Go(func() error {
				errs[i] = x.write(ctx, i)
				return nil
			})
		}
	}
	_ = writers.Wait() // each error is kept with its step
	if !wrote && x.shows(pending, state) {
		x.settle(pending, errs, state, nil)
		return state
	}
	after, err := x.readBack(ctx, pending, errs)
	x.settle(pending, errs, after, err)
	if err != nil {
		return state
	}
	return after
}

// write sends one step, once. It is not ended by a cancelled call: a change that was begun is finished, or known to be in doubt.
func (x *execution) write(ctx context.Context, i int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	var l learned
	err := x.changes[i].write(ctx, &l)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.subject.AccountID = cmp.Or(x.subject.AccountID, l.accountID)
	x.subject.SCIMID = cmp.Or(x.subject.SCIMID, l.scimID)
	x.subject.GroupID = cmp.Or(x.subject.GroupID, l.groupID)
	return err
}

// missingID tells what a step can't be sent without.
func (x *execution) missingID(i int) string {
	step, subject := x.plan.Steps[i], x.current()
	switch {
	case step.Action != AddToGroup && step.Action != RemoveFromGroup:
	case step.Via == ViaJira && subject.AccountID == "":
		return "not begun: Atlassian has not given the person an account id yet; call again in some minutes"
	case step.Via == ViaSCIM && subject.SCIMID == "":
		return "not begun: the SCIM user is not there yet; call again in some minutes"
	}
	return ""
}

// readBack reads the state until every step of pending shows that may still come to show, or the patience of the stage is over.
// Steps that were refused are not waited for, but looked at once: the refusal may be because it was so already.
func (x *execution) readBack(ctx context.Context, pending []int, errs []error) (State, error) {
	var hopeful []int
	for _, i := range pending {
		if errs[i] == nil && !(x.plan.Steps[i].Action == Verify && x.troubled()) || errors.Is(errs[i], rest.ErrOutcomeUnknown) {
			hopeful = append(hopeful, i)
		}
	}
	deadline := time.Now().Add(x.patient)
	for pause := firstPoll; ; pause = min(pause*3/2, slowestPoll) {
		state, err := x.look(ctx)
		if err == nil && (x.shows(hopeful, state) || len(hopeful) == 0) {
			return state, nil
		}
		if ctx.Err() != nil || time.Now().Add(pause).After(deadline) {
			return state, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look reads the state and takes over the ids that it shows. After a cancellation it still reads, for a short while.
func (x *execution) look(ctx context.Context) (State, error) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	state, err := x.observe(ctx, x.current())
	if err != nil {
		return State{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if id := state.accountID(); id != "" {
		x.subject.AccountID = id
	}
	if state.SCIM != nil {
		x.subject.SCIMID = state.SCIM.ID
	}
	return state, nil
}

func (x *execution) shows(steps []int, state State) bool {
	for _, i := range steps {
		if !x.changes[i].so(state) {
			return false
		}
	}
	return true
}

// troubled tells whether a step before failed or is in doubt, so that the plan's goal can't be expected to show.
func (x *execution) troubled() bool {
	for _, r := range x.results {
		if r.Status == StepFailed || r.Status == StepUnknown || r.Status == StepSkipped {
			return true
		}
	}
	return false
}

// settle writes down what became of steps: by what was read, and where that does not show the change, by what the write answered.
func (x *execution) settle(steps []int, errs []error, state State, unread error) {
	for _, i := range steps {
		r := &x.results[i]
		shown := unread == nil && x.changes[i].so(state)
		switch err := errs[i]; {
		case shown && err == nil:
			r.Status = StepDone
			r.Detail = past(x.plan.Steps[i])
		case shown && doubtful(err):
			r.Status = StepDone
			r.Detail = past(x.plan.Steps[i]) + " (the answer was lost; reading back shows that it took effect)"
		case shown:
			r.Status = StepAlready
			r.Detail = "was so already when it was sent"
		case err == nil && unread != nil:
			r.Status = StepUnknown
			r.Detail = "sent, but it could not be read back: " + explain.Fault(unread).Error()
		case err == nil && x.plan.Steps[i].Action == Verify && x.troubled():
			r.Status = StepFailed
			r.Detail = "not everything is as planned: see the steps before"
		case err == nil:
			r.Status = StepUnknown
			r.Detail = fmt.Sprintf("accepted, not yet visible after %s: Atlassian can take some minutes; look the person up again then", x.patient)
		case errors.Is(err, rest.ErrOutcomeUnknown):
			r.Status = StepUnknown
			r.Detail = "the answer was lost, and reading back does not show the change: it may still come. Look again before you repeat it."
		default:
			r.Status = StepFailed
			r.Detail = explain.Fault(err).Error()
		}
	}
}

// doubtful tells whether a write that failed may have taken effect all the same: its answer was lost, or that of an earlier try was.
func doubtful(err error) bool {
	var e *rest.Error
	return errors.Is(err, rest.ErrOutcomeUnknown) || errors.As(err, &e) && e.Repeated
}

// past says of a finished step what it did.
func past(s Step) string {
	switch s.Action {
	case Deactivate:
		return "deactivated through SCIM, and SCIM shows it"
	case Reactivate:
		return "reactivated through SCIM, and SCIM shows it"
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
func conclude(results []StepResult, cancelled bool) Status {
	good, bad := 0, 0
	for _, r := range results {
		switch {
		case r.Status == StepDone, r.Status == StepAlready:
			good++
		default:
			bad++
		}
	}
	switch {
	case bad == 0:
		return Succeeded
	case good > 0:
		return Partial
	case cancelled:
		return Cancelled
	}
	for _, r := range results { // nothing is known to be done; something may be
		if r.Status == StepUnknown {
			return Partial
		}
	}
	return Failed
}

func summary(results []StepResult) string {
	parts := make([]string, len(results))
	for i, r := range results {
		parts[i] = string(r.Action) + "=" + string(r.Status)
	}
	return strings.Join(parts, " ")
}
