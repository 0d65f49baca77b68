package tools

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Status is what the server knows of itself.
type Status struct {
	Version      string
	ReadOnly     bool
	Confirmation string
	Toolsets     []string
	SiteURL      string
	StateDir     string
}

// GetServerStatusInput is empty.
type GetServerStatusInput struct{}

// GetServerStatusOutput tells what the server is and what its credentials can do.
type GetServerStatusOutput struct {
	Version      string             `json:"version"`
	ReadOnly     bool               `json:"read_only" jsonschema:"true when every change is refused"`
	Confirmation string             `json:"confirmation" jsonschema:"token (a token confirms a plan), human (only a person asked by the client does) or second_person (another person approves)"`
	Site         string             `json:"site" jsonschema:"the Jira site that changes go to"`
	SiteName     string             `json:"site_name" jsonschema:"what the site calls itself; empty when it can't be read"`
	CloudID      string             `json:"cloud_id" jsonschema:"id of the site at Atlassian's gateway; empty when it can't be read"`
	Toolsets     []string           `json:"toolsets"`
	StateDir     string             `json:"state_dir"`
	Credentials  []CredentialStatus `json:"credentials"`
}

// CredentialStatus is one credential, tried just now.
type CredentialStatus struct {
	Name        string          `json:"name" jsonschema:"jira, scim or organization"`
	Configured  bool            `json:"configured"`
	OK          bool            `json:"ok" jsonschema:"the service accepted it just now"`
	Identity    string          `json:"identity" jsonschema:"whose credential it is"`
	Detail      string          `json:"detail" jsonschema:"what it can do, or what to do about it"`
	Permissions map[string]bool `json:"permissions,omitempty" jsonschema:"global permissions of the Jira credential"`
}

func (d *Deps) getServerStatusTool() Tool {
	return Define("get_server_status", "Check the server", ToolsetServer,
		"Tells which site and credentials this server works with, whether each is accepted right now, whose it is and what it may do. "+
			"Use it first when a tool answers not_configured, unauthenticated or permission_denied.",
		reads, d.getServerStatus)
}

// statusPatience is how long the status waits for services that limit requests: it tells of that rather than wait for its end.
const statusPatience = 3 * time.Second

func (d *Deps) getServerStatus(ctx context.Context, _ GetServerStatusInput) (GetServerStatusOutput, error) {
	ctx = rest.WithPatience(ctx, statusPatience)
	var jiraStatus, scimStatus, organizationStatus CredentialStatus
	var siteName, cloudID string
	var all sync.WaitGroup
	all.Go(func() { jiraStatus = d.jiraStatus(ctx) })
	all.Go(func() { scimStatus = d.scimStatus(ctx) })
	all.Go(func() { organizationStatus = d.organizationStatus(ctx) })
	if client, err := d.Directory.Jira(); err == nil {
		all.Go(func() {
			info, _ := client.ServerInfo(ctx) // the credential's own error is told with the credential
			siteName = info.ServerTitle
		})
		all.Go(func() { cloudID, _ = client.CloudID(ctx) }) // likewise
	}
	all.Wait()
	return GetServerStatusOutput{
		Version: d.Status.Version, ReadOnly: d.Status.ReadOnly, Confirmation: d.Status.Confirmation, Toolsets: d.Status.Toolsets,
		Site: d.Status.SiteURL, SiteName: siteName, CloudID: cloudID, StateDir: d.Status.StateDir,
		Credentials: []CredentialStatus{jiraStatus, scimStatus, organizationStatus},
	}, ctx.Err()
}

func (d *Deps) jiraStatus(ctx context.Context) CredentialStatus {
	s := CredentialStatus{Name: "jira"}
	client, err := d.Directory.Jira()
	if err != nil {
		s.Detail = explain.Fault(err).Error()
		return s
	}
	s.Configured = true
	me, err := client.Myself(ctx)
	if err != nil {
		s.Detail = explain.Fault(err).Error()
		return s
	}
	s.OK, s.Identity = true, directory.Person{DisplayName: me.DisplayName, Email: me.EmailAddress, AccountID: me.AccountID}.Label()
	if s.Permissions, err = d.Directory.Permissions(ctx); err != nil {
		s.Detail = "Its permissions can't be read: " + explain.Fault(err).Error()
		return s
	}
	switch {
	case !s.Permissions[directory.PermissionBrowseUsers]:
		s.Detail = "It may not browse users: people and groups can't be found. It needs the global permission Browse users and groups."
	case !s.Permissions[directory.PermissionAdministerJira]:
		s.Detail = "It may look people up, but not change groups or invite people: that needs an owner who is a site administrator (Administer Jira)."
	default:
		s.Detail = d.adminDetail(ctx, me)
	}
	return s
}

// adminDetail says what a credential with Administer Jira may change: groups only when its owner is a site administrator.
func (d *Deps) adminDetail(ctx context.Context, me jira.User) string {
	admins, err := d.Directory.AdminGroups(ctx)
	switch {
	case err != nil:
		return "It may administer Jira. Whether its owner is a site administrator can't be read: " + explain.Fault(err).Error()
	case !directory.IsSiteAdmin(me, admins):
		return "It may look people up and administer Jira, but its owner is in no group of site administrators: changing groups and removing people needs that."
	}
	return "It may look people up, change groups and remove people. Invitations also need an owner who is an organization admin."
}

func (d *Deps) scimStatus(ctx context.Context) CredentialStatus {
	s := CredentialStatus{Name: "scim"}
	client, err := d.Directory.SCIM()
	if err != nil {
		s.Detail = explain.Fault(err).Error() + " Without it nobody can be provisioned through SCIM, and accounts end through the organization, or stay and are only taken out of groups."
		return s
	}
	s.Configured = true
	config, err := client.ServiceProviderConfig(ctx)
	switch {
	case rest.IsStatus(err, 404):
		s.Detail = "The SCIM directory does not exist: check ATLASSIAN_SCIM_DIRECTORY_ID."
	case err != nil:
		s.Detail = explain.Fault(err).Error()
	default:
		s.OK, s.Identity = true, "SCIM directory token"
		s.Detail = "It may create, change and deactivate people and groups of the directory."
		if !config.Patch {
			s.Detail += " The service does not announce PATCH."
		}
	}
	return s
}

// Text tells the status, a line a credential.
func (o GetServerStatusOutput) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "jira-lifecycle-mcp %s, site %s", o.Version, orNone(o.Site))
	if o.ReadOnly {
		b.WriteString(", read-only")
	}
	fmt.Fprintf(&b, ", confirmation by %s.", o.Confirmation)
	for _, c := range o.Credentials {
		state := "not configured"
		switch {
		case c.OK:
			state = "ok, " + c.Identity
		case c.Configured:
			state = "not accepted just now"
		}
		fmt.Fprintf(&b, "\n- %s: %s. %s", c.Name, state, c.Detail)
	}
	return b.String()
}
