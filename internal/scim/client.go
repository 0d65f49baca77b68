// Package scim is a thin typed client of Atlassian's user provisioning API (SCIM 2.0, RFC 7643 and 7644): one file a resource,
// one method an endpoint.
//
// Every method needs the directory's own token; there are no scopes. Every error is a [*rest.Error]: 401 without a valid token, 403 when it
// is another directory's, 404 when the directory or the resource doesn't exist, and its Code is SCIM's scimType where the service sent one.
package scim

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	service     = "scim"
	contentType = "application/scim+json"
	accept      = "application/scim+json, application/json"

	root = "/scim/directory/{directoryId}"

	// maxPage is what the service gives at most a page.
	maxPage = 100
)

// Client calls one SCIM directory. It is safe for concurrent use.
type Client struct {
	rest      *rest.Client
	directory string
}

// New returns a client of the directory directoryID that sends its requests through c, whose base URL is https://api.atlassian.com.
func New(c *rest.Client, directoryID string) *Client {
	return &Client{rest: c, directory: directoryID}
}

// DirectoryID is the directory that the client calls.
func (c *Client) DirectoryID() string { return c.directory }

// call is one request below the directory: a collection such as "/Users", and an id in it where the route has one.
type call struct {
	method     string
	collection string // "/Users", "/Groups", "/ServiceProviderConfig"
	param      string // the route's name of the id, such as "{userId}"; "" = the collection itself
	id         string
	query      url.Values
	body       any
}

func (c *Client) do(ctx context.Context, r call, out any) error {
	route := root + r.collection
	path := "/scim/directory/" + rest.PathEscape(c.directory) + r.collection
	if r.param != "" {
		route += "/" + r.param
		path += "/" + rest.PathEscape(r.id)
	}
	if !segment(c.directory) || r.param != "" && !segment(r.id) {
		return refuse(r.method, route, "the id is empty or has characters that no id has")
	}
	return c.rest.Do(ctx, rest.Request{
		Method: r.method, Route: route, Path: path, Query: r.query,
		Body: r.body, ContentType: contentType, Accept: accept,
	}, out)
}

// segment tells whether an id can be one segment of a path. An empty one would name the whole collection; the others are escaped on their way,
// but a proxy that takes escapes back could see another path.
func segment(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, "/\\?#%") && rest.CleanID(id) == id
}

// refuse is the error for arguments that would make a request mean something else. Nothing was sent.
func refuse(method, route, why string) error {
	return &rest.Error{Service: service, Method: method, Path: route, Code: rest.CodeBadRequest, Message: why}
}

// list is RFC 7644's ListResponse.
type list[T any] struct {
	TotalResults int `json:"totalResults"`
	StartIndex   int `json:"startIndex"`
	Resources    []T `json:"Resources"`
}

// listQuery is the query of a page: startIndex is 1-based, count items are wished for.
func listQuery(f Filter, startIndex, count int) url.Values {
	q := url.Values{"startIndex": {strconv.Itoa(startIndex)}, "count": {strconv.Itoa(count)}}
	if f.expression != "" {
		q.Set("filter", f.expression)
	}
	return q
}

// pageSize is the size to ask for: what was wished, within what the service gives.
func pageSize(wished int) int {
	if wished <= 0 {
		return maxPage
	}
	return min(wished, maxPage)
}

// ServiceProviderConfig says what the service can do.
type ServiceProviderConfig struct {
	Patch  bool
	Bulk   bool
	Filter bool
	// MaxResults is the most that a list gives; 0 when it is not told.
	MaxResults int
}

// ServiceProviderConfig asks what the service can do. It is the cheapest way to try the token.
//
// GET /scim/directory/{directoryId}/ServiceProviderConfig. Permission: the directory's token. 401: not this directory's.
func (c *Client) ServiceProviderConfig(ctx context.Context) (ServiceProviderConfig, error) {
	type supported struct {
		Supported  bool `json:"supported"`
		MaxResults int  `json:"maxResults"`
	}
	var out struct {
		Patch  supported `json:"patch"`
		Bulk   supported `json:"bulk"`
		Filter supported `json:"filter"`
	}
	err := c.do(ctx, call{method: http.MethodGet, collection: "/ServiceProviderConfig"}, &out)
	return ServiceProviderConfig{
		Patch: out.Patch.Supported, Bulk: out.Bulk.Supported,
		Filter: out.Filter.Supported, MaxResults: out.Filter.MaxResults,
	}, err
}
