package lifecycle

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

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
				err := parallel.Safely(func() error { return x.write(ctx, i) })
				if errors.Is(err, parallel.ErrPanic) { // it may have been sent
					x.log.Error("a step panicked", "action", x.plan.Steps[i].Action, "error", err)
					err = errors.Join(rest.ErrOutcomeUnknown, err)
				}
				errs[i] = err
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
		if errs[i] == nil && !(x.plan.Steps[i].Action == Verify && x.troubled()) || errors.Is(errs[i], rest.ErrOutcomeUnknown) || exists(x.plan.Steps[i], errs[i]) {
			hopeful = append(hopeful, i)
		}
	}
	deadline := time.Now().Add(x.patient)
	for pause := firstPoll; ; pause = min(pause*3/2, slowestPoll) {
		state, err := x.look(ctx)
		if err == nil && (x.shows(hopeful, state) || len(hopeful) == 0) {
			return state, nil
		}
		left := time.Until(deadline)
		if ctx.Err() != nil || left <= 0 {
			return state, err
		}
		timer := time.NewTimer(min(pause, left))
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
	return x.any(StepFailed) || x.any(StepSkipped) || x.any(StepUnknown)
}

func (x *execution) any(status StepStatus) bool {
	return slices.ContainsFunc(x.results, func(r StepResult) bool { return r.Status == status })
}
