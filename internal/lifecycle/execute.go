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

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	// parallelWrites is how many steps of one stage are sent side by side.
	parallelWrites = 16
	// writeTimeout ends a write that was begun and whose caller is gone.
	writeTimeout = time.Minute
	// transferTimeout ends a step that hands over many things.
	transferTimeout = 5 * time.Minute
	// lastLook is how long a read may take after the process was told to stop.
	lastLook = 10 * time.Second

	firstPoll, slowestPoll = 100 * time.Millisecond, 2 * time.Second
)

var (
	// errStopping ends an execution because its process stops: the operation goes back to the journal.
	errStopping = request.ErrStopping
	// errStale keeps a write from being sent when its lease may be somebody else's by now.
	errStale = errors.New("the lease on the operation may have lapsed")
)

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
	holders func(context.Context, []Step) (map[Action]map[string]string, error)
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
		steps := x.open(stage)
		if len(steps) == 0 {
			continue
		}
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

// send writes steps side by side, each once, and gives the error of each.
func (x *execution) send(ctx context.Context, steps []int) []error {
	errs := make([]error, len(x.steps))
	var writers errgroup.Group
	writers.SetLimit(parallelWrites)
	for _, i := range steps {
		if x.changes[i].write == nil {
			continue
		}
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
	_ = writers.Wait() // each error is kept with its step
	return errs
}

// write sends one step, once. It is not ended by a cancelled call: a change that was begun is finished, or known to be in doubt.
func (x *execution) write(ctx context.Context, i int) error {
	ctx = rest.Before(ctx, func() error { // also before a try that waited, or whose connection broke while this process slept
		if !x.lease.Fresh() {
			return errStale
		}
		return nil
	})
	limit := writeTimeout
	if x.plan.Steps[i].transfer != nil { // many writes
		limit = transferTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	var l learned
	var mu sync.Mutex
	var ids []string
	err := x.changes[i].write(rest.WithRequestIDs(ctx, func(id string) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
	}), &l)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.steps[i].RequestIDs = append(x.steps[i].RequestIDs, ids...)
	x.subject.AccountID = cmp.Or(x.subject.AccountID, l.accountID)
	x.subject.SCIMID = cmp.Or(x.subject.SCIMID, l.scimID)
	x.subject.GroupID = cmp.Or(x.subject.GroupID, l.groupID)
	if l.note != "" {
		x.notes[i] = l.note
	}
	return err
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

// readBack reads the state until every step of pending shows that may still come to show, or the patience of the stage is over.
// Steps that were refused are not waited for, but looked at once: the refusal may be because it was so already.
func (x *execution) readBack(ctx context.Context, pending []int, errs []error) (State, error) {
	var hopeful []int
	for _, i := range pending {
		if errs[i] == nil && !(x.plan.Steps[i].Action == Verify && x.troubled()) || doubtful(errs[i]) || exists(x.plan.Steps[i], errs[i]) {
			hopeful = append(hopeful, i)
		}
	}
	return x.await(ctx, hopeful, x.patient)
}

// await reads the state until all of steps show, or patience is over, and gives the last one. A process that stops looks once more.
func (x *execution) await(ctx context.Context, steps []int, patience time.Duration) (State, error) {
	deadline := time.Now().Add(patience)
	for pause := firstPoll; ; pause = min(pause*3/2, slowestPoll) {
		state, err := x.look(ctx, steps)
		if err == nil && x.shows(steps, state) {
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

// look reads the state, as far as steps are concerned, and takes over the ids that it shows. After an interruption it still reads, for a short while.
func (x *execution) look(ctx context.Context, steps []int) (State, error) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	var wanted []Step
	for _, i := range steps {
		wanted = append(wanted, x.plan.Steps[i])
	}
	var state State
	var holders map[Action]map[string]string
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		state, err = x.observe(both1, x.current())
		return err
	})
	if hasTransfer(wanted) {
		both.Go(func() (err error) {
			holders, err = x.holders(both1, wanted)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return State{}, err
	}
	state.Holders = holders
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

func (x *execution) current() Subject {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.subject
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
	return slices.ContainsFunc(x.steps, func(s journal.Step) bool { return s.Status == status })
}
