package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

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
// scopes a key has: GET manage speaks of the account, and is the same for a key that only reads. So what the first change learned is kept for [RefusedFor],
// and no longer: nothing else could take it back, as no such change is sent meanwhile. Any change that succeeds takes it back at once.
func (c *Client) Refused(what Write) error {
	known, ok := c.refused.Load(what)
	if !ok {
		return nil
	}
	if r := known.(refusal); time.Since(r.at) < RefusedFor {
		return r.err
	}
	return nil
}

// RefusedFor is for how long a refusal of the key is remembered.
const RefusedFor = 5 * time.Minute

type refusal struct {
	err error
	at  time.Time
}

// learn keeps what the answer to a change says of the key.
func (c *Client) learn(r call, err error) {
	switch what := Write(r.method + " " + r.route); {
	case r.reads || r.method == http.MethodGet:
	case err == nil:
		c.refused.Clear()
	case KeyTooSmall(err):
		c.refused.Store(what, refusal{err, time.Now()})
	}
}

// KeyTooSmall tells whether a refusal is of the key and not of the one who was to be changed: the answer itself speaks of a scope, as gateways do. A 403
// without a word says nothing of the key, since one account alone may be refused so.
func KeyTooSmall(err error) bool {
	var e *rest.Error
	if !errors.As(err, &e) || e.Code == rest.CodeBadResponse {
		return false
	}
	told := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && e.Detail == nil
	return told && strings.Contains(strings.ToLower(e.Message), "scope")
}
