package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// The parts of an offboarding that a caller can choose among.
const (
	PartDeactivate          = "deactivate"
	PartRevokeTokens        = "revoke_tokens"
	PartSCIMGroups          = "scim_groups"
	PartJiraGroups          = "jira_groups"
	PartRemoveFromSite      = "remove_from_site"
	PartRemoveFromDirectory = "remove_from_directory"
	PartDeleteAccount       = "delete_account"
)

// OffboardParts are the values that the argument steps takes; the default is the first four.
var OffboardParts = []string{PartDeactivate, PartRevokeTokens, PartSCIMGroups, PartJiraGroups, PartRemoveFromSite, PartRemoveFromDirectory, PartDeleteAccount}

// orgParts are the parts that can't be planned without knowing what the organization has to say of the person.
var orgParts = []string{PartDeactivate, PartRevokeTokens, PartRemoveFromDirectory, PartDeleteAccount}

const warnProvider = "If an identity provider (Okta, Entra ID, Google, …) drives this SCIM directory, make the same change there: its next sync may undo this one."

// chosen is what of an offboarding is asked for.
type chosen struct {
	parts  []string // empty = the default
	tokens []string // ids of the API tokens to revoke; empty = all
}

// planOffboard decides how a person's access ends: as a whole first, by the route that wayOut chooses, then API tokens, SCIM groups and Jira groups, then
// site and directory if asked, and a check at the end. message is what the person is shown where the organization deactivates the account.
func planOffboard(person directory.Person, what chosen, r reach, message string) (Plan, error) {
	parts, explicit := what.parts, len(what.parts) > 0
	if !explicit {
		parts = OffboardParts[:4]
	}
	wants := func(part string) bool { return slices.Contains(parts, part) }
	if wants(PartDeleteAccount) {
		return planDeletion(person, parts, r)
	}
	plan := Plan{noGroups: wants(PartSCIMGroups) && wants(PartJiraGroups), tool: "offboard_user", Target: subjectOf(person), Warnings: slices.Clone(person.Warnings)}
	if wants(PartRemoveFromSite) && person.SCIM != nil {
		return Plan{}, fault.New(fault.ManagedExternally, "Leave remove_from_site out: SCIM deactivation ends the access. To delete the account itself use the identity provider or admin.atlassian.com.",
			"%s is managed through SCIM, and Jira refuses to remove such people from the site.", person.Label())
	}

	how := way{route: routeGroups}
	if wants(PartDeactivate) {
		how = wayOut(person, r)
		plan.end(person, how, message)
	}
	if wants(PartRevokeTokens) {
		plan.revokeTokens(person, what.tokens, explicit, r)
	}
	var filled []string // groups that an identity provider fills
	for _, g := range groupRemovals(person) {
		switch {
		case g.Via == ViaJira && wants(PartJiraGroups) && r.readOnly[g.group.ID]:
			filled = append(filled, g.Target)
		case g.Via == ViaSCIM && wants(PartSCIMGroups), g.Via == ViaJira && wants(PartJiraGroups):
			plan.Steps = append(plan.Steps, g)
		}
	}
	if wants(PartRemoveFromSite) && person.AccountID != "" {
		plan.Steps = append(plan.Steps, Step{Action: RemoveFromSite, Via: ViaJira, Target: person.Label(), Detail: "remove from the Jira site (the Atlassian account itself stays)"})
		plan.Undo = append(plan.Undo, "Removal from the site: only a new invitation brings the person back.")
	}
	if wants(PartRemoveFromDirectory) {
		plan.removeFromDirectory(person, r)
	}
	plan.leave(filled, r)
	if plan.writes() {
		plan.Steps = append(plan.Steps, Step{Action: Verify, Target: person.Label(), Detail: verifyDetail(plan.Steps, len(filled) > 0)})
	}
	if !plan.writes() && plan.powerless != "" {
		plan.Blockers = append(plan.Blockers, plan.powerless) // doing nothing would leave the person in
	}
	plan.describeOffboarding(person, how, r)
	return plan.seal(), nil
}

// end plans the end of somebody's access as a whole, by the route that was chosen.
func (p *Plan) end(person directory.Person, how way, message string) {
	if how.blocker != "" {
		p.Blockers = append(p.Blockers, how.blocker)
		return
	}
	switch how.route {
	case routeSCIM:
		p.Steps = append(p.Steps, Step{Action: Deactivate, Via: ViaSCIM, Target: person.Label(), Detail: "deactivate the account through SCIM (active: false), which ends " + endedBySCIM(person)})
		p.Undo = append(p.Undo, "Deactivation: restore_user with the operation's id reactivates the account.")
		if person.Org == nil && (person.Managed == nil || !*person.Managed) {
			p.Warnings = append(p.Warnings, "The account is outside of the directory's own domains, so SCIM may end only what SCIM gave it. Whether it really became inactive is checked afterwards.")
		}
	case routeDisable:
		p.message = message
		p.Steps = append(p.Steps, Step{
			Action: Deactivate, Via: ViaOrganization, Target: person.Label(),
			Detail: "deactivate the account through the organization, which ends every session and sign-in; who tries to sign in is told: “" + message + "”",
		})
		p.Undo = append(p.Undo, "Deactivation: restore_user with the operation's id activates the account again.")
	case routeSuspend:
		p.suspend(person)
	case routeGroups:
		p.cannotDeactivate(how.why)
	case routeEnded:
		switch {
		case how.suspend:
		case person.Active && person.Org == nil: // it is for whom it should have ended
			p.Warnings = append(p.Warnings, how.why+".")
		default:
			p.Warnings = append(p.Warnings, "The access as a whole has ended: "+how.why+".")
		}
	}
	if how.suspend {
		p.suspend(person)
	}
	if hasAction(p.Steps, Deactivate, Suspend) {
		p.Warnings = append(p.Warnings, "Route: "+how.why+".")
	}
}

// endedBySCIM says what a deactivation through SCIM ends: only of an account that the organization owns it is everything.
func endedBySCIM(person directory.Person) string {
	owned := person.Managed != nil && *person.Managed
	if person.Org != nil {
		owned = person.Org.Managed
	}
	if owned {
		return "every session and sign-in"
	}
	return "what SCIM gave; the account itself is not known to be the organization's, and may stay active"
}

func (p *Plan) suspend(person directory.Person) {
	p.Steps = append(p.Steps, Step{
		Action: Suspend, Via: ViaOrganization, Target: person.Label(),
		Detail: "suspend access to every app of the organization on every site, not only this one; roles and groups are kept by the suspension itself",
	})
	p.Undo = append(p.Undo, "Suspension: restore_user with the operation's id gives the access back.")
}

// revokeTokens plans a step for each API token of a managed account, or for those whose ids only has. Tokens that can't be revoked here are a follow-up, and a blocker where they were
// asked for by name.
func (p *Plan) revokeTokens(person directory.Person, only []string, explicit bool, r reach) {
	c := person.Control
	if why := r.refused[RevokeToken]; why != "" && c != nil && len(c.Tokens) > 0 {
		if p.tokensStay = "the organization's key was refused to revoke any: " + why; explicit {
			p.Blockers = append(p.Blockers, "The API tokens can't be revoked here: "+p.tokensStay)
		}
		return
	}
	if person.Org == nil || !person.Org.Managed || c == nil || c.TokensUnread != nil || !c.May.May(admin.MayReadTokens).Allowed || len(c.Tokens) > 0 && !c.May.May(admin.MayDeleteTokens).Allowed {
		if explicit {
			p.Blockers = append(p.Blockers, "The API tokens can't be revoked here: "+whyTokensStay(person, r))
		} else if person.Org != nil && person.Org.Managed && c != nil && c.TokensUnread != nil {
			p.Warnings = append(p.Warnings, "The API tokens of "+person.Label()+" stay: "+whyTokensStay(person, r))
		}
		return
	}
	p.noTokens = len(only) == 0
	revoked := 0
	for _, t := range c.Tokens {
		if !p.noTokens && !slices.Contains(only, t.ID) {
			continue
		}
		revoked++
		name := cmp.Or(t.Label, t.ID)
		if slices.ContainsFunc(c.Tokens, func(other admin.Token) bool { return other.ID != t.ID && other.Label == t.Label }) {
			name += " (" + t.ID + ")"
		}
		p.Steps = append(p.Steps, Step{Action: RevokeToken, Via: ViaOrganization, Target: name, Detail: "revoke the API token “" + name + "”, " + tokenAge(t), token: t.ID})
	}
	if missing := len(only) - revoked; missing > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d of the API tokens named are none of this account's: they were revoked before, or are somebody else's.", missing))
	}
	if others := len(c.Tokens) - revoked; others > 0 {
		p.tokensStay = fmt.Sprintf("%d that were not named stay.", others)
	}
	if revoked > 0 {
		p.Undo = append(p.Undo, "API tokens: nothing brings a revoked token back, also restore_user does not; the person would make new ones.")
	}
}

func tokenAge(t admin.Token) string {
	used := "not known to be used"
	if !t.LastUsed.IsZero() {
		used = "last used on " + t.LastUsed.Format("2 January 2006")
	}
	if t.CreatedAt.IsZero() {
		return used
	}
	return "made on " + t.CreatedAt.Format("2 January 2006") + ", " + used
}

// leave says of the groups that an identity provider fills that they stay, and where nothing else is to be done makes that a blocker.
func (p *Plan) leave(filled []string, r reach) {
	if r.readOnlyUnread != nil && hasAction(p.Steps, RemoveFromGroup) {
		p.Warnings = append(p.Warnings, filledUnknown+explainText(r.readOnlyUnread))
	}
	if len(filled) == 0 {
		return
	}
	p.noGroups = false
	names := strings.Join(filled, ", ")
	p.followUps = append(p.followUps, "Take the person out of "+names+" at the identity provider, or set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN so that this can be done here.")
	why := "An identity provider fills these groups, so neither Jira nor the organization may change them: " + names + "."
	if p.writes() {
		p.Warnings = append(p.Warnings, why)
		return
	}
	p.Blockers = append(p.Blockers, why+" Take the person out there, or set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN so that this can be done here.")
}

// removeFromDirectory plans that somebody is no longer in the organization's directories.
func (p *Plan) removeFromDirectory(person directory.Person, r reach) {
	switch {
	case !r.org:
		p.Blockers = append(p.Blockers, "Removal from the directory needs the organization: set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY, or leave remove_from_directory out.")
		return
	case person.Org == nil || person.Org.Gone:
		return
	case person.SCIM != nil || person.Org.Synced:
		p.Blockers = append(p.Blockers, "SCIM or an identity provider put "+person.Label()+" into "+named(r.directories)+", and its next sync would do so again: remove the person there, and leave remove_from_directory out.")
		return
	case person.Org.Admin():
		p.Blockers = append(p.Blockers, person.Label()+" is an administrator of the organization and can't be removed from its directory. Take that role away first (admin.atlassian.com, Administrators).")
		return
	}
	var ids []string
	for _, d := range r.directories {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	p.Steps = append(p.Steps, Step{
		Action: RemoveFromDirectory, Via: ViaOrganization, Target: person.Label(), from: strings.Join(ids, " "),
		Detail: "remove from " + named(r.directories) + ", which leaves the person in none of the organization's, with all roles and groups; Atlassian queues this, so it may take a while to show",
	})
	p.Undo = append(p.Undo, "Removal from the directory: only a new invitation brings the person back, without roles and groups.")
}

// named names directories, as the end of "remove from …".
func named(list []admin.Directory) string {
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = "“" + cmp.Or(d.Name, d.ID) + "”"
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
		return "the organization's directory"
	case 1:
		return "the directory " + names[0]
	}
	return "the directories " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
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
	switch via {
	case ViaSCIM:
		return "SCIM"
	case ViaOrganization:
		return "the organization"
	}
	return "Jira"
}

func verifyDetail(steps []Step, stay bool) string {
	var shown []string
	if hasAction(steps, Deactivate) {
		shown = append(shown, "the account is inactive")
	}
	if hasAction(steps, Suspend) {
		shown = append(shown, "the access is suspended")
	}
	if hasAction(steps, RevokeToken) {
		shown = append(shown, "the API tokens are revoked")
	}
	switch gone := hasAction(steps, RemoveFromGroup); {
	case gone && stay:
		shown = append(shown, "the groups that can be taken here are gone")
	case gone:
		shown = append(shown, "the groups are gone")
	}
	if hasAction(steps, RemoveFromSite, RemoveFromDirectory) {
		shown = append(shown, "the person is out")
	}
	return "read back: " + strings.Join(shown, ", ")
}

func (p *Plan) describeOffboarding(person directory.Person, how way, r reach) {
	if hasVia(p.Steps, ViaSCIM) {
		p.Warnings = append(p.Warnings, warnProvider)
	}
	if hasAction(p.Steps, RemoveFromGroup) {
		p.Undo = append(p.Undo, "Groups: restore_user puts them back.")
	}
	if p.writes() {
		p.followUps = append(p.followUps, followUpsOf(person, *p, how, r)...)
	} else if how.followUp != "" {
		p.followUps = append(p.followUps, how.followUp)
	}
}
