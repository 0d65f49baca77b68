package lifecycle

import (
	"context"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

const (
	// lastLook is how long a read may take after the process was told to stop.
	lastLook = 10 * time.Second

	firstPoll, slowestPoll = 100 * time.Millisecond, 2 * time.Second
)

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
	var holders map[Action]map[string]found
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
