package jira

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Dashboard is a page of gadgets.
type Dashboard struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner Holder `json:"owner"`
}

const (
	routeDashboards    = "/rest/api/3/dashboard/search"
	routeDashboardBulk = "/rest/api/3/dashboard/bulk/edit"

	// MaxDashboards is how many dashboards one change can name.
	MaxDashboards = 100
)

// Dashboards walks the dashboards that an account owns, of those that are shared with the credential's owner: no permission shows private ones.
//
// GET /rest/api/3/dashboard/search?expand=owner. Permission: none. Scope read:jira-work, or read:dashboard:jira with read:group:jira, read:project:jira,
// read:project-role:jira, read:user:jira and more.
func (c *Client) Dashboards(ctx context.Context, owner string, o rest.PageOptions) iter.Seq2[[]Dashboard, error] {
	o.Size = pageSize(o.Size, ownedPage)
	return rest.Pages(ctx, o, func(d Dashboard) string { return d.ID }, func(ctx context.Context, start, size int) (rest.Page[Dashboard], error) {
		if owner == "" {
			return rest.Page[Dashboard]{}, refuse(http.MethodGet, routeDashboards, "an account id is needed")
		}
		var out pageBean[Dashboard]
		err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeDashboards, Query: owned(owner, nil, start, size)}, &out)
		for i := range out.Values {
			d := &out.Values[i]
			d.ID, d.Name, d.Owner.AccountID = rest.CleanID(d.ID), rest.Clean(d.Name), rest.CleanID(d.Owner.AccountID)
		}
		return out.page(), err
	})
}

// SetDashboardOwner gives dashboards, at most [MaxDashboards], to an account, and returns why single ones were refused, by id. One whose name the new owner
// has already gets another name.
//
// PUT /rest/api/3/dashboard/bulk/edit with the action changeOwner. From Atlassian's reference of the REST API v3, "Bulk edit dashboards". Permission: the
// dashboards' own, or Administer Jira, which extendAdminPermissions makes use of. Scope write:jira-work, or write:dashboard:jira with those that reading takes.
func (c *Client) SetDashboardOwner(ctx context.Context, ids []string, accountID string) (refused map[string]string, err error) {
	if err := writable(http.MethodPut, routeDashboardBulk, accountID); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > MaxDashboards {
		return nil, refuse(http.MethodPut, routeDashboardBulk, "between 1 and "+strconv.Itoa(MaxDashboards)+" dashboards are needed")
	}
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		if numbers[i], err = strconv.ParseInt(id, 10, 64); err != nil {
			return nil, refuse(http.MethodPut, routeDashboardBulk, "the id of a dashboard is a number")
		}
	}
	var out struct {
		Action string `json:"action"`
		Errors map[string]struct {
			Messages []string          `json:"errorMessages"`
			Errors   map[string]string `json:"errors"`
		} `json:"entityErrors"`
	}
	err = c.rest.Do(ctx, rest.Request{Method: http.MethodPut, Route: routeDashboardBulk, Once: true, Body: map[string]any{
		"action": "changeOwner", "entityIds": numbers, "extendAdminPermissions": true,
		"changeOwnerDetails": map[string]any{"newOwner": accountID, "autofixName": true},
	}}, &out)
	if err == nil && out.Action != "changeOwner" {
		err = &rest.Error{
			Service: service, Method: http.MethodPut, Path: routeDashboardBulk, Status: http.StatusOK, Code: rest.CodeBadResponse,
			Message: "the answer is not one to this request", OutcomeUnknown: true,
		}
	}
	if err != nil || len(out.Errors) == 0 {
		return nil, err
	}
	refused = map[string]string{}
	for id, why := range out.Errors {
		texts := why.Messages
		for _, text := range why.Errors {
			texts = append(texts, text)
		}
		refused[rest.CleanID(id)] = rest.Clean(strings.Join(texts, "; "))
	}
	return refused, nil
}
