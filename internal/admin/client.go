// Package admin is a thin typed client of Atlassian's organization and user-management APIs, for people and their access: one file a resource, one
// method an endpoint.
//
// All of it needs an organization API key, which isn't a Jira token; an organization admin makes it. A key with scopes may do what the scope named at a
// method lets it; a key without may do everything. Where Atlassian's documents name no scope, none is named here, and docs/organization.md says what is known.
//
// Text that comes from the service is cleaned on arrival, see [rest.Clean]. Every error is a [*rest.Error]: 401 when the key is wrong or expired, 403 when
// it may not, 404 when the organization isn't the key's or the resource doesn't exist. Its Code is the service's own ("forbidden.action",
// "accountNotFound", "ADMIN-400-1"), and [WhyOf] reads what a refusal says beyond that.
//
// Two kinds of request are not here and never may be: those that stopped working in June 2026 (the directory paths of v1) or soon will (an event by
// its id in December 2026, the lists of users and groups by GET in June 2027), and the DELETE of an organization's API tokens, which revokes those of everybody.
package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Service is the name of the API in errors and logs.
const Service = "organization"

// AllDirectories is the id that stands for every directory that the key may see.
const AllDirectories = "-"

// unknownAccount is the account id of a corrupted record. It stands for no one account, so nothing is ever written to it.
const unknownAccount = "unknown"

// Client calls one organization. It is safe for concurrent use.
type Client struct {
	rest   *rest.Client
	org    string
	events *quota // of the queries of the audit log

	refused sync.Map // Write → refusal, see Refused

	// PersonsToken tells that the key has the form of a person's API token. That is a hint only, so it is used as any other, and a 401 is [ErrPersonsToken] too.
	PersonsToken bool
}

// New returns a client of the organization orgID that sends its requests through c, whose base URL is https://api.atlassian.com.
func New(c *rest.Client, orgID string) *Client {
	return &Client{rest: c, org: orgID, events: newQuota(eventQueries, eventWindow)}
}

// OrgID is the organization that the client calls.
func (c *Client) OrgID() string { return c.org }

// call is one request. The names in braces of its route are filled from ids, in order; {orgId} is the client's own.
type call struct {
	method string
	route  string
	ids    []string
	query  url.Values
	body   any
	reads  bool // a POST that changes nothing
}

func (c *Client) do(ctx context.Context, r call, out any) error {
	path, ok := c.fill(r.route, r.ids)
	if !ok {
		return refuse(r.method, r.route, "an id is empty or has characters that no id has")
	}
	err := c.rest.Do(ctx, rest.Request{Method: r.method, Route: r.route, Path: path, Query: r.query, Body: r.body, Reads: r.reads}, out)
	c.learn(r, err)
	return c.suspect(err)
}

// ErrPersonsToken tells that a key was refused that looks like the API token of a person.
var ErrPersonsToken = errors.New("the key looks like a person's API token")

// suspect adds to a refusal of the key what the key looks like.
func (c *Client) suspect(err error) error {
	var e *rest.Error
	if !c.PersonsToken || !errors.As(err, &e) || !rest.IsStatus(err, http.StatusUnauthorized) || KeyTooSmall(err) {
		return err
	}
	told := *e
	told.Err = errors.Join(ErrPersonsToken, e.Err)
	return &told
}

// fill makes a route the path that is sent.
func (c *Client) fill(route string, ids []string) (string, bool) {
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		id := c.org
		if part != "{orgId}" {
			if len(ids) == 0 {
				return "", false
			}
			id, ids = ids[0], ids[1:]
		}
		if !segment(id) {
			return "", false
		}
		parts[i] = rest.PathEscape(id)
	}
	return strings.Join(parts, "/"), len(ids) == 0
}

// segment tells whether an id can be one segment of a path. An empty one would name the whole collection; the others are escaped on their way,
// but a proxy that takes escapes back could see another path.
func segment(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, "/\\?#%") && rest.CleanID(id) == id
}

// refuse is the error for arguments that would make a request mean something else. Nothing was sent.
func refuse(method, route, why string) error {
	return &rest.Error{Service: Service, Method: method, Path: route, Code: rest.CodeBadRequest, Message: why}
}

// write is do for a change to an account: not to a corrupted record.
func (c *Client) write(ctx context.Context, accountID string, r call, out any) error {
	if accountID == unknownAccount {
		return refuse(r.method, r.route, `the account id "unknown" marks a corrupted record and can't be written to`)
	}
	return c.do(ctx, r, out)
}

// read is a GET.
func (c *Client) read(ctx context.Context, route string, q url.Values, out any, ids ...string) error {
	return c.do(ctx, call{method: http.MethodGet, route: route, ids: ids, query: q}, out)
}
