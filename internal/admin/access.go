package admin

import (
	"context"
	"net/http"
)

const (
	routeDirectoryUser = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}"
	routeSuspend       = routeDirectoryUser + "/suspend"
	routeRestore       = routeDirectoryUser + "/restore"
)

// The changes below go to the directory that is named, or, with [AllDirectories], to all of them.

// empty is the body of a POST that says nothing. Without it, and its content type, the service answers 415.
type empty struct{}

// SuspendUser ends someone's access to every app of every site, also of one whose account isn't managed, and keeps their roles and groups. All their seats are free.
// [Client.RestoreUser] undoes it. A lost answer is read back: suspending twice changes nothing.
//
// POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend. Permission: a key of an organization admin. Documents name no scope. 409: not
// in a state to be suspended, as an organization admin isn't.
func (c *Client) SuspendUser(ctx context.Context, directoryID, accountID string) error {
	return c.access(ctx, http.MethodPost, routeSuspend, directoryID, accountID, empty{})
}

// RestoreUser gives access back as it was before [Client.SuspendUser].
//
// POST /admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore. Permission: a key of an organization admin. Documents name no scope. 409: not suspended, or no
// seat is left.
func (c *Client) RestoreUser(ctx context.Context, directoryID, accountID string) error {
	return c.access(ctx, http.MethodPost, routeRestore, directoryID, accountID, empty{})
}

// RemoveUser takes someone out of a directory, with their roles and groups. It is queued, so they may show for a while; only a new invitation brings them back,
// and nothing of what they had.
//
// DELETE /admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}. Permission: a key of an organization admin. Documents name no scope. 404: not in the directory.
func (c *Client) RemoveUser(ctx context.Context, directoryID, accountID string) error {
	return c.access(ctx, http.MethodDelete, routeDirectoryUser, directoryID, accountID, nil)
}

func (c *Client) access(ctx context.Context, method, route, directoryID, accountID string, body any) error {
	return c.write(ctx, accountID, call{method: method, route: route, ids: []string{directoryID, accountID}, body: body}, nil)
}
