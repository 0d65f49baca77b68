package jira

import (
	"context"
	"iter"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Component is a part of a project. A list of components does not tell their leads: Lead is nil there, unless the site adds it.
type Component struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Project string  `json:"project"` // key, of a single one
	Lead    *Holder `json:"lead"`
}

func (c *Component) clean() {
	c.ID, c.Name, c.Project = rest.CleanID(c.ID), rest.Clean(c.Name), rest.CleanID(c.Project)
	if c.Lead != nil {
		c.Lead.AccountID = rest.CleanID(c.Lead.AccountID)
	}
}

const (
	routeComponents = "/rest/api/3/component"
	routeComponent  = "/rest/api/3/component/{id}"
)

// Components walks the components of all projects that the credential's owner may see. Their leads are told by [Client.Component].
//
// GET /rest/api/3/component. Permission: Browse projects. Scope read:jira-work, or read:project.component:jira with read:project:jira, read:user:jira,
// read:application-role:jira, read:avatar:jira and read:group:jira.
func (c *Client) Components(ctx context.Context, o rest.PageOptions) iter.Seq2[[]Component, error] {
	o.Size = pageSize(o.Size, 100)
	return rest.Pages(ctx, o, func(c Component) string { return c.ID }, func(ctx context.Context, start, size int) (rest.Page[Component], error) {
		var out pageBean[Component]
		err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeComponents, Query: span(start, size)}, &out)
		for i := range out.Values {
			out.Values[i].clean()
		}
		return out.page(), err
	})
}

// Component returns a component with its lead.
//
// GET /rest/api/3/component/{id}. Permission: Browse projects. Scope as for [Client.Components]. 404: no such component, or it may not be seen.
func (c *Client) Component(ctx context.Context, id string) (Component, error) {
	if id == "" {
		return Component{}, refuse(http.MethodGet, routeComponent, "the id of a component is needed")
	}
	var out Component
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeComponent, Path: "/rest/api/3/component/" + rest.PathEscape(id)}, &out)
	out.clean()
	return out, err
}

// SetComponentLead makes an account the lead of a component, and changes nothing else of it. It never leaves one without a lead: "" is refused.
//
// PUT /rest/api/3/component/{id} with leadAccountId alone. Permission: Administer projects, or Administer Jira. Scope manage:jira-project, or
// write:project.component:jira with those that reading takes. 400: the account is not there or can't lead it. 404: no such component.
func (c *Client) SetComponentLead(ctx context.Context, id, accountID string) error {
	if id == "" {
		return refuse(http.MethodPut, routeComponent, "the id of a component is needed")
	}
	if err := writable(http.MethodPut, routeComponent, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPut, Route: routeComponent, Path: "/rest/api/3/component/" + rest.PathEscape(id),
		Body: map[string]string{"leadAccountId": accountID}, Once: true,
	}, nil)
}
