// Package jira is a thin typed client of the Jira Cloud REST API v3: one file a resource, one method an endpoint.
//
// Groups and people go by id, never by name. Text that comes from the site is cleaned on arrival, see [rest.Clean]. Every error is
// a [*rest.Error]; 401 means that the credential is wrong or expired (or, at the gateway, lacks the scope), 403 that its owner lacks the permission,
// both named at each method with the classic OAuth scope and the granular ones.
package jira

import (
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const service = "jira"

// Client calls one Jira site. It is safe for concurrent use.
type Client struct{ rest *rest.Client }

// New returns a client that sends its requests through c, whose base URL is the site's.
func New(c *rest.Client) *Client { return &Client{rest: c} }

// unknownAccount is the account id of a corrupted record. It stands for no one account, so nothing is ever written to it.
const unknownAccount = "unknown"

// refuse is the error for arguments that would make a request mean something else. Nothing was sent.
func refuse(method, route, why string) error {
	return &rest.Error{Service: service, Method: method, Path: route, Code: rest.CodeBadRequest, Message: why}
}

// writable checks the account id of a write.
func writable(method, route, accountID string) error {
	switch accountID {
	case "":
		return refuse(method, route, "an account id is needed")
	case unknownAccount:
		return refuse(method, route, `the account id "unknown" marks a corrupted record and can't be written to`)
	}
	return nil
}
