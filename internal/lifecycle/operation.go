package lifecycle

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Operation is what a write tool tells of its operation.
type Operation struct {
	ID          string       `json:"operation_id"`
	Reason      string       `json:"reason,omitempty"`
	Status      Status       `json:"status"`
	EffectiveAt time.Time    `json:"effective_at,omitzero" jsonschema:"when it will run"`
	Steps       []StepResult `json:"steps"`
	Problem     *Problem     `json:"problem,omitempty" jsonschema:"why it ended without its steps"`
}

// StepResult is a step with what became of it. In a batch a step is a person.
type StepResult struct {
	Action Action     `json:"action"`
	Target string     `json:"target"`
	Status StepStatus `json:"status" jsonschema:"done, already (was so before), failed, skipped, unknown (sent, not visible yet), pending or running"`
	Detail string     `json:"detail"`
	ID     string     `json:"operation_id,omitempty" jsonschema:"in a batch: the person's own operation"`
}

// Problem says why an operation ended without doing what was planned.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Plan    string `json:"plan,omitempty" jsonschema:"what it would do now, where that is more than was agreed to"`
}

// recordsOf makes the journal's records of a plan: one operation, or a batch followed by one for each person whom it changes.
func (s *Service) recordsOf(ctx context.Context, in intent, plan Plan, terms Terms, status Status) ([]journal.Operation, error) {
	op, err := s.recordOf(ctx, in, plan, terms)
	if err != nil {
		return nil, err
	}
	op.Status = status
	ops := []journal.Operation{op}
	many, ok := in.(batch)
	if !ok {
		return ops, nil
	}
	ops[0].StopOnError = many.stopOnError
	for i, item := range many.items {
		if !plan.people[i].writes() {
			continue
		}
		own := terms
		if row, ok := item.(interface{ why() string }); ok {
			own.Reason = cmp.Or(row.why(), terms.Reason)
		}
		plan.people[i].site = plan.site
		child, err := s.recordOf(ctx, item, plan.people[i], own)
		if err != nil {
			return nil, err
		}
		child.Parent, child.Status = op.ID, status
		child.CreatedAt = op.CreatedAt.Add(time.Duration(i+1) * time.Microsecond) // the order of the people
		if status == Running {
			child.Status = Queued
		}
		ops = append(ops, child)
	}
	return ops, nil
}

func (s *Service) recordOf(ctx context.Context, in intent, plan Plan, terms Terms) (journal.Operation, error) {
	now := s.now().UTC()
	op := journal.Operation{
		ID: journal.NewID(now), Kind: in.kind(), Key: plan.Target.key(), AccountID: plan.Target.AccountID, Email: plan.Target.Email, Label: plan.Target.Label,
		Reason: terms.Reason, Actor: actor(ctx), CreatedAt: now, EffectiveAt: terms.EffectiveAt, PlanID: plan.ID, Steps: plan.pending(),
	}
	if isBatch(op) {
		op.Steps = nil // its people have them
	}
	plan.org = s.orgOf(plan)
	var err error
	if op.Request, err = json.Marshal(in); err != nil {
		return op, err
	}
	if op.Plan, err = plan.encode(); err != nil {
		return op, err
	}
	op.Snapshot, err = plan.from.snapshot()
	return op, err
}

// orgOf is the organization that has a part in a plan, "" where none has.
func (s *Service) orgOf(plan Plan) string {
	if hasVia(plan.Steps, ViaOrganization) {
		return s.directory.OrganizationID()
	}
	return ""
}

// pending gives the plan's steps as they are recorded before anything is done.
func (p Plan) pending() []journal.Step {
	steps := make([]journal.Step, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = journal.Step{Action: string(s.Action), Target: s.Target, Via: string(s.Via), Status: StepPending, Detail: s.Detail}
	}
	return steps
}

// actor is who makes the call under way.
func actor(ctx context.Context) journal.Actor {
	info := request.From(ctx)
	return journal.Actor{Caller: info.Caller, Client: info.Client, OSUser: info.OSUser, Call: info.ID}
}

func isBatch(op journal.Operation) bool { return strings.HasPrefix(op.Key, batchKey) }

// answer tells a call what is known of its operation.
func (s *Service) answer(ctx context.Context, id string, plan Plan) (Result, error) {
	op, err := s.journal.Get(ctx, id)
	if err != nil {
		return Result{}, s.broken(err, id)
	}
	told, err := s.tell(ctx, op)
	if err != nil {
		return Result{}, s.broken(err, id)
	}
	plan.Warnings = stillSo(plan, told)
	r := result(op.Status, plan)
	r.Operation = &told
	return r, nil
}

// tell is what people are told of an operation. The steps of a batch are its people.
func (s *Service) tell(ctx context.Context, op journal.Operation) (Operation, error) {
	told := Operation{ID: op.ID, Reason: op.Reason, Status: op.Status, EffectiveAt: op.EffectiveAt, Steps: []StepResult{}, Problem: problemIn(op)}
	for _, step := range op.Steps {
		told.Steps = append(told.Steps, StepResult{Action: Action(step.Action), Target: step.Target, Status: step.Status, Detail: step.Detail})
	}
	if !isBatch(op) {
		return told, nil
	}
	for child, err := range s.children(ctx, op.ID) {
		if err != nil {
			return told, err
		}
		told.Steps = append(told.Steps, asStep(child))
	}
	return told, nil
}

func problemIn(op journal.Operation) *Problem {
	var p Problem
	if len(op.Problem) == 0 || json.Unmarshal(op.Problem, &p) != nil {
		return nil
	}
	return &p
}

// asStep tells a person's operation as a step of the batch.
func asStep(child journal.Operation) StepResult {
	step := StepResult{Action: Action(child.Kind), Target: child.Label, ID: child.ID}
	switch child.Status {
	case Succeeded:
		step.Status, step.Detail = StepDone, "done and verified"
	case Partial:
		step.Status, step.Detail = StepFailed, "partly done: look at "+child.ID
	case Failed:
		step.Status, step.Detail = StepFailed, "failed: look at "+child.ID
	case Cancelled:
		step.Status, step.Detail = StepSkipped, "cancelled"
	case Running:
		step.Status, step.Detail = StepRunning, "under way"
	default:
		step.Status, step.Detail = StepPending, "waits"
	}
	if p := problemIn(child); p != nil {
		step.Detail = p.Message
	}
	return step
}
