package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Routes by which a person can come in.
const (
	RouteAuto         = "auto"
	RouteSCIM         = "scim"
	RouteOrganization = "organization"
	RouteJira         = "jira"
)

// Routes are the values that the argument route takes.
var Routes = []string{RouteAuto, RouteSCIM, RouteOrganization, RouteJira}

// Products are the values that POST /user takes.
var Products = []string{"jira-core", "jira-servicedesk", "jira-product-discovery", "jira-software"}

// Newcomer is who shall have access.
type Newcomer struct {
	Email, GivenName, FamilyName, DisplayName, Title, Department string

	Products []string
	Route    string
}

// provisionFacts is what a provisioning is planned from.
type provisionFacts struct {
	who     Newcomer
	known   *directory.Person // nil: nobody has the e-mail yet
	groups  []directory.Group
	closed  closedGroups // among groups
	domains []string     // that SCIM provisions
	hasSCIM bool
	hasOrg  bool
	site    string // cloud id, where the organization is configured
	// siteUnread is why the cloud id is not known.
	siteUnread error
	products   []string // default of the policy
}

// planProvision decides how a person comes in: whoever has the e-mail already is reactivated or left as they are, never created twice.
func planProvision(f provisionFacts) (Plan, error) {
	plan := Plan{tool: "provision_user", Target: Subject{Email: f.who.Email, Label: cmp.Or(f.who.name(), f.who.Email) + " (" + f.who.Email + ")"}}
	route, err := f.route()
	if err != nil {
		return Plan{}, err
	}
	switch {
	case f.known == nil && route == RouteSCIM:
		plan.attrs = f.who.attributes()
		plan.Steps = append(plan.Steps, Step{Action: CreateUser, Via: ViaSCIM, Target: plan.Target.Label, Detail: "create the account through SCIM; no invitation mail is sent"})
		plan.Warnings = append(plan.Warnings, warnProvider)
		plan.Undo = append(plan.Undo, "The account: offboard_user deactivates it again.")
	case f.known == nil:
		plan.invite(f, route)
	default:
		plan.Target = subjectOf(*f.known)
		plan.Warnings = append(plan.Warnings, f.known.Warnings...)
		plan.returning(f, route)
	}
	plan.Target.seekSCIM = slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Action == CreateUser })
	missing := slices.DeleteFunc(slices.Clone(f.groups), func(g directory.Group) bool { return f.known != nil && isMember(*f.known, g) })
	plan.addTo(f.closed.blocks(&plan, missing), hasAction(plan.Steps, CreateUser) || plan.Target.SCIMID != "")
	plan.groupsByInvitation()
	if hasAction(plan.Steps, CreateUser, InviteUser) && slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Action == AddToGroup && s.Via != ViaSCIM }) {
		plan.Steps = append(plan.Steps, Step{Action: AwaitAccount, Target: plan.Target.Label, Detail: "wait until Atlassian has given the person an account id, which Jira groups need"})
	}
	if f.siteUnread != nil && slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Action == InviteUser && s.Via == ViaOrganization }) {
		return Plan{}, f.siteUnread
	}
	plan.Steps = inOrder(plan.Steps)
	if plan.writes() {
		plan.Steps = append(plan.Steps, Step{Action: Verify, Target: plan.Target.Label, Detail: "read back: the account is active and in the groups"})
	}
	return plan.seal(), nil
}

// route picks SCIM where a directory is set and the domain is its own, else the organization's invitation where that is configured, else Jira's; a
// person whom SCIM has stays with SCIM.
func (f provisionFacts) route() (string, error) {
	own := slices.Contains(f.domains, directory.Domain(f.who.Email))
	switch {
	case f.who.Route == RouteSCIM && !f.hasSCIM:
		return "", fault.New(fault.NotConfigured, "Set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN, or use the route jira.", "The route scim needs a SCIM directory, and none is configured.")
	case f.who.Route == RouteOrganization && !f.hasOrg:
		return "", fault.New(fault.NotConfigured, "Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY, or use another route.", "The route organization needs an organization key, and none is configured.")
	case f.who.Route == RouteSCIM, f.who.Route == RouteOrganization, f.who.Route == RouteJira:
		return f.who.Route, nil
	case f.hasSCIM && (own || f.known != nil && f.known.SCIM != nil):
		return RouteSCIM, nil
	case f.hasOrg:
		return RouteOrganization, nil
	}
	return RouteJira, nil
}

func (p *Plan) invite(f provisionFacts, route string) {
	p.products = f.who.Products
	if len(p.products) == 0 {
		p.products = f.products
	}
	p.products = slices.Sorted(slices.Values(p.products))
	named := strings.Join(p.products, ", ")
	via := ViaJira
	if route == RouteOrganization {
		via, p.products = ViaOrganization, resources(p.products, f.site)
	}
	p.Steps = append(p.Steps, Step{
		Action: InviteUser, Via: via, Target: p.Target.Label,
		Detail: "invite by mail through " + sideName(via) + " with access to " + named + " on this site",
	})
	p.Undo = append(p.Undo, "The invitation mail can't be taken back; delete_user removes the person from the site.")
	if f.who.name() != "" {
		p.Warnings = append(p.Warnings, "An invited person chooses their own display name: the one given here is not sent.")
	}
	if f.who.Title != "" || f.who.Department != "" {
		p.Warnings = append(p.Warnings, "Title and department can be set through SCIM only, so they are left out.")
	}
	if slices.Contains(f.domains, directory.Domain(f.who.Email)) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("People of %s are provisioned through SCIM here. An invited account stays outside of the directory until the identity provider takes it over; the route scim avoids that.", directory.Domain(f.who.Email)))
	}
}

// returning plans for somebody who has an account already.
func (p *Plan) returning(f provisionFacts, route string) {
	person := *f.known
	if person.Org != nil && p.returningByOrg(f, route) {
		return
	}
	outside := person.Org != nil && !person.Org.Inactive() && !slices.Contains(person.Sources, directory.SourceJira)
	switch {
	case (person.Active || outside) && (person.SCIM == nil || person.SCIM.Active):
		if route == RouteSCIM && person.SCIM == nil {
			p.link(person, f.who)
		}
	case person.SCIM != nil && !person.SCIM.Active:
		p.Steps = append(p.Steps, Step{Action: Reactivate, Via: ViaSCIM, Target: p.Target.Label, Detail: "reactivate the existing account through SCIM (active: true) instead of creating a second one"})
		p.Warnings = append(p.Warnings, warnProvider)
		p.Undo = append(p.Undo, "Reactivation: offboard_user deactivates the account again.")
		p.warnBack(person)
	case person.SCIM != nil:
		p.Warnings = append(p.Warnings, "SCIM has the account as active, while Jira still shows it as inactive. Jira usually follows within minutes.")
	default:
		p.Blockers = append(p.Blockers, "The account exists and is inactive, and it is not in the SCIM directory: nothing configured here can reactivate it. Reactivate it at admin.atlassian.com (Directory, Users), then call again.")
	}
}

// link plans to put an existing account into the SCIM directory, unless another directory has it: that is a blocker where SCIM was asked for by name, and
// else the account, which has its access, stays where it is.
func (p *Plan) link(person directory.Person, who Newcomer) {
	kept, warning := linkable(person)
	switch {
	case kept != "" && who.Route == RouteSCIM:
		p.Blockers = append(p.Blockers, kept+" Take it out of there first, or leave the account where it is and name another route (organization or jira).")
		return
	case kept != "":
		p.Warnings = append(p.Warnings, kept+" It stays where it is.")
		return
	}
	p.attrs = who.attributes()
	p.Steps = append(p.Steps, Step{Action: CreateUser, Via: ViaSCIM, Target: p.Target.Label, Detail: "link the existing account to the SCIM directory, which gives it the name " + who.name()})
	p.Warnings = append(p.Warnings, "The account exists. From then on the directory decides on its name and on whether it is active, in place of whoever does now.", warnProvider)
	if warning != "" {
		p.Warnings = append(p.Warnings, warning)
	}
	p.Undo = append(p.Undo, "The link: only the identity provider or an administrator can take it away.")
}

func (n Newcomer) name() string {
	return cmp.Or(n.DisplayName, strings.TrimSpace(n.GivenName+" "+n.FamilyName))
}

// attributes are what SCIM stores of a newcomer, under SCIM's own names.
func (n Newcomer) attributes() map[string]string {
	attrs := map[string]string{"displayName": n.name(), "name.givenName": n.GivenName, "name.familyName": n.FamilyName}
	if n.Title != "" {
		attrs["title"] = n.Title
	}
	if n.Department != "" {
		attrs["department"] = n.Department
	}
	return attrs
}

func isMember(p directory.Person, g directory.Group) bool {
	return slices.ContainsFunc(p.Groups, func(have directory.GroupRef) bool { return have.ID == g.ID })
}

// addTo plans a step for each group, through the side that owns it. A SCIM group takes only people whom SCIM has.
func (p *Plan) addTo(groups []directory.Group, inSCIM bool) {
	for _, g := range groups {
		via := ViaJira
		if g.SCIMID != "" {
			via = ViaSCIM
		}
		if via == ViaSCIM && !inSCIM {
			p.Blockers = append(p.Blockers, "The group "+g.Name+" belongs to SCIM, and this person is not in the SCIM directory: add them there first (provision_user with route scim).")
			continue
		}
		p.Steps = append(p.Steps, Step{Action: AddToGroup, Via: via, Target: g.Name, Detail: "add to the group " + g.Name + " through " + sideName(via), group: g})
		if via == ViaSCIM && !slices.Contains(p.Warnings, warnProvider) {
			p.Warnings = append(p.Warnings, warnProvider)
		}
	}
	if len(groups) > 0 {
		p.Undo = append(p.Undo, "Groups: remove_user_from_group takes them away again.")
	}
}
