package jira

import (
	"context"
	"net/http"
	"net/url"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// pageBean is the envelope of Jira's paginated lists.
type pageBean[T any] struct {
	StartAt int   `json:"startAt"`
	Total   int   `json:"total"`
	IsLast  *bool `json:"isLast"`
	Values  []T   `json:"values"`
}

// page makes the envelope a page to walk. A total that contradicts isLast is not believed: the specification calls it
// "the number of items returned".
func (p pageBean[T]) page() rest.Page[T] {
	out := rest.Page[T]{Items: p.Values, Total: p.Total, Last: p.IsLast != nil && *p.IsLast}
	more := p.IsLast != nil && !*p.IsLast
	if p.IsLast == nil && p.Total == 0 || more && p.StartAt+len(p.Values) >= p.Total {
		out.Total = -1
	}
	return out
}

func (c *Client) userPage(ctx context.Context, route string, q url.Values) (rest.Page[User], error) {
	var out pageBean[User]
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: route, Query: q}, &out)
	cleanUsers(out.Values)
	return out.page(), err
}

func (c *Client) groupPage(ctx context.Context, route string, q url.Values) (rest.Page[Group], error) {
	var out pageBean[Group]
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: route, Query: q}, &out)
	cleanGroups(out.Values)
	return out.page(), err
}
