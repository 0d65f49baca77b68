package admin

import (
	"context"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const routeLastActive = "/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates"

// Activity is when someone last used what.
type Activity struct {
	AddedToOrg time.Time // zero where not told
	Products   []ProductAccess
}

// LastActive returns when someone last used each app, to the day and up to a day late. Apps that they never used are absent. The id of an app names its site,
// so that work on another site doesn't count as work here. About 200 calls a minute are answered: [Client.SearchUsers] tells the same of many at once.
//
// GET /admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates. Scope read:accounts:admin. 404: no such account in the organization.
func (c *Client) LastActive(ctx context.Context, accountID string) (Activity, error) {
	type product struct {
		ID         string `json:"id"`
		Key        string `json:"key"`
		LastActive moment `json:"last_active"`
	}
	var activity Activity
	products, err := all(walk(ctx, func(ctx context.Context, cursor string) (Page[ProductAccess], error) {
		var out struct {
			Data struct {
				Products   []product `json:"product_access"`
				AddedToOrg moment    `json:"added_to_org"`
			} `json:"data"`
			list[struct{}]
		}
		if err := c.read(ctx, routeLastActive, at(cursor), &out, accountID); err != nil {
			return Page[ProductAccess]{}, expired(err, cursor)
		}
		if cursor == "" {
			activity.AddedToOrg = out.Data.AddedToOrg.Time
		}
		p := Page[ProductAccess]{Next: out.next()}
		for _, w := range out.Data.Products {
			p.Items = append(p.Items, ProductAccess{Key: rest.Clean(w.Key), ID: rest.CleanID(w.ID), LastActive: w.LastActive.Time})
		}
		return p, nil
	}))
	activity.Products = products
	return activity, err
}
