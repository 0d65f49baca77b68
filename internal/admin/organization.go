package admin

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeOrganizations = "/admin/v1/orgs"
	routeOrganization  = "/admin/v1/orgs/{orgId}"
)

// Organization is one that the key belongs to.
type Organization struct{ ID, Name string }

type organizationWire struct {
	ID         string `json:"id"`
	Attributes struct {
		Name string `json:"name"`
	} `json:"attributes"`
}

func (w organizationWire) read() Organization {
	return Organization{ID: rest.CleanID(w.ID), Name: rest.Clean(w.Attributes.Name)}
}

// Organizations returns the organizations of the key, which is one as a rule. It doesn't need the client's own id, so it tells whether a key
// is another organization's.
//
// GET /admin/v1/orgs. Permission: any organization key; no scope is named. 401: no organization key, or an expired one.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	return all(walk(ctx, func(ctx context.Context, cursor string) (Page[Organization], error) {
		var out list[organizationWire]
		err := c.read(ctx, routeOrganizations, at(cursor), &out)
		return page(out, organizationWire.read), expired(err, cursor)
	}))
}

// Organization returns the client's own organization. It is the cheapest way to try the key.
//
// GET /admin/v1/orgs/{orgId}. Scope read:orgs:admin. 401: no organization key, or an expired one. 404: another organization's.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var out struct {
		Data organizationWire `json:"data"`
	}
	err := c.read(ctx, routeOrganization, nil, &out)
	return out.Data.read(), err
}
