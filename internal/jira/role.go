package jira

import (
	"context"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// ApplicationRole is what a product is used through: its groups, and the seats that its licence has.
type ApplicationRole struct {
	Key           string  `json:"key"` // jira-software, jira-servicedesk, jira-core, jira-product-discovery
	Name          string  `json:"name"`
	Groups        []Group `json:"groupDetails"`         // membership of any of them takes a seat
	DefaultGroups []Group `json:"defaultGroupsDetails"` // those that new users get
	Used          int     `json:"userCount"`
	UsedBy        string  `json:"userCountDescription"` // what is counted: users, agents
	Seats         int     `json:"numberOfSeats"`
	Left          int     `json:"remainingSeats"`
	Unlimited     bool    `json:"hasUnlimitedSeats"` // then Seats and Left mean nothing
}

const routeRoles = "/rest/api/3/applicationrole"

// ApplicationRoles returns every application role of the site, with its seats. A seat is taken by an active member of one of the role's groups.
//
// GET /rest/api/3/applicationrole. Permission: Administer Jira. Scope manage:jira-configuration, or read:application-role:jira. 403: not an administrator.
func (c *Client) ApplicationRoles(ctx context.Context) ([]ApplicationRole, error) {
	var out []ApplicationRole
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeRoles}, &out)
	for i := range out {
		r := &out[i]
		r.Key, r.Name, r.UsedBy = rest.CleanID(r.Key), rest.Clean(r.Name), rest.Clean(r.UsedBy)
		cleanGroups(r.Groups)
		cleanGroups(r.DefaultGroups)
	}
	return out, err
}
