package tools

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// keyAge says of the key what no request tells.
const keyAge = "Keys expire within a year at most, and the service doesn't tell when: see admin.atlassian.com, Settings, API keys."

// organizationStatus tries the organization's key with the cheapest request; where that is refused, one more says why.
func (d *Deps) organizationStatus(ctx context.Context) CredentialStatus {
	s := CredentialStatus{Name: "organization"}
	client, err := d.Directory.Organization()
	if err != nil {
		s.Detail = explain.Fault(err).Error() + " Without it accounts that SCIM doesn't provision can't be disabled or suspended, API tokens not revoked, and the audit log not read."
		return s
	}
	s.Configured = true
	org, err := client.Organization(ctx)
	switch {
	case err == nil:
		s.OK, s.Identity = true, org.Name
		s.Detail = "It was accepted. What it may do depends on its scopes, which no request tells; a key without scopes may do everything. " + keyAge
	case rest.IsStatus(err, http.StatusNotFound):
		s.Detail = explain.Fault(err).Error() + ofAnother(ctx, client)
	case fault.Is(explain.Fault(err), fault.PermissionDenied):
		// The key is good, and has scopes without the one for the organization's name.
		if _, err := client.SearchUsers(ctx, admin.UserQuery{Limit: 1}, ""); err != nil {
			s.Detail = explain.Fault(err).Error()
			return s
		}
		s.OK, s.Identity = true, "organization "+client.OrgID()
		s.Detail = "It has scopes: it may find people, and not read the organization's name. " + keyAge
	default:
		s.Detail = explain.Fault(err).Error()
	}
	return s
}

// ofAnother names the organizations that the key does belong to.
func ofAnother(ctx context.Context, client *admin.Client) string {
	orgs, err := client.Organizations(ctx)
	if err != nil || len(orgs) == 0 {
		return ""
	}
	names := make([]string, len(orgs))
	for i, o := range orgs {
		names[i] = fmt.Sprintf("%q (%s)", o.Name, o.ID)
	}
	return " The key belongs to the organization " + strings.Join(names, ", ") + "."
}
