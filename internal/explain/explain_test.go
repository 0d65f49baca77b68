package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
