package lifecycle

import (
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// roleUser is the role that lets somebody work with an app.
const roleUser = "atlassian/user"

// resources are the ARIs of products on a site, which the organization's invitation names.
func resources(products []string, cloudID string) []string {
	names := make([]string, len(products))
	for i, product := range products {
		names[i] = "ari:cloud:" + product + "::site/" + cloudID
	}
	return names
}

// groupsByInvitation lets the organization's invitation carry the groups that are not SCIM's: one request gives roles and groups. Each stays a step of its own,
// so that one which the invitation did not give is told, and made up for through the same side.
func (p *Plan) groupsByInvitation() {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Action == InviteUser && s.Via == ViaOrganization })
	if i < 0 {
		return
	}
	var names []string
	for j, s := range p.Steps {
		if s.Action == AddToGroup && s.Via == ViaJira {
			p.Steps[j].Via, p.Steps[j].Detail = ViaOrganization, "in the group "+s.Target+", with the invitation"
			names = append(names, s.Target)
		}
	}
	if len(names) > 0 {
		p.Steps[i].Detail += " and the groups " + strings.Join(names, ", ")
	}
}

// invitation is what a plan's invitation sends.
func invitation(p Plan) admin.Invitation {
	in := admin.Invitation{Emails: []string{p.Target.Email}, Notify: true}
	for _, resource := range p.products {
		in.Roles = append(in.Roles, admin.RoleGrant{ResourceID: resource, Role: roleUser})
	}
	for _, s := range p.Steps {
		if s.Action == AddToGroup && s.Via == ViaOrganization {
			in.GroupIDs = append(in.GroupIDs, s.group.ID)
		}
	}
	return in
}

// returningByOrg plans for somebody whom the organization knows, and tells whether that is all there is to plan beside the groups.
func (p *Plan) returningByOrg(f provisionFacts, route string) bool {
	person, org := *f.known, *f.known.Org
	onSite := slices.Contains(person.Sources, directory.SourceJira)
	switch {
	case org.Status == admin.StatusForDeletion:
		p.Blockers = append(p.Blockers, "The account is marked for deletion. Cancel that first, which activates it: restore_user with user, whoever marked it.")
		return true
	case org.Status == admin.StatusSuspended:
		p.Steps = append(p.Steps, Step{Action: RestoreAccess, Via: ViaOrganization, Target: p.Target.Label, Detail: "give the suspended access back, with the roles that the person had, instead of inviting them anew"})
		p.Undo = append(p.Undo, "Access: offboard_user suspends it again.")
		p.warnBack(person)
		return person.SCIM == nil || person.SCIM.Active
	case org.Status == admin.StatusDeactivated && person.SCIM == nil:
		p.activate(person)
		return true
	case person.SCIM == nil && !onSite && f.who.Route != RouteSCIM:
		if route == RouteSCIM { // only an invitation brings an account that is there into the site
			route = RouteOrganization
		}
		p.invite(f, route)
		return true
	}
	return false
}

// activate plans to activate an account that SCIM does not have.
func (p *Plan) activate(person directory.Person) {
	switch {
	case !person.Org.Managed:
		p.Blockers = append(p.Blockers, "The account exists and is inactive, and the organization does not own it: only its owner, or another organization, can activate it.")
	case person.Control == nil || !person.Control.May.May(admin.MayEnable).Allowed:
		why := "it could not be asked"
		if person.Control != nil {
			why = inWords(person.Control.May.May(admin.MayEnable))
		}
		p.Blockers = append(p.Blockers, "The account exists and is inactive, and the organization's key may not activate it: "+why+".")
	default:
		p.Steps = append(p.Steps, Step{Action: Reactivate, Via: ViaOrganization, Target: p.Target.Label, Detail: "activate the existing account through the organization instead of creating a second one"})
		p.Undo = append(p.Undo, "Reactivation: offboard_user deactivates the account again.")
		p.warnBack(person)
	}
}

// warnBack tells which access comes back by itself with somebody who returns.
func (p *Plan) warnBack(person directory.Person) {
	if len(person.Groups) > 0 {
		p.Warnings = append(p.Warnings, "The account is still in groups, which give access again as soon as it is active: "+strings.Join(person.GroupNames(), ", ")+".")
	}
}

// linkable tells from GET manage why an account that the organization owns can't go into the SCIM directory: another directory has it, and the two would
// undo each other's changes. What is withheld from the key alone is a warning: the link is SCIM's to make.
func linkable(person directory.Person) (kept, warning string) {
	if person.Org == nil || !person.Org.Managed {
		return "", ""
	}
	if person.Control == nil {
		return "", "Whether another directory manages the account could not be asked."
	}
	enable := person.Control.May.May(admin.MayEnable)
	switch {
	case enable.Allowed:
		return "", ""
	case slices.Contains([]admin.Reason{admin.ReasonGoogle, admin.ReasonSCIM, admin.ReasonExportControl}, enable.Reason):
		return "The existing account can't be linked to this SCIM directory: " + inWords(enable) + ".", ""
	}
	return "", "The organization's key may not change whether the account is active: " + inWords(enable) + ". If another directory manages it, that one may undo what this one does."
}
