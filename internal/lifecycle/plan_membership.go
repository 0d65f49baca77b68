package lifecycle

import (
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// planAddToGroups plans only the groups that the person is not in yet. One of closed is a blocker.
func planAddToGroups(person directory.Person, groups []directory.Group, closed closedGroups) Plan {
	plan := Plan{tool: "add_user_to_group", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	missing := slices.DeleteFunc(slices.Clone(groups), func(g directory.Group) bool { return isMember(person, g) })
	if !person.Active {
		plan.Warnings = append(plan.Warnings, "The account is inactive: the groups give access only once it is active again.")
	}
	plan.addTo(closed.blocks(&plan, missing), plan.Target.SCIMID != "")
	if plan.writes() {
		plan.Steps = append(plan.Steps, Step{Action: Verify, Target: person.Label(), Detail: "read back: the person is in the groups"})
	}
	return plan.seal()
}

// planRemoveFromGroups plans only the groups that the person is in, each through the side that owns the membership. One of readOnly is a blocker.
func planRemoveFromGroups(person directory.Person, groups []directory.Group, readOnly map[string]bool) Plan {
	plan := Plan{tool: "remove_user_from_group", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	for _, step := range groupRemovals(person) {
		if slices.ContainsFunc(groups, func(g directory.Group) bool {
			return step.group.ID != "" && g.ID == step.group.ID || step.Via == ViaSCIM && g.SCIMID != "" && g.SCIMID == step.group.SCIMID
		}) {
			plan.Steps = append(plan.Steps, step)
			if step.Via == ViaJira && readOnly[step.group.ID] {
				plan.Blockers = append(plan.Blockers, "An identity provider fills the group "+step.Target+", so Jira refuses to change it: take the person out there, or set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN so that this can be done here.")
			}
		}
	}
	if plan.writes() {
		plan.Undo = append(plan.Undo, "Groups: restore_user with the operation's id puts them back.")
		plan.Steps = append(plan.Steps, Step{Action: Verify, Target: person.Label(), Detail: "read back: the groups are gone"})
	}
	if slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Via == ViaSCIM }) {
		plan.Warnings = append(plan.Warnings, warnProvider)
	}
	return plan.seal()
}
