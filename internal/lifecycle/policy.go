package lifecycle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Policy is what the settings allow.
type Policy struct {
	ReadOnly bool
	// HumanConfirmation refuses a token from a client that can't ask a person itself.
	HumanConfirmation bool
	// SecondPerson makes an operation that a person agreed to wait until another one approves it, for at most ApprovalTimeout.
	SecondPerson    bool
	ApprovalTimeout time.Duration // 0 means 24 hours
	// BatchLimit is how many people one call may change; 0 means 25.
	BatchLimit int
	// ProtectedUsers are account ids or e-mails, ProtectedGroups group ids or names, ProtectedDomains e-mail domains, that nothing here changes.
	ProtectedUsers, ProtectedGroups, ProtectedDomains []string
	// NoSuspension keeps the organization's suspension from being a route by which access ends.
	NoSuspension bool
	// AllowAccountDeletion lets offboard_user delete accounts for good.
	AllowAccountDeletion bool
	// Products is what an invitation gives when it names none.
	Products []string
}

const (
	defaultApprovalTimeout = 24 * time.Hour
	defaultBatchLimit      = 25
)

func (p Policy) approvalTimeout() time.Duration {
	return cmp.Or(p.ApprovalTimeout, defaultApprovalTimeout)
}
func (p Policy) batchLimit() int { return cmp.Or(p.BatchLimit, defaultBatchLimit) }

// AdminGroup is an administrators' group that the subject of a plan is in.
type AdminGroup struct {
	ID, Name string
	// HasOther tells whether somebody else active is in it.
	HasOther bool
}

// guardWrite refuses every change in read-only mode.
func (p Policy) guardWrite() error {
	if p.ReadOnly {
		return fault.New(fault.Protected, "Start the server without --read-only (JIRA_LIFECYCLE_READ_ONLY) to allow changes.", "The server is in read-only mode, so nothing was changed.")
	}
	return nil
}

// guardDeletion refuses to delete accounts where the policy does not say that this may be done.
func (p Policy) guardDeletion() error {
	if p.AllowAccountDeletion {
		return nil
	}
	return fault.New(fault.Protected, "Leave delete_account out: a deactivated account has no access and costs nothing. If accounts must be deleted, an administrator of this server can set JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION.",
		"The policy of this server does not allow accounts to be deleted.")
}

// guardPerson refuses to change yourself, accounts that are not people, and whoever the policy protects.
func (p Policy) guardPerson(person directory.Person, self string) error {
	switch {
	case person.AccountID == directory.UnknownAccountID || person.AccountType == "unknown":
		return fault.New(fault.Protected, "Ask Atlassian support to repair it.", "%s is a corrupted account record (unknown), which nothing here may change.", person.Label())
	case person.AccountType != directory.AccountTypePerson:
		return fault.New(fault.Protected, "Apps are managed under Jira settings, Apps; portal customers in their service project.", "%s is not a person but an account of type %s.", person.Label(), person.AccountType)
	case person.AccountID != "" && person.AccountID == self:
		return fault.New(fault.Protected, "Ask another administrator to do it with their own credential.", "%s is the owner of the credential that this server uses: it never changes its own access.", person.Label())
	case slices.ContainsFunc(p.ProtectedUsers, func(u string) bool {
		return u == person.AccountID || person.Email != "" && strings.EqualFold(u, person.Email)
	}),
		person.SCIM != nil && slices.ContainsFunc(p.ProtectedUsers, func(u string) bool { return strings.EqualFold(u, person.SCIM.UserName) }):
		return protected(person.Label(), "JIRA_LIFECYCLE_PROTECTED_USERS")
	}
	if person.Email == "" && person.SCIM == nil && p.protectsByEmail() {
		return fault.New(fault.Protected, "Configure SCIM, which may know the address, or protect people by account id and groups (JIRA_LIFECYCLE_PROTECTED_USERS, JIRA_LIFECYCLE_PROTECTED_GROUPS).",
			"The e-mail of %s is hidden, so that it can't be told whether the policy protects them.", person.Label())
	}
	return p.guardDomain(person)
}

// protectsByEmail tells whether the policy names people by their addresses, which some accounts hide.
func (p Policy) protectsByEmail() bool {
	return len(p.ProtectedDomains) > 0 || slices.ContainsFunc(p.ProtectedUsers, func(u string) bool { return strings.Contains(u, "@") })
}

func (p Policy) guardDomain(person directory.Person) error {
	domains := []string{directory.Domain(person.Email)}
	if person.SCIM != nil {
		domains = append(domains, directory.Domain(person.SCIM.UserName))
	}
	for _, domain := range domains {
		if domain != "" && slices.ContainsFunc(p.ProtectedDomains, func(d string) bool { return strings.EqualFold(strings.TrimPrefix(d, "@"), domain) }) {
			return protected(person.Label(), "JIRA_LIFECYCLE_PROTECTED_DOMAINS")
		}
	}
	return nil
}

// guardMembership refuses to take away from somebody the membership of a protected group.
func (p Policy) guardMembership(person directory.Person) error {
	for _, g := range person.Groups {
		if p.protectsGroup(g.ID, g.Name) {
			return protected(person.Label()+", a member of "+g.Name+",", "JIRA_LIFECYCLE_PROTECTED_GROUPS")
		}
	}
	return nil
}

// guardGroup refuses to change a protected group.
func (p Policy) guardGroup(g directory.Group) error {
	if p.protectsGroup(g.ID, g.Name) {
		return protected("The group "+g.Name, "JIRA_LIFECYCLE_PROTECTED_GROUPS")
	}
	return nil
}

func (p Policy) protectsGroup(id, name string) bool {
	return slices.ContainsFunc(p.ProtectedGroups, func(g string) bool { return strings.EqualFold(g, id) || strings.EqualFold(g, name) })
}

func protected(what, setting string) error {
	return fault.New(fault.Protected, "If that is wrong, an administrator of this server can change the setting "+setting+".", "%s is protected by the policy and was left alone.", what)
}

// guardLastAdmin refuses to empty a group of administrators.
func guardLastAdmin(person directory.Person, admins []AdminGroup) error {
	for _, g := range admins {
		if !g.HasOther {
			return fault.New(fault.Protected, "Make somebody else an administrator first (Jira settings, User management), then try again.",
				"%s is the last active member of the administrators' group %s.", person.Label(), g.Name)
		}
	}
	return nil
}

// guardGrant refuses to make anybody an administrator: that is decided by a person in the console, not through an assistant.
func guardGrant(groups []directory.Group, admins []string) error {
	for _, g := range groups {
		if slices.Contains(admins, g.ID) {
			return fault.New(fault.Protected, "Add administrators by hand at admin.atlassian.com.", "The group %s makes its members administrators, which this server never grants.", g.Name)
		}
	}
	return nil
}
