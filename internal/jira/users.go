package jira

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeSearch   = "/rest/api/3/user/search"
	routeAllUsers = "/rest/api/3/users/search"
	routeBulk     = "/rest/api/3/user/bulk"
)

const (
	// SearchCap is the match after which [Client.SearchUsers] finds nothing more.
	SearchCap = 1000

	maxUsersPage = 1000 // GET /users/search
	maxBulk      = 200  // account ids in one GET /user/bulk
)

// SearchUsers finds active people whose name, or visible e-mail address, has a word that starts with query: max of them (1 to 1000) after
// the first startAt, and none past the 1,000th match. A credential that may not browse users gets an empty list rather than an error:
// ask [Client.MyPermissions] for USER_PICKER before believing it.
//
// GET /rest/api/3/user/search. Permission: Browse users and groups. Scope read:jira-user, or read:user:jira with read:user.property:jira,
// read:group:jira, read:application-role:jira and read:avatar:jira. 429: also from a search budget that the whole tenant shares.
func (c *Client) SearchUsers(ctx context.Context, query string, startAt, max int) ([]User, error) {
	if query == "" {
		return nil, refuse(http.MethodGet, routeSearch, "a query is needed")
	}
	q := span(startAt, max)
	q.Set("query", query)
	var out []User
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeSearch, Query: q}, &out)
	return cleanUsers(out), err
}

// AllUsers walks every account of the site: active, inactive and previously deleted people, apps and customers, up to 1,000 a page.
// Pages may be short and may overlap: an account can come twice, so count by account id. See [rest.Pages] for order and memory.
//
// GET /rest/api/3/users/search. Permission: Browse users and groups. Scope read:jira-user, or read:user:jira with read:group:jira,
// read:application-role:jira and read:avatar:jira. 409, a page that took over 10 s, is handled by smaller pages.
func (c *Client) AllUsers(ctx context.Context, o rest.PageOptions) iter.Seq2[[]User, error] {
	o.Size = pageSize(o.Size, maxUsersPage)
	return rest.Pages(ctx, o, nil, func(ctx context.Context, start, size int) (rest.Page[User], error) {
		var out []User
		err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeAllUsers, Query: span(start, size)}, &out)
		return rest.Page[User]{Items: cleanUsers(out), Total: -1}, err
	})
}

// BulkUsers returns the accounts of ids, in no order; ids that Jira doesn't know are left out. It asks for 200 at a time, in parallel.
//
// GET /rest/api/3/user/bulk. Permission: access to Jira. Scope read:jira-user, or read:user:jira with read:group:jira, read:application-role:jira
// and read:avatar:jira.
func (c *Client) BulkUsers(ctx context.Context, ids []string) ([]User, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == "" {
		ids = ids[1:]
	}

	chunks := slices.Collect(slices.Chunk(ids, maxBulk))
	found := make([][]User, len(chunks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(rest.DefaultMaxParallel)
	for i, chunk := range chunks {
		group.Go(func() error {
			// A server may clamp the page below what was asked, so each chunk is itself walked.
			pages := rest.Pages(ctx, rest.PageOptions{Size: maxBulk, MaxParallel: 1}, userID, func(ctx context.Context, start, size int) (rest.Page[User], error) {
				q := span(start, size)
				q["accountId"] = chunk
				return c.userPage(ctx, routeBulk, q)
			})
			for page, err := range pages {
				if err != nil {
					return err
				}
				found[i] = append(found[i], page...)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func userID(u User) string { return u.AccountID }

// span is the query of an offset page.
func span(startAt, max int) url.Values {
	return url.Values{"startAt": {strconv.Itoa(startAt)}, "maxResults": {strconv.Itoa(max)}}
}

// pageSize is the size to ask for: what was wished, within what the endpoint gives.
func pageSize(wished, most int) int {
	if wished <= 0 {
		return most
	}
	return min(wished, most)
}
