package explain

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	orgRoot     = "/admin/v1/orgs/{orgId}"
	accountRoot = "/users/{account_id}/"
	// accountTokens is only ever asked of an account that GET manage knows as the organization's.
	accountTokens = accountRoot + "manage/api-tokens"

	// where says where keys are made and looked up.
	where = "admin.atlassian.com, Settings, API keys"
	// noScopes is the key that may do what no scope allows.
	noScopes = "an organization key without scopes (" + where + "): Atlassian's documents name no scope that allows it"
)

// fromOrganization explains what only the organization's APIs say; false leaves the rest to [fromService].
func fromOrganization(e *rest.Error, f *fault.Error) bool {
	switch {
	case errors.Is(e, admin.ErrCursorExpired):
		f.Code = fault.InvalidArgument
		f.Message = "The list can't be read on from here: its cursor has expired, or is another list's."
		f.Hint = "Call again from the beginning, without the cursor."
	case e.Code == rest.CodeRateLimited && strings.HasSuffix(e.Path, "/events"):
		f.Code, f.Retryable = fault.RateLimited, true
		f.Message = "The organization's audit log answers ten queries a minute, and they are used up."
		f.Hint = "Try again in " + wait(e.RetryAfter) + "; one query over a longer time costs no more than one over a short time."
	case e.Status == http.StatusUnauthorized && admin.KeyTooSmall(e):
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("The organization's key has scopes, and not the one for %s %s (401).", e.Method, e.Path)
		f.Hint = "It needs " + scope(e) + "."
	case errors.Is(e, admin.ErrPersonsToken):
		f.Code = fault.Unauthenticated
		f.Message = "Atlassian refused the organization's key (401). It looks like the API token of a person, yours or somebody else's: those begin with ATATT, and none of them opens an organization." + said(e)
		f.Hint = "Set ATLASSIAN_ORG_API_KEY to a key that an organization admin makes for this very organization (" + where + "). A person's token belongs into ATLASSIAN_API_TOKEN, beside its owner's ATLASSIAN_EMAIL."
	case e.Status == http.StatusUnauthorized:
		f.Code = fault.Unauthenticated
		f.Message = "Atlassian refused the organization's key (401)." + said(e)
		f.Hint = "Check ATLASSIAN_ORG_API_KEY and ATLASSIAN_ORG_ID: the key is one that an organization admin makes (" + where + "), for this very organization, since another one's is refused just so. An API token of a person (they begin with ATATT) " +
			"and a SCIM token are not, whoever owns them. Keys expire within a year at most: the same page shows when, and makes a new one."
	case e.Status == http.StatusForbidden && e.Detail != nil && e.Detail.Reason != "":
		reason := admin.Reason(e.Detail.Reason)
		f.Code = fault.PermissionDenied
		if slices.Contains([]admin.Reason{admin.ReasonSCIM, admin.ReasonGoogle, admin.ReasonManagedAccount}, reason) {
			f.Code = fault.ManagedExternally
		}
		f.Message = fmt.Sprintf("%s %s is not possible for this account (403): %s.", e.Method, e.Path, reason.Words())
		f.Hint = "Make the change where the reason says, or take another way, such as the organization's suspension or its groups."
	case e.Status == http.StatusForbidden && admin.KeyTooSmall(e):
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("The organization's key is too small for %s %s (403): it lacks a scope.%s", e.Method, e.Path, said(e))
		f.Hint = "It needs " + scope(e) + "."
	case e.Status == http.StatusForbidden && e.Path == accountTokens:
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("The organization's key may not list the API tokens of this account (%s %s, 403).%s", e.Method, e.Path, said(e))
		f.Hint = "It needs " + scope(e) + "; the organization admin who made the key must still be one."
	case e.Status == http.StatusNotFound && e.Path == accountTokens:
		f.Code = fault.NotFound
		f.Message = fmt.Sprintf("Atlassian does not find the list of this account's API tokens (%s %s, 404).%s", e.Method, e.Path, said(e))
		f.Hint = "Try again; if it stays so, look at the person's page at admin.atlassian.com."
	case e.Status == http.StatusForbidden && strings.HasPrefix(e.Path, accountRoot):
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("The organization's key may not do %s %s (403).%s", e.Method, e.Path, said(e))
		f.Hint = "Atlassian gave no reason: it may be this account's, or the key's. A key with scopes may not do this, only one without (" + where + "), whose administrator must still be one."
		if e.Method == http.MethodGet {
			f.Hint = "The account isn't managed by this organization (its domain isn't verified here: " + domains + "), or the key has scopes: managed accounts need a key without (" + where + ")."
		}
	case e.Status == http.StatusForbidden:
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("The organization does not allow %s %s to this key (403).%s", e.Method, e.Path, said(e))
		f.Hint = "It needs " + scope(e) + "; the organization admin who made the key must still be one."
		switch {
		case strings.Contains(e.Path, "/memberships"):
			f.Hint += " A group that an identity provider fills can be changed there only."
		case strings.HasSuffix(e.Path, "/suspend"), e.Method == http.MethodDelete && strings.HasSuffix(e.Path, "/users/{accountId}"):
			f.Hint += " An organization admin can't lose access before the role is gone (admin.atlassian.com, Directory, Users), and whom an identity provider fills in is removed there."
		}
	case e.Status == http.StatusNotFound && !strings.Contains(strings.NewReplacer("{orgId}", "", "{directoryId}", "").Replace(e.Path), "{"):
		// A collection is missing only with its organization, since every directory is asked at once: nothing is said about a person.
		f.Code = fault.NotConfigured
		f.Message = "The organization with the id that is set is not this key's (404)." + said(e)
		f.Hint = "Correct ATLASSIAN_ORG_ID: it is what follows /o/ in the address of admin.atlassian.com while the organization is open in which the key was made. Then start the server again."
	case e.Status == http.StatusNotFound && e.Code == "accountNotFound":
		f.Code = fault.NotFound
		f.Message = "Atlassian has no account with this id (404)."
		f.Hint = "It may have been deleted meanwhile: look it up again."
	case e.Status == http.StatusPaymentRequired:
		f.Code = fault.PermissionDenied
		f.Message = "The organization has no subscription that allows this (402)." + said(e)
		f.Hint = "Invitations by the organization need a paid app (admin.atlassian.com, Billing). Without one invite through Jira."
	case e.Status == http.StatusConflict && len(admin.WhyOf(e).Errors) > 0:
		f.Code = fault.Conflict
		f.Message = "The account can't be deleted now (409): " + lifecycleErrors(e) + "."
		f.Hint = "Settle what it names, then try again."
	case e.Status == http.StatusConflict && strings.HasSuffix(e.Path, "/memberships"):
		f.Code = fault.Conflict
		f.Message = "The group does not take this person (409)." + said(e)
		f.Hint = "They are a member already, or an app that the group grants has no seat left: look at the group, then at admin.atlassian.com, Billing."
	case e.Status == http.StatusConflict && strings.HasSuffix(e.Path, "/invite"):
		f.Code = fault.Conflict
		f.Message = "The invitation would go past an app's user limit (409)." + said(e)
		f.Hint = "Free a seat or raise the limit (admin.atlassian.com, Billing), or invite with fewer roles and groups."
	case e.Status == http.StatusConflict && (strings.HasSuffix(e.Path, "/suspend") || strings.HasSuffix(e.Path, "/restore")):
		f.Code = fault.Conflict
		f.Message = "The person's access can't be changed this way (409)." + said(e)
		f.Hint = "An organization admin can't be suspended before the role is gone (admin.atlassian.com, Directory, Users); otherwise look at the current state and decide again."
	case e.Status == http.StatusGone, e.Status == http.StatusUnsupportedMediaType:
		f.Code = fault.Internal
		f.Message = fmt.Sprintf("Atlassian no longer takes %s %s as it was sent (%d).%s", e.Method, e.Path, e.Status, said(e))
		f.Hint = "This version of the server is too old for the service, or has a defect: get a newer one, or report it."
	default:
		return false
	}
	return true
}

// domains says where domains are verified.
const domains = "admin.atlassian.com, Settings, Domains"

// scope names what a key needs for a request; see docs/organization.md.
func scope(e *rest.Error) string {
	read := e.Method == http.MethodGet || strings.HasSuffix(e.Path, "/search")
	for _, s := range []struct {
		part, name string
	}{
		{"/api-tokens", "read:tokens:admin"},
		{"/events", "read:events:admin"},
		{"/event-actions", "read:events:admin"},
		{"/last-active-dates", "read:accounts:admin"},
		{"/domains", "read:domains:admin"},
		{"/groups", "read:groups:admin"},
		{"/directories", "read:directories:admin"},
		{"/get-scim-links", "read:directories:admin"},
		{orgRoot + "/users", "read:accounts:admin"},
		{orgRoot, "read:orgs:admin"},
		{accountRoot, "read:accounts:admin"},
	} {
		if read && strings.Contains(e.Path, s.part) {
			return "the scope " + s.name + ", or a key without scopes (" + where + ")"
		}
	}
	return noScopes
}

// lifecycleErrors says why an account can't be deleted.
func lifecycleErrors(e *rest.Error) string {
	var texts []string
	for _, why := range admin.WhyOf(e).Errors {
		text := why.Message
		if text == "" {
			text = why.Code
		}
		texts = append(texts, strings.TrimRight(text, "."))
	}
	return strings.Join(texts, "; ")
}
