package lifecycle

import (
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// The parts of an offboarding that a caller can choose among.
const (
	PartDeactivate     = "deactivate"
	PartSCIMGroups     = "scim_groups"
	PartJiraGroups     = "jira_groups"
	PartRemoveFromSite = "remove_from_site"
)

// OffboardParts are the values that the argument steps takes; the default is all but the last.
var OffboardParts = []string{PartDeactivate, PartSCIMGroups, PartJiraGroups, PartRemoveFromSite}

const warnProvider = "If an identity provider (Okta, Entra ID, Google, …) drives this SCIM directory, make the same change there: its next sync may undo this one."

// planOffboard decides how a person's access ends: deactivation first, since it ends access at once, then SCIM groups and Jira groups,
// then the site if asked, and a check at the end.
func planOffboard(person directory.Person, parts []string, scimConfigured bool) (Plan, error) {
	if len(parts) == 0 {
		parts = OffboardParts[:3]
	}
	wants := func(part string) bool { return slices.Contains(parts, part) }
	plan := Plan{noGroups: wants(PartSCIMGroups) && wants(PartJiraGroups), tool: "offboard_user", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	if wants(PartRemoveFromSite) && person.SCIM != nil {
		return Plan{}, fault.New(fault.ManagedExternally, "Leave remove_from_site out: SCIM deactivation ends the access. To delete the account itself use the identity provider or admin.atlassian.com.",
			"%s is managed through SCIM, and Jira refuses to remove such people from the site.", person.Label())
	}

	if wants(PartDeactivate) {
		plan.deactivate(person, scimConfigured)
	}
	for _, g := range groupRemovals(person) {
		if g.Via == ViaSCIM && wants(PartSCIMGroups) || g.Via == ViaJira && wants(PartJiraGroups) {
			plan.Steps = append(plan.Steps, g)
		}
	}
	if wants(PartRemoveFromSite) && person.AccountID != "" {
		plan.Steps = append(plan.Steps, Step{Action: RemoveFromSite, Via: ViaJira, Target: person.Label(), Detail: "remove from the Jira site (the Atlassian account itself stays)"})
		plan.Undo = append(plan.Undo, "Removal from the site: only a new invitation brings the person back.")
	}
	if plan.writes() {
		plan.Steps = append(plan.Steps, Step{Action: Verify, Target: person.Label(), Detail: verifyDetail(plan.Steps)})
	}
	if !plan.writes() && plan.powerless != "" {
		plan.Blockers = append(plan.Blockers, plan.powerless) // doing nothing would leave the person in
	}
	plan.describeOffboarding(person)
	return plan.seal(), nil
}

func (p *Plan) deactivate(person directory.Person, scimConfigured bool) {
	switch {
	case person.SCIM != nil && person.SCIM.Active:
		p.Steps = append(p.Steps, Step{Action: Deactivate, Via: ViaSCIM, Target: person.Label(), Detail: "deactivate the account through SCIM (active: false), which ends every session and sign-in"})
		p.Undo = append(p.Undo, "Deactivation: restore_user with the operation's id reactivates the account.")
		if person.Managed == nil || !*person.Managed {
			p.Warnings = append(p.Warnings, "The account is outside of the directory's own domains, so SCIM may end only what SCIM gave it. Whether it really became inactive is checked afterwards.")
		}
	case person.SCIM != nil && person.Active:
		p.Warnings = append(p.Warnings, "SCIM already has this person as inactive, while Jira still shows the account as active. Jira usually follows within minutes.")
	case !person.Active:
	case person.SCIMUnsure:
		p.cannotDeactivate("Nothing here can deactivate the account, since no SCIM user is known for it: removing the groups ends access to this site's products, but the account itself stays active.")
		p.followUps = append(p.followUps, "Find the person at the identity provider and deactivate them there, or at admin.atlassian.com (Directory, Users).")
	case scimConfigured:
		p.cannotDeactivate("This account is not in the SCIM directory, and nothing else configured here can deactivate it: removing the groups ends access to this site's products, but the account itself stays active.")
		p.followUps = append(p.followUps, "Deactivate the account at admin.atlassian.com (Directory, Users) if the organization manages it.")
	default:
		p.cannotDeactivate("SCIM is not configured, and Jira itself cannot deactivate anyone: removing the groups ends access to this site's products, but the account itself stays active.")
		p.followUps = append(p.followUps, "Deactivate the account at admin.atlassian.com (Directory, Users), or set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN so that this can be done here.")
	}
}

// cannotDeactivate says why the account stays active.
func (p *Plan) cannotDeactivate(why string) {
	p.powerless = why
	p.Warnings = append(p.Warnings, why)
}

// groupRemovals lists every group of a person with the side that can take it away. SCIM groups that Jira does not show are taken away as well;
// where two groups share a name and it can't be told which one is SCIM's, both sides are asked.
func groupRemovals(person directory.Person) []Step {
	var steps []Step
	inJira := map[string]bool{}
	for _, g := range person.Groups {
		inJira[g.Name] = true
	}
	if person.SCIM != nil {
		for _, g := range person.SCIM.Groups {
			id := ""
			for _, known := range person.Groups {
				if known.SCIMID == g.ID && known.ManagedBy == directory.ManagedBySCIM {
					id = known.ID
				}
			}
			steps = append(steps, removal(ViaSCIM, directory.Group{ID: id, SCIMID: g.ID, Name: g.Name, ManagedBy: directory.ManagedBySCIM}))
		}
	}
	for _, g := range person.Groups {
		if g.ManagedBy != directory.ManagedBySCIM {
			steps = append(steps, removal(ViaJira, directory.Group{ID: g.ID, Name: g.Name, ManagedBy: g.ManagedBy}))
		}
	}
	return steps
}

func removal(via Via, g directory.Group) Step {
	return Step{Action: RemoveFromGroup, Via: via, Target: g.Name, Detail: "remove from the group " + g.Name + " through " + sideName(via), group: g}
}

func sideName(via Via) string {
	if via == ViaSCIM {
		return "SCIM"
	}
	return "Jira"
}

func verifyDetail(steps []Step) string {
	if slices.ContainsFunc(steps, func(s Step) bool { return s.Action == Deactivate }) {
		return "read back: the account is inactive and the groups are gone"
	}
	return "read back: the groups are gone"
}

func (p *Plan) describeOffboarding(person directory.Person) {
	viaSCIM := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Via == ViaSCIM })
	if viaSCIM {
		p.Warnings = append(p.Warnings, warnProvider)
		p.followUps = append(p.followUps, "Make the same change at the identity provider, if one drives the SCIM directory.")
	}
	if slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == RemoveFromGroup }) {
		p.Undo = append(p.Undo, "Groups: restore_user puts them back.")
	}
	if p.writes() {
		p.followUps = append(p.followUps,
			"Reassign the open issues, filters, dashboards and automation rules that the person owned.",
			"Collect devices, and revoke API tokens and app passwords that the person made for themselves.")
	}
}
