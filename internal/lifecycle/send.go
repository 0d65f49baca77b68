package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	// parallelWrites is how many steps of one stage are sent side by side.
	parallelWrites = 16
	// writeTimeout ends a write that was begun and whose caller is gone.
	writeTimeout = time.Minute
	// transferTimeout ends a step that hands over many things.
	transferTimeout = 5 * time.Minute
)

// errStale keeps a write from being sent when its lease may be somebody else's by now.
var errStale = errors.New("the lease on the operation may have lapsed")

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
