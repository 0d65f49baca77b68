package lifecycle

import (
	"encoding/json"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// planRecord is a plan as the journal keeps it: with all that another process needs to carry it out.
type planRecord struct {
	Plan
	Tool      string            `json:"tool"`
	About     string            `json:"about,omitempty"`
	Site      string            `json:"site,omitempty"`
	Org       string            `json:"organization,omitempty"`
	Message   string            `json:"message,omitempty"`
	FollowUps []string          `json:"follow_ups,omitempty"`
	Attrs     map[string]string `json:"attrs,omitempty"`
	Products  []string          `json:"products,omitempty"`
	NoGroups  bool              `json:"no_groups,omitempty"`
	NoTokens  bool              `json:"no_tokens,omitempty"`
	Widens    []string          `json:"widens,omitempty"`
	SeekSCIM  bool              `json:"seek_scim,omitempty"`
	Subject   *groupRecord      `json:"group,omitempty"`
	Groups    []groupRecord     `json:"groups"`           // of each step; empty where it has none
	Tokens    []string          `json:"tokens,omitempty"` // of each step, where any revokes one
	Successor string            `json:"successor,omitempty"`
	Transfers []*transfer       `json:"transfers,omitempty"` // of each step, where any hands something over
}

type groupRecord struct {
	ID        string `json:"group_id,omitempty"`
	Name      string `json:"name,omitempty"`
	ManagedBy string `json:"managed_by,omitempty"`
	SCIMID    string `json:"scim_id,omitempty"`
}

// encode gives the plan as JSON.
func (p Plan) encode() (json.RawMessage, error) {
	r := planRecord{Plan: p, Tool: p.tool, About: p.about, Site: p.site, FollowUps: p.followUps, Attrs: p.attrs, Products: p.products, Org: p.org, Message: p.message, NoGroups: p.noGroups, NoTokens: p.noTokens, Widens: p.widens, SeekSCIM: p.Target.seekSCIM}
	if p.Target.group != nil {
		group := groupRecord(*p.Target.group)
		r.Subject = &group
	}
	for _, s := range p.Steps {
		r.Groups = append(r.Groups, groupRecord(s.group))
		if p.Target.seekTokens {
			r.Tokens = append(r.Tokens, s.token)
		}
		if hasTransfer(p.Steps) {
			r.Transfers = append(r.Transfers, s.transfer)
		}
	}
	r.Successor = p.successor
	return json.Marshal(r)
}

// decodePlan reads a plan that encode wrote.
func decodePlan(data json.RawMessage) (Plan, error) {
	var r planRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return Plan{}, fmt.Errorf("read the recorded plan: %w", err)
	}
	if len(r.Groups) != len(r.Steps) {
		return Plan{}, fmt.Errorf("read the recorded plan: %d steps with %d groups", len(r.Steps), len(r.Groups))
	}
	p := r.Plan
	p.org, p.message, p.noTokens, p.successor = r.Org, r.Message, r.NoTokens, r.Successor
	p.Target.seekOrg, p.Target.seekTokens = hasVia(p.Steps, ViaOrganization), hasAction(p.Steps, RevokeToken)
	p.site, p.tool, p.about, p.followUps, p.attrs, p.products, p.noGroups, p.widens, p.Target.seekSCIM = r.Site, r.Tool, r.About, r.FollowUps, r.Attrs, r.Products, r.NoGroups, r.Widens, r.SeekSCIM
	if r.Subject != nil {
		group := directory.Group(*r.Subject)
		p.Target.group = &group
	}
	for i := range p.Steps {
		p.Steps[i].group = directory.Group(r.Groups[i])
		if i < len(r.Tokens) {
			p.Steps[i].token = r.Tokens[i]
		}
		if i < len(r.Transfers) {
			p.Steps[i].transfer = r.Transfers[i]
		}
	}
	return p, nil
}

// snapshot is a state as the journal keeps it.
type snapshot struct {
	Jira *jiraSnapshot `json:"jira,omitempty"`
	SCIM *scimSnapshot `json:"scim,omitempty"`
	Org  *orgSnapshot  `json:"organization,omitempty"`
}

type jiraSnapshot struct {
	AccountID string       `json:"account_id"`
	Active    bool         `json:"active"`
	Groups    []jira.Group `json:"groups"`
}

type scimSnapshot struct {
	ID          string          `json:"id"`
	Active      bool            `json:"active"`
	Groups      []scim.GroupRef `json:"groups"`
	DisplayName string          `json:"display_name,omitempty"`
	GivenName   string          `json:"given_name,omitempty"`
	FamilyName  string          `json:"family_name,omitempty"`
	Title       string          `json:"title,omitempty"`
	Department  string          `json:"department,omitempty"`
}

type orgSnapshot struct {
	Status string          `json:"status"`
	Tokens []tokenSnapshot `json:"tokens,omitempty"`
}

type tokenSnapshot struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

func (s State) snapshot() (json.RawMessage, error) {
	var r snapshot
	if u := s.User; u != nil {
		r.Jira = &jiraSnapshot{AccountID: u.AccountID, Active: u.Active, Groups: u.Groups}
	}
	if u := s.SCIM; u != nil {
		r.SCIM = &scimSnapshot{u.ID, u.Active, u.Groups, u.DisplayName, u.GivenName, u.FamilyName, u.Title, u.Department}
	}
	if o := s.Org; o != nil {
		r.Org = &orgSnapshot{Status: o.Status}
		for _, t := range s.Tokens {
			r.Org.Tokens = append(r.Org.Tokens, tokenSnapshot{t.ID, t.Label})
		}
	}
	return json.Marshal(r)
}

// facet is what a state shows of the one thing that a step changes, nil where it shows nothing of it.
func facet(step Step, st State) json.RawMessage {
	shown := map[string]any{}
	if step.transfer != nil {
		return transferFacet(step, st)
	}
	if step.Via == ViaOrganization && step.Action != AddToGroup {
		return orgFacet(step, st)
	}
	switch step.Action {
	case Deactivate, Reactivate, CreateUser:
		shown["scim_active"] = st.SCIM != nil && st.SCIM.Active
		shown["jira_active"] = st.User != nil && st.User.Active
	case UpdateUser:
		if st.SCIM == nil {
			return nil
		}
		shown["display_name"], shown["given_name"], shown["family_name"] = st.SCIM.DisplayName, st.SCIM.GivenName, st.SCIM.FamilyName
		shown["title"], shown["department"] = st.SCIM.Title, st.SCIM.Department
	case InviteUser, RemoveFromSite:
		shown["on_site"] = st.User != nil
	case AddToGroup, RemoveFromGroup:
		if step.Via == ViaSCIM {
			shown["member"] = st.inSCIMGroup(step.group.SCIMID)
		} else {
			shown["member"] = st.inJiraGroup(step.group.ID)
		}
	case CreateGroup, DeleteGroup:
		shown["exists"] = st.Group != nil || st.SCIMGroup != nil
	default:
		return nil
	}
	data, _ := json.Marshal(shown) // texts and truth values: always marshals
	return data
}

// orgFacet is facet for what the organization writes.
func orgFacet(step Step, st State) json.RawMessage {
	shown := map[string]any{"organization_status": nil}
	switch {
	case step.Action == RevokeToken:
		shown = map[string]any{"token_there": st.hasToken(step.token)}
	case st.Org != nil:
		shown["organization_status"] = st.Org.Status
	}
	data, _ := json.Marshal(shown)
	return data
}
