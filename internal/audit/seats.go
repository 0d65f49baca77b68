package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// Roles is what an audit reads of the licences of a site. *jira.Client is one. An Auditor whose Jira has none of it reports no seats of Jira's products.
type Roles interface {
	ApplicationRoles(ctx context.Context) ([]jira.ApplicationRole, error)
}

// licences reads the products of the site, with their seats and the groups that take one.
func (c *collector) licences(ctx context.Context) error {
	source, ok := c.auditor.Jira.(Roles)
	if !ok {
		return nil
	}
	roles, err := source.ApplicationRoles(ctx)
	if denied(err) {
		c.note("The Jira credential may not read application roles: seats of Jira's products are known as far as the organization tells.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the application roles of the site: %w", err)
	}
	c.read.roles = roles
	return nil
}

// administrators marks the groups that make administrators of the site or of Jira.
func (c *collector) administrators(ctx context.Context) error {
	for _, access := range [...]string{"site-admin", "admin"} {
		for page, err := range c.auditor.Jira.AllGroups(ctx, jira.GroupQuery{AccessType: access}, c.walk(groupsPage)) {
			if err != nil {
				return fmt.Errorf("read the groups of administrators: %w", err)
			}
			for _, one := range page {
				if one.ID != "" {
					c.read.groups.update(one.ID, func(g *group) { g.admin = true })
				}
			}
		}
	}
	return nil
}

// seats counts the seats of each product of the site.
type seats struct {
	byKey map[string]*Seat
	jira  map[string]bool // Jira says how many are used
	known bool            // which groups grant any
}

// newSeats puts together what Jira and the organization say of the products. A group whose every role on a product is free grants no seat of it.
func newSeats(read *collected) *seats {
	s := &seats{byKey: map[string]*Seat{}, jira: map[string]bool{}}
	for _, role := range read.roles {
		key := productKey(role.Key)
		seat := &Seat{Product: key, Name: role.Name, Used: role.Used, Source: sourceJira}
		if !role.Unlimited {
			seat.Total, seat.Left = role.Seats, max(0, role.Left)
		}
		s.byKey[key], s.jira[key] = seat, true
	}
	read.grant()
	for _, g := range read.groups.all {
		if !g.listed {
			continue
		}
		for _, key := range g.seats {
			s.known = true
			if s.byKey[key] == nil {
				s.byKey[key] = &Seat{Product: key, Source: sourceOrganization}
			}
			if seat := s.byKey[key]; len(seat.Groups) < rowGroups {
				seat.Groups = append(seat.Groups, g.name)
			}
		}
	}
	return s
}

// grant marks the groups that take a seat by Jira's word, unless the organization says that it costs nothing.
func (c *collected) grant() {
	for _, role := range c.roles {
		key := productKey(role.Key)
		for _, granting := range role.Groups {
			grant := func(g *group) {
				if !slices.Contains(g.free, key) {
					g.grant(key)
				}
			}
			if granting.ID != "" {
				c.groups.update(granting.ID, grant)
			} else {
				c.groups.byName(granting.Name, grant)
			}
		}
	}
}

// add counts what somebody holds, and what could be had back.
func (s *seats) add(held, reclaimable []string) {
	for _, key := range held {
		if seat := s.byKey[key]; seat != nil && !s.jira[key] {
			seat.Used++
		}
	}
	for _, key := range reclaimable {
		if seat := s.byKey[key]; seat != nil {
			seat.Reclaimable++
		}
	}
}

// list gives the products that anybody can hold a seat of.
func (s *seats) list() []Seat {
	list := []Seat{}
	for _, seat := range s.byKey {
		slices.Sort(seat.Groups)
		seat.Reclaimable = min(seat.Reclaimable, seat.Used) // people may have come while both were read
		list = append(list, *seat)
	}
	slices.SortFunc(list, func(a, b Seat) int { return cmp.Compare(a.Product, b.Product) })
	return list
}

// reclaimable gives the products whose seats somebody holds without need: all of them when the person has left, those that are dormant otherwise.
func (r rules) reclaimable(j *joined, found []Finding) []string {
	has := func(code Code) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return f.Code == code })
	}
	switch {
	case has(ActiveLeaver) || has(DeactivatedButActive):
		return j.seats()
	case has(DormantSeat) || has(NeverActive):
		return j.freed(r.cutoff)
	}
	return nil
}
