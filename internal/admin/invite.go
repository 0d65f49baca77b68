package admin

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeInvite = "/admin/v2/orgs/{orgId}/users/invite"

	// MaxInvited is how many addresses one invitation takes.
	MaxInvited = 25
)

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
	// Told is false where the service said nothing about the address, so that nothing is known of it.
	Told bool
}

// InviteUsers asks people into the organization, those of other domains too. Everybody is told apart: with a 206 some failed, and theirs have [Invited.Failures].
// Whoever was asked for and is not in the answer has one, too. A lost answer is read back with [Client.UsersByEmail].
//
// POST /admin/v2/orgs/{orgId}/users/invite. Permission: a key of an organization admin. 402: needs a paid subscription. 409: past an app's user limit.
func (c *Client) InviteUsers(ctx context.Context, in Invitation) ([]Invited, error) {
	if len(in.Emails) == 0 || len(in.Emails) > MaxInvited || slices.Contains(in.Emails, "") {
		return nil, refuse(http.MethodPost, routeInvite, "one to 25 e-mail addresses are needed")
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
			ID      string `json:"id"`
			Email   string `json:"email"`
			Results []any  `json:"results"`
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
		p.Failures = append(p.Failures, failures(w.Results)...)
		told[key] = p
	}
	people := make([]Invited, len(in.Emails))
	for i, email := range in.Emails {
		p, ok := told[strings.ToLower(email)]
		if !ok {
			p.Failures = []string{"the service said nothing about this address"}
		}
		p.Email, p.Told = email, ok
		people[i] = p
	}
	return people, nil
}

// failures collects why parts of an invitation failed: the assignments of roles and of groups each have a status and, where it is ERROR, a reason. They are found
// at any depth, since the documents don't give the form in full.
func failures(result any) []string {
	var out []string
	switch v := result.(type) {
	case []any:
		for _, part := range v {
			out = append(out, failures(part)...)
		}
	case map[string]any:
		if why, failed := failure(v); failed {
			return []string{why}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, failures(v[name])...)
		}
	}
	return out
}

// failure tells whether an object of the answer is a part that failed, and why.
func failure(part map[string]any) (string, bool) {
	status, _ := scalar(part["status"])
	if !strings.EqualFold(status, "error") && !strings.EqualFold(status, "failed") {
		return "", false
	}
	texts := make([]string, 0, 5)
	for _, name := range []string{"statusReason", "detail", "message", "title", "code"} {
		text, _ := scalar(part[name])
		texts = append(texts, rest.Clean(text))
	}
	why := cmp.Or(append(texts, "the service gives no reason")...)
	for _, name := range []string{"group", "resource", "role"} {
		if text, ok := scalar(part[name]); ok {
			why = name + " " + rest.Clean(text) + ": " + why
		}
	}
	return why, true
}
