package admin

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeUserSearch = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search"
	routeUserCount  = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/count"

	// UserBatch is how many addresses or account ids one request takes.
	UserBatch = 50

	maxUsers = 100 // a page
)

// What [UserQuery.Expand] can hold.
const (
	ExpandGroups    = "groups"
	ExpandProducts  = "productAccess"
	ExpandRoles     = "platformRoles"
	ExpandResources = "counts.resources"
)

// UserQuery narrows a search; zero values leave a part open. Emails and SearchTerm exclude each other.
type UserQuery struct {
	DirectoryID string // "" = [AllDirectories]

	Emails     []string // exact addresses, up to [UserBatch]
	AccountIDs []string // up to [UserBatch]
	SearchTerm string   // a name or an address, free text

	Status           []string
	AccountStatus    []string
	MembershipStatus []string
	ClaimStatus      string
	GroupIDs         []string
	RoleIDs          []string
	ResourceIDs      []string
	EmailDomains     []string
	MFA              *bool

	Expand []string
	Limit  int // a page; 0 = what the service gives at most
}

type userSearch struct {
	Cursor           string   `json:"cursor,omitempty"`
	Limit            int      `json:"limit,omitempty"`
	AccountIDs       []string `json:"accountIds,omitempty"`
	ResourceIDs      []string `json:"resourceIds,omitempty"`
	GroupIDs         []string `json:"groupIds,omitempty"`
	MFA              *bool    `json:"mfaEnabled,omitempty"`
	ClaimStatus      string   `json:"claimStatus,omitempty"`
	Status           []string `json:"status,omitempty"`
	AccountStatus    []string `json:"accountStatus,omitempty"`
	MembershipStatus []string `json:"membershipStatus,omitempty"`
	RoleIDs          []string `json:"roleIds,omitempty"`
	EmailDomains     []string `json:"emailDomains,omitempty"`
	SearchTerm       string   `json:"searchTerm,omitempty"`
	Emails           []string `json:"emails,omitempty"`
	Expand           []string `json:"expand,omitempty"`
}

func (q UserQuery) body(cursor string) userSearch {
	limit := q.Limit
	if limit <= 0 || limit > maxUsers {
		limit = maxUsers
	}
	return userSearch{
		Cursor: cursor, Limit: limit,
		AccountIDs: q.AccountIDs, ResourceIDs: q.ResourceIDs, GroupIDs: q.GroupIDs, MFA: q.MFA, ClaimStatus: q.ClaimStatus,
		Status: q.Status, AccountStatus: q.AccountStatus, MembershipStatus: q.MembershipStatus, RoleIDs: q.RoleIDs,
		EmailDomains: q.EmailDomains, SearchTerm: q.SearchTerm, Emails: q.Emails, Expand: q.Expand,
	}
}

// SearchUsers returns the page at cursor ("" = the first) of the people that q selects. With what [UserQuery.Expand] names it is the best read that there is:
// a person with groups, activity and roles. It only reads, although it is a POST: a lost answer is asked for again.
//
// POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/search. Scope read:directories:admin. 400: e-mails together with a search term. 400 with
// [ErrCursorExpired]: the cursor is too old.
func (c *Client) SearchUsers(ctx context.Context, q UserQuery, cursor string) (Page[User], error) {
	if len(q.Emails) > 0 && q.SearchTerm != "" {
		return Page[User]{}, refuse(http.MethodPost, routeUserSearch, "exact e-mail addresses and a search term exclude each other")
	}
	if len(q.Emails) > UserBatch || len(q.AccountIDs) > UserBatch {
		return Page[User]{}, refuse(http.MethodPost, routeUserSearch, "too many people for one request")
	}
	var out list[userWire]
	err := c.search(ctx, routeUserSearch, q.DirectoryID, q.body(cursor), &out)
	return page(out, userWire.read), expired(err, cursor)
}

// AllUsers walks the people that q selects. Someone who is in several directories can come more than once: count by account id. The next page is
// on its way while the caller works on one. Endpoint, scope and errors as for [Client.SearchUsers].
func (c *Client) AllUsers(ctx context.Context, q UserQuery) iter.Seq2[[]User, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[User], error) {
		return c.SearchUsers(ctx, q, cursor)
	})
}

// UsersByEmail returns the people who have exactly one of these addresses, ignoring case, by [UserBatch] a request and in parallel. The answer is compared
// here too: a service that ignored the filter would otherwise answer with somebody else. Whom the organization doesn't know is left out.
// Endpoint, scope and errors as for [Client.SearchUsers].
func (c *Client) UsersByEmail(ctx context.Context, emails []string, expand ...string) ([]User, error) {
	lower := make([]string, len(emails))
	for i, e := range emails {
		lower[i] = strings.ToLower(e)
	}
	return c.batches(ctx, lower, func(chunk []string) (UserQuery, func(User) bool) {
		return UserQuery{Emails: chunk, Expand: expand}, func(u User) bool {
			return slices.Contains(chunk, strings.ToLower(u.Email))
		}
	})
}

// UsersByID returns the people of these accounts, as [Client.UsersByEmail] does for addresses.
func (c *Client) UsersByID(ctx context.Context, accountIDs []string, expand ...string) ([]User, error) {
	return c.batches(ctx, accountIDs, func(chunk []string) (UserQuery, func(User) bool) {
		return UserQuery{AccountIDs: chunk, Expand: expand}, func(u User) bool {
			return slices.Contains(chunk, u.AccountID)
		}
	})
}

// batches asks for many people by name, each account once.
func (c *Client) batches(ctx context.Context, names []string, query func(chunk []string) (UserQuery, func(User) bool)) ([]User, error) {
	parts := chunks(names, UserBatch)
	found := make([][]User, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(rest.DefaultMaxParallel)
	for i, chunk := range parts {
		group.Go(func() error {
			q, wanted := query(chunk)
			users, err := all(c.AllUsers(ctx, q))
			found[i] = slices.DeleteFunc(users, func(u User) bool { return !wanted(u) })
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return once(slices.Concat(found...)), nil
}

// once drops the repetitions of those who are in several directories.
func once(users []User) []User {
	seen := map[string]bool{}
	return slices.DeleteFunc(users, func(u User) bool {
		again := u.AccountID != "" && seen[u.AccountID]
		seen[u.AccountID] = true
		return again
	})
}

// CountUsers tells how many people have a status and a claim status; "" leaves either open.
//
// GET /admin/v2/orgs/{orgId}/directories/-/users/count. Scope read:directories:admin.
func (c *Client) CountUsers(ctx context.Context, status, claimStatus string) (int, error) {
	q := url.Values{}
	setIf(q, "status", status)
	setIf(q, "claimStatus", claimStatus)
	var out struct {
		Count int `json:"count"`
	}
	err := c.read(ctx, routeUserCount, q, &out, AllDirectories)
	return out.Count, err
}

// search sends a search in a directory, "" = all.
func (c *Client) search(ctx context.Context, route, directoryID string, body, out any) error {
	if directoryID == "" {
		directoryID = AllDirectories
	}
	return c.do(ctx, call{method: http.MethodPost, route: route, ids: []string{directoryID}, body: body, reads: true}, out)
}
