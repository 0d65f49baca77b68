package lifecycle

import (
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// route is a way by which a person's access ends.
type route string

const (
	routeSCIM    route = "scim"    // PATCH active=false
	routeDisable route = "disable" // the organization deactivates an account that it owns
	routeSuspend route = "suspend" // the organization lets somebody else's account into none of its apps
	routeGroups  route = "groups"  // nothing ends the access as a whole: only groups can be taken
	routeEnded   route = "ended"   // it has ended already
)

// reach is what is configured for ending somebody's access, beside the person.
type reach struct {
	scim    bool
	org     bool
	suspend bool // the policy lets people be suspended
	// refused are the steps that the organization's key was refused before, whomever they were for, with the reason.
	refused map[Action]string
	// directories are those of the organization that the person is in, read where somebody is to be removed from them.
	directories []admin.Directory
	// readOnly are the ids of the person's groups that an identity provider fills, so that nothing here may change them.
	readOnly map[string]bool
	// readOnlyUnread is why the organization did not tell which groups these are, where it was asked.
	readOnlyUnread error
	// strange is why the organization can't be the site's, nil where nothing says so.
	strange error
}

// way is the route for one person, and why it is that one.
type way struct {
	route route
	// suspend ends beside a deactivation through SCIM what SCIM does not: the apps of somebody whom the organization does not own.
	suspend bool
	// why says in words for what reason it is this route.
	why string
	// blocker is why the route that is right for the person may not be taken, and what to do; "" where it may.
	blocker string
	// followUp is what is left for a person to do, "" where nothing is.
	followUp string
}

// wayOut chooses how a person's access ends: SCIM for whom SCIM has; the organization's deactivation for an account that it owns; its suspension for
// anybody else; and the groups alone where nothing of that is to be had. A route that is there and may not be taken is a blocker: the next one
// would leave more open than the caller thinks.
func wayOut(p directory.Person, r reach) way {
	switch {
	case p.Org != nil && p.Org.Status == admin.StatusForDeletion:
		return way{route: routeEnded, why: "the account is to be deleted and inactive until then"}
	case p.SCIM != nil:
		return throughSCIM(p, r).unlessAdmin(p).unlessRefused(r)
	case p.Org != nil && p.Org.Managed:
		return byDisabling(p, r).unlessAdmin(p).unlessRefused(r)
	case p.Org != nil:
		return bySuspending(p, r).unlessAdmin(p).unlessRefused(r)
	case !p.Active:
		return way{route: routeEnded, why: "the account is inactive already"}
	}
	return byGroups(p, r)
}

// unlessAdmin turns a route into a blocker for an administrator of the organization.
func (w way) unlessAdmin(p directory.Person) way {
	changes := w.suspend || w.route == routeSCIM || w.route == routeDisable || w.route == routeSuspend
	if changes && p.Org != nil && p.Org.Admin() {
		w.blocker = p.Label() + " is an administrator of the organization, and such an account can't be deactivated or suspended. " +
			"Take that role away first (admin.atlassian.com, Administrators): this is never done here as a side effect."
	}
	return w
}

// unlessRefused turns a route into a blocker where the organization's key is known to be too small for it.
func (w way) unlessRefused(r reach) way {
	why := ""
	switch {
	case w.blocker != "":
	case w.route == routeDisable:
		why = r.refused[Deactivate]
	case w.route == routeSuspend, w.suspend:
		why = r.refused[Suspend]
	}
	if why != "" {
		w.blocker = keyRefused + why + " Start the server again with another key; after five minutes this one is tried again. Nothing is planned instead, since the access would stay open; name the parts to do without it (steps: scim_groups, jira_groups)."
	}
	return w
}

func throughSCIM(p directory.Person, r reach) way {
	foreign := p.Org != nil && !p.Org.Managed
	w := way{route: routeSCIM, why: "SCIM has this person, so the account is deactivated there"}
	if foreign {
		w.why = "SCIM has this person, so what SCIM gave ends there"
	}
	switch {
	case p.SCIM.Active:
	case p.Org != nil && p.Org.Managed && !p.Org.Ended(): // what SCIM did has not reached the account, or was undone there
		w = byDisabling(p, r)
		w.why = "SCIM has this person as inactive already, while the account is active: so the organization, which owns it, deactivates it"
	case p.Org == nil && p.Active:
		return way{
			route: routeEnded, why: "SCIM has this person as inactive already, while Jira still shows the account as active. Jira usually follows within minutes; nothing configured here can do more",
			followUp: "Look the person up again in some minutes: while the account is active, deactivate it at admin.atlassian.com (Directory, Users).",
		}
	default:
		w = way{route: routeEnded, why: "SCIM has this person as inactive already"}
	}
	if !foreign || p.Org.Ended() || p.Org.Status == admin.StatusNotInvited {
		return w
	}
	// SCIM ends only what it gave to an account that belongs to nobody here; what the organization gave beside it would stay open.
	switch w.suspend = r.suspend; {
	case r.suspend:
		w.why += ", and since the organization does not own the account, its access to every app of the organization is suspended as well"
	default:
		w.followUp = "Suspend the person at admin.atlassian.com (Directory, Users): the organization does not own the account, so SCIM ends only what SCIM gave."
	}
	return w
}

// notBySCIM says why it isn't SCIM that ends somebody's access.
func notBySCIM(p directory.Person, r reach) string {
	switch {
	case !r.scim:
		return "SCIM is not configured"
	case p.SCIMUnsure:
		return "no SCIM user is known for this person"
	}
	return "SCIM does not have this person"
}

func byDisabling(p directory.Person, r reach) way {
	w := way{route: routeDisable, why: notBySCIM(p, r) + " and the organization owns the account, so the organization deactivates it"}
	switch {
	case p.Org.Status == admin.StatusDeactivated:
		return way{route: routeEnded, why: "the organization has the account as deactivated already"}
	case p.Control == nil:
		w.blocker = "The organization owns this account, and could not be asked whether its key may deactivate it. Try again, or name the parts to do without it (steps)."
	case !p.Control.May.May(admin.MayEnable).Allowed:
		w.blocker = fmt.Sprintf("The organization owns this account, and its key may not deactivate it: %s. Nothing is planned instead, since the account would stay active; name the parts to do without it (steps).", inWords(p.Control.May.May(admin.MayEnable)))
	}
	return w
}

func bySuspending(p directory.Person, r reach) way {
	switch {
	case p.Org.Status == admin.StatusDeactivated, p.Org.Status == admin.StatusSuspended:
		return way{route: routeEnded, why: "the organization lets this account into none of its apps already"}
	case p.Org.Status == admin.StatusNotInvited:
		return way{route: routeGroups, why: "the account belongs to somebody else and is in none of the organization's directories, so there is nothing to suspend"}
	case !r.suspend:
		return way{
			route: routeGroups, why: "the organization does not own the account, and the policy of this server does not suspend people (JIRA_LIFECYCLE_ORGANIZATION_SUSPEND)",
			followUp: "Suspend the person at admin.atlassian.com (Directory, Users), if no app of the organization shall stay open.",
		}
	}
	return way{route: routeSuspend, why: notBySCIM(p, r) + " and the organization does not own the account, so its access to every app of the organization, on every site, is suspended; the account itself stays the person's own"}
}

// byGroups tells why nothing ends the access of somebody active as a whole.
func byGroups(p directory.Person, r reach) way {
	const stays = ": removing the groups ends access to this site's products, but the account itself stays active."
	switch {
	case r.org:
		return way{
			route: routeGroups, why: "The organization does not know this account, so nothing here can deactivate or suspend it" + stays,
			followUp: "Look the account up at admin.atlassian.com: it may belong to another organization.",
		}
	case p.SCIMUnsure:
		return way{
			route: routeGroups, why: "Nothing here can deactivate the account, since no SCIM user is known for it" + stays,
			followUp: "Find the person at the identity provider and deactivate them there, or at admin.atlassian.com (Directory, Users).",
		}
	case r.scim:
		return way{
			route: routeGroups, why: "This account is not in the SCIM directory, and nothing else configured here can deactivate it" + stays,
			followUp: "Deactivate the account at admin.atlassian.com (Directory, Users) if the organization manages it, or set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY so that this can be done here.",
		}
	}
	return way{
		route: routeGroups, why: "Neither SCIM nor the organization is configured, and Jira itself cannot deactivate anyone" + stays,
		followUp: "Deactivate the account at admin.atlassian.com (Directory, Users), or set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY (or ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN) so that this can be done here.",
	}
}

// refusals are answers of GET manage that withhold every privilege, in words.
var refusals = map[admin.Reason]string{
	"forbidden":                  "the key may not manage it: for accounts that the organization owns it takes a key without scopes (admin.atlassian.com, Settings, API keys)",
	"forbidden.targetUnverified": "its e-mail address was never verified, so the organization can't manage it yet",
	"accountNotFound":            "the key's organization does not know it",
}

// inWords tells why a privilege is withheld, with Atlassian's own key for it.
func inWords(p admin.Permission) string {
	if p.Reason == "" {
		return p.Reason.Words()
	}
	words, known := refusals[p.Reason]
	if !known {
		words = p.Reason.Words()
	}
	return words + " (" + string(p.Reason) + ")"
}
