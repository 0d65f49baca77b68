package lifecycle

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// A change knows the two things about one step: whether a state shows it, and how to write it, once. It decides nothing else;
// reading, skipping, reading back and telling what happened are the executor's.
type change struct {
	// so tells whether the state shows that the change is there.
	so func(State) bool
	// write sends the change, once. nil means that there is nothing to send, only something to wait for.
	// It may learn ids, which it puts into the subject.
	write func(context.Context, *learned) error
	// outcome says of a change with many parts what it came to, where it could be read back; nil where it is either so or not.
	outcome func(State, error) (StepStatus, string)
}

// learned collects what a write brings to light: ids, and which part of it the service says did not succeed.
type learned struct{ accountID, scimID, groupID, note string }

// stageOf orders the actions: access ends before groups do, a person exists before they join one, and the check comes last.
// Steps of one stage don't depend on each other and run side by side.
func stageOf(a Action) int {
	switch a {
	case Deactivate, Reactivate, Suspend, RestoreAccess, CancelDeletion, DeleteAccount, CreateUser, InviteUser, UpdateUser, CreateGroup, DeleteGroup:
		return 0
	case AwaitAccount, RevokeToken:
		return 1
	case AddToGroup, RemoveFromGroup:
		return 2
	case TransferIssues, TransferProjects, TransferComponents, TransferFilters, TransferDashboards:
		return 3
	case RemoveFromSite, RemoveFromDirectory:
		return 4
	}
	return 5
}

func inOrder(steps []Step) []Step {
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(stageOf(a.Action), stageOf(b.Action)) })
	return steps
}

// change returns what step means for the subject of plan.
func (s *Service) change(plan Plan, step Step, subject func() Subject) (change, error) {
	if step.transfer != nil {
		return s.transferChange(step), nil
	}
	if step.Via == ViaOrganization {
		return s.orgChange(plan, step, subject)
	}
	jira, err := s.directory.Jira()
	if err != nil {
		return change{}, err
	}
	scimClient := func() *scim.Client { c, _ := s.directory.SCIM(); return c } // a plan has SCIM steps only where SCIM is configured
	group := step.group
	switch {
	case step.Action == Deactivate, step.Action == Reactivate:
		active := step.Action == Reactivate
		return change{
			so: func(st State) bool { return st.SCIM != nil && st.SCIM.Active == active },
			write: func(ctx context.Context, _ *learned) error {
				_, err := scimClient().SetActive(ctx, subject().SCIMID, active)
				return err
			},
		}, nil
	case step.Action == CreateUser:
		return change{
			so: func(st State) bool { return st.SCIM != nil && st.SCIM.Active },
			write: func(ctx context.Context, l *learned) error {
				user, err := scimClient().CreateUser(ctx, newSCIMUser(plan))
				l.scimID, l.accountID = user.ID, user.AccountID
				return err
			},
		}, nil
	case step.Action == InviteUser:
		return change{
			so: invited,
			write: func(ctx context.Context, l *learned) error {
				user, err := jira.CreateUser(ctx, plan.Target.Email, plan.products)
				l.accountID = user.AccountID
				return err
			},
		}, nil
	case step.Action == UpdateUser:
		return change{
			so: func(st State) bool { return st.SCIM != nil && shows(*st.SCIM, plan.attrs) },
			write: func(ctx context.Context, _ *learned) error {
				if plan.from.SCIM == nil {
					return fault.New(fault.NotFound, "Look the person up.", "The SCIM user is not there any more.")
				}
				_, err := scimClient().PatchUser(ctx, subject().SCIMID, plan.from.SCIM.Active, plan.attrs)
				return err
			},
		}, nil
	case step.Action == AwaitAccount:
		return change{so: func(st State) bool { return st.User != nil }}, nil
	case step.Action == AddToGroup && step.Via == ViaSCIM:
		return change{
			so: func(st State) bool { return st.inSCIMGroup(group.SCIMID) },
			write: func(ctx context.Context, _ *learned) error {
				return scimClient().AddMember(ctx, group.SCIMID, subject().SCIMID)
			},
		}, nil
	case step.Action == AddToGroup:
		return change{
			so:    func(st State) bool { return st.inJiraGroup(group.ID) },
			write: func(ctx context.Context, _ *learned) error { return jira.AddMember(ctx, group.ID, subject().AccountID) },
		}, nil
	case step.Action == RemoveFromGroup && step.Via == ViaSCIM:
		return change{
			so: func(st State) bool { return !st.inSCIMGroup(group.SCIMID) },
			write: func(ctx context.Context, _ *learned) error {
				return scimClient().RemoveMember(ctx, group.SCIMID, subject().SCIMID)
			},
		}, nil
	case step.Action == RemoveFromGroup:
		return change{
			// An account that is not found is no proof: a service may answer 404 for somebody who is there.
			so: func(st State) bool { return st.User != nil && !st.inJiraGroup(group.ID) },
			write: func(ctx context.Context, _ *learned) error {
				return jira.RemoveMember(ctx, group.ID, subject().AccountID)
			},
		}, nil
	case step.Action == RemoveFromSite:
		return change{
			so:    offSite,
			write: func(ctx context.Context, _ *learned) error { return jira.DeleteUser(ctx, subject().AccountID) },
		}, nil
	case step.Action == Verify:
		return change{so: goal(plan)}, nil
	}
	return s.groupChange(step)
}

// groupChange is change for the steps whose subject is a group.
func (s *Service) groupChange(step Step) (change, error) {
	jira, err := s.directory.Jira()
	if err != nil {
		return change{}, err
	}
	group := step.group
	viaSCIM := step.Via == ViaSCIM
	exists := func(st State) bool { return viaSCIM && st.SCIMGroup != nil || !viaSCIM && st.Group != nil }
	client, missing := s.directory.SCIM()
	if viaSCIM && missing != nil {
		return change{}, missing
	}
	switch step.Action {
	case CreateGroup:
		return change{so: exists, write: func(ctx context.Context, l *learned) error {
			if viaSCIM {
				_, err := client.CreateGroup(ctx, group.Name)
				return err
			}
			created, err := jira.CreateGroup(ctx, group.Name)
			l.groupID = created.ID
			return err
		}}, nil
	case DeleteGroup:
		return change{so: func(st State) bool { return !exists(st) }, write: func(ctx context.Context, _ *learned) error {
			if viaSCIM {
				return client.DeleteGroup(ctx, group.SCIMID)
			}
			return jira.DeleteGroup(ctx, group.ID)
		}}, nil
	}
	return change{}, fmt.Errorf("no change is known for a step %q", step.Action)
}

// invited tells that an account can use the site: active, and in a group that grants something. POST /user answers 400 for people who exist
// without access, so that existing is not enough.
func invited(st State) bool { return st.User != nil && st.User.Active && len(st.User.Groups) > 0 }

// offSite tells that the site does not have the account any more. Having no groups is no proof of that.
func offSite(st State) bool { return st.User == nil }

// goal is what the last step of a plan checks: everything that the plan set out to do, as Jira itself shows it.
func goal(plan Plan) func(State) bool {
	return func(st State) bool {
		for _, step := range plan.Steps {
			var reached bool
			switch step.Action {
			case Suspend, RestoreAccess, CancelDeletion, DeleteAccount, RemoveFromDirectory, RevokeToken:
				reached = orgShows(plan, step, st)
			case Deactivate:
				reached = st.User == nil || !st.User.Active
			case InviteUser:
				reached = invited(st)
			case Reactivate, CreateUser:
				reached = st.User != nil && st.User.Active || step.Via == ViaOrganization && st.User == nil // an account that is on no site
			case AddToGroup:
				reached = st.inJiraGroup(step.group.ID) || step.group.ID == "" && st.inSCIMGroup(step.group.SCIMID)
			case RemoveFromGroup:
				reached = !st.inJiraGroup(step.group.ID)
			case RemoveFromSite:
				reached = offSite(st)
			case UpdateUser:
				reached = st.SCIM != nil && shows(*st.SCIM, plan.attrs)
			case CreateGroup:
				reached = st.Group != nil
			case DeleteGroup:
				reached = st.Group == nil
			default:
				reached = true
			}
			if !reached {
				return false
			}
		}
		return (!plan.noGroups || len(groupsLeft(st)) == 0) && (!plan.noTokens || !plan.Target.seekTokens || len(st.Tokens) == 0)
	}
}

// groupsLeft names the groups that a state shows on either side.
func groupsLeft(st State) []string {
	var names []string
	if st.User != nil {
		for _, g := range st.User.Groups {
			names = append(names, g.Name)
		}
	}
	if st.SCIM != nil {
		for _, g := range st.SCIM.Groups {
			names = append(names, g.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// notPlanned names the groups that somebody is in and that the plan did not know: they were added while it ran.
func notPlanned(plan Plan, st State) []string {
	if !plan.noGroups {
		return nil
	}
	return slices.DeleteFunc(groupsLeft(st), func(name string) bool {
		return slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Action == RemoveFromGroup && s.Target == name })
	})
}

// newTokens names the API tokens that somebody has and that the plan did not know.
func newTokens(plan Plan, st State) []string {
	var names []string
	for _, t := range st.Tokens {
		if plan.noTokens && !slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.token == t.ID }) {
			names = append(names, cmp.Or(t.Label, t.ID))
		}
	}
	return names
}

func newSCIMUser(p Plan) scim.NewUser {
	return scim.NewUser{
		UserName: p.Target.Email, Email: p.Target.Email, DisplayName: p.attrs["displayName"],
		GivenName: p.attrs["name.givenName"], FamilyName: p.attrs["name.familyName"],
		Title: p.attrs["title"], Department: p.attrs["department"],
	}
}

// shows compares attributes, by SCIM's names, with what SCIM has.
func shows(u scim.User, attrs map[string]string) bool {
	have := map[string]string{
		"displayName": u.DisplayName, "name.givenName": u.GivenName, "name.familyName": u.FamilyName, "title": u.Title, "department": u.Department,
	}
	for name, want := range attrs {
		if strings.TrimSpace(have[name]) != strings.TrimSpace(want) {
			return false
		}
	}
	return true
}
