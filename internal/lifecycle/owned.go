package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Owned is what somebody leaves behind in Jira, as far as the credential's owner may see it. A count that can't be had is left out, and NotCounted
// says why: it is never 0.
type Owned struct {
	IssuesAssigned *int     `json:"issues_assigned,omitempty" jsonschema:"open ones, about"`
	IssuesReported *int     `json:"issues_reported,omitempty"`
	ProjectsLed    *int     `json:"projects_led,omitempty"`
	ComponentsLed  *int     `json:"components_led,omitempty"`
	Filters        *int     `json:"filters,omitempty"`
	Dashboards     *int     `json:"dashboards,omitempty"`
	NotCounted     []string `json:"not_counted" jsonschema:"what is not in these counts, and why"`
}

// holdings are Owned with the things themselves, by the action that hands them over. A transfer needs these, and reported issues stay as they are.
type holdings struct {
	Owned
	things map[Action][]thing
	unread map[Action]error // why the things of an action are not known
}

// thing is one issue, project, component, filter or dashboard.
type thing struct {
	ID   string `json:"id"`
	Name string `json:"name"` // of an issue its key
}

const (
	// No API shows these, whoever asks.
	noteRules      = "automation rules: no API tells whose they are"
	noteDashboards = "private dashboards: no API shows them to others"
	noteFilters    = "private filters: only an administrator of Jira sees them"
)

// holdingsOf reads what somebody has, everything side by side. listed asks for the issues themselves rather than for their number. What can't be read is
// said in the answer and is no error: it must not keep anybody's access from ending. found gives the account id once it is known; it is closed without
// one where it stays unknown.
func (s *Service) holdingsOf(ctx context.Context, found <-chan string, listed bool) (holdings, error) {
	h := holdings{things: map[Action][]thing{}, unread: map[Action]error{}}
	defer s.survey.begin()
	client, err := s.directory.Jira()
	if err != nil {
		return h, err
	}
	// Who leads what is asked without knowing the person. Nothing else is asked before.
	var projects []jira.Project
	var components []jira.Component
	var noProjects, noComponents error
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() error {
		defer s.survey.begin()
		projects, noProjects = s.survey.projects.get(func() ([]jira.Project, error) { return surveyProjects(s.survey.sending(all1), client) })
		return nil
	})
	s.survey.wait(all1)
	all.Go(func() error {
		components, noComponents = s.survey.components.get(func() ([]jira.Component, error) { return surveyComponents(all1, client) })
		return nil
	})
	administers := false
	var noPermissions error
	all.Go(func() error {
		var may map[string]bool
		may, noPermissions = s.directory.Permissions(all1)
		administers = may["ADMINISTER"]
		return nil
	})

	var id string
	var assigned, reported int
	var noAssigned, noReported, noFilters, noDashboards error
	var issues, filters, dashboards []thing
	all.Go(func() error {
		select {
		case id = <-found:
		case <-all1.Done():
		}
		if id == "" {
			return nil
		}
		own, own1 := parallel.WithContext(all1)
		own.Go(func() error {
			if listed {
				issues, noAssigned = collect(client.Issues(own1, jira.IssueQuery{JQL: jira.OpenAssigned(id)}), mostIssues, func(i jira.Issue) thing { return thing{i.ID, i.Key} })
				assigned = len(issues)
			} else {
				assigned, noAssigned = client.CountIssues(own1, jira.OpenAssigned(id))
			}
			return nil
		})
		own.Go(func() error {
			reported, noReported = client.CountIssues(own1, jira.OpenReported(id))
			return nil
		})
		own.Go(func() error {
			filters, noFilters = filtersOf(own1, client, id)
			return nil
		})
		own.Go(func() error {
			dashboards, noDashboards = collect(client.Dashboards(own1, id, rest.PageOptions{}), mostOthers, func(d jira.Dashboard) thing { return thing{d.ID, d.Name} })
			return nil
		})
		return own.Wait()
	})
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return h, err
	}
	if id == "" {
		h.NotCounted = []string{"nothing is counted: Atlassian has no account id for the person yet"}
		return h, nil
	}

	var led, parts []thing
	for _, p := range projects {
		if p.Lead.AccountID == id {
			led = append(led, thing{p.ID, p.Key})
		}
	}
	for _, c := range components {
		if c.Lead != nil && c.Lead.AccountID == id {
			parts = append(parts, thing{c.ID, c.Name + " (" + c.Project + ")"})
		}
	}
	h.count(&h.IssuesAssigned, "issues assigned", assigned, noAssigned)
	h.count(&h.IssuesReported, "issues reported", reported, noReported)
	h.count(&h.ProjectsLed, "projects led", len(led), noProjects)
	h.count(&h.ComponentsLed, "components led", len(parts), noComponents)
	h.count(&h.Filters, "filters", len(filters), noFilters)
	h.count(&h.Dashboards, "dashboards", len(dashboards), noDashboards)
	if !administers || noPermissions != nil {
		h.NotCounted = append(h.NotCounted, noteFilters)
	}
	h.NotCounted = append(h.NotCounted, noteDashboards, noteRules)
	for _, kind := range []struct {
		action Action
		things []thing
		unread error
	}{
		{TransferIssues, issues, noAssigned},
		{TransferProjects, led, noProjects},
		{TransferComponents, parts, noComponents},
		{TransferFilters, filters, noFilters},
		{TransferDashboards, dashboards, noDashboards},
	} {
		h.things[kind.action] = kind.things
		if kind.unread != nil {
			h.unread[kind.action] = kind.unread
		}
	}
	return h, nil
}

// count notes a number, or why there is none.
func (o *Owned) count(field **int, what string, n int, unread error) {
	var many tooMany
	switch {
	case unread == nil:
		*field = &n
	case errors.As(unread, &many):
		o.NotCounted = append(o.NotCounted, what+": "+many.Error())
	default:
		o.NotCounted = append(o.NotCounted, what+": "+explain.Fault(unread).Message)
	}
}

// filtersOf lists somebody's filters: all of them for an administrator of Jira, else those that are shared. A site that refuses to show all is asked again
// for those.
func filtersOf(ctx context.Context, client *jira.Client, id string) ([]thing, error) {
	list := func(all bool) ([]thing, error) {
		return collect(client.Filters(ctx, jira.FilterQuery{Owner: id, All: all}, rest.PageOptions{}), mostOthers, func(f jira.Filter) thing { return thing{f.ID, f.Name} })
	}
	things, err := list(true)
	if rest.IsStatus(err, http.StatusForbidden) || rest.IsStatus(err, http.StatusBadRequest) {
		return list(false)
	}
	return things, err
}

// collect reads a list, up to a bit more than most.
func collect[T any](pages iter.Seq2[[]T, error], most int, as func(T) thing) ([]thing, error) {
	var list []thing
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		for _, item := range page {
			list = append(list, as(item))
		}
		if len(list) > most {
			break
		}
	}
	return list, nil
}

// sentence tells what is left behind in one line.
func (o Owned) sentence() string {
	var parts []string
	for _, p := range []struct {
		n         *int
		one, many string
	}{
		{o.IssuesAssigned, "open issue assigned", "open issues assigned"},
		{o.IssuesReported, "open issue reported", "open issues reported"},
		{o.ProjectsLed, "project led", "projects led"},
		{o.ComponentsLed, "component led", "components led"},
		{o.Filters, "filter", "filters"},
		{o.Dashboards, "dashboard", "dashboards"},
	} {
		switch {
		case p.n == nil:
		case *p.n == 1:
			parts = append(parts, "1 "+p.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", *p.n, p.many))
		}
	}
	text := "Leaves behind: nothing that could be counted."
	if len(parts) > 0 {
		text = "Leaves behind: about " + strings.Join(parts, ", ") + "."
	}
	if len(o.NotCounted) > 0 {
		text += " Not counted: " + strings.Join(o.NotCounted, "; ") + "."
	}
	return text
}

// add is what several people leave behind together.
func (o Owned) add(more Owned) Owned {
	sum := func(a, b *int) *int {
		if a == nil || b == nil {
			return nil
		}
		n := *a + *b
		return &n
	}
	return Owned{
		sum(o.IssuesAssigned, more.IssuesAssigned), sum(o.IssuesReported, more.IssuesReported), sum(o.ProjectsLed, more.ProjectsLed), sum(o.ComponentsLed, more.ComponentsLed),
		sum(o.Filters, more.Filters), sum(o.Dashboards, more.Dashboards), appendNew(slices.Clone(o.NotCounted), more.NotCounted),
	}
}

// ownedByAll is what the people of a batch leave behind together, nil where nobody was looked at.
func ownedByAll(plans []Plan) *Owned {
	var all *Owned
	for _, p := range plans {
		switch {
		case p.Owned == nil:
		case all == nil:
			one := *p.Owned
			all = &one
		default:
			sum := all.add(*p.Owned)
			all = &sum
		}
	}
	return all
}
