package lifecycle

import (
	"context"
	"log/slog"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Service changes people and groups. It is safe for concurrent use.
type Service struct {
	directory *directory.Directory
	policy    Policy
	sealer    *Sealer
	patience  time.Duration
	log       *slog.Logger
}

// Config says what a Service works with.
type Config struct {
	Directory *directory.Directory
	Policy    Policy
	Sealer    *Sealer
	// Patience is for how long a change is waited for to show, per stage of an operation; 0 means 20 seconds.
	Patience time.Duration
	Log      *slog.Logger
}

const defaultPatience = 20 * time.Second

// New returns a Service over c.
func New(c Config) *Service {
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{directory: c.Directory, policy: c.Policy, sealer: c.Sealer, patience: c.Patience, log: c.Log}
}

// Result is the answer of every write tool.
type Result struct {
	Status    Status        `json:"status" jsonschema:"confirmation_required, planned (dry run), blocked, succeeded, partial, failed or cancelled"`
	Plan      Plan          `json:"plan"`
	Confirm   *Confirmation `json:"confirmation,omitempty" jsonschema:"present when the plan waits for a person's agreement"`
	Operation *Operation    `json:"operation,omitempty" jsonschema:"what was done"`
	FollowUps []string      `json:"follow_ups" jsonschema:"what no API can do and a person should"`

	// mustAsk tells that the token is of no use to this client, which can't ask a person.
	mustAsk bool
}

func result(status Status, plan Plan) Result {
	return Result{Status: status, Plan: plan, FollowUps: append([]string{}, plan.followUps...)}
}

// apply runs a plan that needs no confirmation, or that has one.
func (s *Service) apply(ctx context.Context, plan Plan, observe func(context.Context, Subject) (State, error)) (Result, error) {
	if len(plan.Blockers) > 0 {
		return result(Blocked, plan), nil
	}
	if !plan.writes() {
		return result(Succeeded, plan), nil
	}
	op, err := s.execute(ctx, plan, observe)
	if err != nil {
		return Result{}, err
	}
	r := result(op.Status, plan)
	r.Operation = &op
	return r, nil
}

// confirmed applies a destructive plan when token is the confirmation of this very plan, and asks for one when there is none.
// make computes the plan from what the services show now: what is applied is what was confirmed, or nothing.
func (s *Service) confirmed(ctx context.Context, tool, token string, plan func() (Plan, error), observe func(context.Context, Subject) (State, error)) (Result, error) {
	if err := s.policy.guardWrite(); err != nil {
		return Result{}, err
	}
	caller := request.From(ctx).Caller
	var sealed claims
	if token != "" {
		if s.policy.HumanConfirmation && !request.From(ctx).Asked {
			return Result{}, fault.New(fault.ConfirmationInvalid, "Use a client that can ask its user (MCP elicitation): the server then asks the person itself. Nothing was changed.",
				"This server takes confirmations from a person only, and this client can't ask one.")
		}
		var err error
		if sealed, err = s.sealer.open(token, tool, caller); err != nil {
			return Result{}, err
		}
	}
	p, err := plan()
	if err != nil {
		return Result{}, err
	}
	if token != "" && sealed.Target != p.Target.key() {
		return Result{}, invalid("The confirmation token is for another person or group.")
	}
	switch {
	case len(p.Blockers) > 0:
		return result(Blocked, p), nil
	case !p.writes():
		return result(Succeeded, p), nil
	case token != "" && sealed.Plan == p.ID:
		if err := s.sealer.spend(sealed); err != nil {
			return Result{}, err
		}
		return s.apply(ctx, p, observe)
	}
	fresh, err := s.sealer.Seal(p, caller)
	if err != nil {
		return Result{}, err
	}
	r := result(ConfirmationRequired, p)
	r.Confirm = &fresh
	r.mustAsk = s.policy.HumanConfirmation && !request.From(ctx).CanAsk
	if token != "" {
		return Result{}, fault.New(fault.PlanChanged, "Nothing was changed. Show the new plan (in details) to the person, and confirm it with its own token if they agree.",
			"What would be changed is not what was confirmed: the situation is another one by now.").With(r)
	}
	return r, nil
}
