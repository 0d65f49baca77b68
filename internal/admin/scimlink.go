package admin

import (
	"context"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeLinks        = "/admin/user-provisioning/v1/org/{orgId}/user/{accountId}/get-scim-links"
	routeLinksByEmail = "/admin/user-provisioning/v1/org/{orgId}/get-scim-links-for-email"
)

// SCIMLink is the SCIM user behind an account, and the SCIM directory it is in.
type SCIMLink struct {
	SCIMUserID, DirectoryID string
	AccountID               string // "" while the account isn't linked yet
}

type linksWire struct {
	Links []struct {
		SCIMUserID  string `json:"scimUserId"`
		AccountID   string `json:"atlassianAccountId"`
		DirectoryID string `json:"directoryId"`
	} `json:"scimLinks"`
}

func (w linksWire) read() []SCIMLink {
	links := make([]SCIMLink, len(w.Links))
	for i, l := range w.Links {
		links[i] = SCIMLink{SCIMUserID: rest.CleanID(l.SCIMUserID), DirectoryID: rest.CleanID(l.DirectoryID), AccountID: rest.CleanID(l.AccountID)}
	}
	return links
}

// SCIMLinks returns the SCIM users behind an account, also where SCIM itself doesn't tell the account id yet.
//
// GET /admin/user-provisioning/v1/org/{orgId}/user/{accountId}/get-scim-links. Permission: an organization key. 404: no such account.
func (c *Client) SCIMLinks(ctx context.Context, accountID string) ([]SCIMLink, error) {
	var out linksWire
	err := c.read(ctx, routeLinks, nil, &out, accountID)
	return out.read(), err
}

// SCIMLinksByEmail returns the SCIM users of an address. It only reads, although it is a POST.
//
// POST /admin/user-provisioning/v1/org/{orgId}/get-scim-links-for-email. Permission: an organization key. 404: no such address.
func (c *Client) SCIMLinksByEmail(ctx context.Context, email string) ([]SCIMLink, error) {
	if email == "" {
		return nil, refuse(http.MethodPost, routeLinksByEmail, "an e-mail address is needed")
	}
	var out linksWire
	err := c.do(ctx, call{method: http.MethodPost, route: routeLinksByEmail, body: map[string]string{"email": email}, reads: true}, &out)
	return out.read(), err
}
