package lifecycle

import (
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// MembershipRequest says whom to put into which groups, or to take out of them.
type MembershipRequest struct {
	Target directory.Target
	// Groups are group ids or exact names.
	Groups  []string
	Confirm string
}

// membership reads the person and the groups side by side and passes both through the guards.
func (s *Service) membership(ctx context.Context, r MembershipRequest) (situation, []directory.Group, error) {
	var at situation
	var groups []directory.Group
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		at, err = s.situationOf(both1, r.Target)
		return err
	})
	both.Go(func() (err error) {
		groups, err = s.directory.ResolveGroups(both1, slices.Clone(r.Groups))
		return err
	})
	if err := both.Wait(); err != nil {
		return at, nil, err
	}
	if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
		return at, nil, err
	}
	for _, g := range groups {
		if err := s.policy.guardGroup(g); err != nil {
			return at, nil, err
		}
	}
	return at, groups, nil
}

// AddToGroups puts a person into groups, through the side that owns each. It needs no confirmation and never makes an administrator.
func (s *Service) AddToGroups(ctx context.Context, r MembershipRequest) (Result, error) {
	if err := s.policy.guardWrite(); err != nil {
		return Result{}, err
	}
	at, groups, err := s.membership(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if err := guardGrant(groups, adminIDs(at.admins)); err != nil {
		return Result{}, err
	}
	return s.apply(ctx, at.meet(planAddToGroups(at.person, groups)), s.observe)
}

// RemoveFromGroups takes a person out of groups: without a confirmation it returns the plan and changes nothing.
func (s *Service) RemoveFromGroups(ctx context.Context, r MembershipRequest) (Result, error) {
	return s.confirmed(ctx, "remove_user_from_group", r.Confirm, func() (Plan, error) {
		at, groups, err := s.membership(ctx, r)
		if err != nil {
			return Plan{}, err
		}
		leaving := slices.DeleteFunc(slices.Clone(at.own), func(g AdminGroup) bool {
			return !slices.ContainsFunc(groups, func(asked directory.Group) bool { return asked.ID == g.ID })
		})
		if err := guardLastAdmin(at.person, leaving); err != nil {
			return Plan{}, err
		}
		return at.meet(planRemoveFromGroups(at.person, groups)), nil
	}, s.observe)
}
