package admin

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	// routeTokens is only ever read: DELETE on it revokes every token of the organization.
	routeTokens = "/admin/api-access/v1/orgs/{orgId}/api-tokens"

	routeAccountTokens = "/users/{account_id}/manage/api-tokens"
	routeAccountToken  = routeAccountTokens + "/{tokenId}"

	maxTokens = "100" // a page
)

// Token is an API token of a managed account. It is never the secret itself.
type Token struct {
	ID, Label string
	Status    string // ALLOWED, BLOCKED; "" in the list of one account
	CreatedAt time.Time
	ExpiresAt time.Time // zero where not told
	LastUsed  time.Time // zero when never, or not told

	AccountID, Name, Email string // whose it is
}

// Tokens returns the page at cursor ("" = the first) of the API tokens of all managed accounts. status is ALLOWED, BLOCKED or "" for both.
//
// GET /admin/api-access/v1/orgs/{orgId}/api-tokens. Scope read:tokens:admin. 400 with [ErrCursorExpired]: the cursor is too old.
func (c *Client) Tokens(ctx context.Context, status, cursor string) (Page[Token], error) {
	type wire struct {
		ID         string `json:"id"`
		Label      string `json:"label"`
		Status     string `json:"status"`
		CreatedAt  moment `json:"createdAt"`
		ExpiresAt  moment `json:"expiresAt"`
		LastActive moment `json:"lastActiveAt"`
		User       struct {
			ID    string `json:"id"`
			Name  string `json:"name"`
			Email string `json:"email"`
		} `json:"user"`
	}
	q := at(cursor)
	q.Set("pageSize", maxTokens)
	setIf(q, "status", status)
	var out list[wire]
	err := c.read(ctx, routeTokens, q, &out)
	return page(out, func(w wire) Token {
		return Token{
			ID: rest.CleanID(w.ID), Label: rest.Clean(w.Label), Status: rest.Clean(w.Status),
			CreatedAt: w.CreatedAt.Time, ExpiresAt: w.ExpiresAt.Time, LastUsed: w.LastActive.Time,
			AccountID: rest.CleanID(w.User.ID), Name: rest.Clean(w.User.Name), Email: rest.Clean(w.User.Email),
		}
	}), expired(err, cursor)
}

// AllTokens walks them: one walk instead of a call a person. Endpoint, scope and errors as for [Client.Tokens].
func (c *Client) AllTokens(ctx context.Context, status string) iter.Seq2[[]Token, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Token], error) {
		return c.Tokens(ctx, status, cursor)
	})
}

// AccountTokens returns the API tokens of a managed account.
//
// GET /users/{account_id}/manage/api-tokens. Privilege apiToken.read. Scope read:tokens:admin. 403 forbidden.action: not permitted for this account. 404
// accountNotFound: no such account.
func (c *Client) AccountTokens(ctx context.Context, accountID string) ([]Token, error) {
	var out []struct {
		ID         string `json:"id"`
		Label      string `json:"label"`
		CreatedAt  moment `json:"createdAt"`
		LastAccess moment `json:"lastAccess"`
	}
	err := c.read(ctx, routeAccountTokens, nil, &out, accountID)
	tokens := make([]Token, len(out))
	for i, w := range out {
		tokens[i] = Token{
			ID: rest.CleanID(w.ID), Label: rest.Clean(w.Label), CreatedAt: w.CreatedAt.Time, LastUsed: w.LastAccess.Time,
			AccountID: accountID,
		}
	}
	return tokens, err
}

// RevokeToken revokes one API token of a managed account, for good. A 404 after a lost answer means that it is gone.
//
// DELETE /users/{account_id}/manage/api-tokens/{tokenId}. Privilege apiToken.delete. 403 forbidden.action: not permitted for this account. 404:
// no such account, or no such token.
func (c *Client) RevokeToken(ctx context.Context, accountID, tokenID string) error {
	return c.write(ctx, accountID, call{method: http.MethodDelete, route: routeAccountToken, ids: []string{accountID, tokenID}}, nil)
}
