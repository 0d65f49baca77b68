package lifecycle

import (
	"context"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// orgChange is change for the steps that the organization writes.
func (s *Service) orgChange(plan Plan, step Step, subject func() Subject) (change, error) {
	client, err := s.directory.Organization()
	if err != nil {
		return change{}, err
	}
	write := func(do func(ctx context.Context, accountID string) error) change {
		return change{
			so:    func(st State) bool { return orgShows(plan, step, st) },
			write: func(ctx context.Context, _ *learned) error { return do(ctx, subject().AccountID) },
		}
	}
	everywhere := func(do func(ctx context.Context, directoryID, accountID string) error) change {
		return write(func(ctx context.Context, id string) error { return do(ctx, admin.AllDirectories, id) })
	}
	switch step.Action {
	case InviteUser:
		return change{so: invited, write: func(ctx context.Context, l *learned) error {
			people, err := client.InviteUsers(ctx, invitation(plan))
			if err != nil {
				return err
			}
			if !people[0].Told {
				return fmt.Errorf("%w: the answer to the invitation does not speak of %s", rest.ErrOutcomeUnknown, plan.Target.Email)
			}
			l.accountID, l.note = people[0].AccountID, strings.Join(people[0].Failures, "; ")
			return nil
		}}, nil
	case AddToGroup:
		return write(func(ctx context.Context, id string) error {
			return client.AddMember(ctx, admin.AllDirectories, step.group.ID, id)
		}), nil
	case Deactivate:
		return write(func(ctx context.Context, id string) error { return client.DisableAccount(ctx, id, plan.message) }), nil
	case Reactivate:
		return write(client.EnableAccount), nil
	case Suspend:
		return everywhere(client.SuspendUser), nil
	case RestoreAccess:
		return everywhere(client.RestoreUser), nil
	case RemoveFromDirectory:
		return everywhere(client.RemoveUser), nil
	case DeleteAccount:
		return write(client.DeleteAccount), nil
	case CancelDeletion:
		return write(client.CancelDeleteAccount), nil
	case RevokeToken:
		return write(func(ctx context.Context, id string) error { return client.RevokeToken(ctx, id, step.token) }), nil
	}
	return change{}, fmt.Errorf("no change is known for a step %q by the organization", step.Action)
}

// orgShows tells whether the state shows what a step of the organization's does. An account that the organization does not show proves nothing, but
// that it is in no directory.
func orgShows(plan Plan, step Step, st State) bool {
	switch step.Action {
	case RevokeToken:
		return !st.hasToken(step.token)
	case RemoveFromDirectory:
		return st.Org == nil || st.Org.Gone
	case AddToGroup:
		return st.inJiraGroup(step.group.ID)
	}
	if st.Org == nil { // who was suspended and then removed is not suspended any more
		return step.Action == Suspend && hasAction(plan.Steps, RemoveFromDirectory)
	}
	switch step.Action {
	case Deactivate:
		return st.Org.Inactive()
	case Reactivate:
		return !st.Org.Inactive()
	case Suspend:
		return st.Org.Ended()
	case RestoreAccess:
		return st.Org.Status == admin.StatusActive
	case DeleteAccount:
		return st.Org.Status == admin.StatusForDeletion
	case CancelDeletion:
		return st.Org.Status != admin.StatusForDeletion
	}
	return false
}
