package lifecycle

import (
	"cmp"
	"context"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// OffboardRequest says whose access ends.
type OffboardRequest struct {
	Target directory.Target
	// Parts chooses among OffboardParts; empty means the first four.
	Parts []string
	// Tokens are the ids of the API tokens that the part revoke_tokens is about; empty means every one.
	Tokens []string `json:",omitempty"`
	// TransferTo takes over what the person leaves behind: an account id or an exact e-mail. The zero Target leaves it where it is.
	TransferTo directory.Target `json:",omitzero"`
	// Seen is what the report said of the person, where one named them.
	Seen *Seen `json:",omitempty"`
	// Due tells that it was agreed to before, and is planned again now that its time has come.
	Due bool `json:"-"`
	Terms
}

func (r OffboardRequest) transfers() bool { return r.TransferTo.Value != "" }

// needsOrg tells whether a part is asked for that can't be planned without the organization, where one is configured.
func (r OffboardRequest) needsOrg() bool {
	return len(r.Parts) == 0 || slices.ContainsFunc(r.Parts, func(part string) bool { return slices.Contains(orgParts, part) })
}

// due tells an intent that it was agreed to before: then access ends also where who was to take over no longer can.
func due(in intent) intent {
	if in, ok := in.(OffboardRequest); ok {
		in.Due = true
		return in
	}
	return in
}

func (OffboardRequest) kind() string { return "offboard_user" }

// Offboard ends a person's access: without a confirmation it returns the plan and changes nothing.
//
// It costs two round trips to plan by e-mail (a third for a member of an administrators' group), with the organization as without it. Applying costs one a
// stage, one to read each stage back, and the parallel writes of the tokens and groups.
func (s *Service) Offboard(ctx context.Context, r OffboardRequest) (Result, error) {
	return s.do(ctx, r, r.Terms)
}

func (r OffboardRequest) plan(ctx context.Context, s *Service) (Plan, error) {
	if slices.Contains(r.Parts, PartDeleteAccount) {
		if err := s.policy.guardDeletion(); err != nil {
			return Plan{}, err
		}
	}
	if r.needsOrg() {
		if err := s.directory.CheckOrganization(); err != nil {
			return Plan{}, err
		}
	}
	at, left, to, reach, err := s.leaving(ctx, r)
	if err != nil {
		return Plan{}, err
	}
	if r.needsOrg() {
		if err := cmp.Or(orgUnread(at.person), withoutOrg(reach.strange, hintWithoutOrg)); err != nil {
			return Plan{}, err
		}
	}
	if err := r.tokensLater(at.person); err != nil {
		return Plan{}, err
	}
	if why := r.Seen.outdated(at.person); why != "" && !r.Due {
		return leftOut(r.kind(), at.person, why), nil
	}
	for _, guard := range []error{s.policy.guardPerson(at.person, at.self.AccountID), s.policy.guardMembership(at.person), guardLastAdmin(at.person, at.own)} {
		if guard != nil {
			return Plan{}, guard
		}
	}
	if slices.Contains(r.Parts, PartRemoveFromDirectory) && at.person.Org != nil {
		if reach.directories, err = s.directory.DirectoriesOf(ctx, at.person.AccountID); err != nil {
			return Plan{}, err
		}
	}
	plan, err := planOffboard(at.person, chosen{r.Parts, r.Tokens}, reach, goodbye)
	if err != nil {
		return plan, err
	}
	plan = plan.unlessRefused(reach.refused)
	plan.Owned = &left.Owned
	if r.transfers() {
		if err := plan.handOver(at.person, left, to); err != nil {
			return Plan{}, err
		}
		plan = plan.seal()
	}
	return at.meet(plan), nil
}

// leaving reads side by side who leaves, what they leave behind, who takes it over, and which of the groups nothing here may change. What is left behind is read as soon as the account id is known, so
// that it takes no time of its own.
func (s *Service) leaving(ctx context.Context, r OffboardRequest) (at situation, left holdings, to successor, reach reach, err error) {
	found := make(chan string, 1)
	reach = s.reach()
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() (err error) {
		s.survey.wait(all1)
		at, err = s.situationBy(all1, r.Target, func(ctx context.Context, target directory.Target) (directory.Person, error) {
			defer close(found)
			return s.directory.ResolveAhead(ctx, target, func(id string) {
				found <- id
				if len(r.Parts) == 0 || slices.Contains(r.Parts, PartJiraGroups) {
					all.Go(func() error {
						reach.readOnly, reach.readOnlyUnread = s.directory.ReadOnlyGroups(all1, id)
						return nil
					})
				}
			})
		})
		return err
	})
	all.Go(func() (err error) {
		left, err = s.holdingsOf(all1, found, r.transfers())
		return err
	})
	if r.needsOrg() {
		all.Go(func() error {
			reach.strange = s.directory.CheckSiteOrganization(all1)
			return nil
		})
	}
	if r.transfers() {
		all.Go(func() (err error) {
			s.survey.wait(all1)
			to, err = s.successorOf(all1, r.TransferTo)
			if err != nil && r.Due && !explain.Fault(err).Retryable {
				to.broken, err = err, nil
			}
			return err
		})
	}
	err = all.Wait()
	if at.person.Org == nil {
		reach.readOnlyUnread = nil // said of the organization already
	}
	return at, left, to, reach, err
}

func (s *Service) reach() reach {
	return reach{scim: s.directory.HasSCIM(), org: s.directory.HasOrganization(), suspend: !s.policy.NoSuspension, refused: s.refusals()}
}

// orgUnread is why a plan that rests on the organization can't be made: without its answer the wrong route would be taken, and more would stay open
// than the plan says. A list of API tokens that can't be had is none: how the access ends is known without, and the tokens are told as what is left to do.
func orgUnread(p directory.Person) error {
	unread := cmp.Or(p.OrgUnread, p.ControlUnread)
	if unread == nil {
		return nil
	}
	f := explain.Fault(unread)
	told := fault.New(f.Code, f.Hint+hintWithoutOrg,
		"The organization could not be asked about %s, so how the access has to end is not known. Nothing was changed: %s", p.Label(), f.Message).Because(unread)
	told.Retryable = f.Retryable
	return told
}

// tokensLater is why an offboarding whose time has come waits a little: it was agreed to revoke the API tokens by name, and their list can't be had just now.
func (r OffboardRequest) tokensLater(p directory.Person) error {
	if !r.Due || !slices.Contains(r.Parts, PartRevokeTokens) || p.Control == nil || p.Control.TokensUnread == nil || !explain.Fault(p.Control.TokensUnread).Retryable {
		return nil
	}
	return p.Control.TokensUnread
}

const hintWithoutOrg = " To do without the organization name the parts that don't need it (steps: scim_groups, jira_groups)."

// withoutOrg adds to what is wrong with the organization how to do without it.
func withoutOrg(strange error, how string) error {
	if strange == nil {
		return nil
	}
	f := explain.Fault(strange)
	return fault.New(f.Code, f.Hint+how, "%s Nothing was changed.", f.Message).Because(strange)
}

// goodbye is what somebody reads who tries to sign in to an account that the organization deactivated. The reason is for the record, and not for them.
const goodbye = "This account was deactivated by an administrator of your organization."
