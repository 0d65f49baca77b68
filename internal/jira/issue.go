package jira

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Issue is what is needed to know of an issue to hand it over.
type Issue struct {
	ID       string
	Key      string
	Assignee string // account id, "" = nobody
}

const (
	routeCount    = "/rest/api/3/search/approximate-count"
	routeIssues   = "/rest/api/3/search/jql"
	routeAssignee = "/rest/api/3/issue/{issueIdOrKey}/assignee"

	// MaxReconcile is how many issues one search can be made to show as they are, rather than as the index has them.
	MaxReconcile = 50

	issuesPage = 1000
)

// CountIssues returns about how many issues match jql, of those that the credential's owner may see. What changed just now may not count yet.
//
// POST /rest/api/3/search/approximate-count. Permission: Browse projects, for each project. Scope read:jira-work, or read:issue-details:jira with
// read:field.default-value:jira, read:field.option:jira, read:field:jira and read:group:jira. 400: JQL that can't be read or has no bounds.
func (c *Client) CountIssues(ctx context.Context, jql string) (int, error) {
	var out struct {
		Count *int `json:"count"`
	}
	body := map[string]string{"jql": jql}
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodPost, Route: routeCount, Body: body, Reads: true}, &out)
	if err == nil && out.Count == nil {
		err = &rest.Error{Service: service, Method: http.MethodPost, Path: routeCount, Status: http.StatusOK, Code: rest.CodeBadResponse, Message: "the answer has no count"}
	}
	if err != nil {
		return 0, err
	}
	return *out.Count, nil
}

// IssueQuery says which issues are looked for.
type IssueQuery struct {
	JQL string
	// Reconcile are ids of issues, at most [MaxReconcile], that the answer shows as they are now. Others may be shown as they were some seconds ago.
	Reconcile []string
}

// Issues walks the issues that match q, of those that the credential's owner may see, page after page: each page names the next.
//
// POST /rest/api/3/search/jql. Permission and scope as for [Client.CountIssues]. 400: JQL that can't be read or has no bounds, a key that doesn't exist or
// may not be seen, or a page token that is too old.
func (c *Client) Issues(ctx context.Context, q IssueQuery) iter.Seq2[[]Issue, error] {
	type search struct {
		JQL       string   `json:"jql"`
		Fields    []string `json:"fields"`
		Max       int      `json:"maxResults"`
		Token     string   `json:"nextPageToken,omitempty"`
		Reconcile []int64  `json:"reconcileIssues,omitempty"`
	}
	return func(yield func([]Issue, error) bool) {
		in := search{JQL: q.JQL, Fields: []string{"assignee"}, Max: issuesPage}
		for _, id := range q.Reconcile {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil && len(in.Reconcile) < MaxReconcile {
				in.Reconcile = append(in.Reconcile, n)
			}
		}
		for {
			var out struct {
				Issues []struct {
					ID     string `json:"id"`
					Key    string `json:"key"`
					Fields struct {
						Assignee *struct {
							AccountID string `json:"accountId"`
						} `json:"assignee"`
					} `json:"fields"`
				} `json:"issues"`
				Next string `json:"nextPageToken"`
				Last bool   `json:"isLast"`
			}
			if err := c.rest.Do(ctx, rest.Request{Method: http.MethodPost, Route: routeIssues, Body: in, Reads: true}, &out); err != nil {
				yield(nil, err)
				return
			}
			page := make([]Issue, len(out.Issues))
			for i, issue := range out.Issues {
				page[i] = Issue{ID: rest.CleanID(issue.ID), Key: rest.CleanID(issue.Key)}
				if a := issue.Fields.Assignee; a != nil {
					page[i].Assignee = rest.CleanID(a.AccountID)
				}
			}
			if len(page) > 0 && !yield(page, nil) {
				return
			}
			if out.Last || out.Next == "" || out.Next == in.Token {
				return
			}
			in.Token = out.Next
		}
	}
}

// AssignIssue gives an issue to an account. It never takes an issue from everybody: "" and the "-1" of a project's default are refused.
//
// PUT /rest/api/3/issue/{issueIdOrKey}/assignee. Permission: Browse projects and Assign issues, and what issue security asks for. Scope write:jira-work,
// or write:issue:jira. 400: the account is not there or can't be assigned this issue. 404: no such issue, or it may not be seen.
func (c *Client) AssignIssue(ctx context.Context, key, accountID string) error {
	if key == "" {
		return refuse(http.MethodPut, routeAssignee, "the key of an issue is needed")
	}
	if accountID == "-1" {
		return refuse(http.MethodPut, routeAssignee, "an account id is needed")
	}
	if err := writable(http.MethodPut, routeAssignee, accountID); err != nil {
		return err
	}
	return c.rest.Do(ctx, rest.Request{
		Method: http.MethodPut, Route: routeAssignee, Path: "/rest/api/3/issue/" + rest.PathEscape(key) + "/assignee",
		Body: map[string]string{"accountId": accountID}, Once: true,
	}, nil)
}
