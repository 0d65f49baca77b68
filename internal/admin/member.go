package admin

import (
	"context"
	"net/http"
)

const (
	routeMembers = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships"
	routeMember  = routeMembers + "/{accountId}"
)

// AddMember puts an account into a group.
//
// POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships. Documents name no scope. 409: a member already, or an app's user limit is reached.
// 400 or 403: the group is synced from an identity provider.
func (c *Client) AddMember(ctx context.Context, directoryID, groupID, accountID string) error {
	if accountID == "" {
		return refuse(http.MethodPost, routeMembers, "an account id is needed")
	}
	return c.write(ctx, accountID, call{
		method: http.MethodPost, route: routeMembers, ids: []string{directoryID, groupID},
		body: map[string]string{"accountId": accountID},
	}, nil)
}

// RemoveMember takes an account out of a group.
//
// DELETE /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}. Documents name no scope. 404: no member. 400 or 403: the group is
// synced from an identity provider.
func (c *Client) RemoveMember(ctx context.Context, directoryID, groupID, accountID string) error {
	return c.write(ctx, accountID, call{method: http.MethodDelete, route: routeMember, ids: []string{directoryID, groupID, accountID}}, nil)
}
