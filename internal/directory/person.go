// Package directory is the read side: it joins what Jira, SCIM and the organization know of a person into one [Person], each fact with its source,
// and finds people and groups. It never writes.
package directory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Where an e-mail address came from. Hidden means that no source showed one.
const (
	EmailFromJira         = "jira"
	EmailFromSCIM         = "scim"
	EmailFromOrganization = "organization"
	EmailHidden           = "hidden"
)

// Who may change a group's members.
const (
	ManagedByJira    = "jira"
	ManagedBySCIM    = "scim"
	ManagedByUnknown = "unknown"
)

// Names of the sources that a person may be joined from.
const (
	SourceJira         = "jira"
	SourceSCIM         = "scim"
	SourceOrganization = "organization"
)

// AccountTypePerson is the only account type that the lifecycle tools act on. The others are app, customer and unknown.
const AccountTypePerson = "atlassian"

// UnknownAccountID is the literal that Jira gives for a corrupted record.
const UnknownAccountID = "unknown"

// Person is one account as all sources together know it.
type Person struct {
	AccountID   string      `json:"account_id" jsonschema:"Atlassian account id; empty while SCIM has not learned it yet"`
	DisplayName string      `json:"display_name"`
	Email       string      `json:"email" jsonschema:"empty when every source hides it"`
	EmailSource string      `json:"email_source" jsonschema:"jira, scim, organization or hidden"`
	AccountType string      `json:"account_type" jsonschema:"atlassian (a person), app, customer or unknown"`
	Active      bool        `json:"active"`
	Managed     *bool       `json:"managed" jsonschema:"whether the organization controls the account; null when that is not known"`
	Groups      []GroupRef  `json:"groups"`
	SCIM        *SCIMLink   `json:"scim" jsonschema:"the SCIM user behind the account, if there is one"`
	Org         *OrgAccount `json:"organization" jsonschema:"the account as the organization has it, if that was asked"`
	LastActive  *string     `json:"last_active" jsonschema:"on this site; up to a day late"`
	// LastActiveNote says why LastActive is nil.
	LastActiveNote string   `json:"last_active_note,omitempty"`
	Sources        []string `json:"sources" jsonschema:"which services the facts came from"`
	Warnings       []string `json:"warnings"`

	// FormerSite is the cloud id of the site whose activity is not told, since the person may use no app of it now: see [Directory.RecallActivity].
	FormerSite string `json:"-"`
	// SCIMUnsure tells that no SCIM user was found and that this proves nothing.
	SCIMUnsure bool `json:"-"`
	// OrgUnread is why the organization, which is configured, could not be asked about the account.
	OrgUnread error `json:"-"`
	// Control is what the organization's key may do to the account, nil where that was not asked; ControlUnread is why it could not be.
	Control       *Control `json:"-"`
	ControlUnread error    `json:"-"`
}

// GroupRef is a group that a person is in.
type GroupRef struct {
	ID        string `json:"group_id" jsonschema:"Jira group id"`
	Name      string `json:"name"`
	ManagedBy string `json:"managed_by" jsonschema:"jira, scim or unknown: the side that may change its members"`
	SCIMID    string `json:"-"`
}

// SCIMLink is the SCIM user of an account.
type SCIMLink struct {
	ID         string `json:"id"`
	UserName   string `json:"user_name"`
	ExternalID string `json:"external_id"`
	Active     bool   `json:"active"`

	// Groups are the SCIM groups of the user: SCIM group id and name.
	Groups []scim.GroupRef `json:"-"`
}

// GroupNames returns the names of the person's groups, sorted.
func (p Person) GroupNames() []string {
	names := make([]string, len(p.Groups))
	for i, g := range p.Groups {
		names[i] = g.Name
	}
	slices.Sort(names)
	return names
}

// Label names the person in sentences: the display name, and the e-mail or account id that tells two of one name apart.
func (p Person) Label() string {
	known := cmp.Or(p.Email, p.AccountID)
	if p.DisplayName == "" {
		return known
	}
	return p.DisplayName + " (" + known + ")"
}

// join makes one person of a Jira user and a SCIM user; either may be nil, not both.
// Jira leads for the state of the account on the site, SCIM for what Jira hides.
// scimAsked tells whether the absence of s means something.
func join(j *jira.User, s *scim.User, scimAsked bool, domains []string) Person {
	p := Person{EmailSource: EmailHidden, Groups: []GroupRef{}, Sources: []string{}, Warnings: []string{}}
	if j != nil {
		p.Sources = append(p.Sources, SourceJira)
		p.AccountID, p.DisplayName, p.AccountType, p.Active = j.AccountID, j.DisplayName, cmp.Or(j.AccountType, "unknown"), j.Active
		if j.EmailAddress != "" {
			p.Email, p.EmailSource = j.EmailAddress, EmailFromJira
		}
	}
	if s != nil {
		p.joinSCIM(j, *s)
	}
	if j != nil {
		p.Groups = joinGroups(j.Groups, s, scimAsked)
	}
	if p.AccountID == UnknownAccountID || p.AccountType == "unknown" {
		p.Warnings = append(p.Warnings, "Atlassian marks this account as corrupted (unknown): it can't be changed here; ask Atlassian support.")
	}
	p.Managed = managed(p, s != nil, domains)
	return p
}

func (p *Person) joinSCIM(j *jira.User, s scim.User) {
	p.Sources = append(p.Sources, SourceSCIM)
	p.SCIM = &SCIMLink{ID: s.ID, UserName: s.UserName, ExternalID: s.ExternalID, Active: s.Active, Groups: s.Groups}
	if p.Email == "" && s.Email != "" {
		p.Email, p.EmailSource = s.Email, EmailFromSCIM
	}
	if j == nil {
		p.AccountID, p.DisplayName, p.AccountType, p.Active = s.AccountID, s.DisplayName, AccountTypePerson, s.Active
		if s.AccountID == "" {
			p.Warnings = append(p.Warnings, "SCIM has this person, but Atlassian has not linked an account id yet. That can take some minutes after a create.")
		} else {
			p.Warnings = append(p.Warnings, "SCIM has this person, but Jira does not show the account on this site.")
		}
		return
	}
	if s.AccountID == "" {
		p.Warnings = append(p.Warnings, "SCIM does not know the account id yet; the two were joined by the e-mail.")
	}
	if j.Active != s.Active {
		p.Warnings = append(p.Warnings, "Jira says "+state(j.Active)+", SCIM says "+state(s.Active)+": one of them lags behind, or they disagree.")
	}
	if j.EmailAddress != "" && s.Email != "" && !strings.EqualFold(j.EmailAddress, s.Email) {
		p.Warnings = append(p.Warnings, "Jira and SCIM show different e-mail addresses for this account.")
	}
}

func state(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

// joinGroups says for each Jira group which side may change it. A SCIM group appears in Jira under its name; where two Jira groups have that
// name, which of them is SCIM's can't be told from here, so both are unknown. Someone whom SCIM does not have is in no SCIM group.
func joinGroups(groups []jira.Group, s *scim.User, scimAsked bool) []GroupRef {
	refs := make([]GroupRef, 0, len(groups))
	inSCIM := map[string]string{}
	if s != nil {
		for _, g := range s.Groups {
			inSCIM[g.Name] = g.ID
		}
	}
	named := map[string]int{}
	for _, g := range groups {
		named[g.Name]++
	}
	for _, g := range groups {
		ref := GroupRef{ID: g.ID, Name: g.Name, ManagedBy: ManagedByJira}
		switch id, found := inSCIM[g.Name]; {
		case !scimAsked:
			ref.ManagedBy = ManagedByUnknown
		case found && named[g.Name] > 1:
			ref.ManagedBy, ref.SCIMID = ManagedByUnknown, id
		case found:
			ref.ManagedBy, ref.SCIMID = ManagedBySCIM, id
		}
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b GroupRef) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return refs
}

// managed tells whether the organization controls the account, as far as Jira and SCIM can show it.
func managed(p Person, inSCIM bool, domains []string) *bool {
	yes, no := true, false
	switch {
	case p.AccountType != AccountTypePerson:
		return &no
	case inSCIM && (len(domains) == 0 || slices.Contains(domains, Domain(p.SCIM.UserName)) || slices.Contains(domains, Domain(p.Email))):
		return &yes
	case p.Email != "" && len(domains) > 0 && !slices.Contains(domains, Domain(p.Email)):
		return &no
	}
	return nil
}

// Domain returns the part of an e-mail address behind the @, in lower case, or "".
func Domain(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	return strings.ToLower(domain)
}
