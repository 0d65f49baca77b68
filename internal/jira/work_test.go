package jira_test

import (
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// all collects a walk.
func all[T any](t *testing.T, pages iter.Seq2[[]T, error]) []T {
	t.Helper()
	var list []T
	for page, err := range pages {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page...)
	}
	return list
}

const maxManager = "max.manager@example.com"

func TestIssues(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	ctx, janeID, maxID, tessaID := t.Context(), s.account(t, jane), s.account(t, maxManager), s.account(t, tessa)
	if n, err := s.CountIssues(ctx, jira.OpenAssigned(janeID)); err != nil || n != 7 {
		t.Errorf("Jane has %d open issues, %v", n, err)
	}
	if n, err := s.CountIssues(ctx, jira.OpenReported(maxID)); err != nil || n != 7 {
		t.Errorf("Max reported %d, %v", n, err)
	}
	seen := map[string]bool{}
	for _, i := range all(t, s.Issues(ctx, jira.IssueQuery{JQL: jira.OpenAssigned(tessaID)})) {
		if seen[i.Key] || i.Assignee != tessaID || i.ID == "" {
			t.Errorf("%+v", i)
		}
		seen[i.Key] = true
	}
	if len(seen) != 130 {
		t.Errorf("Tessa has %d open issues", len(seen))
	}
	if err := s.AssignIssue(ctx, "WEB-1", maxID); err != nil {
		t.Fatal(err)
	}
	got := all(t, s.Issues(ctx, jira.IssueQuery{JQL: jira.IssuesWithKeys([]string{"WEB-1", "WEB-2"})}))
	if len(got) != 2 || got[0] != (jira.Issue{ID: "10001", Key: "WEB-1", Assignee: maxID}) || got[1].Assignee != janeID {
		t.Errorf("after assigning: %+v", got)
	}
	for name, err := range map[string]error{
		"of nobody":                  second(s.CountIssues(ctx, jira.OpenAssigned("712020:none"))),
		"by a value that ends early": second(s.CountIssues(ctx, jira.OpenAssigned(janeID+`" OR key in ("WEB-1`))),
		"to nobody who exists":       s.AssignIssue(ctx, "WEB-1", "712020:none"),
		"to somebody inactive":       s.AssignIssue(ctx, "WEB-1", s.account(t, lee)),
	} {
		if !rest.IsStatus(err, http.StatusBadRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.AssignIssue(ctx, "../user", maxID); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("a key that climbs: %v", err)
	}
	if err := clientOf(t, s.url, sandbox.TokenViewer).AssignIssue(ctx, "WEB-1", maxID); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

// A search shows a change late, and at once where it is told to reconcile.
func TestIssuesReconciled(t *testing.T) {
	s := newSite(t, sandbox.Options{Lag: time.Hour}, sandbox.TokenAdmin)
	ctx, maxID := t.Context(), s.account(t, maxManager)
	if err := s.AssignIssue(ctx, "WEB-1", maxID); err != nil {
		t.Fatal(err)
	}
	q := jira.IssueQuery{JQL: jira.IssuesWithKeys([]string{"WEB-1"})}
	if got := all(t, s.Issues(ctx, q)); got[0].Assignee == maxID {
		t.Error("it shows at once")
	}
	q.Reconcile = []string{"10001"}
	if got := all(t, s.Issues(ctx, q)); got[0].Assignee != maxID {
		t.Errorf("reconciled: %+v", got)
	}
}

// A search by POST is a read: an answer that was lost is asked for again, and no issue is lost or told twice.
func TestIssuesDespiteFaults(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"a lost answer": {Kind: sandbox.FaultResetAfter, Every: 2, Times: 3},
		"a short page":  {Kind: sandbox.FaultClampPage, Max: 7},
		"a limit":       {Kind: sandbox.FaultRateLimit, Every: 2, Times: 3, RetryAfter: "0"},
		"a cut body":    {Kind: sandbox.FaultCutBody, Every: 3, Times: 2},
	} {
		s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
		fault.Path = "/rest/api/3/search/jql"
		if err := s.sandbox.AddFault(fault); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, i := range all(t, s.Issues(t.Context(), jira.IssueQuery{JQL: jira.OpenAssigned(s.account(t, tessa))})) {
			keys = append(keys, i.Key)
		}
		slices.Sort(keys)
		if n := len(slices.Compact(keys)); n != 130 || len(keys) != 130 {
			t.Errorf("%s: %d issues, %d of them distinct", name, len(keys), n)
		}
	}
}

func TestProjectsAndComponents(t *testing.T) {
	s := newSite(t, sandbox.Options{Users: 12000}, sandbox.TokenAdmin)
	ctx, janeID, maxID := t.Context(), s.account(t, jane), s.account(t, maxManager)
	projects := all(t, s.Projects(ctx, nil, rest.PageOptions{}))
	led := slices.DeleteFunc(slices.Clone(projects), func(p jira.Project) bool { return p.Lead.AccountID != janeID })
	if len(projects) < 120 || len(led) != 1 || led[0].Key != "WEB" || led[0].Name == "" {
		t.Errorf("%d projects, of them Jane's: %+v", len(projects), led)
	}
	if err := s.SetProjectLead(ctx, led[0].ID, maxID); err != nil {
		t.Fatal(err)
	}
	if got := all(t, s.Projects(ctx, []string{led[0].ID, "99999"}, rest.PageOptions{})); len(got) != 1 || got[0].Lead.AccountID != maxID {
		t.Errorf("after the change: %+v", got)
	}
	components := all(t, s.Components(ctx, rest.PageOptions{}))
	if len(components) < 30 || components[0].Lead != nil {
		t.Errorf("%d components, the first %+v", len(components), components[0])
	}
	one, err := s.Component(ctx, components[0].ID)
	if err != nil || one.Name != "Frontend" || one.Project != "WEB" || one.Lead == nil || one.Lead.AccountID != janeID {
		t.Errorf("%+v, %v", one, err)
	}
	if err := s.SetComponentLead(ctx, one.ID, maxID); err != nil {
		t.Fatal(err)
	}
	if one, err = s.Component(ctx, one.ID); err != nil || one.Lead.AccountID != maxID {
		t.Errorf("after the change: %+v, %v", one, err)
	}
	for name, err := range map[string]error{
		"a project":   s.SetProjectLead(ctx, led[0].ID, s.account(t, lee)),
		"a component": s.SetComponentLead(ctx, one.ID, s.account(t, lee)),
	} {
		if !rest.IsStatus(err, http.StatusBadRequest) {
			t.Errorf("%s for somebody inactive: %v", name, err)
		}
	}
	viewer := clientOf(t, s.url, sandbox.TokenViewer)
	if err := viewer.SetProjectLead(ctx, led[0].ID, janeID); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

func TestFiltersAndDashboards(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	ctx, janeID, maxID := t.Context(), s.account(t, jane), s.account(t, maxManager)
	seen := all(t, s.Filters(ctx, jira.FilterQuery{Owner: janeID}, rest.PageOptions{}))
	filters := all(t, s.Filters(ctx, jira.FilterQuery{Owner: janeID, All: true}, rest.PageOptions{Size: 1}))
	if len(seen) != 1 || len(filters) != 2 || filters[1].Owner.AccountID != janeID {
		t.Errorf("%+v of %+v", seen, filters)
	}
	if err := s.SetFilterOwner(ctx, filters[1].ID, maxID); err != nil {
		t.Fatal(err)
	}
	if got := all(t, s.Filters(ctx, jira.FilterQuery{IDs: []string{filters[1].ID}, All: true}, rest.PageOptions{})); len(got) != 1 || got[0].Owner.AccountID != maxID {
		t.Errorf("after the change: %+v", got)
	}
	if err := s.SetFilterOwner(ctx, filters[0].ID, s.account(t, petra)); !rest.IsStatus(err, http.StatusBadRequest) || !strings.Contains(err.Error(), "My open issues") {
		t.Errorf("a name that is taken: %v", err)
	}
	dashboards := all(t, s.Dashboards(ctx, janeID, rest.PageOptions{}))
	if len(dashboards) != 1 || dashboards[0].Owner.AccountID != janeID {
		t.Errorf("%+v", dashboards)
	}
	refused, err := s.SetDashboardOwner(ctx, []string{dashboards[0].ID, "777"}, maxID)
	if err != nil || len(refused) != 1 || refused["777"] == "" {
		t.Errorf("refused %v, %v", refused, err)
	}
	if got := all(t, s.Dashboards(ctx, maxID, rest.PageOptions{})); len(got) != 3 {
		t.Errorf("after the change: %+v", got)
	}
}

func TestApplicationRoles(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	roles, err := s.ApplicationRoles(t.Context())
	if err != nil || len(roles) != 4 {
		t.Fatalf("%+v, %v", roles, err)
	}
	for _, r := range roles {
		if r.Key == "" || r.Name == "" || len(r.Groups) == 0 || r.Groups[0].ID == "" || len(r.DefaultGroups) == 0 || !r.Unlimited && r.Left != r.Seats-r.Used {
			t.Errorf("%+v", r)
		}
	}
	if _, err := clientOf(t, s.url, sandbox.TokenViewer).ApplicationRoles(t.Context()); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

// No argument takes an issue, a component or a dashboard from everybody, and none changes what is asked for.
func TestRefusedHandovers(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	ctx, id := t.Context(), s.account(t, jane)
	for name, err := range map[string]error{
		"an issue to nobody":                  s.AssignIssue(ctx, "WEB-1", ""),
		"an issue to the project's default":   s.AssignIssue(ctx, "WEB-1", "-1"),
		"an issue to a corrupted account":     s.AssignIssue(ctx, "WEB-1", "unknown"),
		"no issue":                            s.AssignIssue(ctx, "", id),
		"a project to nobody":                 s.SetProjectLead(ctx, "WEB", ""),
		"no project":                          s.SetProjectLead(ctx, "", id),
		"a component to nobody":               s.SetComponentLead(ctx, "10300", ""),
		"no component":                        s.SetComponentLead(ctx, "", id),
		"a component without an id":           second(s.Component(ctx, "")),
		"a filter to nobody":                  s.SetFilterOwner(ctx, "10100", ""),
		"no filter":                           s.SetFilterOwner(ctx, "", id),
		"a dashboard to nobody":               second(s.SetDashboardOwner(ctx, []string{"20100"}, "")),
		"no dashboard":                        second(s.SetDashboardOwner(ctx, nil, id)),
		"a dashboard whose id is no number":   second(s.SetDashboardOwner(ctx, []string{"20100,1"}, id)),
		"more dashboards than one change has": second(s.SetDashboardOwner(ctx, make([]string, 101), id)),
	} {
		var e *rest.Error
		if !errors.As(err, &e) || e.Code != rest.CodeBadRequest || e.Attempts != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range s.Dashboards(ctx, "", rest.PageOptions{}) {
		if err == nil {
			t.Error("dashboards of nobody")
		}
	}
	if n := len(s.sandbox.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
