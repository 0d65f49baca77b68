package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Service changes people and groups. It is safe for concurrent use.
type Service struct {
	directory *directory.Directory
	policy    Policy
	journal   *journal.Store
	site      string
	sealer    *sealer
	patience  time.Duration
	wait      time.Duration
	parallel  int
	wake      func()
	now       func() time.Time
	log       *slog.Logger

	// stopping ends with Stop; running counts the operations that calls run in this process.
	stopping context.Context
	stop     context.CancelCauseFunc
	running  inflight

	survey survey

	strangers sync.Map // operations of other sites, which were told of once
}

// Config says what a Service works with.
type Config struct {
	Directory *directory.Directory
	Policy    Policy
	Journal   *journal.Store
	// Site names the site and directory that changes go to. An operation that was made for another one is never run.
	Site string
	// Patience is for how long a change is waited for to show, per stage of an operation; 0 means 20 seconds.
	Patience time.Duration
	// Wait is for how long a call waits for its operation before it answers "running"; 0 means 25 seconds, less than 0 not at all.
	Wait time.Duration
	// Parallel is how many people of a batch are looked up side by side; 0 means 8.
	Parallel int
	// Wake is called after operations were added that somebody else is to run. It may be nil and must not block.
	Wake func()
	Now  func() time.Time // nil means time.Now
	Log  *slog.Logger
}

const (
	defaultPatience = 20 * time.Second
	defaultWait     = 25 * time.Second
	defaultParallel = 8
)

// New returns a Service over c. Stop ends it.
func New(c Config) *Service {
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Wait == 0 {
		c.Wait = defaultWait
	}
	if c.Parallel == 0 {
		c.Parallel = defaultParallel
	}
	if c.Wake == nil {
		c.Wake = func() {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		directory: c.Directory, policy: c.Policy, journal: c.Journal, site: c.Site, sealer: &sealer{journal: c.Journal, site: c.Site, now: c.Now},
		patience: c.Patience, wait: c.Wait, parallel: c.Parallel, wake: c.Wake, survey: survey{begun: make(chan struct{})}, now: c.Now, log: c.Log,
	}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	return s
}

// Stop lets the operations that run in this process finish the step that they are in and gives them back to the journal, where the next process
// finds them. It returns when that is done, or with ctx.
func (s *Service) Stop(ctx context.Context) error {
	s.stop(errStopping)
	select {
	case <-s.running.stop():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Result is the answer of every write tool.
type Result struct {
	Status    Status        `json:"status" jsonschema:"confirmation_required, blocked, planned, or the state of the operation"`
	Plan      Plan          `json:"plan"`
	Confirm   *Confirmation `json:"confirmation,omitempty" jsonschema:"present when the plan waits for a person's agreement"`
	Operation *Operation    `json:"operation,omitempty" jsonschema:"what was done, or is to be done"`
	FollowUps []string      `json:"follow_ups" jsonschema:"what no API can do and a person should"`

	// mustAsk tells that the token is of no use to this client, which can't ask a person.
	mustAsk bool
}

func result(status Status, plan Plan) Result {
	return Result{Status: status, Plan: plan, FollowUps: append([]string{}, plan.followUps...)}
}

// do is the way of every change: it plans, has the plan agreed to where that is needed, and makes an operation of it. The plan is computed from what
// the services show now: what is applied is what was confirmed, or nothing.
func (s *Service) do(ctx context.Context, in intent, terms Terms) (Result, error) {
	if err := s.policy.guardWrite(); err != nil && !terms.DryRun {
		return Result{}, err
	}
	if err := s.checkTime(terms.EffectiveAt); err != nil {
		return Result{}, err
	}
	caller := request.From(ctx).Caller
	var sealed claims
	if terms.Confirm != "" {
		if s.policy.HumanConfirmation && !request.From(ctx).Asked {
			return Result{}, s.humanOnly(request.From(ctx).CanAsk)
		}
		var err error
		if sealed, err = s.sealer.open(ctx, terms.Confirm, in.kind(), caller, terms.EffectiveAt); err != nil {
			return Result{}, err
		}
	}
	asked := s.now()
	plan, err := in.plan(ctx, s)
	if err != nil {
		return Result{}, err
	}
	plan.asked = asked
	if terms.Confirm != "" && sealed.Target != plan.Target.key() {
		return Result{}, invalid("The confirmation token is for another person or group.")
	}
	needed := needsAgreement(in, plan)
	plan.EffectiveAt = terms.EffectiveAt
	if err := s.announce(ctx, &plan, needed && s.policy.SecondPerson); err != nil && !terms.DryRun {
		return Result{}, err
	}
	switch {
	case terms.DryRun:
		return result(Planned, plan), nil
	case len(plan.Blockers) > 0:
		return result(Blocked, plan), nil
	case !plan.writes():
		return result(Succeeded, plan), nil
	case !needed:
		return s.apply(ctx, in, plan, terms, nil, nil)
	case terms.Confirm != "" && sealed.Plan == plan.ID:
		return s.apply(ctx, in, plan, terms, s.agreed(ctx, plan), sealed.use())
	}
	fresh, err := s.sealer.seal(ctx, plan, caller, terms.EffectiveAt)
	if err != nil {
		return Result{}, err
	}
	r := result(ConfirmationRequired, plan)
	r.Confirm = &fresh
	r.mustAsk = s.policy.HumanConfirmation && !request.From(ctx).CanAsk
	if terms.Confirm != "" {
		return Result{}, fault.New(fault.PlanChanged, "Nothing was changed. Show the new plan (in details) to the person, and confirm it with its own token if they agree.",
			"What would be changed is not what was confirmed: the situation is another one by now.").With(r)
	}
	return r, nil
}

func (s *Service) humanOnly(canAsk bool) error {
	if canAsk {
		return fault.New(fault.ConfirmationInvalid, "Leave confirm out: the server asks the person itself. Nothing was changed.", "This server takes agreement from a person only, and no token.")
	}
	return fault.New(fault.ConfirmationInvalid, "Use a client that can ask its user (MCP elicitation): the server then asks the person itself. Nothing was changed.",
		"This server takes confirmations from a person only, and this client can't ask one.")
}

// announce tells, before anybody agrees, what else there is to know: that a second person has to approve, and that another operation on this person is
// under way or waits. Where that one keeps this one from being made, it is the conflict that would come of it.
func (s *Service) announce(ctx context.Context, plan *Plan, second bool) error {
	if second {
		plan.Warnings = append(plan.Warnings, "After this a second person has to approve it, within "+plainly(s.policy.approvalTimeout())+"; nothing is done before.")
	}
	waits := second || !plan.EffectiveAt.IsZero()
	everybody := plan.people
	if len(everybody) == 0 {
		everybody = []Plan{*plan}
	}
	for _, person := range everybody {
		if !person.writes() {
			continue
		}
		others, err := s.journal.List(ctx, journal.Filter{Person: person.Target.key(), Statuses: []Status{AwaitingApproval, Scheduled, Queued, Running}, Limit: 5})
		if err != nil {
			return err
		}
		for _, other := range others.Operations {
			waiting := other.Status == AwaitingApproval || other.Status == Scheduled
			if waiting == waits {
				return s.refused(ctx, &journal.BusyError{OperationID: other.ID, Status: other.Status}, other.Label)
			}
			if waiting {
				plan.Warnings = append(plan.Warnings, fmt.Sprintf("Another operation on %s waits (%s, %s) and stays as it is: %s. update_operation cancels it.", other.Label, other.Kind, other.Status, other.ID))
			}
		}
	}
	return nil
}

// plainly writes a duration without its empty parts: 24h, not 24h0m0s.
func plainly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// agreed records how the plan was agreed to.
func (s *Service) agreed(ctx context.Context, plan Plan) *journal.Confirmation {
	means := "token"
	if request.From(ctx).Asked {
		means = "person"
	}
	return &journal.Confirmation{Means: means, By: actor(ctx), At: s.now().UTC(), Shown: result(ConfirmationRequired, plan).Question()}
}

// apply makes an operation of a plan: one that runs now, or one that waits for its time or for a second person.
func (s *Service) apply(ctx context.Context, in intent, plan Plan, terms Terms, agreed *journal.Confirmation, use *journal.Use) (Result, error) {
	status, due := Running, time.Time{}
	switch {
	case s.policy.SecondPerson && agreed != nil:
		status, due = AwaitingApproval, s.now().Add(s.policy.approvalTimeout())
	case !terms.EffectiveAt.IsZero():
		status, due = Scheduled, terms.EffectiveAt
	}
	plan.site = s.site
	ops, err := s.recordsOf(ctx, in, plan, terms, status)
	if err != nil {
		return Result{}, err
	}
	op := ops[0]
	op.Confirmation, op.Due = agreed, due
	ops[0] = op
	if status == Running && len(ops) == 1 && !isBatch(op) {
		lease, err := s.journal.Begin(ctx, op, use)
		if err != nil {
			return Result{}, s.refused(ctx, err, plan.Target.Label)
		}
		var listening atomic.Bool
		listening.Store(true)
		defer listening.Store(false)
		return s.attend(ctx, op.ID, s.carry(ctx, lease, plan, &listening), plan)
	}
	if err := s.journal.Add(ctx, ops, use); err != nil {
		return Result{}, s.refused(ctx, err, plan.Target.Label)
	}
	if status != Running {
		return s.answer(ctx, op.ID, plan)
	}
	s.wake()
	return s.attend(ctx, op.ID, nil, plan)
}

// refused says why the journal did not take an operation.
func (s *Service) refused(ctx context.Context, err error, label string) error {
	var busy *journal.BusyError
	switch {
	case errors.Is(err, journal.ErrTokenUsed):
		return errUsed
	case errors.As(err, &busy):
		if other, err := s.journal.Get(ctx, busy.OperationID); err == nil { // of a batch, the one person who is busy
			label = other.Label
		}
		return fault.New(fault.Conflict, "Look at it with get_operation; wait for its end, or cancel it with update_operation. Nothing was changed by this call.",
			"Another operation for %s is on its way already (%s): %s.", label, busy.Status, busy.OperationID)
	}
	return err
}
