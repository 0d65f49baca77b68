package audit

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Page sizes: the most that each endpoint gives.
const (
	accountsPage = 1000 // GET /rest/api/3/users/search
	groupsPage   = 1000 // GET /rest/api/3/group/bulk; it gives fewer where it wants to
	membersPage  = 50   // GET /rest/api/3/group/member
	scimPage     = 100  // GET /scim/directory/{directoryId}/Users
)

// accountsParallel is how many pages of accounts are asked for at once. They are the largest answers by far, about 600 KB each, and the slowest
// to make at Jira's side; meanwhile the many small pages of members use the rest of the concurrency.
const accountsParallel = 4

// maxDomains bounds the domains learned from SCIM users.
const maxDomains = 10_000

// collected is what reading leaves beside the spilled records. It grows with groups and domains, never with people.
type collected struct {
	groups   *groupTable
	roles    []jira.ApplicationRole
	domains  domains // of the SCIM users
	verified domains // that the organization has claimed
	pages    Pages
	exported int64 // the latest day of the export, see rules
}

// collector reads all sources at once. Its requests share the pacing of the clients, so Parallel is a wish and the client's gate the limit.
type collector struct {
	*run
	spill *spill

	// slots bounds the pages of members asked for at once, over all groups. Without it sixteen groups would queue two hundred requests at the
	// client's gate, and the accounts would wait behind them to the end.
	slots chan struct{}

	mu   sync.Mutex // guards read.pages.Members
	read collected  // otherwise each part is filled by one goroutine, and the table of groups guards itself
}

func (r *run) newCollector(s *spill) *collector {
	return &collector{run: r, spill: s, read: collected{groups: newGroupTable(), domains: domains{}}, slots: make(chan struct{}, r.auditor.parallel())}
}

// collect spills everything that the sources list and returns what is held in memory.
func (r *run) collect(ctx context.Context, s *spill) (*collected, error) {
	c := r.newCollector(s)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.accounts(ctx) })
	g.Go(func() error { return c.memberships(ctx, g) })
	g.Go(func() error { return c.administrators(ctx) })
	g.Go(func() error { return c.licences(ctx) })
	if r.auditor.SCIM != nil {
		g.Go(func() error { return c.scimUsers(ctx) })
	}
	if r.auditor.Organization != nil {
		c.organization(ctx, g)
	}
	if r.options.Export != "" {
		g.Go(func() error { return c.exportFile(ctx) })
	}
	if r.options.Roster != "" {
		g.Go(func() error { return c.rosterFile(ctx) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return &c.read, nil
}

func (c *collector) walk(size int) rest.PageOptions {
	return rest.PageOptions{Size: size, MaxParallel: c.auditor.parallel()}
}

func (c *collector) accounts(ctx context.Context) error {
	out := spooler{spill: c.spill}
	for page, err := range c.auditor.Jira.AllUsers(ctx, rest.PageOptions{Size: accountsPage, MaxParallel: min(c.auditor.parallel(), accountsParallel)}) {
		if err != nil {
			return fmt.Errorf("read the accounts of the site: %w", err)
		}
		c.read.pages.Accounts++ // this goroutine alone counts these
		for _, u := range page {
			if err := out.account(fromJira(u)); err != nil {
				return err
			}
		}
		c.progress.read("accounts", len(page))
	}
	return nil
}

func (c *collector) scimUsers(ctx context.Context) error {
	out := spooler{spill: c.spill}
	for page, err := range rest.Pages(ctx, c.walk(scimPage), nil, c.scimPage) {
		if err != nil {
			return fmt.Errorf("read the users of the SCIM directory: %w", err)
		}
		c.read.pages.SCIM++
		for _, u := range page {
			s := fromSCIM(u)
			if len(c.read.domains) < maxDomains {
				c.read.domains.add(domainOf(s.userName))
				c.read.domains.add(domainOf(s.email))
			}
			if err := out.scim(s); err != nil {
				return err
			}
		}
		c.progress.read("SCIM users", len(page))
	}
	return nil
}

// scimPage reads one page. The walk of the scim package gives each user once, for which it remembers all ids.
func (c *collector) scimPage(ctx context.Context, start, size int) (rest.Page[scim.User], error) {
	page, err := c.auditor.SCIM.Users(ctx, scim.Filter{}, start+1, size)
	return rest.Page[scim.User]{Items: page.Users, Total: page.Total}, err
}

// memberships lists the groups and, while the list goes on, reads the members of several of them at a time.
func (c *collector) memberships(ctx context.Context, g *errgroup.Group) error {
	several := make(chan struct{}, c.auditor.parallel()) // groups at once
	seen := map[string]bool{}                            // groups that moved between two pages
	for page, err := range c.auditor.Jira.AllGroups(ctx, jira.GroupQuery{}, c.walk(groupsPage)) {
		if err != nil {
			return fmt.Errorf("read the groups of the site: %w", err)
		}
		c.read.pages.Groups++
		for _, one := range page {
			if seen[one.ID] {
				continue
			}
			if one.ID == "" {
				c.note("The group %q has no usable id; who is in it is not known.", one.Name)
				continue
			}
			seen[one.ID] = true
			number := c.read.groups.update(one.ID, func(g *group) { g.name, g.listed = one.Name, true })
			c.progress.found(len(seen))
			select {
			case several <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				defer func() { <-several }()
				return c.members(ctx, number, one)
			})
		}
	}
	return nil
}

func (c *collector) members(ctx context.Context, number int, group jira.Group) error {
	out := spooler{spill: c.spill}
	pages := 0
	// The walk of the jira package gives each member once, for which it remembers all ids.
	fetch := func(ctx context.Context, start, size int) (rest.Page[jira.User], error) {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return rest.Page[jira.User]{}, ctx.Err()
		}
		page, err := c.auditor.Jira.GroupMembers(ctx, group.ID, true, start, size)
		return rest.Page[jira.User]{Items: page.Users, Total: page.Total, Last: page.Last}, err
	}
	for page, err := range rest.Pages(ctx, c.walk(membersPage), nil, fetch) {
		if rest.IsStatus(err, http.StatusNotFound) {
			c.note("The group %q was deleted while the audit ran; its members may be missing from it.", group.Name)
			break
		}
		if err != nil {
			return fmt.Errorf("read the members of group %q: %w", group.Name, err)
		}
		pages++
		for _, u := range page {
			if err := out.member(u.AccountID, number); err != nil {
				return err
			}
		}
		c.progress.read("memberships", len(page))
	}
	c.progress.group()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.pages.Members += pages
	return nil
}

func (r *run) note(format string, args ...any) {
	r.noting.Lock()
	defer r.noting.Unlock()
	// Notes are part of the answer, so that a site that loses many groups at once must not flood it.
	if n := fmt.Sprintf(format, args...); len(r.notes) < 20 && !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}
