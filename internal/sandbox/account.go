package sandbox

import "time"

// The domain that the organization has verified: accounts with an address there are managed by it.
const verifiedDomain = "example.com"

// privacy is what Jira shows of an account's e-mail address. Clients meet all three ways of hiding one.
type privacy uint8

const (
	emailVisible privacy = iota
	emailAbsent
	emailNull
	emailEmpty
)

// Account types as Jira names them (User.accountType).
const (
	typeAtlassian = "atlassian"
	typeApp       = "app"
	typeCustomer  = "customer"
	typeUnknown   = "unknown"
)

// account is one Atlassian account as the site and the directory know it. Values of generated accounts live only while they are looked at.
type account struct {
	index    int
	id       string
	kind     string
	appType  string // "service", "agent" or "unknown" for apps, else ""
	display  string
	email    string
	privacy  privacy
	active   bool
	access   bool // may use the Jira site; false for a removed person and for one who was never let in
	removed  bool // was removed from the site: still listed by users/search, as inactive
	managed  bool // belongs to the organization's verified domain
	timezone string
	locale   string
	scim     *scimUser // nil for an account that the directory does not provision
	groups   []int     // indexes of groups; meant only for accounts that are kept (see model)
	org      *orgRecord
}

// activeInJira tells what Jira says in User.active. Somebody whom the organization suspended has an active account and no site to use it on.
func (a *account) activeInJira() bool { return a.active && !a.removed && !a.suspended() }

// visibleTo tells whether Jira shows a's e-mail address to the account with the index viewer.
func (a *account) emailVisibleTo(viewer int) bool {
	return a.email != "" && (a.privacy == emailVisible || a.index == viewer)
}

// scimUser is the directory's record behind an account.
type scimUser struct {
	id       string
	profile  profile
	created  time.Time
	modified time.Time
	// linked is when the directory learns (learned) the account id: until then the Atlassian extension is absent.
	linked time.Time
}

// profile holds the attributes that a client may set, in the shape of the specification's ScimUser.
type profile struct {
	UserName          string         `json:"userName"`
	ExternalID        string         `json:"externalId,omitempty"`
	Name              *profileName   `json:"name,omitempty"`
	DisplayName       string         `json:"displayName,omitempty"`
	NickName          string         `json:"nickName,omitempty"`
	Title             string         `json:"title,omitempty"`
	PreferredLanguage string         `json:"preferredLanguage,omitempty"`
	Department        string         `json:"department,omitempty"`
	Organization      string         `json:"organization,omitempty"`
	Timezone          string         `json:"timezone,omitempty"`
	Emails            []profileValue `json:"emails,omitempty"`
	PhoneNumbers      []profileValue `json:"phoneNumbers,omitempty"`
	Enterprise        *enterprise    `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
	Active            bool           `json:"active"`
}

type profileName struct {
	Formatted       string `json:"formatted,omitempty"`
	FamilyName      string `json:"familyName,omitempty"`
	GivenName       string `json:"givenName,omitempty"`
	MiddleName      string `json:"middleName,omitempty"`
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
	HonorificSuffix string `json:"honorificSuffix,omitempty"`
}

type profileValue struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

type enterprise struct {
	Organization string `json:"organization,omitempty"`
	Department   string `json:"department,omitempty"`
}

// email returns the primary address, or "" when none is marked so.
func (p *profile) email() string {
	for _, e := range p.Emails {
		if e.Primary {
			return e.Value
		}
	}
	return ""
}

// fullName returns the name that the account gets from the directory.
func (p *profile) fullName() string {
	switch {
	case p.DisplayName != "":
		return p.DisplayName
	case p.Name != nil && p.Name.Formatted != "":
		return p.Name.Formatted
	case p.Name != nil && p.Name.GivenName+p.Name.FamilyName != "":
		return trimJoin(p.Name.GivenName, p.Name.FamilyName)
	}
	return p.UserName
}
