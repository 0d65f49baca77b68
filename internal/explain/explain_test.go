package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

func TestFault(t *testing.T) {
	const scimUsers, scimUser = "/scim/directory/{directoryId}/Users", "/scim/directory/{directoryId}/Users/{userId}"
	for _, test := range []struct {
		name      string
		err       error
		code      fault.Code
		says      string // part of message and hint
		retryable bool
	}{
		{"a fault stays as it is", fmt.Errorf("wrapped: %w", fault.New(fault.Ambiguous, "h", "m")), fault.Ambiguous, "m", false},
		{"a cancelled call", fmt.Errorf("page 3: %w", context.Canceled), fault.Cancelled, "cancelled", false},
		{"out of time", context.DeadlineExceeded, fault.Timeout, "longer than it may", true},
		{"out of time at a service", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Err: context.DeadlineExceeded}, fault.Timeout, "did not answer", true},
		{"a lost answer", &rest.Error{Service: "jira", Method: "POST", Path: "/x", OutcomeUnknown: true}, fault.UpstreamUnavailable, "may have happened", true},
		{"a Jira token that is refused", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 401}, fault.Unauthenticated, "ATLASSIAN_API_TOKEN", false},
		{"a SCIM token that is refused", &rest.Error{Service: "scim", Method: "GET", Path: scimUsers, Status: 401}, fault.Unauthenticated, "ATLASSIAN_SCIM_TOKEN", false},
		{"no permission to read people", &rest.Error{Service: "jira", Method: "GET", Path: "/rest/api/3/user", Status: 403}, fault.PermissionDenied, "Browse users and groups", false},
		{"no permission to change groups", &rest.Error{Service: "jira", Method: "DELETE", Path: "/rest/api/3/group/user", Status: 403}, fault.PermissionDenied, "site administrator", false},
		{"no permission to invite", &rest.Error{Service: "jira", Method: "POST", Path: "/rest/api/3/user", Status: 403}, fault.PermissionDenied, "Administer Jira", false},
		{"no permission at SCIM", &rest.Error{Service: "scim", Method: "PATCH", Path: scimUser, Status: 403}, fault.PermissionDenied, "this very directory", false},
		{"a SCIM user that is gone", &rest.Error{Service: "scim", Method: "GET", Path: scimUser, Status: 404}, fault.NotFound, "deleted meanwhile", false},
		{"a SCIM directory that does not exist", &rest.Error{Service: "scim", Method: "GET", Path: scimUsers, Status: 404}, fault.NotConfigured, "ATLASSIAN_SCIM_DIRECTORY_ID", false},
		{"a limit that lasts", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 429, RetryAfter: 90 * time.Second}, fault.RateLimited, "in 90 seconds", true},
		{"a limit that lasts long", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 429, RetryAfter: 10 * time.Minute}, fault.RateLimited, "in 10 minutes", true},
		{"a conflict", &rest.Error{Service: "jira", Method: "POST", Path: "/x", Status: 409}, fault.Conflict, "decide again", false},
		{"a service in trouble", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 503}, fault.UpstreamUnavailable, "problem of its own", true},
		{"a page of HTML", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 404, Code: rest.CodeBadResponse}, fault.UpstreamUnavailable, "ATLASSIAN_SITE_URL", true},
		{"a refused argument", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 400, Message: "maxResults is wrong"}, fault.InvalidArgument, "It said: maxResults is wrong.", false},
		{"no connection", &rest.Error{Service: "scim", Method: "GET", Path: scimUsers, Message: "no answer"}, fault.UpstreamUnavailable, "ATLASSIAN_API_URL", true},
		{"an answer that is too large", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 200, Code: rest.CodeTooLarge}, fault.UpstreamUnavailable, "more than can be taken in", true},
		{"an address that has moved", &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 301, Code: rest.CodeRedirected}, fault.NotConfigured, "ATLASSIAN_SITE_URL", false},
		{"a request that can't be built", &rest.Error{Service: "scim", Method: "GET", Path: scimUser, Code: rest.CodeBadRequest, Message: "the id has a slash"}, fault.InvalidArgument, "The id has a slash.", false},
		{"anything else", errors.New("token hunter2"), fault.Internal, "defect", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Fault(test.err)
			if got.Code != test.code || got.Retryable != test.retryable {
				t.Errorf("got %s, retryable %v; want %s, %v", got.Code, got.Retryable, test.code, test.retryable)
			}
			if !strings.Contains(got.Error(), test.says) {
				t.Errorf("%q lacks %q", got.Error(), test.says)
			}
			if got.Hint == "" || strings.Contains(got.Error(), "hunter2") {
				t.Errorf("%q: no hint, or what nobody should read", got.Error())
			}
		})
	}
	if Fault(nil) != nil {
		t.Error("no error is no fault")
	}
}

// TestAFaultSaysWhenToTryAgain in whole seconds, never too early.
func TestAFaultSaysWhenToTryAgain(t *testing.T) {
	for wait, want := range map[time.Duration]int{0: 0, time.Millisecond: 1, 30*time.Second + time.Millisecond: 31} {
		if got := Fault(&rest.Error{Service: "organization", Status: 429, Code: rest.CodeRateLimited, RetryAfter: wait}).RetryAfter; got != want {
			t.Errorf("%s is told as %d seconds, want %d", wait, got, want)
		}
	}
}

func TestFaultsOfTheOrganization(t *testing.T) {
	const (
		org     = "/admin/v1/orgs/{orgId}"
		search  = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search"
		user    = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}"
		members = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships"
		account = "/users/{account_id}/manage"
	)
	for _, test := range []struct {
		name string
		err  rest.Error
		code fault.Code
		says []string // parts of message and hint
	}{
		{"a Jira token, or a key that has expired", rest.Error{Method: "GET", Path: org, Status: 401, Message: "Unauthorized"}, fault.Unauthenticated, []string{"ATLASSIAN_ORG_API_KEY", "ATATT", "expire", "Settings, API keys"}},
		{"a person's token, by its looks", rest.Error{Method: "GET", Path: org, Status: 401, Message: "Unauthorized", Err: admin.ErrPersonsToken}, fault.Unauthenticated, []string{"looks like the API token of a person", "somebody else's", "ATLASSIAN_API_TOKEN"}},
		{"a change that no scope of the key allows, told by 403", rest.Error{Method: "POST", Path: user + "/suspend", Status: 403, Message: "The API key does not have the scope write:directories:admin."}, fault.PermissionDenied, []string{"too small", "without scopes", "It said"}},
		{"a managed account's bare refusal of a change", rest.Error{Method: "POST", Path: account + "/lifecycle/disable", Status: 403, Code: "forbidden"}, fault.PermissionDenied, []string{"may not do", "gave no reason", "this account's, or the key's"}},
		{"a key whose scopes are too few, told by 401", rest.Error{Method: "POST", Path: search, Status: 401, Message: "Unauthorized; scope does not match"}, fault.PermissionDenied, []string{"read:directories:admin"}},
		{"a key without the scope for the organization itself", rest.Error{Method: "GET", Path: org, Status: 401, Message: "Unauthorized; scope does not match"}, fault.PermissionDenied, []string{"read:orgs:admin"}},
		{"a key whose scopes are too few, told by 403", rest.Error{Method: "GET", Path: org + "/users", Status: 403}, fault.PermissionDenied, []string{"read:accounts:admin", "still be one"}},
		{"scopes for groups", rest.Error{Method: "POST", Path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search", Status: 403}, fault.PermissionDenied, []string{"read:groups:admin"}},
		{"scopes for events", rest.Error{Method: "GET", Path: org + "/events-stream", Status: 403}, fault.PermissionDenied, []string{"read:events:admin"}},
		{"scopes for tokens", rest.Error{Method: "GET", Path: "/admin/api-access/v1/orgs/{orgId}/api-tokens", Status: 403}, fault.PermissionDenied, []string{"read:tokens:admin"}},
		{"a change, for which there is no scope", rest.Error{Method: "POST", Path: user + "/suspend", Status: 403}, fault.PermissionDenied, []string{"without scopes"}},
		{"an organization admin, told by 403", rest.Error{Method: "POST", Path: user + "/suspend", Status: 403, Message: "An organization admin can't be suspended."}, fault.PermissionDenied, []string{"It said: An organization admin", "before the role is gone"}},
		{"another organization's key", rest.Error{Method: "GET", Path: org, Status: 404}, fault.NotConfigured, []string{"ATLASSIAN_ORG_ID", "/o/"}},
		{"somebody who is not in the directory", rest.Error{Method: "DELETE", Path: user, Status: 404}, fault.NotFound, []string{"look it up again"}},
		{"an account that does not exist", rest.Error{Method: "GET", Path: account, Status: 404, Code: "accountNotFound"}, fault.NotFound, []string{"no account"}},
		{"a change of an account that the plan knew as the organization's", rest.Error{Method: "POST", Path: account + "/lifecycle/disable", Status: 403, Code: "forbidden.other"}, fault.PermissionDenied, []string{"gave no reason", "without"}},
		{"a list of tokens that is refused", rest.Error{Method: "GET", Path: account + "/api-tokens", Status: 403, Code: "forbidden"}, fault.PermissionDenied, []string{"may not list the API tokens", "read:tokens:admin"}},
		{"a list of tokens that is not there", rest.Error{Method: "GET", Path: account + "/api-tokens", Status: 404, Code: "accountNotFound"}, fault.NotFound, []string{"list of this account's API tokens", "person's page"}},
		{"an account of somebody else's", rest.Error{Method: "GET", Path: account, Status: 403, Code: "forbidden"}, fault.PermissionDenied, []string{"isn't managed by this organization", "Domains", "scopes"}},
		{
			"an account that Google manages",
			rest.Error{Method: "POST", Path: account + "/lifecycle/disable", Status: 403, Code: "forbidden.action", Detail: &rest.Detail{Reason: "externalDirectory.google"}},
			fault.ManagedExternally,
			[]string{"Google Workspace"},
		},
		{
			"one's own account",
			rest.Error{Method: "POST", Path: account + "/lifecycle/disable", Status: 403, Code: "forbidden.action", Detail: &rest.Detail{Reason: "administrative.notMyself"}},
			fault.PermissionDenied,
			[]string{"their own account"},
		},
		{
			"an account that can't be deleted",
			rest.Error{Method: "POST", Path: account + "/lifecycle/delete", Status: 409, Code: "conflict.lifecycleErrors", Detail: &rest.Detail{Errors: []rest.DetailError{{Code: "owns-billing", Message: "It pays a bill."}}}},
			fault.Conflict,
			[]string{"It pays a bill", "Settle"},
		},
		{"no subscription", rest.Error{Method: "POST", Path: "/admin/v2/orgs/{orgId}/users/invite", Status: 402}, fault.PermissionDenied, []string{"Billing", "Jira"}},
		{"no seat for an invitation", rest.Error{Method: "POST", Path: "/admin/v2/orgs/{orgId}/users/invite", Status: 409}, fault.Conflict, []string{"user limit"}},
		{"no seat for a member", rest.Error{Method: "POST", Path: members, Status: 409}, fault.Conflict, []string{"member already", "seat"}},
		{"a synced group", rest.Error{Method: "DELETE", Path: members + "/{accountId}", Status: 403}, fault.PermissionDenied, []string{"identity provider"}},
		{"an organization admin", rest.Error{Method: "POST", Path: user + "/suspend", Status: 409}, fault.Conflict, []string{"organization admin"}},
		{"a path that has ended", rest.Error{Method: "POST", Path: user, Status: 410}, fault.Internal, []string{"newer"}},
		{"a body that is missing", rest.Error{Method: "POST", Path: user + "/suspend", Status: 415}, fault.Internal, []string{"report it"}},
		{"a cursor that has expired", rest.Error{Method: "GET", Path: org + "/users", Status: 400, Code: "ADMIN-400-1", Err: admin.ErrCursorExpired}, fault.InvalidArgument, []string{"from the beginning"}},
		{"the queries of a minute", rest.Error{Method: "GET", Path: org + "/events", Status: 429, Code: rest.CodeRateLimited, RetryAfter: 31 * time.Second}, fault.RateLimited, []string{"ten queries a minute", "31 seconds"}},
		{"an outage", rest.Error{Method: "GET", Path: org, Status: 503}, fault.UpstreamUnavailable, []string{"organization API", "problem of its own"}},
		{"no connection", rest.Error{Method: "GET", Path: org}, fault.UpstreamUnavailable, []string{"ATLASSIAN_API_URL"}},
		{"a page of HTML", rest.Error{Method: "GET", Path: org, Status: 401, Code: rest.CodeBadResponse}, fault.UpstreamUnavailable, []string{"ATLASSIAN_API_URL"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.err.Service = admin.Service
			got := Fault(fmt.Errorf("reading: %w", &test.err))
			if got.Code != test.code || got.Hint == "" {
				t.Errorf("got %s, %q; want %s and a hint", got.Code, got.Hint, test.code)
			}
			for _, part := range test.says {
				if !strings.Contains(got.Error(), part) {
					t.Errorf("%q lacks %q", got.Error(), part)
				}
			}
		})
	}
}
