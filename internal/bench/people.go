package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// people lists everybody whom SCIM provisions and who is active, in the order of the site.
func (s *site) people(ctx context.Context) ([]someone, error) {
	all, _, err := s.population(ctx)
	return all, err
}

// leavers lists so many people who can be offboarded side by side: active, provisioned by SCIM, in a group of Jira's, and no administrators. Those who
// are seeded by name are left out: each of them is an exception in some way.
func (s *site) leavers(ctx context.Context, count int) ([]someone, error) {
	all, groups, err := s.population(ctx)
	if err != nil {
		return nil, err
	}
	var list []someone
	for _, p := range all[min(len(all), seeded):] {
		names := groups[p.accountID]
		if len(names) > 0 && !strings.Contains(strings.Join(names, " "), "admin") {
			list = append(list, p)
		}
	}
	if len(list) < count {
		return nil, fmt.Errorf("the sandbox has %d people to offboard, not %d", len(list), count)
	}
	return list[:count], nil
}

// seeded is more than the people whom the sandbox has by name.
const seeded = 50

// population gives the active people of SCIM, and the names of the groups of each account.
func (s *site) population(ctx context.Context) ([]someone, map[string][]string, error) {
	var state struct {
		Jira struct {
			Users []struct {
				AccountID string
				Active    bool
			}
			Groups []struct {
				Name    string
				Members []string
			}
		}
		SCIM struct {
			Users []struct {
				ID, UserName, AccountID string
				Active                  bool
			}
		}
	}
	if err := s.control(ctx, http.MethodGet, "state", nil, &state); err != nil {
		return nil, nil, err
	}
	provisioned := map[string]someone{}
	for _, u := range state.SCIM.Users {
		if u.Active {
			provisioned[u.AccountID] = someone{email: u.UserName, accountID: u.AccountID, scimID: u.ID}
		}
	}
	var list []someone
	for _, u := range state.Jira.Users {
		if p, ok := provisioned[u.AccountID]; ok && u.Active {
			list = append(list, p)
		}
	}
	groups := map[string][]string{}
	for _, g := range state.Jira.Groups {
		for _, member := range g.Members {
			groups[member] = append(groups[member], g.Name)
		}
	}
	return list, groups, nil
}
