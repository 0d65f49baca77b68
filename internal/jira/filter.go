package jira

import (
	"context"
	"iter"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Filter is a saved search.
type Filter struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner Holder `json:"owner"`
}

const (
	routeFilters     = "/rest/api/3/filter/search"
	routeFilterOwner = "/rest/api/3/filter/{id}/owner"

	ownedPage = 100
	// MaxFilterIDs is how many filters one question can name.
	MaxFilterIDs = 200
)

// FilterQuery narrows a list of filters; zero values leave a part open.
type FilterQuery struct {
	Owner string   // account id
	IDs   []string // at most [MaxFilterIDs]
	// All shows filters whatever they are shared with; only somebody with Administer Jira may ask for it. Otherwise those are listed that are shared
	// with the credential's owner.
	All bool
}

// Filters walks the filters that match q, each with its owner.
//
// GET /rest/api/3/filter/search?expand=owner. Permission: none, or Administer Jira for q.All. Scope read:jira-work, or read:filter:jira with
// read:group:jira, read:project:jira, read:project-role:jira, read:user:jira, read:jql:jira and more.
func (c *Client) Filters(ctx context.Context, q FilterQuery, o rest.PageOptions) iter.Seq2[[]Filter, error] {
	o.Size = pageSize(o.Size, ownedPage)
	return rest.Pages(ctx, o, func(f Filter) string { return f.ID }, func(ctx context.Context, start, size int) (rest.Page[Filter], error) {
		query := owned(q.Owner, q.IDs, start, size)
		if q.All {
			query.Set("overrideSharePermissions", "true")
		}
		var out pageBean[Filter]
		err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeFilters, Query: query}, &out)
		for i := range out.Values {
			f := &out.Values[i]
			f.ID, f.Name, f.Owner.AccountID = rest.CleanID(f.ID), rest.Clean(f.Name), rest.CleanID(f.Owner.AccountID)
		}
		return out.page(), err
	})
}

// SetFilterOwner gives a filter to an account.
//
// PUT /rest/api/3/filter/{id}/owner. Permission: the filter's own, or Administer Jira. Scope write:jira-work, or write:filter:jira with
// read:filter:jira. 400: the new owner has a filter of that name, or can't own one. 403: neither the owner nor an administrator. 404: no such filter or account.
func (c *Client) SetFilterOwner(ctx context.Context, id, accountID string) error {
	if id == "" {
		return refuse(http.MethodPut, routeFilterOwner, "the id of a filter is needed")
	}
	if err := writable(http.MethodPut, routeFilterOwner, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPut, Route: routeFilterOwner, Path: "/rest/api/3/filter/" + rest.PathEscape(id) + "/owner",
		Body: map[string]string{"accountId": accountID}, Once: true,
	}, nil)
}
