package jira

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeMyself      = "/rest/api/3/myself"
	routePermissions = "/rest/api/3/mypermissions"
	routeServerInfo  = "/rest/api/3/serverInfo"
	routeTenantInfo  = "/_edge/tenant_info"
)

// Myself returns the account that owns the credential, with its groups.
//
// GET /rest/api/3/myself?expand=groups. Permission: access to Jira. Scope read:jira-user, or read:user:jira with read:group:jira,
// read:application-role:jira and read:avatar:jira.
func (c *Client) Myself(ctx context.Context) (User, error) {
	var out expandedUser
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeMyself, Query: url.Values{"expand": {"groups"}}}, &out)
	return out.user(), err
}

// MyPermissions tells which of the permissions keys (USER_PICKER, ADMINISTER, SYSTEM_ADMIN …) the credential's owner has, in the global context.
//
// GET /rest/api/3/mypermissions. Permission: none. Scope read:jira-work, or read:permission:jira. 400: no key, or one that doesn't exist.
func (c *Client) MyPermissions(ctx context.Context, keys ...string) (map[string]bool, error) {
	var out struct {
		Permissions map[string]struct {
			HavePermission bool `json:"havePermission"`
		} `json:"permissions"`
	}
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routePermissions, Query: url.Values{"permissions": {strings.Join(keys, ",")}}}, &out)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(keys))
	for _, key := range keys {
		have[key] = out.Permissions[key].HavePermission
	}
	return have, nil
}

// ServerInfo is the site as it describes itself.
type ServerInfo struct {
	BaseURL        string `json:"baseUrl"`
	DeploymentType string `json:"deploymentType"` // "Cloud"
	ServerTitle    string `json:"serverTitle"`
	Version        string `json:"version"`
	BuildNumber    int    `json:"buildNumber"`
}

// ServerInfo describes the site.
//
// GET /rest/api/3/serverInfo. Permission and scope: none.
func (c *Client) ServerInfo(ctx context.Context) (ServerInfo, error) {
	var out ServerInfo
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeServerInfo}, &out)
	for _, s := range []*string{&out.BaseURL, &out.DeploymentType, &out.ServerTitle, &out.Version} {
		*s = rest.Clean(*s)
	}
	return out, err
}

// CloudID returns the id that names the site at Atlassian's gateway.
//
// GET /_edge/tenant_info. Public: permission and scope none.
func (c *Client) CloudID(ctx context.Context) (string, error) {
	var out struct {
		CloudID string `json:"cloudId"`
	}
	err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Route: routeTenantInfo}, &out)
	return rest.CleanID(out.CloudID), err
}
