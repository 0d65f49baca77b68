package admin

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeUserRoles  = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments"
	routeGroupRoles = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments"

	maxRoles = 100 // a page
)

// Atlassian's roles.
const (
	RoleOrgAdmin        = "atlassian/org-admin"
	RoleSiteAdmin       = "atlassian/site-admin"
	RoleUserAccessAdmin = "atlassian/user-access-admin"
	RoleAdmin           = "atlassian/admin" // of one app
	RoleUser            = "atlassian/user"
	RoleGuest           = "atlassian/guest"
	RoleCustomer        = "atlassian/customer"
	RoleContributor     = "atlassian/contributor"
	RoleBasic           = "atlassian/basic"
	RoleStakeholder     = "atlassian/stakeholder"
)

// CostsSeat tells whether a role takes a paid seat of its app. An unknown role does, so that none is overlooked.
func CostsSeat(role string) bool {
	return !slices.Contains([]string{RoleGuest, RoleCustomer, RoleContributor, RoleBasic, RoleStakeholder, RoleUserAccessAdmin, RoleOrgAdmin, RoleSiteAdmin}, role)
}

// RoleAssignment is what someone, or a group, may do on one resource, which is named by its ARI.
type RoleAssignment struct {
	ResourceID, Owner string // Owner is the app that the resource is of
	Roles             []string
}

// roles is the list of role ids of an answer. The document has it as a list of lists.
type roles []string

// UnmarshalJSON reads either form.
func (r *roles) UnmarshalJSON(data []byte) error {
	var flat []string
	if json.Unmarshal(data, &flat) == nil {
		*r = flat
		return nil
	}
	var nested [][]string
	err := json.Unmarshal(data, &nested)
	*r = slices.Concat(nested...)
	return err
}

type roleWire struct {
	ResourceID string `json:"resourceId"`
	Owner      string `json:"resourceOwner"`
	Roles      roles  `json:"roles"`
}

func (w roleWire) read() RoleAssignment {
	return RoleAssignment{ResourceID: rest.CleanID(w.ResourceID), Owner: rest.Clean(w.Owner), Roles: cleanAll(w.Roles)}
}

// UserRoles returns what someone may do on which resources, through groups or directly.
//
// GET /admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments. Scope read:directories:admin. 404: no such user.
func (c *Client) UserRoles(ctx context.Context, directoryID, accountID string) ([]RoleAssignment, error) {
	return c.roles(ctx, routeUserRoles, directoryID, accountID)
}

// GroupRoles returns what a group grants. Being in a group is not a seat: these say what it gives, see [CostsSeat].
//
// GET /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments. Scope read:groups:admin. 404: no such group.
func (c *Client) GroupRoles(ctx context.Context, directoryID, groupID string) ([]RoleAssignment, error) {
	return c.roles(ctx, routeGroupRoles, directoryID, groupID)
}

func (c *Client) roles(ctx context.Context, route, directoryID, id string) ([]RoleAssignment, error) {
	if directoryID == "" {
		directoryID = AllDirectories
	}
	return all(walk(ctx, func(ctx context.Context, cursor string) (Page[RoleAssignment], error) {
		var out list[roleWire]
		err := c.read(ctx, route, span(cursor, maxRoles), &out, directoryID, id)
		return page(out, roleWire.read), expired(err, cursor)
	}))
}
