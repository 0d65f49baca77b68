package sandbox

import (
	"slices"
	"time"
)

// orgRecord is what the organization knows of an account beyond what is computed. Most accounts have none.
type orgRecord struct {
	suspended   bool
	closed      bool      // deleted for good
	deletion    time.Time // when the account will be deleted; zero for never
	deactivated time.Time // since when the account is inactive, if that is known
	message     string    // why it was disabled
	unverified  bool      // the e-mail address was never verified
	restriction string    // why the organization may not change the account's lifecycle: a Manageability.RestrictionReason
	blocks      []string  // why the account can't be deleted: codes of conflict.lifecycleErrors
	roles       []orgRole // beyond those that groups give
	idle        int       // days since the last activity; 0 is computed, never is never
	elsewhere   bool      // what activity there is was on another site
	tokens      []apiToken
	noTokens    bool // tokens are not computed
	added       time.Time
	directories []string // of somebody whom SCIM does not have; nil is the local one
	revoked     uint64   // bit k: the k-th API token is gone
}

// never is the idle of somebody who was never active.
const never = -1

// orgRole is a role that an account has by itself. Platform roles have no resource.
type orgRole struct{ role, resource string }

// Platform roles.
const (
	roleOrgAdmin        = "atlassian/org-admin"
	roleSiteAdmin       = "atlassian/site-admin"
	roleUserAccessAdmin = "atlassian/user-access-admin"
	roleUser            = "atlassian/user"
	roleAdmin           = "atlassian/admin"
)

func (r *orgRecord) clone() *orgRecord {
	if r == nil {
		return nil
	}
	c := *r
	c.roles, c.blocks, c.tokens, c.directories = slices.Clone(r.roles), slices.Clone(r.blocks), slices.Clone(r.tokens), slices.Clone(r.directories)
	return &c
}

// record returns the account's record to be changed. The account has to be a kept one.
func (a *account) record() *orgRecord {
	if a.org == nil {
		a.org = &orgRecord{}
	}
	return a.org
}

func (a *account) suspended() bool { return a.org != nil && a.org.suspended }

func (a *account) closed() bool { return a.org != nil && a.org.closed }

// inOrg tells whether the organization lists the account: its own, and people of others who are in a directory. Apps and customers it does not list.
func (a *account) inOrg() bool { return a.kind == typeAtlassian && (a.access || a.managed) }

// member tells whether the account is in one of the organization's directories.
func (a *account) member() bool { return a.inOrg() && a.access }

// setActive activates or deactivates the account.
func (a *account) setActive(active bool, at time.Time) {
	if a.active == active {
		return
	}
	a.active = active
	r := a.record()
	r.deactivated = time.Time{}
	if !active {
		r.deactivated = at
	}
}

// accountStatus is the lifecycle status of the account itself.
func (a *account) accountStatus() string {
	switch {
	case a.closed():
		return "closed"
	case a.active:
		return "active"
	}
	return "inactive"
}

// membershipStatus is what the account is in the organization's directories.
func (a *account) membershipStatus() string {
	switch {
	case !a.access:
		return "no_membership"
	case a.suspended():
		return "suspended"
	}
	return "active"
}

// status is the composite of both.
func (a *account) status() string {
	switch {
	case a.accountStatus() != "active":
		return "deactivated"
	case !a.access:
		return "not_invited"
	case a.suspended():
		return "suspended"
	}
	return "active"
}

// forDeletion tells whether the account is going to be deleted.
func (a *account) forDeletion() bool { return a.org != nil && !a.org.deletion.IsZero() }

// directoryIDs returns the directories that the account is in, if it is in any: the synced one for those whom SCIM provisions.
func (a *account) directoryIDs() []string {
	switch {
	case a.scim != nil:
		return []string{SyncedID}
	case a.org != nil && a.org.directories != nil:
		return a.org.directories
	}
	return []string{LocalID}
}

// orgDirectories are the organization's directories, by their names.
var orgDirectories = []struct{ id, name string }{{SyncedID, "Example (identity provider)"}, {LocalID, "Example (local)"}, {PartnersID, "Example (partners)"}}

// isDirectory tells whether a path may name a directory so: by its id, or by the - that stands for all.
func isDirectory(id string) bool {
	return id == "-" || slices.ContainsFunc(orgDirectories, func(d struct{ id, name string }) bool { return d.id == id })
}

func (g *group) directoryID() string {
	if g.scim() {
		return SyncedID
	}
	return LocalID
}

// grant is a role on a product that a group gives to its members.
type grant struct{ product, role string }

// seededGrants are the roles of the seeded groups beyond the seats that they give. None of these costs one.
var seededGrants = map[int]grant{
	groupJiraAdmins:      {"jira-software", roleUserAccessAdmin},
	groupConfluence:      {"confluence", roleUser}, // this one does, on a product that the Jira site's application roles don't tell of
	groupPartners:        {"confluence", "atlassian/guest"},
	groupContractors:     {"jira-product-discovery", "atlassian/contributor"},
	groupContractorsSCIM: {"jira-core", "atlassian/basic"},
	groupFinance:         {"jira-servicedesk", "atlassian/stakeholder"},
}

// grants returns what the group gives on products, and whether it makes site admins.
func (g *group) grants() (grants []grant, siteAdmin bool) {
	if g.product != "" {
		grants = append(grants, grant{g.product, roleUser})
	}
	if extra, ok := seededGrants[g.index]; ok && g.index < seededGroupCount {
		grants = append(grants, extra)
	}
	return grants, g.access == "site-admin"
}

// platformRoles returns the account's admin roles, its own and those of its groups.
func (m *model) platformRoles(a *account, groups []int) []string {
	roles := []string{}
	add := func(role string) {
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if a.org != nil {
		for _, r := range a.org.roles {
			if r.resource == "" {
				add(r.role)
			}
		}
	}
	for _, g := range groups {
		if m.groups[g].access == "site-admin" {
			add(roleSiteAdmin)
		}
	}
	return roles
}

func (a *account) isOrgAdmin() bool {
	return a.org != nil && slices.Contains(a.org.roles, orgRole{role: roleOrgAdmin})
}

// resourceARI names the product of the site.
func resourceARI(product, cloudID string) string { return "ari:cloud:" + product + "::site/" + cloudID }

// siteARI names the site, on which site admins have their role.
const siteARI = "ari:cloud:platform::site/" + CloudID
