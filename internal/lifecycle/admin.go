package lifecycle

import (
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// UpdateRequest says which SCIM attributes of a person change. Attributes has SCIM's names: displayName, name.givenName, name.familyName,
// title, department.
type UpdateRequest struct {
	Target     directory.Target
	Attributes map[string]string
	Terms
}

// DeleteUserRequest says who is removed from the Jira site.
type DeleteUserRequest struct {
	Target directory.Target
	Terms
}

// CreateGroupRequest says which group to make, and on which side.
type CreateGroupRequest struct {
	Name string
	Via  Via
	Terms
}

// DeleteGroupRequest says which group to delete: an id or an exact name.
type DeleteGroupRequest struct {
	Group string
	Terms
}

func (UpdateRequest) kind() string      { return "update_user" }
func (DeleteUserRequest) kind() string  { return "delete_user" }
func (CreateGroupRequest) kind() string { return "create_group" }
func (DeleteGroupRequest) kind() string { return "delete_group" }

// Update changes SCIM attributes of a person.
func (s *Service) Update(ctx context.Context, r UpdateRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

// DeleteUser removes a person from the Jira site: without a confirmation it returns the plan and changes nothing.
func (s *Service) DeleteUser(ctx context.Context, r DeleteUserRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

// CreateGroup makes a group in Jira, or in the SCIM directory when the request says so. A group that exists is left as it is.
func (s *Service) CreateGroup(ctx context.Context, r CreateGroupRequest) (Result, error) {
	defer s.directory.ForgetGroups()
	return s.do(ctx, r, r.Terms)
}

// DeleteGroup deletes a group on the side that owns it: without a confirmation it returns the plan and changes nothing.
func (s *Service) DeleteGroup(ctx context.Context, r DeleteGroupRequest) (Result, error) {
	defer s.directory.ForgetGroups()
	return s.do(ctx, r, r.Terms)
}

func (r UpdateRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	if _, err := s.directory.SCIM(); err != nil {
		return Plan{}, err
	}
	at, err := s.situationOf(ctx, r.Target)
	if err != nil {
		return Plan{}, err
	}
	if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
		return Plan{}, err
	}
	from, err := s.observe(ctx, subjectOf(at.person)) // the attributes that the person lacks
	if err != nil {
		return Plan{}, err
	}
	plan, err := planUpdate(at.person, from.SCIM, r.Attributes)
	plan.from = from
	return plan, err
}

func (r DeleteUserRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	at, err := s.situationOf(ctx, r.Target)
	if err != nil {
		return Plan{}, err
	}
	for _, guard := range []error{s.policy.guardPerson(at.person, at.self.AccountID), s.policy.guardMembership(at.person), guardLastAdmin(at.person, at.own)} {
		if guard != nil {
			return Plan{}, guard
		}
	}
	plan, err := planDelete(at.person)
	return at.meet(plan), err
}

func (r CreateGroupRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	name, err := directory.CheckGroup(r.Name)
	if err != nil {
		return Plan{}, err
	}
	if r.Via == ViaSCIM && !s.directory.HasSCIM() {
		_, err := s.directory.SCIM()
		return Plan{}, err
	}
	if err := s.policy.guardGroup(directory.Group{Name: name}); err != nil {
		return Plan{}, err
	}
	var existing *directory.Group
	groups, err := s.directory.ResolveGroups(ctx, []string{name})
	switch {
	case err == nil:
		existing = &groups[0]
	case !fault.Is(err, fault.NotFound):
		return Plan{}, err
	}
	return planCreateGroup(name, r.Via, existing)
}

func (r DeleteGroupRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	groups, err := s.directory.ResolveGroups(ctx, []string{r.Group})
	if err != nil {
		return Plan{}, err
	}
	group := groups[0]
	if err := s.policy.guardGroup(group); err != nil {
		return Plan{}, err
	}
	var members directory.MemberList
	var state State
	var admins []string
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() (err error) {
		members, err = s.directory.ListMembers(all1, group.ID, true, 1, "")
		return err
	})
	all.Go(func() error {
		found, err := s.directory.AdminGroups(all1)
		admins = adminIDs(found)
		return err
	})
	all.Go(func() (err error) {
		state, err = s.observeGroup(all1, group)
		return err
	})
	if err := all.Wait(); err != nil {
		return Plan{}, err
	}
	if slices.Contains(admins, group.ID) {
		return Plan{}, fault.New(fault.Protected, "If it must go, delete it by hand at admin.atlassian.com.", "The group %s makes its members administrators and is never deleted here.", group.Name)
	}
	plan := planDeleteGroup(group, members.Total)
	plan.from = state
	return plan, nil
}
