package lifecycle

import (
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// planRestore plans to give back what an operation took: each group through the side and under the id that it was taken by. there tells which of the
// taken groups still exist. What is so already stays a step, so that a second restore tells that it was.
func planRestore(person directory.Person, operation string, t taken, there []bool, admins []directory.AdminGroup, policy Policy) Plan {
	plan := Plan{tool: "restore_user", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	var lost []string
	if t.access {
		switch {
		case person.SCIM == nil:
			lost = append(lost, "The account can't be reactivated: its link to the SCIM directory is gone. Reactivate it at admin.atlassian.com (Directory, Users).")
		default:
			plan.Steps = append(plan.Steps, Step{Action: Reactivate, Via: ViaSCIM, Target: person.Label(), Detail: "reactivate the account through SCIM (active: true)"})
			plan.Undo = append(plan.Undo, "Reactivation: offboard_user deactivates the account again.")
		}
	}
	for i, membership := range t.groups {
		g, via := membership.group, membership.Via
		makesAdmin := func(a directory.AdminGroup) bool { return a.ID == g.ID || g.ID == "" && a.Name == g.Name }
		switch {
		case !there[i]:
			lost = append(lost, "The group "+g.Name+" is gone since, so the membership can't be put back.")
		case slices.ContainsFunc(admins, makesAdmin):
			lost = append(lost, "The group "+g.Name+" makes its members administrators, which this server never grants: add the person by hand at admin.atlassian.com.")
		case policy.guardGroup(g) != nil:
			lost = append(lost, "The group "+g.Name+" is protected by the policy by now, so the membership is not put back.")
		case via == ViaSCIM && person.SCIM == nil:
			lost = append(lost, "The group "+g.Name+" belongs to SCIM, and the person's link to the SCIM directory is gone, so the membership can't be put back.")
		default:
			plan.Steps = append(plan.Steps, Step{Action: AddToGroup, Via: via, Target: g.Name, Detail: "add to the group " + g.Name + " through " + sideName(via), group: g})
		}
	}
	if t.site && !slices.Contains(person.Sources, directory.SourceJira) {
		lost = append(lost, "Removal from the site can't be undone: invite the person again with provision_user.")
	}
	plan.widen(person, t.before)
	if len(plan.Steps) == 0 {
		plan.Blockers = lost
		return plan.seal()
	}
	plan.Warnings = append(plan.Warnings, lost...)
	if slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Via == ViaSCIM }) {
		plan.Warnings = append(plan.Warnings, warnProvider)
	}
	check := "read back: the account and the groups are as before " + operation
	if len(lost) > 0 {
		check = "read back: what can be put back is there; the warnings say what is not"
	}
	plan.Steps = append(plan.Steps, Step{Action: Verify, Target: person.Label(), Detail: check})
	if len(lost) > 0 {
		plan.followUps = append(plan.followUps, "Put back by hand what could not be put back here: see the warnings.")
	}
	return plan.seal()
}

// widen tells when a restore would give more than was taken: an account that comes back is in groups that it was not in before.
func (p *Plan) widen(person directory.Person, before snapshot) {
	if !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == Reactivate }) || person.SCIM != nil && person.SCIM.Active {
		return
	}
	var more []string
	for _, g := range person.Groups {
		if !before.inGroup(g.ID, g.Name) {
			more, p.widens = append(more, g.Name), append(p.widens, g.ID)
		}
	}
	if len(more) > 0 {
		slices.Sort(p.widens)
		p.Warnings = append(p.Warnings, "The account is in groups that it was not in before, which give access again as soon as it is active: "+strings.Join(more, ", ")+".")
	}
}

func (s snapshot) inGroup(id, name string) bool {
	return s.Jira != nil && slices.ContainsFunc(s.Jira.Groups, func(g jira.Group) bool { return g.ID == id }) ||
		s.SCIM != nil && slices.ContainsFunc(s.SCIM.Groups, func(g scim.GroupRef) bool { return g.Name == name })
}
