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
}

// Update changes SCIM attributes of a person.
func (s *Service) Update(ctx context.Context, r UpdateRequest) (Result, error) {
	if err := s.policy.guardWrite(); err != nil {
		return Result{}, err
	}
	if _, err := s.directory.SCIM(); err != nil {
		return Result{}, err
	}
	at, err := s.situationOf(ctx, r.Target)
	if err != nil {
		return Result{}, err
	}
	if err := s.policy.guardPerson(at.person, at.self.AccountID); err != nil {
		return Result{}, err
	}
	from, err := s.observe(ctx, subjectOf(at.person)) // the attributes that the person lacks
	if err != nil {
		return Result{}, err
	}
	plan, err := planUpdate(at.person, from.SCIM, r.Attributes)
	if err != nil {
		return Result{}, err
	}
	plan.from = from
	return s.apply(ctx, plan, s.observe)
}

// DeleteUser removes a person from the Jira site: without a confirmation it returns the plan and changes nothing.
func (s *Service) DeleteUser(ctx context.Context, target directory.Target, confirm string) (Result, error) {
	return s.confirmed(ctx, "delete_user", confirm, func() (Plan, error) {
		at, err := s.situationOf(ctx, target)
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
	}, s.observe)
}

// CreateGroup makes a group in Jira, or in the SCIM directory when via says so. A group that exists is left as it is.
func (s *Service) CreateGroup(ctx context.Context, name string, via Via) (Result, error) {
	if err := s.policy.guardWrite(); err != nil {
		return Result{}, err
	}
	name, err := directory.CheckGroup(name)
	if err != nil {
		return Result{}, err
	}
	if via == ViaSCIM && !s.directory.HasSCIM() {
		_, err := s.directory.SCIM()
		return Result{}, err
	}
	if err := s.policy.guardGroup(directory.Group{Name: name}); err != nil {
		return Result{}, err
	}
	var existing *directory.Group
	groups, err := s.directory.ResolveGroups(ctx, []string{name})
	switch {
	case err == nil:
		existing = &groups[0]
	case !fault.Is(err, fault.NotFound):
		return Result{}, err
	}
	plan, err := planCreateGroup(name, via, existing)
	if err != nil {
		return Result{}, err
	}
	defer s.directory.ForgetGroups()
	return s.apply(ctx, plan, s.observeGroupNamed(directory.Group{Name: name}))
}

// DeleteGroup deletes a group on the side that owns it: without a confirmation it returns the plan and changes nothing.
func (s *Service) DeleteGroup(ctx context.Context, asked, confirm string) (Result, error) {
	var group directory.Group
	observe := func(ctx context.Context, _ Subject) (State, error) { return s.observeGroup(ctx, group) }
	defer s.directory.ForgetGroups()
	return s.confirmed(ctx, "delete_group", confirm, func() (Plan, error) {
		groups, err := s.directory.ResolveGroups(ctx, []string{asked})
		if err != nil {
			return Plan{}, err
		}
		group = groups[0]
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
	}, observe)
}

func (s *Service) observeGroupNamed(group directory.Group) func(context.Context, Subject) (State, error) {
	return func(ctx context.Context, _ Subject) (State, error) { return s.observeGroup(ctx, group) }
}
