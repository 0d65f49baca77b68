package audit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Organization is what an audit reads of an organization. *admin.Client is one.
type Organization interface {
	AllUsers(ctx context.Context, q admin.UserQuery) iter.Seq2[[]admin.User, error]
	AllGroups(ctx context.Context, q admin.GroupQuery) iter.Seq2[[]admin.Group, error]
	AllTokens(ctx context.Context, status string) iter.Seq2[[]admin.Token, error]
	GroupRoles(ctx context.Context, directoryID, groupID string) ([]admin.RoleAssignment, error)
	LastActive(ctx context.Context, accountID string) (admin.Activity, error)
	Domains(ctx context.Context) ([]admin.Domain, error)
}

// organization reads the people, the groups, the tokens and the domains of the organization, side by side, and looks whether it is the site's: by another one all would be well.
// The people are what an audit needs of it; a list beside them that the key may not read is noted.
func (c *collector) organization(ctx context.Context, g *errgroup.Group) {
	if c.auditor.Strange != nil {
		g.Go(func() error { return c.auditor.Strange(ctx) })
	}
	g.Go(func() error { return c.orgUsers(ctx) })
	g.Go(func() error {
		return c.unlessDenied(c.orgGroups(ctx), "groups", "what groups grant beside Jira, and who owns them,")
	})
	g.Go(func() error { return c.unlessDenied(c.tokens(ctx), "API tokens", "leaver_api_token and old_api_token") })
	g.Go(func() error {
		return c.unlessDenied(c.verifiedDomains(ctx), "domains", "the organization's own domains")
	})
}

// unlessDenied makes a refusal a note that says what was not looked at.
func (r *run) unlessDenied(err error, what, missing string) error {
	if !denied(err) {
		return err
	}
	r.note("The organization key may not read the organization's %s: %s could not be checked.", what, missing)
	return nil
}

// denied reports whether a service refuses a list to this credential. Atlassian answers a missing scope with 401 as well as with 403.
func denied(err error) bool {
	return rest.IsStatus(err, http.StatusUnauthorized) || rest.IsStatus(err, http.StatusForbidden) || rest.IsStatus(err, http.StatusNotFound)
}

// orgUsers reads the people with groups, activity and roles from the pages of one search.
func (c *collector) orgUsers(ctx context.Context) error {
	site, err := c.cloudID(ctx)
	if err != nil {
		return err
	}
	out := spooler{spill: c.spill}
	query := admin.UserQuery{Expand: []string{admin.ExpandGroups, admin.ExpandProducts, admin.ExpandRoles}}
	for page, err := range c.auditor.Organization.AllUsers(ctx, query) {
		if err != nil {
			return fmt.Errorf("read the people of the organization: %w", err)
		}
		c.read.pages.Organization++
		for _, u := range page {
			if u.AccountID == "" {
				continue
			}
			if err := out.orgUser(c.fromOrganization(u, site)); err != nil {
				return err
			}
		}
		c.progress.read("people of the organization", len(page))
	}
	return nil
}

// cloudID is the site's id, by which its products are told from those of other sites.
func (r *run) cloudID(ctx context.Context) (string, error) {
	r.asking.Lock()
	defer r.asking.Unlock()
	if r.site != "" {
		return r.site, nil
	}
	if r.auditor.CloudID == nil {
		r.note("The site's cloud id is not known: activity could not be told apart by site, and was left out.")
		return "", nil
	}
	id, err := r.auditor.CloudID(ctx)
	if err != nil {
		return "", fmt.Errorf("find the cloud id of the site: %w", err)
	}
	r.site = id
	return id, nil
}

func (c *collector) fromOrganization(u admin.User, site string) orgUser {
	o := orgUser{
		id: u.AccountID, name: u.Name, email: u.Email, status: u.Status, source: u.ManagementSource, managed: u.ClaimStatus == admin.Managed,
		added: unix(u.AddedToOrg), deactivated: unix(u.DeactivatedOn), roles: u.PlatformRoles, uses: usesOf(u.Products, site), groups: []int{},
	}
	if u.ForDeletion {
		o.status = statusForDeletion
	}
	for _, g := range u.Groups {
		if g.ID != "" {
			o.groups = append(o.groups, c.read.groups.number(g.ID))
		}
	}
	slices.Sort(o.groups)
	o.groups = slices.Compact(o.groups)
	return o
}

// usesOf gives when the products of this site were used: whoever is active on another site may look active here otherwise.
func usesOf(products []admin.ProductAccess, site string) []use {
	var uses []use
	for _, p := range products {
		if site == "" || !ofSite(p.ID, site) {
			continue
		}
		u := use{productKey(p.Key), unix(p.LastActive)}
		if i := slices.IndexFunc(uses, func(o use) bool { return o.product == u.product }); i >= 0 {
			uses[i].at = max(uses[i].at, u.at)
			continue
		}
		uses = append(uses, u)
	}
	return uses
}

// ofSite reports whether an ARI, such as ari:cloud:jira-software::site/{cloudId}, names a product of the site.
func ofSite(ari, site string) bool {
	last := ari[strings.LastIndexAny(ari, "/:")+1:]
	return strings.EqualFold(last, site)
}

// orgGroups reads the groups, and what those grant that have any role.
func (c *collector) orgGroups(ctx context.Context) (err error) {
	site, err := c.cloudID(ctx)
	if err != nil || site == "" {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.auditor.parallel())
	var asked, gone atomic.Int64
	defer func() {
		if err = cmp.Or(g.Wait(), err); gone.Load() > 0 {
			c.note("The organization does not know what %d of %d groups grant (it answers 404, as for groups that were deleted meanwhile): seats of products beside Jira's could not be told there.", gone.Load(), asked.Load())
		}
	}()
	for page, err := range c.auditor.Organization.AllGroups(ctx, admin.GroupQuery{Expand: []string{admin.ExpandResources}}) {
		if err != nil {
			return fmt.Errorf("read the groups of the organization: %w", err)
		}
		c.read.pages.OrganizationGroups++
		for _, one := range page {
			if one.ID == "" {
				continue
			}
			c.read.groups.update(one.ID, func(g *group) {
				g.counted, g.roles, g.synced = true, one.Resources, one.ReadOnly()
				g.told = one.Resources == 0
				if g.name == "" {
					g.name = one.Name
				}
			})
			if one.Resources == 0 {
				continue // whatever it may be for, it grants no product
			}
			asked.Add(1)
			g.Go(func() error {
				err := c.grants(ctx, one.ID, site)
				if rest.IsStatus(err, http.StatusNotFound) {
					gone.Add(1)
					return nil
				}
				return c.unlessDenied(err, "groups' roles", "which groups grant a seat beside what Jira says")
			})
		}
	}
	return nil
}

// grants reads which seats a group grants on this site. A role that costs nothing is none, whatever Jira says of the group.
func (c *collector) grants(ctx context.Context, groupID, site string) error {
	roles, err := c.auditor.Organization.GroupRoles(ctx, "", groupID)
	if err != nil {
		return fmt.Errorf("read what the group %s grants: %w", groupID, err)
	}
	c.read.groups.update(groupID, func(g *group) {
		g.told = true
		for _, r := range roles {
			if !ofSite(r.ResourceID, site) {
				g.elsewhere = true
				continue
			}
			switch product := productKey(r.Owner); {
			case slices.ContainsFunc(r.Roles, admin.CostsSeat):
				g.grant(product)
			case !slices.Contains(g.free, product):
				g.free = append(g.free, product)
			}
			g.admin = g.admin || slices.Contains(r.Roles, admin.RoleAdmin) || slices.Contains(r.Roles, admin.RoleSiteAdmin) || slices.Contains(r.Roles, admin.RoleOrgAdmin)
		}
	})
	return nil
}

// tokens walks the API tokens of all managed accounts: one walk instead of a call a person.
func (c *collector) tokens(ctx context.Context) error {
	out := spooler{spill: c.spill}
	for page, err := range c.auditor.Organization.AllTokens(ctx, tokenAllowed) {
		if err != nil {
			return fmt.Errorf("read the API tokens of the organization: %w", err)
		}
		c.read.pages.Tokens++
		for _, t := range page {
			expired := !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(c.auditor.now())
			if t.AccountID == "" || t.ID == "" || expired || t.Status != "" && t.Status != tokenAllowed {
				continue
			}
			if err := out.token(t.AccountID, token{t.ID, t.Label, unix(t.CreatedAt), unix(t.ExpiresAt), unix(t.LastUsed)}); err != nil {
				return err
			}
		}
		c.progress.read("API tokens", len(page))
	}
	return nil
}

const tokenAllowed = "ALLOWED"

func (c *collector) verifiedDomains(ctx context.Context) error {
	all, err := c.auditor.Organization.Domains(ctx)
	if err != nil {
		return fmt.Errorf("read the domains of the organization: %w", err)
	}
	verified := domains{}
	for _, d := range all {
		if d.Verified() {
			verified.add(foldEmail(d.Name))
		}
	}
	c.read.verified = verified
	return nil
}
