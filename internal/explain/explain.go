// Package explain turns an error of the HTTP core into a fault that a person can act on: which credential, which permission, which setting.
// It is the only place that knows what a status means for whom; services and tools pass errors on as they came.
package explain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Fault returns err as a fault. A fault in its chain is returned as it is; an error of a service is explained; anything else is internal.
func Fault(err error) *fault.Error {
	var known *fault.Error
	var upstream *rest.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Cancelled, "Call again to start over; what was already done stays done and is skipped.", "The call was cancelled.").Because(err)
	case errors.Is(err, rest.ErrOutcomeUnknown):
		f := fault.New(fault.UpstreamUnavailable, "Look at the current state before you try again: the change may have happened.", "The answer to a change was lost: %s.", trim(err)).Because(err)
		f.Retryable = true
		if errors.As(err, &upstream) {
			f.Upstream = answer(upstream)
		}
		return f
	case errors.As(err, &upstream):
		return fromService(upstream)
	case errors.Is(err, context.DeadlineExceeded):
		f := fault.New(fault.Timeout, "Try again; if it stays so, check the network and status.atlassian.com.", "The call took longer than it may.").Because(err)
		f.Retryable = true
		return f
	}
	return fault.New(fault.Internal, "This is a defect of the server; its log has the details under the request id.", "Something went wrong inside the server.").Because(err)
}

func answer(e *rest.Error) *fault.Upstream {
	if e.Status == 0 {
		return nil
	}
	return &fault.Upstream{Status: e.Status, RequestID: e.RequestID}
}

func fromService(e *rest.Error) *fault.Error {
	f := &fault.Error{Upstream: answer(e), Err: e, Message: trim(e), RetryAfter: int(math.Ceil(e.RetryAfter.Seconds()))}
	said := said(e)
	switch {
	case e.Service == admin.Service && e.Code != rest.CodeBadResponse && fromOrganization(e, f):
	case e.Code == rest.CodeBadResponse:
		f.Code, f.Retryable = fault.UpstreamUnavailable, true
		f.Message = fmt.Sprintf("%s answered %s %s with something that is not its API's answer.%s", name(e), e.Method, e.Path, said)
		f.Hint = "A proxy, a login page or a wrong address often causes this: open " + urlSetting(e) + " in a browser and compare. Then try again."
	case e.Code == rest.CodeTooLarge:
		f.Code, f.Retryable = fault.UpstreamUnavailable, true
		f.Message = fmt.Sprintf("%s answered %s %s with more than can be taken in.%s", name(e), e.Method, e.Path, said)
		f.Hint = "Ask for less at once; if that can't be, report it."
	case e.Code == rest.CodeRedirected:
		f.Code = fault.NotConfigured
		f.Message = name(e) + " is not at the address that is set." + said
		f.Hint = "Correct " + urlSetting(e) + " and start the server again."
	case e.Code == rest.CodeBadRequest:
		f.Code = fault.InvalidArgument
		f.Message = fmt.Sprintf("%s %s was not sent to %s.%s", e.Method, e.Path, name(e), said)
		f.Hint = "Correct the argument that it names; nothing was changed."
	case e.Status == http.StatusUnauthorized:
		f.Code = fault.Unauthenticated
		f.Message = name(e) + " refused the credential (401)." + said
		f.Hint = unauthenticatedHint(e)
	case e.Status == http.StatusForbidden:
		f.Code = fault.PermissionDenied
		f.Message = fmt.Sprintf("%s does not allow %s %s to this credential (403).%s", name(e), e.Method, e.Path, said)
		f.Hint = "It needs " + permission(e) + "."
	case e.Status == http.StatusNotFound && e.Service == "scim" && !strings.Contains(strings.TrimPrefix(e.Path, scimRoot), "{"):
		// A collection is missing only with its directory: nothing is said about a person.
		f.Code = fault.NotConfigured
		f.Message = "Atlassian has no SCIM directory with the id that is set (404)." + said
		f.Hint = "Correct ATLASSIAN_SCIM_DIRECTORY_ID (admin.atlassian.com, Security, Identity providers) and start the server again."
	case e.Status == http.StatusNotFound:
		f.Code = fault.NotFound
		f.Message = fmt.Sprintf("%s has nothing at %s (404).%s", name(e), e.Path, said)
		f.Hint = "It may have been deleted meanwhile: look it up again."
	case e.Status == http.StatusTooManyRequests:
		f.Code, f.Retryable = fault.RateLimited, true
		f.Message = name(e) + " limits requests right now (429), and the wait it asks for is longer than this call may take." + said
		f.Hint = "Try again in " + wait(e.RetryAfter) + "."
	case e.Status == http.StatusConflict || e.Status == http.StatusPreconditionFailed:
		f.Code = fault.Conflict
		f.Message = fmt.Sprintf("%s reports a conflict at %s %s (%d).%s", name(e), e.Method, e.Path, e.Status, said)
		f.Hint = "Look at the current state and decide again."
	case e.Status >= 500:
		f.Code, f.Retryable = fault.UpstreamUnavailable, true
		f.Message = fmt.Sprintf("%s has a problem of its own (%d).%s", name(e), e.Status, said)
		f.Hint = "Try again later; status.atlassian.com tells of outages."
	case e.Status >= 400:
		f.Code = fault.InvalidArgument
		f.Message = fmt.Sprintf("%s refused %s %s (%d).%s", name(e), e.Method, e.Path, e.Status, said)
		f.Hint = "Correct the argument that it names."
		if e.Method == http.MethodPost && e.Path == "/rest/api/3/user" {
			f.Hint = "Somebody who has an Atlassian account without access to this site can't be invited this way: give access at admin.atlassian.com (Directory, Users)."
		}
	case errors.Is(e, context.DeadlineExceeded):
		f.Code, f.Retryable = fault.Timeout, true
		f.Message = fmt.Sprintf("%s did not answer %s %s in time.", name(e), e.Method, e.Path)
		f.Hint = "Try again; if it stays so, check the network and status.atlassian.com."
	default:
		f.Code, f.Retryable = fault.UpstreamUnavailable, true
		f.Message = fmt.Sprintf("%s can't be reached (%s %s).%s", name(e), e.Method, e.Path, said)
		f.Hint = "Check " + urlSetting(e) + ", the network and the proxy, then try again."
	}
	return f
}

// scimRoot is the part of a SCIM path that names the directory.
const scimRoot = "/scim/directory/{directoryId}"

// said gives what the service said of its refusal, or what went wrong on the way to it.
func said(e *rest.Error) string {
	message := strings.TrimRight(e.Message, ".")
	switch {
	case message == "":
		return ""
	case e.Status == 0, e.Status == http.StatusUnauthorized, e.Code == rest.CodeTooLarge, e.Code == rest.CodeRedirected: // our own words
		return " " + strings.ToUpper(message[:1]) + message[1:] + "."
	}
	return " It said: " + message + "."
}

func name(e *rest.Error) string {
	switch e.Service {
	case "scim":
		return "Atlassian SCIM"
	case admin.Service:
		return "Atlassian's organization API"
	}
	return "Jira"
}

func urlSetting(e *rest.Error) string {
	if e.Service == "scim" || e.Service == admin.Service {
		return "ATLASSIAN_API_URL"
	}
	return "ATLASSIAN_SITE_URL"
}

func unauthenticatedHint(e *rest.Error) string {
	if e.Service == "scim" {
		return "Check ATLASSIAN_SCIM_TOKEN: it is the token of the SCIM directory (admin.atlassian.com, Security, Identity providers), not a Jira API token, and it expires within a year."
	}
	return "Check ATLASSIAN_EMAIL and ATLASSIAN_API_TOKEN: tokens expire within a year. Make a new one at id.atlassian.com/manage-profile/security/api-tokens, for the account with that e-mail."
}

// permission names what the service wants for a request, after the "Permissions required" of each endpoint's documentation.
func permission(e *rest.Error) string {
	if e.Service == "scim" {
		return "a SCIM token of this very directory and an Atlassian Guard subscription (admin.atlassian.com, Security, Identity providers)"
	}
	write := e.Method != http.MethodGet
	switch {
	case write && strings.HasSuffix(e.Path, "/user") && e.Method == http.MethodPost && !strings.Contains(e.Path, "/group"):
		return "the global permission Administer Jira and a token owner who is an organization admin (scope manage:jira-configuration or write:user:jira)"
	case write:
		return "a token owner who is a site administrator (scope manage:jira-configuration)"
	case strings.HasSuffix(e.Path, "/mypermissions"):
		return "the scope read:jira-work (or read:permission:jira)"
	case strings.Contains(e.Path, "/group"):
		return "the global permission Browse users and groups or Administer Jira (scope read:jira-user or manage:jira-configuration)"
	}
	return "the global permission Browse users and groups (scope read:jira-user)"
}

func wait(d time.Duration) string {
	if d <= 0 {
		return "a minute"
	}
	if d < 2*time.Minute {
		return fmt.Sprintf("%d seconds", int(math.Ceil(d.Seconds())))
	}
	return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
}

func trim(err error) string { return strings.TrimRight(err.Error(), ".") }
