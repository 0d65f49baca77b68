package admin

import (
	"context"
	"net/url"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeDirectories = "/admin/v2/orgs/{orgId}/directories"

	maxDirectories = 100 // a page
)

// Directory is one of the organization's user directories: its own, or one that an identity provider fills.
type Directory struct{ ID, Name string }

// Directories returns the directories of the organization; with an account, those that it is a member of.
//
// GET /admin/v2/orgs/{orgId}/directories. Scope read:directories:admin.
func (c *Client) Directories(ctx context.Context, accountID string) ([]Directory, error) {
	type wire struct {
		ID   string `json:"directoryId"`
		Name string `json:"name"`
	}
	return all(walk(ctx, func(ctx context.Context, cursor string) (Page[Directory], error) {
		q := span(cursor, maxDirectories)
		setIf(q, "accountId", accountID)
		var out list[wire]
		err := c.read(ctx, routeDirectories, q, &out)
		return page(out, func(w wire) Directory {
			return Directory{ID: rest.CleanID(w.ID), Name: rest.Clean(w.Name)}
		}), expired(err, cursor)
	}))
}

func setIf(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}
