package lifecycle

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// OffboardRequest says whose access ends.
type OffboardRequest struct {
	Target directory.Target
	// Parts chooses among OffboardParts; empty means all but remove_from_site.
	Parts []string
	Terms
}

func (OffboardRequest) kind() string { return "offboard_user" }

// Offboard ends a person's access: without a confirmation it returns the plan and changes nothing.
//
// It costs two round trips to plan by e-mail (a third for a member of an administrators' group). Applying costs one a stage, one to read
// each stage back, and the parallel writes of the groups.
func (s *Service) Offboard(ctx context.Context, r OffboardRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

func (r OffboardRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	at, err := s.situationOf(ctx, r.Target)
	if err != nil {
		return Plan{}, err
	}
	for _, guard := range []error{s.policy.guardPerson(at.person, at.self.AccountID), s.policy.guardMembership(at.person), guardLastAdmin(at.person, at.own)} {
		if guard != nil {
			return Plan{}, guard
		}
	}
	plan, err := planOffboard(at.person, r.Parts, s.directory.HasSCIM())
	return at.meet(plan), err
}
