package admin

import (
	"context"
	"net/http"
	"time"
)

const (
	routeDisable      = "/users/{account_id}/manage/lifecycle/disable"
	routeEnable       = "/users/{account_id}/manage/lifecycle/enable"
	routeDelete       = "/users/{account_id}/manage/lifecycle/delete"
	routeCancelDelete = "/users/{account_id}/manage/lifecycle/cancel-delete"
)

// DeletionGrace is how long [Client.DeleteAccount] can be undone.
const DeletionGrace = 14 * 24 * time.Hour

// DisableAccount deactivates a managed account: nobody signs in with it anywhere. The message is what its owner reads when they try; "" = the service's own. Their
// API tokens stay. A lost answer is read back with [Client.Profile]: disabling twice changes nothing.
//
// POST /users/{account_id}/manage/lifecycle/disable. Privilege lifecycle.enablement. 403 forbidden.action: not permitted for this account, see [WhyOf]. 404 accountNotFound:
// no such account.
func (c *Client) DisableAccount(ctx context.Context, accountID, message string) error {
	body := struct {
		Message string `json:"message,omitempty"`
	}{message}
	return c.write(ctx, accountID, call{method: http.MethodPost, route: routeDisable, ids: []string{accountID}, body: body}, nil)
}

// EnableAccount activates a managed account. One that is blocked for export control, or deleted, can't just be enabled.
//
// POST /users/{account_id}/manage/lifecycle/enable. Privilege lifecycle.enablement. 403 and 404 as for [Client.DisableAccount].
func (c *Client) EnableAccount(ctx context.Context, accountID string) error {
	return c.write(ctx, accountID, call{method: http.MethodPost, route: routeEnable, ids: []string{accountID}}, nil)
}

// DeleteAccount deactivates a managed account at once and deletes it for good after [DeletionGrace], everywhere. Until then [Client.CancelDeleteAccount] undoes it.
//
// POST /users/{account_id}/manage/lifecycle/delete. Privilege lifecycle.delete. 403 and 404 as for [Client.DisableAccount]. 409
// conflict.lifecycleErrors: the account can't be deleted, see [WhyOf].
func (c *Client) DeleteAccount(ctx context.Context, accountID string) error {
	return c.write(ctx, accountID, call{method: http.MethodPost, route: routeDelete, ids: []string{accountID}}, nil)
}

// CancelDeleteAccount undoes [Client.DeleteAccount] and activates the account.
//
// POST /users/{account_id}/manage/lifecycle/cancel-delete. Privilege lifecycle.delete. 403 and 404 as for [Client.DisableAccount].
func (c *Client) CancelDeleteAccount(ctx context.Context, accountID string) error {
	return c.write(ctx, accountID, call{method: http.MethodPost, route: routeCancelDelete, ids: []string{accountID}}, nil)
}
