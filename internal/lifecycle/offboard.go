package lifecycle

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// OffboardRequest says whose access ends.
type OffboardRequest struct {
	Target directory.Target
	// Reason is kept with the operation.
	Reason string
	// Parts chooses among OffboardParts; empty means all but remove_from_site.
	Parts   []string
	Confirm string
}

// Offboard ends a person's access: without a confirmation it returns the plan and changes nothing.
//
// It costs two round trips to plan by e-mail (a third for a member of an administrators' group). Applying costs one a stage, one to read
// each stage back, and the parallel writes of the groups.
func (s *Service) Offboard(ctx context.Context, r OffboardRequest) (Result, error) {
	return s.confirmed(ctx, "offboard_user", r.Confirm, func() (Plan, error) {
		at, err := s.situationOf(ctx, r.Target)
		if err != nil {
			return Plan{}, err
		}
		if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
			return Plan{}, err
		}
		if err := s.policy.guardMembership(at.person); err != nil {
			return Plan{}, err
		}
		if err := guardLastAdmin(at.person, at.own); err != nil {
			return Plan{}, err
		}
		plan, err := planOffboard(at.person, r.Parts, s.directory.HasSCIM())
		plan.reason = r.Reason
		return at.meet(plan), err
	}, s.observe)
}
