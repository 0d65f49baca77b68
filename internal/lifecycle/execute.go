package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// errStopping ends an execution because its process stops: the operation goes back to the journal.
var errStopping = request.ErrStopping

// execution runs the steps of one operation, which it holds the lease on. It reads the state, skips what is so, records what it is about to write,
// writes each step once, and reads back until the change shows or the time for it is over.
//
// What it relies on after a crash: a step that is recorded as pending was not sent. One that is recorded as running may have been: it is read back,
// for as long as the change may take to show, before it is sent again. Every record commits only under the lease's epoch.
type execution struct {
	lease   *journal.Lease
	plan    Plan
	changes []change
	observe func(context.Context, Subject) (State, error)
	holders func(context.Context, []Step) (map[Action]map[string]found, error)
	heed    func()        // takes notice of a cancellation, nil where nobody can cancel but in the journal
	patient time.Duration // how long a stage waits for its changes to show
	now     func() time.Time
	log     *slog.Logger

	steps    []journal.Step
	changed  map[int]bool // steps that the journal does not have yet
	refused  bool         // the journal has refused a record, and kept it
	overtook string       // why nothing more may be done, where somebody else changed the person meanwhile

	mu      sync.Mutex
	subject Subject
	notes   map[int]string // what a service said of a step that it did in part
}

func (s *Service) newExecution(lease *journal.Lease, plan Plan) (*execution, error) {
	x := &execution{
		lease: lease, plan: plan, observe: s.observe, holders: s.readHolders, patient: s.patience, now: s.now, subject: plan.Target,
		steps: slices.Clone(lease.Operation().Steps), changed: map[int]bool{}, notes: map[int]string{},
		log: s.log.With("operation", lease.Operation().ID, "tool", plan.tool, "plan", plan.ID),
	}
	if len(x.steps) != len(plan.Steps) {
		return nil, fmt.Errorf("the operation has %d steps and its plan %d", len(x.steps), len(plan.Steps))
	}
	for _, step := range plan.Steps {
		c, err := s.change(plan, step, x.current)
		if err != nil {
			return nil, err
		}
		x.changes = append(x.changes, c)
	}
	return x, nil
}

// run runs the operation from state to its end. An error means that it is not at its end: the process stops, the lease is lost, or the journal
// can't be written; then nothing more was sent.
func (x *execution) run(ctx context.Context, state State) error {
	x.log.Info("operation begins", "steps", len(x.steps), "epoch", x.lease.Operation().Epoch)
	state = x.compare(ctx, state)
	for stage := 0; stage <= stageOf(Verify); stage++ {
		for _, steps := range x.rounds(stage) {
			if why := x.hindered(stage); why != "" {
				x.skip(steps, why)
				continue
			}
			if err := x.interrupted(ctx); err != nil {
				return err
			}
			request.Progress(ctx, float64(steps[0]), float64(len(x.steps)), x.plan.Steps[steps[0]].Detail)
			var err error
			if state, err = x.stage(ctx, steps, state); err != nil {
				return err
			}
		}
	}
	_, cancelled := x.lease.CancelRequested()
	status := conclude(x.steps, cancelled)
	err := x.record(ctx, "ended", journal.Update{Status: status})
	if err == nil {
		x.log.Info("operation ends", "status", status, "outcome", summary(x.steps))
	}
	return err
}

// open gives the steps of a stage that are not at their end.
func (x *execution) open(stage int) []int {
	var steps []int
	for i, step := range x.plan.Steps {
		if stageOf(step.Action) == stage && (x.steps[i].Status == StepPending || x.steps[i].Status == StepRunning) {
			steps = append(steps, i)
		}
	}
	return steps
}

// interrupted tells why this process may not go on with the operation, or nil.
func (x *execution) interrupted(ctx context.Context) error {
	select {
	case <-x.lease.Done():
		return journal.ErrLost
	default:
	}
	return context.Cause(ctx)
}

// compare looks whether an operation that was cut off still finds what it had done by then. Where somebody gave or took the account back meanwhile,
// going on would be against them.
func (x *execution) compare(ctx context.Context, state State) State {
	var entry []int
	for i, step := range x.plan.Steps {
		if stageOf(step.Action) == 0 && x.steps[i].Status == StepDone {
			entry = append(entry, i)
		}
	}
	if len(entry) == 0 || x.shows(entry, state) {
		return state
	}
	state, err := x.await(ctx, entry, x.patient)
	if err == nil && !x.shows(entry, state) {
		x.overtook = "not begun: what this operation had done is undone, by somebody else; make a new plan"
	}
	return state
}

// hindered gives the reason why a stage may not begin, or "". A cancellation does not keep what was done from being checked.
func (x *execution) hindered(stage int) string {
	if x.overtook != "" {
		return x.overtook
	}
	if x.heed != nil {
		x.heed()
	}
	if by, ok := x.lease.CancelRequested(); ok && (stage != stageOf(Verify) || x.any(StepSkipped)) {
		return "not begun: cancelled by " + cmp.Or(by.Caller, "the caller")
	}
	if why := x.stopped(); why != "" {
		return why
	}
	if stage == stageOf(TransferIssues) {
		for i, step := range x.plan.Steps {
			if stageOf(step.Action) == 0 && x.steps[i].Status == StepFailed {
				return "not begun: what comes before it failed: " + x.steps[i].Detail
			}
		}
	}
	for i, step := range x.plan.Steps {
		entry := slices.Contains([]Action{CreateUser, InviteUser, Reactivate, RestoreAccess, CancelDeletion}, step.Action)
		if entry && x.steps[i].Status == StepFailed {
			return "not begun: without an active account there is nobody to add"
		}
	}
	return ""
}

func (x *execution) skip(steps []int, why string) {
	for _, i := range steps {
		x.set(i, StepSkipped, why)
	}
}

// set notes what became of a step; the journal has it with the next record.
func (x *execution) set(i int, status StepStatus, detail string) {
	x.steps[i].Status, x.steps[i].Detail = status, detail
	if status != StepPending && status != StepRunning {
		x.steps[i].EndedAt = x.now().UTC()
	}
	x.changed[i] = true
}

// record writes what changed into the journal, in one transaction under the lease's epoch. A caller who is gone does not keep it from being written.
func (x *execution) record(ctx context.Context, event string, u journal.Update) error {
	u.Event, u.Steps = event, map[int]journal.Step{}
	for i := range x.changed {
		u.Steps[i] = x.steps[i]
	}
	subject := x.current()
	if subject.AccountID != x.plan.Target.AccountID {
		u.AccountID = subject.AccountID
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := x.lease.Record(ctx, u); err != nil {
		x.refused = errors.Is(err, journal.ErrLost)
		return err
	}
	clear(x.changed)
	return nil
}

// troubled tells whether a step before failed or is in doubt, so that the plan's goal can't be expected to show.
func (x *execution) troubled() bool {
	return x.any(StepFailed) || x.any(StepSkipped) || x.any(StepUnknown)
}

func (x *execution) any(status StepStatus) bool {
	return slices.ContainsFunc(x.steps, func(s journal.Step) bool { return s.Status == status })
}
