package admin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Write is a kind of change: the method and the route of its request.
type Write string

// The changes that a key may be too small for.
const (
	WriteDisable        Write = http.MethodPost + " " + routeDisable
	WriteEnable         Write = http.MethodPost + " " + routeEnable
	WriteDelete         Write = http.MethodPost + " " + routeDelete
	WriteCancelDeletion Write = http.MethodPost + " " + routeCancelDelete
	WriteSuspend        Write = http.MethodPost + " " + routeSuspend
	WriteRestore        Write = http.MethodPost + " " + routeRestore
	WriteRemove         Write = http.MethodDelete + " " + routeDirectoryUser
	WriteRevokeToken    Write = http.MethodDelete + " " + routeAccountToken
	WriteInvite         Write = http.MethodPost + " " + routeInvite
)

// Refused is the error by which the service refused a kind of change to the key itself, whomever it is for; nil while it has not. No request tells which
// scopes a key has: GET manage speaks of the account, and is the same for a key that only reads. So what the first change learned is kept, for as long
// as there is this client, which has one key. A change of that kind that succeeds takes it back.
func (c *Client) Refused(what Write) error {
	err, _ := c.refused.Load(what)
	if err == nil {
		return nil
	}
	return err.(error)
}

// learn keeps what the answer to a change says of the key.
func (c *Client) learn(r call, err error) {
	switch what := Write(r.method + " " + r.route); {
	case r.reads || r.method == http.MethodGet:
	case err == nil:
		c.refused.Delete(what)
	case KeyTooSmall(err):
		c.refused.Store(what, err)
	}
}

// KeyTooSmall tells whether a refusal is of the key and not of the one who was to be changed: the answer speaks of a scope, as gateways do, or it is the
// 403 of a managed account's without the reason that every refusal for the account's sake has. Of the latter only a change is told so: a read of an account
// that the organization does not manage is answered in the same words, and whoever changes one has asked [Client.Permissions] before.
func KeyTooSmall(err error) bool {
	var e *rest.Error
	if !errors.As(err, &e) || e.Code == rest.CodeBadResponse {
		return false
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return speaksOfScope(e)
	case http.StatusForbidden:
		unreasoned := strings.HasPrefix(e.Path, "/users/") && e.Method != http.MethodGet && e.Code == "forbidden"
		return e.Detail == nil && (speaksOfScope(e) || unreasoned)
	}
	return false
}

func speaksOfScope(e *rest.Error) bool { return strings.Contains(strings.ToLower(e.Message), "scope") }
