package sandbox

import (
	"strconv"
	"time"
)

// orgUser is a user as the v2 paths list one.
type orgUser struct {
	AccountID        string            `json:"accountId"`
	AccountType      string            `json:"accountType"`
	Status           string            `json:"status"`
	AccountStatus    string            `json:"accountStatus"`
	MembershipStatus string            `json:"membershipStatus"`
	AddedToOrg       string            `json:"addedToOrg,omitempty"`
	Name             string            `json:"name"`
	Nickname         string            `json:"nickname"`
	Email            string            `json:"email"`
	EmailVerified    bool              `json:"emailVerified"`
	ClaimStatus      string            `json:"claimStatus"`
	PlatformRoles    []string          `json:"platformRoles,omitempty"`
	Picture          string            `json:"picture"`
	Avatar           string            `json:"avatar"`
	Counts           map[string]int    `json:"counts,omitempty"`
	Links            map[string]string `json:"links"`
	ProductAccess    []productAccess   `json:"productAccess,omitempty"`
	Groups           []userGroup       `json:"groups,omitempty"`
	DeactivatedOn    *string           `json:"deactivatedOn"`
	ForDeletion      bool              `json:"forDeletion"`
	MFAEnabled       bool              `json:"mfaEnabled"`
	ManagementSource *string           `json:"managementSource"`
	Department       *string           `json:"department"`
	Organization     *string           `json:"organization"`
	TimeZone         *string           `json:"timeZone"`
	JobTitle         string            `json:"jobTitle,omitempty"`
}

type productAccess struct {
	Key        string `json:"key"`
	ID         string `json:"id"`
	LastActive string `json:"lastActiveTimestamp,omitempty"`
}

type userGroup struct {
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

// avatarOf returns the address of the account's picture.
func avatarOf(a *account) string {
	return "https://avatars.example/" + strconv.Itoa(a.index%9) + "-48.png"
}

// userBody returns the user with what expand asks for.
func (c *call) userBody(m *model, a *account, expand []string) orgUser {
	u := orgUser{
		AccountID: a.id, AccountType: "atlassian", Status: a.status(), AccountStatus: a.accountStatus(), MembershipStatus: a.membershipStatus(),
		Name: a.display, Nickname: a.display, Email: a.email, EmailVerified: a.org == nil || !a.org.unverified, ClaimStatus: "unmanaged",
		Picture: avatarOf(a), Avatar: avatarOf(a), Links: map[string]string{"self": a.id}, ForDeletion: a.forDeletion(), MFAEnabled: m.mfa(a), TimeZone: &a.timezone,
	}
	if a.managed {
		u.ClaimStatus = "managed"
	}
	u.AddedToOrg = m.added(a).Format(time.RFC3339)
	source := "invited"
	if a.scim != nil {
		source = "synced"
		p := &a.scim.profile
		u.JobTitle = p.Title
		if p.Department != "" {
			u.Department = &p.Department
		}
		if p.Enterprise != nil {
			u.Organization = &p.Enterprise.Organization
		}
	}
	if a.access {
		u.ManagementSource = &source
	}
	if at := m.deactivatedOn(a); !at.IsZero() {
		text := at.Format(time.RFC3339)
		u.DeactivatedOn = &text
	}
	if len(expand) == 0 {
		return u
	}
	groups := m.groupsInOrg(a)
	for _, what := range expand {
		switch what {
		case "groups":
			u.Groups = []userGroup{}
			for _, g := range groups {
				u.Groups = append(u.Groups, userGroup{m.groups[g].id, &m.groups[g].name})
			}
		case "productAccess":
			u.ProductAccess = []productAccess{}
			for _, of := range m.uses(a, groups) {
				access := productAccess{Key: of.product, ID: resourceARI(of.product, of.cloudID)}
				if !of.at.IsZero() {
					access.LastActive = of.at.Format(time.RFC3339)
				}
				u.ProductAccess = append(u.ProductAccess, access)
			}
		case "platformRoles":
			u.PlatformRoles = m.platformRoles(a, groups)
		case "counts.resources":
			u.Counts = map[string]int{"resources": len(m.assignments(a, groups))}
		}
	}
	return u
}

// added returns when the account came to the organization.
func (m *model) added(a *account) time.Time {
	switch {
	case a.org != nil && !a.org.added.IsZero():
		return a.org.added
	case a.scim != nil && !a.scim.created.IsZero():
		return a.scim.created
	}
	return epoch.Add(time.Duration(a.index%(600*24)) * time.Hour)
}

// deactivatedOn returns since when the account is inactive; zero while it is active.
func (m *model) deactivatedOn(a *account) time.Time {
	switch {
	case a.active:
		return time.Time{}
	case a.org != nil && !a.org.deactivated.IsZero():
		return a.org.deactivated
	}
	return m.today.AddDate(0, 0, -20-int(mix(m.pop.seed^saltActivity, uint64(a.index)<<24)%300))
}
