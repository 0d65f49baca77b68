package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// planUpdate plans a change of SCIM attributes. Jira has no way to change a profile, so a person outside of SCIM is managed elsewhere.
// Values that are there already need nothing.
func planUpdate(person directory.Person, now *scim.User, attrs map[string]string) (Plan, error) {
	if person.SCIM == nil || now == nil {
		return Plan{}, fault.New(fault.ManagedExternally, "The person can change their own profile at id.atlassian.com; for a managed account an administrator can at admin.atlassian.com.",
			"%s is not in the SCIM directory, and Jira cannot change profiles.", person.Label())
	}
	plan := Plan{tool: "update_user", Target: subjectOf(person), attrs: attrs, Warnings: slices.Clone(person.Warnings)}
	if shows(*now, attrs) {
		return plan.seal(), nil
	}
	plan.Steps = []Step{
		{Action: UpdateUser, Via: ViaSCIM, Target: person.Label(), Detail: "set " + strings.Join(slices.Sorted(maps.Keys(attrs)), ", ") + " through SCIM"},
		{Action: Verify, Target: person.Label(), Detail: "read back: SCIM shows the new values"},
	}
	plan.Warnings = append(plan.Warnings, warnProvider)
	plan.Undo = []string{"Attributes: update_user with the earlier values."}
	return plan.seal(), nil
}

// planDelete plans the removal of a person from the Jira site, which is not a deactivation.
func planDelete(person directory.Person) (Plan, error) {
	if person.SCIM != nil {
		return Plan{}, fault.New(fault.ManagedExternally, "Use offboard_user, which deactivates through SCIM. To delete the account use the identity provider or admin.atlassian.com.",
			"%s is managed through SCIM, and Jira refuses to remove such people from the site.", person.Label())
	}
	plan := Plan{tool: "delete_user", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	plan.Steps = []Step{
		{Action: RemoveFromSite, Via: ViaJira, Target: person.Label(), Detail: "remove from the Jira site with all groups (the Atlassian account itself stays)"},
		{Action: Verify, Target: person.Label(), Detail: "read back: Jira has no access for the account"},
	}
	plan.Warnings = append(plan.Warnings, "This removes site access; it does not deactivate the account, and other Atlassian products are untouched.")
	plan.Undo = []string{"Removal from the site: only a new invitation brings the person back, without the groups."}
	plan.followUps = []string{"Reassign the open issues, filters and dashboards that the person owned."}
	return plan.seal(), nil
}

// planCreateGroup plans a group on one side.
func planCreateGroup(name string, via Via, existing *directory.Group) (Plan, error) {
	plan := Plan{tool: "create_group", Target: Subject{Label: name, group: &directory.Group{Name: name}}}
	if existing != nil {
		if existing.ManagedBy == directory.ManagedBySCIM && via == ViaJira || existing.ManagedBy == directory.ManagedByJira && via == ViaSCIM {
			return Plan{}, fault.New(fault.Conflict, "Use another name, or the existing group.", "A group %s exists already and is managed by %s.", name, existing.ManagedBy)
		}
		plan.Target.GroupID = existing.ID
		return plan.seal(), nil
	}
	plan.attrs = map[string]string{"name": name}
	plan.Steps = []Step{
		{Action: CreateGroup, Via: via, Target: name, Detail: "create the group through " + sideName(via), group: directory.Group{Name: name}},
		{Action: Verify, Target: name, Detail: "read back: the group exists"},
	}
	if via == ViaSCIM {
		plan.Warnings = []string{warnProvider, "A SCIM group can't be renamed after its first sync."}
	}
	plan.Undo = []string{"The group: delete_group."}
	return plan.seal(), nil
}

// planDeleteGroup plans the end of a group on the side that owns it.
func planDeleteGroup(group directory.Group, members int) Plan {
	plan := Plan{tool: "delete_group", Target: Subject{GroupID: group.ID, Label: group.Name, group: &group}}
	via := ViaJira
	if group.SCIMID != "" {
		via = ViaSCIM
	}
	plan.Steps = []Step{
		{Action: DeleteGroup, Via: via, Target: group.Name, Detail: "delete the group through " + sideName(via), group: group},
		{Action: Verify, Target: group.Name, Detail: "read back: the group is gone"},
	}
	if members > 0 {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("%d people are in this group and lose whatever it grants: products, permissions, project roles.", members))
	}
	if via == ViaSCIM {
		plan.Warnings = append(plan.Warnings, warnProvider)
	}
	plan.Undo = []string{"Nothing: a new group of the same name has a new id, no members and no permissions."}
	return plan.seal()
}
