package admin

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const routeDomains = "/admin/v1/orgs/{orgId}/domains"

// Domain is one that the organization claims. The accounts of a verified one are managed.
type Domain struct {
	ID, Name string
	Status   string // verified, deleted, unverified, superseded, missing_token
}

// Verified tells whether the claim counts.
func (d Domain) Verified() bool { return d.Status == "verified" }

// Domains returns the domains of the organization.
//
// GET /admin/v1/orgs/{orgId}/domains. Scope read:domains:admin.
func (c *Client) Domains(ctx context.Context) ([]Domain, error) {
	type wire struct {
		ID         string `json:"id"`
		Attributes struct {
			Name  string `json:"name"`
			Claim struct {
				Status string `json:"status"`
			} `json:"claim"`
		} `json:"attributes"`
	}
	return all(walk(ctx, func(ctx context.Context, cursor string) (Page[Domain], error) {
		var out list[wire]
		err := c.read(ctx, routeDomains, at(cursor), &out)
		return page(out, func(w wire) Domain {
			return Domain{ID: rest.CleanID(w.ID), Name: rest.Clean(w.Attributes.Name), Status: rest.Clean(w.Attributes.Claim.Status)}
		}), expired(err, cursor)
	}))
}
