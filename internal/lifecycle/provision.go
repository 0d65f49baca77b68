package lifecycle

import (
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// ProvisionRequest says who shall have access and to what.
type ProvisionRequest struct {
	Who    Newcomer
	Groups []string
	Terms
}

func (ProvisionRequest) kind() string { return "provision_user" }

// Provision gives a person access. It is idempotent by e-mail: whoever has the address already is reactivated or completed, never created twice.
func (s *Service) Provision(ctx context.Context, r ProvisionRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

func (r ProvisionRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	if _, err := s.directory.Jira(); err != nil { // before SCIM is asked beside it
		return Plan{}, err
	}
	if err := s.directory.CheckSCIM(); err != nil {
		return Plan{}, err
	}
	orgNeeded := r.Who.Route != RouteSCIM && r.Who.Route != RouteJira
	if err := s.directory.CheckOrganization(); err != nil && orgNeeded {
		return Plan{}, err
	}
	facts := provisionFacts{who: r.Who, hasSCIM: s.directory.HasSCIM(), hasOrg: s.directory.HasOrganization(), products: s.policy.Products}
	var self jira.User
	var admins []directory.AdminGroup
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() error {
		person, err := s.directory.ResolveToChange(all1, directory.Target{Kind: directory.ByEmail, Value: r.Who.Email})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		facts.known = &person
		return err
	})
	all.Go(func() (err error) {
		facts.domains, err = s.directory.Domains(all1)
		return err
	})
	all.Go(func() (err error) {
		self, err = s.directory.Myself(all1)
		return err
	})
	if len(r.Groups) > 0 {
		all.Go(func() (err error) {
			facts.groups, err = s.directory.ResolveGroups(all1, slices.Clone(r.Groups))
			return err
		})
		all.Go(func() error {
			facts.closed = s.closedAmong(all1, r.Groups)
			return nil
		})
		all.Go(func() (err error) {
			admins, err = s.directory.AdminGroups(all1)
			return err
		})
	}
	var strange error
	if orgNeeded {
		all.Go(func() error {
			strange = s.directory.CheckSiteOrganization(all1)
			return nil
		})
	}
	if facts.hasOrg {
		all.Go(func() error {
			facts.site, facts.siteUnread = s.directory.CloudID(all1)
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return Plan{}, err
	}
	if facts.known != nil {
		if err := orgUnread(*facts.known); err != nil {
			return Plan{}, err
		}
	}
	if strange != nil {
		return Plan{}, withoutOrg(strange, " To do without the organization name the route scim or jira.")
	}
	if err := s.guardProvision(facts, self, adminIDs(admins)); err != nil {
		return Plan{}, err
	}
	plan, err := planProvision(facts)
	if err != nil {
		return Plan{}, err
	}
	plan = plan.unlessRefused(s.refusals())
	if facts.known != nil {
		plan.from = stateOf(*facts.known)
	}
	plan.warnPowerless(self, admins)
	return plan, nil
}

func (s *Service) guardProvision(f provisionFacts, self jira.User, admins []string) error {
	person := directory.Person{Email: f.who.Email, AccountType: directory.AccountTypePerson}
	if f.known != nil {
		person = *f.known
	}
	if err := s.policy.guardPerson(person, self.AccountID); err != nil {
		return err
	}
	for _, g := range f.groups {
		if err := s.policy.guardGroup(g); err != nil {
			return err
		}
	}
	return guardGrant(f.groups, admins)
}
