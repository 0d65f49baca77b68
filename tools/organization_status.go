package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// keyAge says of the key what no request tells.
const keyAge = "Keys expire within a year at most, and the service doesn't tell when: see admin.atlassian.com, Settings, API keys."

// organizationStatus tries the organization's key with the cheapest request; where that is refused, the list of the key's own organizations, which no scope is
// needed for, says why.
func (d *Deps) organizationStatus(ctx context.Context) CredentialStatus {
	s := CredentialStatus{Name: "organization"}
	client, err := d.Directory.Organization()
	if err != nil {
		s.Detail = explain.Fault(err).Error() + " Without it accounts that SCIM doesn't provision can't be disabled or suspended, API tokens not revoked, and the audit log not read."
		return s
	}
	s.Configured = true
	org, err := client.Organization(ctx)
	if err == nil {
		s.OK, s.Identity = true, org.Name
		s.Detail = "It was accepted. What it may do depends on its scopes, which no request tells; a key without scopes may do everything. " + keyAge
		d.isTheSites(ctx, &s)
		return s
	}
	refusal := explain.Fault(err)
	s.Detail = refusal.Error()
	if refusal.Code != fault.PermissionDenied && refusal.Code != fault.NotConfigured {
		return s
	}
	own, err := client.Organizations(ctx)
	if err != nil || len(own) == 0 {
		return s
	}
	if i := slices.IndexFunc(own, func(o admin.Organization) bool { return o.ID == client.OrgID() }); i >= 0 {
		s.OK, s.Identity = true, own[i].Name
		s.Detail = "It was accepted. It has scopes, read:orgs:admin not among them; which ones no request tells. " + keyAge
		d.isTheSites(ctx, &s)
		return s
	}
	s.Detail += " " + belongsTo(own)
	return s
}

// isTheSites looks whether the organization is the site's: nobody's access would end through another one.
func (d *Deps) isTheSites(ctx context.Context, s *CredentialStatus) {
	if err := d.Directory.CheckSiteOrganization(ctx); err != nil {
		s.OK, s.Detail = false, explain.Fault(err).Error()
	}
}

// belongsTo names the organizations that a key does belong to.
func belongsTo(orgs []admin.Organization) string {
	names := make([]string, len(orgs))
	for i, o := range orgs {
		names[i] = fmt.Sprintf("%q (%s)", o.Name, o.ID)
	}
	return "The key belongs to the organization " + strings.Join(names, ", ") + "."
}
