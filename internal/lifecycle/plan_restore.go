package lifecycle

import (
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
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
	lost = append(lost, plan.giveBack(person, t)...)
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
		case via != ViaSCIM && outside(person, t):
			lost = append(lost, "The group "+g.Name+" can't be put back while the person is not on the site: name it to provision_user.")
		case via == ViaSCIM && person.SCIM == nil:
			lost = append(lost, "The group "+g.Name+" belongs to SCIM, and the person's link to the SCIM directory is gone, so the membership can't be put back.")
		default:
			plan.Steps = append(plan.Steps, Step{Action: AddToGroup, Via: via, Target: g.Name, Detail: "add to the group " + g.Name + " through " + sideName(via), group: g})
		}
	}
	lost = append(lost, plan.handBack(person, t)...)
	if t.site && !slices.Contains(person.Sources, directory.SourceJira) {
		lost = append(lost, "Removal from the site can't be undone: invite the person again with provision_user.")
	}
	plan.widen(person, t.before)
	if len(t.tokens) > 0 {
		plan.Warnings = append(plan.Warnings, "Revoked API tokens stay revoked ("+strings.Join(t.tokens, ", ")+"): whatever used them needs new ones, which only the person can make.")
	}
	if len(plan.Steps) == 0 {
		plan.Blockers = lost
		if len(lost) == 0 {
			plan.Blockers = []string{"There is nothing that can be put back."}
		}
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

// outside tells whether a removal has left the person outside of the site, so that no group takes them.
func outside(person directory.Person, t taken) bool {
	switch {
	case t.removed && person.Org != nil:
		return person.Org.Gone
	case t.removed, t.site:
		return !slices.Contains(person.Sources, directory.SourceJira)
	}
	return false
}

// widen tells when a restore would give more than was taken: an account that comes back is in groups that it was not in before.
func (p *Plan) widen(person directory.Person, before snapshot) {
	byOrg := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Via == ViaOrganization }) && person.Org != nil && person.Org.Ended()
	bySCIM := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == Reactivate && s.Via == ViaSCIM }) && !person.SCIM.Active
	if !byOrg && !bySCIM {
		return
	}
	if hasAction(p.Steps, CancelDeletion) && before.Org != nil && before.Org.Status == admin.StatusDeactivated {
		p.widens = append(p.widens, "account")
		p.Warnings = append(p.Warnings, "The account was inactive before it was marked for deletion, and cancelling a deletion activates it: offboard_user deactivates it again.")
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

// giveBack plans what the organization can give back, and tells what it can't.
func (p *Plan) giveBack(person directory.Person, t taken) (lost []string) {
	may := func(what admin.Privilege) (string, bool) {
		if person.Control == nil {
			return "the organization's key does not manage this account any more", false
		}
		return inWords(person.Control.May.May(what)), person.Control.May.May(what).Allowed
	}
	add := func(action Action, detail string) {
		p.Steps = append(p.Steps, Step{Action: action, Via: ViaOrganization, Target: person.Label(), Detail: detail})
	}
	known := person.Org != nil
	if t.removed {
		lost = append(lost, "Removal from the organization's directory can't be undone: invite the person again with provision_user.")
	}
	if t.organization() && !known {
		return append(lost, "The organization does not know the account (any more), so its access can't be given back here. Look for it at admin.atlassian.com (Directory, Users).")
	}
	if t.deleted {
		if why, allowed := may(admin.MayDelete); allowed {
			add(CancelDeletion, "cancel the deletion of the account, which activates it again")
			p.Undo = append(p.Undo, "The cancellation: offboard_user deactivates the account, or deletes it anew.")
		} else {
			lost = append(lost, "The deletion can't be cancelled here: "+why+". Do it at admin.atlassian.com within "+graceDays+" of the deletion.")
		}
	}
	if t.disabled {
		switch why, allowed := may(admin.MayEnable); {
		case person.Org.Status == admin.StatusForDeletion && !t.deleted:
			lost = append(lost, "The account is marked for deletion since. Cancel that first, which activates it: restore_user with user instead of operation_id.")
		case allowed:
			add(Reactivate, "activate the account again through the organization")
			p.Undo = append(p.Undo, "Reactivation: offboard_user deactivates the account again.")
		default:
			lost = append(lost, "The account can't be activated here: "+why+".")
		}
	}
	if t.suspended {
		if person.Org.Inactive() && !t.disabled {
			return append(lost, "The account itself is inactive since, so its access can't be given back.")
		}
		add(RestoreAccess, "give access to the apps of the organization back, with the roles that the person had")
		p.Undo = append(p.Undo, "Access: offboard_user suspends it again.")
	}
	return lost
}

func (s snapshot) inGroup(id, name string) bool {
	return s.Jira != nil && slices.ContainsFunc(s.Jira.Groups, func(g jira.Group) bool { return g.ID == id }) ||
		s.SCIM != nil && slices.ContainsFunc(s.SCIM.Groups, func(g scim.GroupRef) bool { return g.Name == name })
}
