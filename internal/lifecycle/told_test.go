package lifecycle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// truth is what the sandbox itself holds of one person and of the groups, by their ids: groups of one name are not one group.
type truth struct {
	AccountID, SCIMID              string
	SCIMActive, JiraActive, OnSite bool
	In                             []string // Jira's ids and SCIM's ids of the groups that the person is in, sorted
	Groups                         []string `cmp:"-"` // ids and names of all groups that there are
	Org                            string   // status in the organization, "" of somebody whom it does not have
	Tokens                         []string // ids of the API tokens
	Has                            []string // kinds and ids of the issues, projects, components, filters and dashboards that are the person's, sorted
}

// everything is the sandbox's own state.
type everything struct {
	Jira struct {
		Users []struct {
			AccountID    string `json:"accountId"`
			EmailAddress string `json:"emailAddress"`
			Active       bool   `json:"active"`
		}
		Groups []struct {
			GroupID string `json:"groupId"`
			Name    string
			Members []string
		}
	}
	SCIM struct {
		Users []struct {
			ID        string
			UserName  string `json:"userName"`
			Active    bool   `json:"active"`
			AccountID string `json:"accountId"`
		}
		Groups []struct {
			ID          string
			DisplayName string `json:"displayName"`
			Members     []string
		}
	}
	Organization struct {
		Users []struct {
			Email, Status string
			Tokens        []string
		}
	}
}

func (s *site) everything(t tester) everything {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "http://127.0.0.1/_sandbox/state", nil))
	var all everything
	if err := json.Unmarshal(recorder.Body.Bytes(), &all); err != nil {
		t.Fatalf("state: %v", err)
	}
	return all
}

func (s *site) truth(t tester, who string) truth {
	t.Helper()
	all := s.everything(t)
	var is truth
	for _, u := range all.Jira.Users {
		if strings.EqualFold(u.EmailAddress, who) {
			is.AccountID, is.OnSite, is.JiraActive = u.AccountID, true, u.Active
		}
	}
	for _, u := range all.SCIM.Users {
		if strings.EqualFold(u.UserName, who) {
			is.AccountID, is.SCIMActive, is.SCIMID = u.AccountID, u.Active, u.ID
		}
	}
	for _, g := range all.Jira.Groups {
		is.Groups = append(is.Groups, g.GroupID, g.Name)
		if is.AccountID != "" && slices.Contains(g.Members, is.AccountID) {
			is.In = append(is.In, g.GroupID)
		}
	}
	for _, g := range all.SCIM.Groups {
		is.Groups = append(is.Groups, g.ID)
		if is.SCIMID != "" && slices.Contains(g.Members, is.SCIMID) {
			is.In = append(is.In, g.ID)
		}
	}
	slices.Sort(is.In)
	for _, u := range all.Organization.Users {
		if strings.EqualFold(u.Email, who) {
			is.Org, is.Tokens = u.Status, u.Tokens
		}
	}
	work := s.Work()
	for kind, items := range map[string][]sandbox.WorkItem{
		"issues": work.Issues, "projects": work.Projects, "components": work.Components, "filters": work.Filters, "dashboards": work.Dashboards,
	} {
		for _, item := range items {
			if item.Holder == is.AccountID && is.AccountID != "" {
				is.Has = append(is.Has, kind+" "+item.ID)
			}
		}
	}
	slices.Sort(is.Has)
	return is
}

// group is the group of a step, as the record has it.
type group struct {
	ID     string `json:"group_id"`
	SCIMID string `json:"scim_id"`
	Name   string `json:"name"`

	token string // of the step, no part of the group
	// hands are what the step hands over, by kind and id, from whom to whom.
	hands    []string
	from, to string
}

// groupsOf reads the group of each step, or its token, or what it hands over, from the record of an operation.
func groupsOf(t tester, op journal.Operation) []group {
	t.Helper()
	var plan struct {
		Groups    []group
		Tokens    []string
		Transfers []*struct {
			From, To string
			Things   []struct{ ID string }
		}
	}
	if err := json.Unmarshal(op.Plan, &plan); err != nil || len(plan.Groups) != len(op.Steps) {
		t.Fatalf("the record of %s: %d groups for %d steps, %v", op.ID, len(plan.Groups), len(op.Steps), err)
	}
	for i, token := range plan.Tokens {
		plan.Groups[i].token = token
	}
	for i, transfer := range plan.Transfers {
		if transfer == nil {
			continue
		}
		plan.Groups[i].from, plan.Groups[i].to = transfer.From, transfer.To
		for _, thing := range transfer.Things {
			plan.Groups[i].hands = append(plan.Groups[i].hands, strings.TrimPrefix(op.Steps[i].Action, "transfer_")+" "+thing.ID)
		}
	}
	return plan.Groups
}

// shown tells whether what a step changes is so, where that can be told from outside.
func (is truth) shown(step journal.Step, g group) (so, known bool) {
	id := g.ID
	if step.Via == string(lifecycle.ViaSCIM) {
		id = g.SCIMID
	}
	if step.Via == string(lifecycle.ViaOrganization) {
		return is.shownByOrg(step, g)
	}
	if len(g.hands) > 0 {
		has := func(thing string) bool { return slices.Contains(is.Has, thing) }
		if is.AccountID == g.to { // it is given back
			return !slices.ContainsFunc(g.hands, func(thing string) bool { return !has(thing) }), true
		}
		return !slices.ContainsFunc(g.hands, has), true
	}
	switch lifecycle.Action(step.Action) {
	case lifecycle.Deactivate:
		return !is.SCIMActive, true
	case lifecycle.Reactivate, lifecycle.CreateUser:
		return is.SCIMActive, true
	case lifecycle.InviteUser:
		return is.OnSite && len(is.In) > 0, true
	case lifecycle.AddToGroup:
		return slices.Contains(is.In, id), true
	case lifecycle.RemoveFromGroup:
		return !slices.Contains(is.In, id), true
	case lifecycle.RemoveFromSite:
		return !is.OnSite, true
	case lifecycle.CreateGroup:
		return slices.Contains(is.Groups, g.Name), true
	case lifecycle.DeleteGroup:
		return !slices.Contains(is.Groups, id), true
	}
	return false, false // attributes are not in the sandbox's state, and a check changes nothing
}

func (is truth) shownByOrg(step journal.Step, g group) (so, known bool) {
	inactive := is.Org == "deactivated" || is.Org == "for_deletion"
	switch lifecycle.Action(step.Action) {
	case lifecycle.Deactivate:
		return inactive, true
	case lifecycle.Reactivate:
		return !inactive, true
	case lifecycle.Suspend:
		return is.Org == "suspended" || is.Org == "", true
	case lifecycle.RestoreAccess:
		return is.Org == "active", true
	case lifecycle.RevokeToken:
		return !slices.Contains(is.Tokens, g.token), true
	case lifecycle.RemoveFromDirectory:
		return is.Org == "", true
	case lifecycle.DeleteAccount:
		return is.Org == "for_deletion", true
	case lifecycle.CancelDeletion:
		return is.Org != "for_deletion", true
	case lifecycle.InviteUser:
		return is.OnSite && len(is.In) > 0, true
	case lifecycle.AddToGroup:
		return slices.Contains(is.In, g.ID), true
	}
	return false, false
}

// lies compares what an operation that has ended says with what is so: done and already must be so, failed and skipped must not be, unless it was so
// before.
func lies(t tester, op journal.Operation, before, is truth) []string {
	t.Helper()
	var lies []string
	if !op.Status.Ended() {
		lies = append(lies, "it has not ended: "+string(op.Status))
	}
	groups := groupsOf(t, op)
	good := 0
	offSite := slices.ContainsFunc(op.Steps, func(s journal.Step) bool {
		return s.Action == string(lifecycle.RemoveFromSite) && s.Status == lifecycle.StepDone // which takes every group along
	})
	for i, step := range op.Steps {
		so, known := is.shown(step, groups[i])
		was, _ := before.shown(step, groups[i])
		var lie bool
		switch step.Status {
		case lifecycle.StepDone, lifecycle.StepAlready:
			lie = known && !so
			good++
		case lifecycle.StepFailed, lifecycle.StepSkipped:
			lie = known && so && !was && !offSite
		case lifecycle.StepUnknown:
		default:
			lie = op.Status.Ended()
		}
		if lie {
			lies = append(lies, fmt.Sprintf("%s: step %s %s is told as %s (%s), and that is not so", op.ID, step.Action, step.Target, step.Status, step.Detail))
		}
	}
	if succeeded := op.Status == lifecycle.Succeeded; succeeded != (good == len(op.Steps)) && op.Status.Ended() {
		lies = append(lies, fmt.Sprintf("%s is told as %s with %d of %d steps done", op.ID, op.Status, good, len(op.Steps)))
	}
	if none := op.Status == lifecycle.Failed || op.Status == lifecycle.Cancelled; none && slices.ContainsFunc(op.Steps, func(s journal.Step) bool { return s.Status == lifecycle.StepDone || s.Status == lifecycle.StepUnknown }) {
		lies = append(lies, fmt.Sprintf("%s is told as %s, as if nothing could have been changed", op.ID, op.Status))
	}
	return lies
}

// differs compares what a call said of an operation with the record of it.
func differs(r lifecycle.Result, op journal.Operation) string {
	if r.Operation == nil {
		return "the answer names no operation"
	}
	if r.Status != op.Status || r.Operation.Status != op.Status || len(r.Operation.Steps) != len(op.Steps) {
		return fmt.Sprintf("the answer says %s, the record %s", outcome(r), op.Status)
	}
	for i, step := range r.Operation.Steps {
		if step.Status != op.Steps[i].Status || step.Detail != op.Steps[i].Detail {
			return fmt.Sprintf("the answer says that %s is %s, the record %s", step.Action, step.Status, op.Steps[i].Status)
		}
	}
	return ""
}

// people gives the operations of the people of a batch, by the person's e-mail, or the operation itself.
func (p *process) people(t tester, id, who string) map[string]journal.Operation {
	t.Helper()
	all := map[string]journal.Operation{}
	page, err := p.store.List(context.Background(), journal.Filter{Parent: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range page.Operations {
		_, email, _ := strings.Cut(strings.TrimSuffix(child.Label, ")"), "(")
		all[email] = p.operation(t, child.ID)
	}
	if len(all) == 0 {
		all[who] = p.operation(t, id)
	}
	return all
}
