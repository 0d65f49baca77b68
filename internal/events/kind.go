package events

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// Kind is a group of actions that one can ask for.
type Kind string

// The kinds.
const (
	Created      Kind = "created"
	Invited      Kind = "invited"
	Deactivated  Kind = "deactivated" // or suspended
	Reactivated  Kind = "reactivated" // or access restored
	Deleted      Kind = "deleted"     // or removed, or to be deleted
	Group        Kind = "group"       // groups and who is in them
	Access       Kind = "access"      // apps and their roles
	Admin        Kind = "admin"       // administrators' roles, and acting as somebody
	Token        Kind = "token"       // API tokens and keys
	SignIn       Kind = "sign_in"     // sessions, passwords, authentication policies
	Provisioning Kind = "scim"        // SCIM and identity providers
	Profile      Kind = "profile"
	Other        Kind = "other" // about people, and of no kind that is known
)

// Kinds lists the kinds in the order in which they are shown.
func Kinds() []string {
	return []string{
		string(Created), string(Invited), string(Deactivated), string(Reactivated), string(Deleted), string(Group), string(Access), string(Admin),
		string(Token), string(SignIn), string(Provisioning), string(Profile), string(Other),
	}
}

// meaning is what an action of the service is taken for.
type meaning struct {
	kind   Kind
	action string // one word of ours; "" = the service's own
	words  string // for people; "" = what the console calls it
}

// known are actions whose meaning is certain.
//
// No document of Atlassian's lists the names: the organization's own list (GET …/event-actions) gives them, with the words of the console, which are
// documented (support.atlassian.com, "Audit log activities database": Deactivated account, Scheduled deletion of account, …). managed_account_deactivated,
// managed_account_deleted and user_disabled_org_access are what public scripts look for in the log, user_logged_in_as_user is what Panther's detection
// rule Atlassian.User.LoggedInAsUser does; the rest is named after their pattern. Whatever is not here is read by its words ([byWords]).
var known = map[string]meaning{
	"managed_account_created":            {Created, "created", "Account created"},
	"user_invited":                       {Invited, "invited", "Invited"},
	"managed_account_deactivated":        {Deactivated, "deactivated", "Account deactivated: nobody can sign in with it"},
	"user_disabled_org_access":           {Deactivated, "suspended", "Access to every app of the organization suspended"},
	"managed_account_reactivated":        {Reactivated, "reactivated", "Account activated again"},
	"user_enabled_org_access":            {Reactivated, "restored", "Access to the organization's apps restored"},
	"managed_account_deleted":            {Deleted, "deleted", "Account deleted for good"},
	"managed_account_deletion_scheduled": {Deleted, "deletion_scheduled", "Account marked for deletion"},
	"managed_account_deletion_canceled":  {Deleted, "deletion_cancelled", "Deletion of the account cancelled"},
	"user_removed_from_org":              {Deleted, "removed", "Removed from the organization"},
	"user_added_to_group":                {Group, "group_added", "Added to a group"},
	"user_removed_from_group":            {Group, "group_removed", "Removed from a group"},
	"group_created":                      {Group, "group_created", "Group created"},
	"group_deleted":                      {Group, "group_deleted", "Group deleted"},
	"user_granted_product_access":        {Access, "access_granted", "Given access to an app"},
	"user_revoked_product_access":        {Access, "access_revoked", "Access to an app taken away"},
	"user_granted_role":                  {Admin, "admin_granted", "Given an administrator's role"},
	"user_revoked_role":                  {Admin, "admin_revoked", "An administrator's role taken away"},
	"user_logged_in_as_user":             {Admin, "impersonated", "An administrator signed in as this person"},
	"api_token_created":                  {Token, "token_created", "API token created"},
	"api_token_revoked":                  {Token, "token_revoked", "API token revoked"},
	"all_api_tokens_revoked":             {Token, "all_tokens_revoked", "Every API token of the organization revoked"},
	"authentication_policy_updated":      {SignIn, "policy_changed", "Authentication policy changed"},
	"policy_two_step_enforced":           {SignIn, "policy_changed", "Two-step verification made mandatory"},
	"scim_user_linked":                   {Provisioning, "synced", "Now synced from the identity provider"},
	"scim_user_unlinked":                 {Provisioning, "unsynced", "No longer synced from the identity provider"},
	"managed_account_email_changed":      {Profile, "email_changed", "E-mail address changed"},
	"managed_account_profile_updated":    {Profile, "profile_changed", "Profile changed"},
}

// classify tells what an action means, and whether it is about people and access at all. told is what the organization's own list says of it; it may
// be empty. person tells that the event names a person.
func classify(raw string, told admin.EventAction, person bool) (meaning, bool) {
	m, ok := known[raw]
	if !ok {
		m, ok = byWords(words(raw+" "+told.Name), words(told.Group), person)
	}
	if told.Name != "" {
		m.words = told.Name
	}
	if m.action == "" {
		m.action = raw
	}
	return m, ok
}

// words are the lower-case words of a name, whatever parts them.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// content are words of what people work on. An action with one of them is about that, unless it is about who may get at it.
var content = []string{
	"issue", "issues", "page", "pages", "space", "spaces", "comment", "attachment", "blog", "blogpost", "board", "sprint", "project", "repository", "branch", "pipeline",
	"workflow", "whiteboard", "dashboard", "filter", "chart", "video", "webhook", "automation", "app", "apps", "content", "alert", "database", "deployment",
}

// byWords reads an action that is not known by its words, from the most telling one down. An action in which nothing speaks of people or access is not
// one of theirs.
func byWords(name, group []string, person bool) (meaning, bool) {
	all := append(slices.Clone(name), group...)
	has := func(list []string, stems ...string) bool {
		return slices.ContainsFunc(list, func(word string) bool {
			return slices.ContainsFunc(stems, func(stem string) bool { return word == stem || len(stem) > 3 && strings.HasPrefix(word, stem) })
		})
	}
	ends, begins := has(name, "revok", "remov", "delet", "disabl", "expir", "left", "unlink"), has(name, "creat", "grant", "add", "added", "assign", "enabl", "generat", "join")
	either := func(kind Kind, begun, ended string) (meaning, bool) {
		switch {
		case ends:
			return meaning{kind: kind, action: ended}, true
		case begins:
			return meaning{kind: kind, action: begun}, true
		}
		return meaning{kind: kind}, true
	}
	onWhom := has(all, "user", "account", "member", "people", "person", "identity")
	onAccess := has(all, "access", "permission", "role", "member", "group", "invit", "licen")
	switch {
	case has(name, "token") || has(name, "api") && has(name, "key"):
		return either(Token, "token_created", "token_revoked")
	case !onAccess && slices.ContainsFunc(name, func(word string) bool { return slices.Contains(content, word) }):
		return meaning{}, false
	case has(all, "scim", "provision", "sync") || has(all, "provider", "directory") && has(all, "identity"):
		return meaning{kind: Provisioning}, true
	case has(name, "admin", "impersonat"):
		return either(Admin, "admin_granted", "admin_revoked")
	case has(name, "group") && has(name, "access", "role", "product", "permission"):
		return either(Access, "access_granted", "access_revoked")
	case has(name, "group") && onWhom && has(name, "user", "member", "account"):
		return either(Group, "group_added", "group_removed")
	case has(name, "group"):
		return either(Group, "group_created", "group_deleted")
	case has(name, "polic", "saml", "sso", "mfa", "2sv", "authentication", "password", "login", "logged", "logout", "session", "signed", "signin", "verification") || has(name, "two") && has(name, "step"):
		return meaning{kind: SignIn}, true
	case has(name, "invit"):
		return meaning{kind: Invited, action: "invited"}, true
	case onWhom && has(name, "deactivat"):
		return meaning{kind: Deactivated, action: "deactivated"}, true
	case onWhom && has(name, "suspend"), onWhom && has(name, "disabl"):
		return meaning{kind: Deactivated, action: "suspended"}, true
	case onWhom && has(name, "reactivat", "activat"):
		return meaning{kind: Reactivated, action: "reactivated"}, true
	case onWhom && has(name, "restor", "unsuspend", "enabl"):
		return meaning{kind: Reactivated, action: "restored"}, true
	case has(name, "access", "role", "permission", "licen", "member"): // a member of a project or a repository may get at it
		return either(Access, "access_granted", "access_revoked")
	case onWhom && has(name, "delet"):
		return meaning{kind: Deleted, action: "deleted"}, true
	case onWhom && has(name, "remov", "left"):
		return meaning{kind: Deleted, action: "removed"}, true
	case onWhom && has(name, "creat", "add", "added", "join"):
		return meaning{kind: Created, action: "created"}, true
	case onWhom && has(name, "email", "profile", "name", "chang", "updat"):
		return meaning{kind: Profile}, true
	}
	return meaning{kind: Other}, onWhom || person
}
