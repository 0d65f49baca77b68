package lifecycle

import (
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// graceDays are the days in which the deletion of an account can be cancelled.
const graceDays = "14 days"

// warnForGood is said of a deletion that is planned or begun.
const warnForGood = "After " + graceDays + " nothing brings the account back: its name disappears from what the person wrote, and a new account with the same e-mail is another one."

// planDeletion plans the permanent deletion of a managed account. It stands alone, so that the confirmation which a person gives is for this and
// for nothing beside it: a confirmation of an offboarding can't become one of a deletion, nor the other way round.
func planDeletion(person directory.Person, parts []string, r reach) (Plan, error) {
	if len(parts) > 1 {
		return Plan{}, fault.New(fault.InvalidArgument, "Offboard the person first, without delete_account. Then call again with steps = [\"delete_account\"] alone, and let a person agree to that.",
			"Deleting an account is permanent and needs a confirmation of its own.")
	}
	plan := Plan{tool: "offboard_user", about: aboutDeletion, Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	switch {
	case !r.org:
		return Plan{}, fault.New(fault.NotConfigured, "Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.", "Only the organization can delete an account, and it is not configured.")
	case person.Org == nil || !person.Org.Managed:
		plan.Blockers = append(plan.Blockers, "The organization does not own the account of "+person.Label()+", so only the person can delete it. Offboard them instead.")
	case person.Org.Status == admin.StatusForDeletion:
		return plan.seal(), nil
	case person.Org.Admin():
		plan.Blockers = append(plan.Blockers, person.Label()+" is an administrator of the organization. Take that role away first (admin.atlassian.com, Administrators).")
	case person.Control == nil:
		plan.Blockers = append(plan.Blockers, "The organization could not be asked whether its key may delete this account. Try again.")
	case !person.Control.May.May(admin.MayDelete).Allowed:
		plan.Blockers = append(plan.Blockers, "The organization's key may not delete this account: "+inWords(person.Control.May.May(admin.MayDelete))+".")
	}
	if len(plan.Blockers) > 0 {
		return plan.seal(), nil
	}
	plan.Steps = []Step{
		{
			Action: DeleteAccount, Via: ViaOrganization, Target: person.Label(),
			Detail: "DELETE THE ACCOUNT for good: it is deactivated at once, in every Atlassian app, and gone after " + graceDays,
		},
		{Action: Verify, Target: person.Label(), Detail: "read back: the account is marked for deletion"},
	}
	plan.Warnings = append(plan.Warnings,
		warnForGood,
		"A deactivated account costs nothing and keeps its history. Deleting is for a legal duty, not for tidiness.")
	plan.Undo = append(plan.Undo, "Deletion: for "+graceDays+" restore_user with the operation's id cancels it (cancel_account_deletion), which also activates the account. Later nothing does.")
	plan.followUps = followUpsOf(person, Plan{noTokens: true}, way{route: routeDisable}, r) // with the account its tokens end
	if person.SCIM != nil || person.Org.Synced {
		plan.followUps = append(plan.followUps, "Remove the person at the identity provider, which would otherwise make a new account.")
	}
	return plan.seal(), nil
}
