package admin

import (
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// What [User.Status] can be: the account's own state and that of its memberships in one word.
const (
	StatusActive      = "active"
	StatusSuspended   = "suspended"    // the account is active, its access to every app is suspended
	StatusNotInvited  = "not_invited"  // a managed account without a membership
	StatusDeactivated = "deactivated"  // the account itself is inactive
	StatusForDeletion = "for_deletion" // inactive, and gone for good after 14 days
)

// NoMembership is the [User.MembershipStatus] of somebody who is in no directory.
const NoMembership = "no_membership"

// What [User.ClaimStatus] can be.
const (
	Managed   = "managed" // an account of a verified domain: its lifecycle is the organization's
	Unmanaged = "unmanaged"
)

// User is a person as the organization's directories know them. What was not expanded is empty, and so is what the service left out.
type User struct {
	AccountID     string
	AccountType   string
	Name          string
	Nickname      string
	Email         string
	EmailVerified bool

	Status           string // see StatusActive and the others; unknown values are kept
	AccountStatus    string // active, inactive, closed
	MembershipStatus string // active, suspended, no_membership
	ClaimStatus      string // Managed or Unmanaged
	ManagementSource string // invited, synced; "" where not told
	MFA              *bool  // nil where not told

	AddedToOrg    time.Time
	DeactivatedOn time.Time
	ForDeletion   bool

	PlatformRoles []string // of the organization: atlassian/org-admin, atlassian/site-admin, atlassian/user-access-admin
	Products      []ProductAccess
	Groups        []GroupRef
	Resources     int // how many resources they have roles on; only with counts.resources

	JobTitle, Department, Organization, Location, TimeZone string
}

// ProductAccess is an app that someone has access to. ID is the ARI of the instance, which names the site: ari:cloud:jira-software::site/{cloudId}.
type ProductAccess struct {
	Key, ID    string
	LastActive time.Time // up to a day late; zero when they never used it
}

// GroupRef is a group that someone is in.
type GroupRef struct{ ID, Name string }

type userWire struct {
	AccountID        string   `json:"accountId"`
	AccountType      string   `json:"accountType"`
	Name             string   `json:"name"`
	Nickname         string   `json:"nickname"`
	Email            string   `json:"email"`
	EmailVerified    bool     `json:"emailVerified"`
	Status           string   `json:"status"`
	AccountStatus    string   `json:"accountStatus"`
	MembershipStatus string   `json:"membershipStatus"`
	ClaimStatus      string   `json:"claimStatus"`
	ManagementSource string   `json:"managementSource"`
	MFA              *bool    `json:"mfaEnabled"`
	AddedToOrg       moment   `json:"addedToOrg"`
	DeactivatedOn    moment   `json:"deactivatedOn"`
	ForDeletion      bool     `json:"forDeletion"`
	PlatformRoles    []string `json:"platformRoles"`
	Products         []struct {
		Key        string `json:"key"`
		ID         string `json:"id"`
		LastActive moment `json:"lastActiveTimestamp"`
	} `json:"productAccess"`
	Groups []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"groups"`
	Counts struct {
		Resources int `json:"resources"`
	} `json:"counts"`
	JobTitle     string `json:"jobTitle"`
	Department   string `json:"department"`
	Organization string `json:"organization"`
	Location     string `json:"location"`
	TimeZone     string `json:"timeZone"`
}

func (w userWire) read() User {
	u := User{
		AccountID: rest.CleanID(w.AccountID), AccountType: rest.Clean(w.AccountType),
		Name: rest.Clean(w.Name), Nickname: rest.Clean(w.Nickname), Email: rest.Clean(w.Email), EmailVerified: w.EmailVerified,
		Status: rest.Clean(w.Status), AccountStatus: rest.Clean(w.AccountStatus), MembershipStatus: rest.Clean(w.MembershipStatus),
		ClaimStatus: rest.Clean(w.ClaimStatus), ManagementSource: rest.Clean(w.ManagementSource), MFA: w.MFA,
		AddedToOrg: w.AddedToOrg.Time, DeactivatedOn: w.DeactivatedOn.Time, ForDeletion: w.ForDeletion || w.Status == StatusForDeletion,
		PlatformRoles: cleanAll(w.PlatformRoles), Resources: w.Counts.Resources,
		JobTitle: rest.Clean(w.JobTitle), Department: rest.Clean(w.Department), Organization: rest.Clean(w.Organization),
		Location: rest.Clean(w.Location), TimeZone: rest.Clean(w.TimeZone),
	}
	for _, p := range w.Products {
		u.Products = append(u.Products, ProductAccess{Key: rest.Clean(p.Key), ID: rest.CleanID(p.ID), LastActive: p.LastActive.Time})
	}
	for _, g := range w.Groups {
		u.Groups = append(u.Groups, GroupRef{ID: rest.CleanID(g.ID), Name: rest.Clean(g.Name)})
	}
	return u
}

func cleanAll(texts []string) []string {
	for i, s := range texts {
		texts[i] = rest.Clean(s)
	}
	return texts
}
