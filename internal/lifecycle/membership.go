package lifecycle

import (
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// AddRequest says whom to put into which groups: ids or exact names.
type AddRequest struct {
	Target directory.Target
	Groups []string
	Terms
}

// RemoveRequest says whom to take out of which groups: ids or exact names.
type RemoveRequest struct {
	Target directory.Target
	Groups []string
	// Seen is what the report said of the person, where one named them.
	Seen *Seen `json:",omitempty"`
	Terms
}

func (AddRequest) kind() string    { return "add_user_to_group" }
func (RemoveRequest) kind() string { return "remove_user_from_group" }

// AddToGroups puts a person into groups, through the side that owns each. It needs no confirmation and never makes an administrator.
func (s *Service) AddToGroups(ctx context.Context, r AddRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

// RemoveFromGroups takes a person out of groups: without a confirmation it returns the plan and changes nothing.
func (s *Service) RemoveFromGroups(ctx context.Context, r RemoveRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

func (r AddRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	var at situation
	var groups []directory.Group
	var closed closedGroups
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		at, groups, err = s.membership(both1, r.Target, r.Groups)
		return err
	})
	both.Go(func() error {
		closed = s.closedAmong(both1, r.Groups)
		return nil
	})
	if err := both.Wait(); err != nil {
		return Plan{}, err
	}
	if at.person.OrgUnread != nil {
		closed.unread = nil // said of the organization already
	}
	if err := guardGrant(groups, adminIDs(at.admins)); err != nil {
		return Plan{}, err
	}
	return at.meet(planAddToGroups(at.person, groups, closed)), nil
}

func (r RemoveRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	at, groups, err := s.membership(ctx, r.Target, r.Groups)
	if err != nil {
		return Plan{}, err
	}
	if why := r.Seen.outdated(at.person); why != "" {
		return leftOut(r.kind(), at.person, why), nil
	}
	at.own = slices.DeleteFunc(at.own, func(g AdminGroup) bool {
		return !slices.ContainsFunc(groups, func(asked directory.Group) bool { return asked.ID == g.ID })
	})
	if err := guardLastAdmin(at.person, at.own); err != nil {
		return Plan{}, err
	}
	readOnly, err := s.directory.ReadOnlyGroups(ctx, at.person.AccountID)
	if err != nil { // Jira tells, when it is asked
		readOnly = nil
	}
	return at.meet(planRemoveFromGroups(at.person, groups, readOnly)), nil
}

// membership reads the person and the groups side by side and passes both through the guards.
func (s *Service) membership(ctx context.Context, target directory.Target, asked []string) (situation, []directory.Group, error) {
	var at situation
	var groups []directory.Group
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		at, err = s.situationOf(both1, target)
		return err
	})
	both.Go(func() (err error) {
		groups, err = s.directory.ResolveGroups(both1, slices.Clone(asked))
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
