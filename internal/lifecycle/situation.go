package lifecycle

import (
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// situation is what the plan for a person is made from.
type situation struct {
	person directory.Person
	self   jira.User
	admins []directory.AdminGroup
	// own are the administrators' groups that the person is in.
	own []AdminGroup
}

// situationOf reads a person with everything that the guards need, side by side: who we are, which groups make administrators, and, only for
// somebody who is in one, whether others are in it too.
func (s *Service) situationOf(ctx context.Context, target directory.Target) (situation, error) {
	return s.situationBy(ctx, target, s.directory.Resolve)
}

// situationBy is situationOf with a way to resolve the person.
func (s *Service) situationBy(ctx context.Context, target directory.Target, resolve func(context.Context, directory.Target) (directory.Person, error)) (situation, error) {
	var at situation
	if err := s.directory.CheckSCIM(); err != nil {
		return at, err
	}
	var personErr error
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() error {
		at.person, personErr = resolve(all1, target)
		return personErr
	})
	all.Go(func() (err error) {
		at.self, err = s.directory.Myself(all1)
		return err
	})
	all.Go(func() (err error) {
		at.admins, err = s.directory.AdminGroups(all1)
		return err
	})
	if err := all.Wait(); err != nil {
		return situation{}, err
	}
	return at, s.readOthers(ctx, &at)
}

func (s *Service) readOthers(ctx context.Context, at *situation) error {
	for _, g := range at.admins {
		if slices.ContainsFunc(at.person.Groups, func(own directory.GroupRef) bool { return own.ID == g.ID }) {
			at.own = append(at.own, AdminGroup{ID: g.ID, Name: g.Name})
		}
	}
	all, all1 := parallel.WithContext(ctx)
	for i := range at.own {
		all.Go(func() (err error) {
			at.own[i].HasOther, err = s.directory.HasOtherMember(all1, at.own[i].ID, at.person.AccountID)
			return err
		})
	}
	return all.Wait()
}

// meet joins a plan with the situation that it was made for: the state that it starts from, and what the credential will be refused.
func (at situation) meet(plan Plan) Plan {
	plan.from = stateOf(at.person)
	for _, g := range at.own {
		plan.adminOf = append(plan.adminOf, g.ID)
	}
	plan.warnPowerless(at.self, at.admins)
	return plan
}

// warnPowerless says before anything is tried that Jira changes groups for site administrators only. It is a warning and no blocker: an organization
// admin may do it without being in a group that shows it.
func (p *Plan) warnPowerless(self jira.User, admins []directory.AdminGroup) {
	changesGroups := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Via == ViaJira && s.Action != InviteUser && s.transfer == nil })
	if changesGroups && !directory.IsSiteAdmin(self, admins) {
		p.Warnings = append(p.Warnings, "The owner of the Jira credential is in no group of site administrators, so Jira will probably refuse the steps that go through it (403).")
	}
}

func adminIDs(groups []directory.AdminGroup) []string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	return ids
}
