package jira

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Project is a project with its lead.
type Project struct {
	ID   string `json:"id"`
	Key  string `json:"key"`
	Name string `json:"name"`
	Lead Holder `json:"lead"`
}

// Holder is who leads or owns something, by account id; "" where nobody does or it isn't told.
type Holder struct {
	AccountID string `json:"accountId"`
}

const (
	routeProjects = "/rest/api/3/project/search"
	routeProject  = "/rest/api/3/project/{projectIdOrKey}"

	maxProjectsPage = 100
	// MaxProjectIDs is how many projects one question can name.
	MaxProjectIDs = 50
)

// Projects walks the live projects that the credential's owner may see, each with its lead; all of them, or up to [MaxProjectIDs] by their ids.
//
// GET /rest/api/3/project/search?expand=lead. Permission: Browse projects or Administer projects for each, or Administer Jira. Scope read:jira-work, or
// read:project:jira with what a project is made of. 404: none matches.
func (c *Client) Projects(ctx context.Context, ids []string, o rest.PageOptions) iter.Seq2[[]Project, error] {
	o.Size = pageSize(o.Size, maxProjectsPage)
	return rest.Pages(ctx, o, func(p Project) string { return p.ID }, func(ctx context.Context, start, size int) (rest.Page[Project], error) {
		q := span(start, size)
		q.Set("expand", "lead")
		q.Set("orderBy", "key")
		if len(ids) > 0 {
			q["id"] = ids
		}
		var out pageBean[Project]
		err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeProjects, Query: q}, &out)
		if rest.IsStatus(err, http.StatusNotFound) {
			return rest.Page[Project]{Last: true}, nil
		}
		for i := range out.Values {
			p := &out.Values[i]
			p.ID, p.Key, p.Name, p.Lead.AccountID = rest.CleanID(p.ID), rest.CleanID(p.Key), rest.Clean(p.Name), rest.CleanID(p.Lead.AccountID)
		}
		return out.page(), err
	})
}

// SetProjectLead makes an account the lead of a project, and changes nothing else of it.
//
// PUT /rest/api/3/project/{projectIdOrKey} with leadAccountId alone: what a request leaves out stays as it is. From Atlassian's reference of the REST API
// v3, "Update project". Permission: Administer projects (Administer Jira only for schemes and keys). Scope manage:jira-project, or write:project:jira with
// read:project:jira and what a project is made of. 400: the account can't lead it, as when it is inactive. 404: no such project, or it may not be seen.
func (c *Client) SetProjectLead(ctx context.Context, project, accountID string) error {
	if project == "" {
		return refuse(http.MethodPut, routeProject, "the id or key of a project is needed")
	}
	if err := writable(http.MethodPut, routeProject, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPut, Route: routeProject, Path: "/rest/api/3/project/" + rest.PathEscape(project),
		Body: map[string]string{"leadAccountId": accountID}, Once: true,
	}, nil)
}

// owned are the parameters of a list of what somebody owns.
func owned(accountID string, ids []string, start, size int) url.Values {
	q := span(start, size)
	q.Set("expand", "owner")
	q.Set("orderBy", "id")
	if accountID != "" {
		q.Set("accountId", accountID)
	}
	if len(ids) > 0 {
		q["id"] = ids
	}
	return q
}
