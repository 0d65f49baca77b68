package audit

import (
	"context"
	"iter"
	"net/http"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// organization is an organization in memory. Its group g-paid grants a seat of Jira on this site, which is "here".
type organization struct {
	people [][]admin.User // pages
	tokens []admin.Token
	dates  map[string]admin.Activity // of single people; whoever is not there is not known
	refuse map[string]int            // status with which a list is refused, by its name

	mu    sync.Mutex
	asked []string // account ids of single questions
}

func (o *organization) refused(list string) error {
	if status := o.refuse[list]; status != 0 {
		return &rest.Error{Service: "organization", Method: http.MethodGet, Path: "/" + list, Status: status}
	}
	return nil
}

func give[T any](err error, pages ...[]T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		for _, page := range pages {
			if !yield(page, nil) {
				return
			}
		}
	}
}

func (o *organization) AllUsers(context.Context, admin.UserQuery) iter.Seq2[[]admin.User, error] {
	return give(o.refused("users"), o.people...)
}

func (o *organization) AllGroups(context.Context, admin.GroupQuery) iter.Seq2[[]admin.Group, error] {
	return give(o.refused("groups"), []admin.Group{{ID: "g-paid", Name: "jira-users", Resources: 1}, {ID: "g-other", Name: "everything else"}})
}

func (o *organization) AllTokens(context.Context, string) iter.Seq2[[]admin.Token, error] {
	return give(o.refused("tokens"), o.tokens)
}

func (o *organization) GroupRoles(_ context.Context, _, id string) ([]admin.RoleAssignment, error) {
	if err := o.refused("roles"); err != nil || id != "g-paid" {
		return nil, err
	}
	return []admin.RoleAssignment{{ResourceID: "ari:cloud:jira-software::site/here", Owner: "jira-software", Roles: []string{admin.RoleUser}}}, nil
}

func (o *organization) LastActive(_ context.Context, id string) (admin.Activity, error) {
	o.mu.Lock()
	o.asked = append(o.asked, id)
	o.mu.Unlock()
	if err := o.refused("dates"); err != nil {
		return admin.Activity{}, err
	}
	return o.dates[id], nil
}

func (o *organization) Domains(context.Context) ([]admin.Domain, error) {
	return []admin.Domain{{Name: "example.com", Status: "verified"}}, o.refused("domains")
}

// licensed is a site that tells of its licences.
type licensed struct {
	*site
	roles []jira.ApplicationRole
}

func (l licensed) ApplicationRoles(context.Context) ([]jira.ApplicationRole, error) {
	return l.roles, nil
}
