package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const routeInvite = "/admin/v2/orgs/{orgId}/users/invite"

// Invitation asks people in, with roles and groups in one go.
type Invitation struct {
	Emails   []string
	Roles    []RoleGrant
	GroupIDs []string
	Notify   bool   // send the service's mail
	Text     string // a line in it
}

// RoleGrant is a role on one resource, named by its ARI.
type RoleGrant struct {
	ResourceID string `json:"resource"`
	Role       string `json:"role"`
}

// Invited is what became of one person. AccountID is "" where it isn't told. Failures are the parts that failed, in words; nobody is fully invited
// while there are any.
type Invited struct {
	Email, AccountID string
	Failures         []string
}

// InviteUsers asks people into the organization, those of other domains too. Everybody is told apart: with a 206 some failed, and theirs have [Invited.Failures].
// Whoever was asked for and is not in the answer has one, too. A lost answer is read back with [Client.UsersByEmail].
//
// POST /admin/v2/orgs/{orgId}/users/invite. Scope write:users:admin. 402: needs a paid subscription. 409: past an app's user limit.
func (c *Client) InviteUsers(ctx context.Context, in Invitation) ([]Invited, error) {
	if len(in.Emails) == 0 {
		return nil, refuse(http.MethodPost, routeInvite, "an e-mail address is needed")
	}
	body := struct {
		Emails           []string    `json:"emails"`
		PermissionRules  []RoleGrant `json:"permissionRules,omitempty"`
		AdditionalGroups []string    `json:"additionalGroups,omitempty"`
		SendNotification bool        `json:"sendNotification"`
		NotificationText string      `json:"notificationText,omitempty"`
	}{in.Emails, in.Roles, in.GroupIDs, in.Notify, in.Text}
	var out struct {
		Data []struct {
			ID      string            `json:"id"`
			Email   string            `json:"email"`
			Results []json.RawMessage `json:"results"`
		} `json:"data"`
	}
	if err := c.do(ctx, call{method: http.MethodPost, route: routeInvite, body: body}, &out); err != nil {
		return nil, err
	}
	told := map[string]Invited{}
	for _, w := range out.Data {
		key := strings.ToLower(w.Email)
		p := told[key]
		p.AccountID = cmp.Or(p.AccountID, rest.CleanID(w.ID))
		for _, r := range w.Results {
			if why := failure(r); why != "" {
				p.Failures = append(p.Failures, why)
			}
		}
		told[key] = p
	}
	people := make([]Invited, len(in.Emails))
	for i, email := range in.Emails {
		p, ok := told[strings.ToLower(email)]
		if !ok {
			p.Failures = []string{"the service said nothing about this address"}
		}
		p.Email = email
		people[i] = p
	}
	return people, nil
}

// failure says why one part of an invitation failed; "" when it didn't. The form of a part is not documented, so whatever speaks of an error counts, and
// what speaks of nothing doesn't.
func failure(result json.RawMessage) string {
	var r struct {
		Success *bool  `json:"success"`
		Status  any    `json:"status"`
		Code    string `json:"code"`
		Title   string `json:"title"`
		Detail  string `json:"detail"`
		Message string `json:"message"`
		Error   any    `json:"error"`
		Errors  []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Detail string `json:"detail"`
		} `json:"errors"`
	}
	if json.Unmarshal(result, &r) != nil {
		return ""
	}
	why := cmp.Or(r.Detail, r.Message, r.Title, r.Code)
	for _, e := range r.Errors {
		why = cmp.Or(why, e.Detail, e.Title, e.Code)
	}
	if s, ok := r.Error.(string); ok {
		why = cmp.Or(why, s)
	}
	failed := len(r.Errors) > 0 || r.Error != nil || r.Success != nil && !*r.Success
	switch s := r.Status.(type) {
	case string:
		failed = failed || strings.HasPrefix(s, "4") || strings.HasPrefix(s, "5") || strings.Contains(strings.ToLower(s), "fail") || strings.Contains(strings.ToLower(s), "error")
		why = cmp.Or(why, s)
	case float64:
		failed = failed || s >= http.StatusBadRequest
	}
	if !failed {
		return ""
	}
	return rest.Clean(cmp.Or(why, "the service gave no reason"))
}
