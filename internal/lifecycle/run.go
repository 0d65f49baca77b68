package lifecycle

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

const (
	// giveBack bounds the record that returns an operation to the journal when its process stops.
	giveBack = 5 * time.Second
	// An operation that can't go on because Atlassian is away is tried again after a pause, which doubles up to the longest.
	firstPause, longestPause = 5 * time.Second, 10 * time.Minute
	// progressEvery is how often a call that waits for a batch tells how far it is.
	progressEvery = time.Second
	// late is how long after its time a scheduled operation begins before its record says so.
	late = time.Minute
)

// carry runs an operation that this process has just begun, beside the call, which may end before it. The channel gives what it came to.
func (s *Service) carry(ctx context.Context, lease *journal.Lease, plan Plan, listening *atomic.Bool) <-chan error {
	info := request.From(ctx)
	if tell := info.Progress; tell != nil {
		info.Progress = func(step, of float64, message string) {
			if listening.Load() {
				tell(step, of, message)
			}
		}
	}
	return s.beside(request.With(ctx, info), lease, func(working context.Context) error {
		plan, err := s.refresh(working, lease, plan)
		if err != nil {
			return s.postpone(working, lease, err)
		}
		return s.execute(working, lease, plan, func() { s.withdraw(ctx, lease) })
	})
}

// beside runs work on a leased operation beside the call, whose end does not end it; a stop of the process does. The channel gives what it came to.
func (s *Service) beside(ctx context.Context, lease *journal.Lease, do func(context.Context) error) <-chan error {
	done := make(chan error, 1)
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(s.stopping, func() { stop(context.Cause(s.stopping)) })
	work := func() {
		defer unhook()
		defer stop(nil)
		done <- s.guarded(lease, func() error { return do(working) })
	}
	if !s.running.begin(work) {
		work() // its context has ended: it gives the lease back
	}
	return done
}

// guarded runs work on a leased operation, and sees to it that the lease is over afterwards, whatever happened: a lease that is renewed while nobody
// works would keep everybody else away. A panic is the work's error.
func (s *Service) guarded(lease *journal.Lease, work func() error) error {
	err := parallel.Safely(work)
	select {
	case <-lease.Done():
		return err
	default:
	}
	s.log.Error("an operation was broken off", "operation", lease.Operation().ID, "error", err)
	back, cancel := context.WithTimeout(context.Background(), giveBack)
	defer cancel()
	pause := firstPause
	if errors.Is(err, parallel.ErrPanic) {
		pause = longestPause
	}
	if failed := lease.Release(back, pause); failed != nil {
		lease.Abandon()
	}
	return err
}

// clockError is by how much the clocks of two hosts may differ before refresh could miss something.
const clockError = time.Minute

// refresh looks at the person again where another operation on them has come and gone between the reading for the plan and the moment at which the
// journal kept everybody else away: what was read may not be so any more, and what that one did must not be done again.
func (s *Service) refresh(ctx context.Context, lease *journal.Lease, plan Plan) (Plan, error) {
	op := lease.Operation()
	others, err := s.journal.List(ctx, journal.Filter{Person: op.Key, Limit: 20})
	if err != nil {
		return plan, err
	}
	for _, other := range others.Operations {
		if other.ID != op.ID && other.EndedAt.After(plan.asked.Add(-clockError)) {
			plan.from, err = s.observe(ctx, plan.Target)
			return plan, err
		}
	}
	return plan, nil
}

// withdraw records that the client of a call has cancelled it, before the operation's next step can begin.
func (s *Service) withdraw(call context.Context, lease *journal.Lease) {
	if _, known := lease.CancelRequested(); known || !errors.Is(context.Cause(call), request.ErrClientCancelled) {
		return
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(call), giveBack)
	defer cancel()
	if _, err := s.journal.Cancel(recording, lease.Operation().ID, actor(call), nil); err != nil {
		s.log.Warn("a cancellation could not be recorded", "operation", lease.Operation().ID, "error", err)
	}
}

// execute runs a leased operation to its end, or gives it back. heed is called before each stage, to take notice of a cancellation; it may be nil.
func (s *Service) execute(ctx context.Context, lease *journal.Lease, plan Plan, heed func()) error {
	x, err := s.newExecution(lease, plan)
	if err != nil {
		return s.end(ctx, lease, Failed, err)
	}
	x.heed = heed
	err = x.run(ctx, plan.from)
	if late := errors.Is(err, journal.ErrLost) || errors.Is(err, errStale); late && !x.refused { // what comes too late is refused, and kept as that
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBack)
		defer cancel()
		return errors.Join(err, x.record(back, "outcome", journal.Update{}))
	}
	if errors.Is(err, errStopping) {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBack)
		defer cancel()
		if len(x.changed) > 0 {
			if failed := x.record(back, "outcome", journal.Update{}); failed != nil {
				return failed
			}
		}
		return errors.Join(err, lease.Release(back, 0))
	}
	return err
}

// attend waits for an operation as long as the call may, and answers with what is known of it then. done is nil where another worker runs it.
func (s *Service) attend(ctx context.Context, id string, done <-chan error, plan Plan) (Result, error) {
	waiting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	own := done != nil
	if !own {
		ended := make(chan error, 1)
		go func() { // ends with waiting
			_, err := s.journal.Wait(waiting, id)
			ended <- err
		}()
		done = ended
	}
	var limit <-chan time.Time
	if !request.From(ctx).Task {
		timer := time.NewTimer(max(0, s.wait))
		defer timer.Stop()
		limit = timer.C
	}
	var tick <-chan time.Time
	if !own && request.From(ctx).Progress != nil {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		tick = ticker.C
	}
	gone := ctx.Done()
	for {
		select {
		case <-tick:
			s.tellCount(waiting, ctx, id)
		case err := <-done:
			if err != nil && !errors.Is(err, errStopping) {
				return Result{}, s.broken(err, id)
			}
			return s.answer(context.WithoutCancel(ctx), id, plan)
		case <-limit:
			return s.answer(ctx, id, plan)
		case <-s.stopping.Done():
			if !own {
				return s.answer(context.WithoutCancel(ctx), id, plan)
			}
			if err := <-done; err != nil && !errors.Is(err, errStopping) {
				return Result{}, s.broken(err, id)
			}
			return s.answer(context.WithoutCancel(ctx), id, plan)
		case <-gone:
			gone = nil
			if !errors.Is(context.Cause(ctx), request.ErrClientCancelled) {
				return Result{}, context.Cause(ctx) // nobody listens any more; the operation goes on
			}
			if _, err := s.journal.Cancel(waiting, id, actor(ctx), nil); err != nil && !errors.Is(err, journal.ErrEnded) {
				return Result{}, err
			}
		}
	}
}

// tellCount reports how many people of a batch are done.
func (s *Service) tellCount(waiting, call context.Context, id string) {
	counts, err := s.journal.Count(waiting, id)
	if err != nil {
		return // the wait itself tells
	}
	done, all := 0, 0
	for status, n := range counts {
		if all += n; status.Ended() {
			done += n
		}
	}
	request.Progress(call, float64(done), float64(all), fmt.Sprintf("%d of %d people are done", done, all))
}

// broken tells of an operation that this process could not bring to its end.
func (s *Service) broken(err error, id string) error {
	const hint = "Look at it with get_operation. It is taken up again by itself, and goes on from what a read shows; don't make the change a second time."
	if errors.Is(err, journal.ErrLost) || errors.Is(err, errStale) {
		return fault.New(fault.Conflict, hint, "Operation %s was taken over by another worker while this process was held up.", id).Because(err)
	}
	f := explain.Fault(err)
	return fault.New(f.Code, hint, "Operation %s was broken off: %s", id, f.Message).Because(err)
}

// Run brings an operation that nobody runs to its end: one that is due, was approved, belongs to a batch, or was left by a process that is gone. It
// returns nil when there is nothing to do any more, and also when the operation had to be given back for a while.
func (s *Service) Run(ctx context.Context, id string) error {
	if s.policy.ReadOnly {
		return nil
	}
	op, err := s.journal.Get(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.here(op); err != nil {
		if _, told := s.strangers.LoadOrStore(id, true); !told {
			s.log.Warn("an operation is left alone", "operation", id, "error", err)
		}
		return nil
	}
	lease, err := s.journal.Claim(ctx, id)
	switch {
	case errors.Is(err, journal.ErrHeld), errors.Is(err, journal.ErrEnded), errors.Is(err, journal.ErrWaiting), errors.Is(err, journal.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	if op.Parent != "" {
		defer s.wake() // the next of a batch that goes one by one
	}
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	unhook := context.AfterFunc(s.stopping, func() { stop(context.Cause(s.stopping)) })
	defer unhook()
	if context.Cause(working) != nil {
		return lease.Release(context.WithoutCancel(ctx), 0)
	}
	if err := s.guarded(lease, func() error { return s.resume(stoppable(working), lease) }); err != nil && !errors.Is(err, errStopping) && !errors.Is(err, journal.ErrLost) {
		return err
	}
	return nil
}

// here refuses an operation that was made for another site than this process works on.
func (s *Service) here(op journal.Operation) error {
	plan, err := decodePlan(op.Plan)
	if err != nil {
		return err
	}
	if plan.site != s.site {
		return fault.New(fault.Conflict, "Start the server with those settings (ATLASSIAN_SITE_URL, ATLASSIAN_SCIM_DIRECTORY_ID), or cancel the operation.",
			"Operation %s was made for another site or SCIM directory than this server works on: %s.", op.ID, plan.site)
	}
	if plan.org != "" && plan.org != s.directory.OrganizationID() {
		return fault.New(fault.Conflict, "Start the server with that organization's settings (ATLASSIAN_ORG_ID, ATLASSIAN_ORG_API_KEY), or cancel the operation.",
			"Operation %s was made for another organization than this server works on: %s.", op.ID, plan.org)
	}
	return nil
}

// stoppable makes whatever ended ctx a reason to give the operation back.
func stoppable(ctx context.Context) context.Context {
	out, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { stop(errStopping) })
	return out
}

// resume goes on with an operation from what is recorded: from the beginning, with its plan made anew, or from where it was cut off.
func (s *Service) resume(ctx context.Context, lease *journal.Lease) error {
	op := lease.Operation()
	plan, err := decodePlan(op.Plan)
	if err != nil {
		return s.end(ctx, lease, Failed, err)
	}
	if !begun(op) {
		plan, err = s.renew(ctx, lease, plan)
		if err != nil {
			return s.postpone(ctx, lease, err)
		}
		if !plan.writes() {
			return s.end(ctx, lease, Succeeded, nil)
		}
		return s.execute(ctx, lease, plan, nil)
	}
	if err := s.overruled(ctx, op); err != nil {
		return s.postpone(ctx, lease, err)
	}
	plan.Target.AccountID = cmp.Or(plan.Target.AccountID, op.AccountID) // it may have been learned since
	from, err := s.observe(ctx, plan.Target)
	if err != nil {
		return s.postpone(ctx, lease, err)
	}
	plan.from = from
	return s.execute(ctx, lease, plan, nil)
}

// begun tells whether any step may have been written.
func begun(op journal.Operation) bool {
	for _, step := range op.Steps {
		if step.Status != StepPending {
			return true
		}
	}
	return false
}

// postpone gives an operation back for a while where waiting may help, and ends it where it does not.
func (s *Service) postpone(ctx context.Context, lease *journal.Lease, err error) error {
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), lease.Release(context.WithoutCancel(ctx), 0))
	}
	f := explain.Fault(err)
	if f.Retryable || f.Code == fault.RateLimited || f.Code == fault.UpstreamUnavailable || f.Code == fault.Timeout {
		pause := min(longestPause, firstPause<<min(10, max(0, lease.Operation().Epoch-1)))
		s.log.Warn("operation can't go on now", "operation", lease.Operation().ID, "again_in", pause, "error", err)
		return lease.Release(ctx, pause)
	}
	status := Failed
	if begun(lease.Operation()) {
		status = Partial
	}
	return s.end(ctx, lease, status, err)
}

// end ends an operation without another step. problem says why, nil where all was as planned.
func (s *Service) end(ctx context.Context, lease *journal.Lease, status Status, problem error) error {
	u := journal.Update{Event: "ended", Status: status, Steps: map[int]journal.Step{}}
	if problem != nil {
		f := explain.Fault(problem)
		u.Problem, _ = json.Marshal(problemOf(f))
		s.log.Warn("operation ends without its steps", "operation", lease.Operation().ID, "status", status, "error", problem)
	}
	for i, step := range lease.Operation().Steps {
		switch {
		case step.Status != StepPending && step.Status != StepRunning:
			continue
		case step.Status == StepRunning:
			step.Status, step.Detail = StepUnknown, "may have been sent before this was cut off: look the person up"
		case problem == nil:
			step.Status, step.Detail = StepAlready, "was so already"
		default:
			step.Status, step.Detail = StepSkipped, "not begun: "+explain.Fault(problem).Message
		}
		step.EndedAt = s.now().UTC()
		u.Steps[i] = step
	}
	return lease.Record(context.WithoutCancel(ctx), u)
}

// problemOf is what the record keeps of a fault.
func problemOf(f *fault.Error) Problem {
	p := Problem{Code: string(f.Code), Message: f.Message, Hint: f.Hint}
	if plan, ok := f.Details.(Result); ok {
		p.Plan = plan.Question()
	}
	return p
}

func lateness(op journal.Operation) string {
	if op.EffectiveAt.IsZero() || op.StartedAt.IsZero() || op.StartedAt.Sub(op.EffectiveAt) < late {
		return ""
	}
	return fmt.Sprintf("%s late: nothing was running at its time", op.StartedAt.Sub(op.EffectiveAt).Round(time.Minute))
}
