package lifecycle

import (
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// planCancelDeletion plans to cancel the deletion of an account that is marked for it, whoever began that: there may be no operation to undo. It gives
// access that no record speaks of, and so needs a person's agreement.
func planCancelDeletion(person directory.Person) Plan {
	plan := Plan{tool: RestoreRequest{}.kind(), about: aboutCancellation, Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	const byHand = " Cancel it at admin.atlassian.com (Directory, Users) within " + graceDays + " of the deletion."
	switch {
	case person.Org == nil:
		plan.Blockers = []string{"The organization does not know the account of " + person.Label() + ", so there is no deletion that can be cancelled here."}
	case person.Org.Status == admin.StatusActive:
		return plan.seal() // no deletion is pending
	case person.Org.Status != admin.StatusForDeletion:
		plan.Blockers = []string{"The account of " + person.Label() + " is not marked for deletion: the organization has it as " + person.Org.Status + ". To give access back call restore_user with the operation_id of what took it, or provision_user."}
	case person.Control == nil:
		plan.Blockers = []string{"The organization's key does not manage this account, so its deletion can't be cancelled here." + byHand}
	case !person.Control.May.May(admin.MayDelete).Allowed:
		plan.Blockers = []string{"The deletion can't be cancelled here: " + inWords(person.Control.May.May(admin.MayDelete)) + "." + byHand}
	}
	if len(plan.Blockers) > 0 {
		return plan.seal()
	}
	plan.widens = []string{"account"}
	plan.Steps = []Step{
		{Action: CancelDeletion, Via: ViaOrganization, Target: person.Label(), Detail: "cancel the deletion of the account, which activates it again"},
		{Action: Verify, Target: person.Label(), Detail: "read back: the account is not marked for deletion any more"},
	}
	plan.Warnings = append(plan.Warnings, "The account can be signed in to as soon as this is done, also where it was deactivated before its deletion.")
	if len(person.Groups) > 0 {
		names := make([]string, len(person.Groups))
		for i, g := range person.Groups {
			names[i] = g.Name
		}
		plan.Warnings = append(plan.Warnings, "The groups that it is in give access again at once: "+strings.Join(names, ", ")+".")
	}
	if person.SCIM != nil && !person.SCIM.Active {
		plan.Warnings = append(plan.Warnings, warnProvider)
	}
	plan.Undo = []string{"The cancellation: offboard_user deactivates the account, or deletes it anew."}
	return plan.seal()
}
