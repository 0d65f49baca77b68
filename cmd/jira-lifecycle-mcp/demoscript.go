package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	jane = "jane.doe@example.com"
	kim  = "kim.new@example.com"
)

// scenes are the demo, in order. Each one talks, calls and checks what came of it.
var scenes = []func(context.Context, *demo) error{find, refuseName, plan, apply, checkSite, reuse, reviewAccess, onboard, undo}

func find(ctx context.Context, d *demo) error {
	d.scene("Find the person")
	d.person("Jane Doe leaves us today. What does she have?")
	a, err := d.call(ctx, "lookup_user", args{"user": jane})
	if err != nil {
		return err
	}
	person, _ := a.fields["person"].(map[string]any)
	groups, _ := person["groups"].([]any)
	d.memory.jane, _ = person["account_id"].(string)
	if person["active"] != true || len(groups) != 4 || d.memory.jane == "" {
		return a.unexpected("an active person in four groups")
	}
	d.checked("one account, joined from Jira, SCIM and the organization: active, in %d groups", len(groups))
	return nil
}

func refuseName(ctx context.Context, d *demo) error {
	d.scene("A name is not enough")
	d.person("And Alex Kim, too.")
	a, err := d.call(ctx, "offboard_user", args{"user": "Alex Kim"})
	if err != nil {
		return err
	}
	if !a.failed || a.fields["code"] != "invalid_argument" {
		return a.unexpected("a refusal")
	}
	if a, err = d.call(ctx, "lookup_user", args{"user": "Alex Kim"}); err != nil {
		return err
	}
	if !a.failed || a.fields["code"] != "ambiguous" {
		return a.unexpected("two candidates")
	}
	d.assistant("Two people have that name. Which one do you mean? I leave both alone until I know.")
	d.checked("refused: nobody is offboarded by a name")
	return nil
}

func plan(ctx context.Context, d *demo) error {
	d.scene("Plan before anything changes")
	d.person("Only Jane then. Please offboard her.")
	a, err := d.call(ctx, "offboard_user", args{"user": d.memory.jane, "reason": "HR-1234"})
	if err != nil {
		return err
	}
	confirmation, _ := a.fields["confirmation"].(map[string]any)
	d.memory.token, _ = confirmation["token"].(string)
	if a.fields["status"] != "confirmation_required" || d.memory.token == "" {
		return a.unexpected("a plan that waits")
	}
	active, groups, err := d.lookInside(ctx, d.memory.jane)
	if err != nil {
		return err
	}
	if !active || groups != 4 {
		return fmt.Errorf("the plan changed something: active %v, %d groups", active, groups)
	}
	d.checked("the site shows no change; the plan can be applied once, within 15 minutes")
	return nil
}

func apply(ctx context.Context, d *demo) error {
	d.scene("Apply what was agreed to")
	d.assistant("That is the plan. Shall I go ahead?")
	d.person("Yes, do that.")
	a, err := d.call(ctx, "offboard_user", args{"user": d.memory.jane, "reason": "HR-1234", "confirm": d.memory.token})
	if err != nil {
		return err
	}
	if a.fields["status"] != "succeeded" {
		return a.unexpected("success")
	}
	operation, _ := a.fields["operation"].(map[string]any)
	d.memory.operation, _ = operation["operation_id"].(string)
	d.checked("every step was read back before it was called done")
	return nil
}

func checkSite(ctx context.Context, d *demo) error {
	d.scene("Look again")
	d.person("Is she out?")
	a, err := d.call(ctx, "lookup_user", args{"user": jane})
	if err != nil {
		return err
	}
	person, _ := a.fields["person"].(map[string]any)
	if groups, ok := person["groups"].([]any); !ok || len(groups) > 0 || person["active"] != false {
		return a.unexpected("an inactive person without groups")
	}
	active, groups, err := d.lookInside(ctx, d.memory.jane)
	if err != nil {
		return err
	}
	if active || groups > 0 {
		return fmt.Errorf("the site itself has active %v, %d groups", active, groups)
	}
	d.checked("the site's own records agree: inactive, in no group")
	return nil
}

func reuse(ctx context.Context, d *demo) error {
	d.scene("A confirmation works once")
	d.assistant("What if I send the same confirmation a second time?")
	a, err := d.call(ctx, "offboard_user", args{"user": d.memory.jane, "reason": "HR-1234", "confirm": d.memory.token})
	if err != nil {
		return err
	}
	if !a.failed || a.fields["code"] != "confirmation_invalid" {
		return a.unexpected("confirmation_invalid")
	}
	d.checked("refused")
	return nil
}

func reviewAccess(ctx context.Context, d *demo) error {
	d.scene("Review everybody")
	d.person("What else should I look at on this site?")
	a, err := d.call(ctx, "audit_active_users", args{"limit": 3})
	if err != nil {
		return err
	}
	counts, _ := a.fields["counts"].(map[string]any)
	findings, _ := a.fields["findings"].([]any)
	total, _ := counts["total"].(float64)
	if total < 10 || len(findings) == 0 {
		return a.unexpected("counts and findings")
	}
	d.checked("%.0f accounts read, the first %d findings shown, all of them in the report", total, len(findings))
	return nil
}

func onboard(ctx context.Context, d *demo) error {
	d.scene("Onboard the successor")
	d.person("Kim New starts on Monday in engineering.")
	in := args{"email": kim, "given_name": "Kim", "family_name": "New", "groups": []string{"engineering", "jira-software-users"}}
	a, err := d.call(ctx, "provision_user", in)
	if err != nil {
		return err
	}
	if a.fields["status"] != "succeeded" {
		return a.unexpected("success")
	}
	d.assistant("And once more, as it happens when two people get the same ticket:")
	if a, err = d.call(ctx, "provision_user", in); err != nil {
		return err
	}
	operation, _ := a.fields["operation"].(map[string]any)
	steps, _ := operation["steps"].([]any)
	done := func(step any) bool {
		s, _ := step.(map[string]any)
		return s["status"] == "done" && s["action"] != "verify"
	}
	if a.fields["status"] != "succeeded" || slices.ContainsFunc(steps, done) {
		return a.unexpected("nothing more to do")
	}
	d.checked("one account, created once")
	return nil
}

func undo(ctx context.Context, d *demo) error {
	d.scene("Undo, from the record")
	d.person("HR was wrong: Jane stays. Put everything back as it was.")
	a, err := d.call(ctx, "restore_user", args{"operation_id": d.memory.operation, "reason": "HR-1240"})
	if err != nil {
		return err
	}
	if a.fields["status"] != "succeeded" {
		return a.unexpected("success")
	}
	active, groups, err := d.lookInside(ctx, d.memory.jane)
	if err != nil {
		return err
	}
	if !active || groups != 4 {
		return fmt.Errorf("the site itself has active %v, %d groups", active, groups)
	}
	d.person("And for the auditor: what was done?")
	if a, err = d.call(ctx, "list_operations", args{"person": d.memory.jane}); err != nil {
		return err
	}
	if list, _ := a.fields["operations"].([]any); len(list) != 2 {
		return a.unexpected("two operations")
	}
	d.checked("the site's own records agree: active again, in %d groups", groups)
	return nil
}

type args = map[string]any

// reply is what a tool said.
type reply struct {
	tool   string
	fields map[string]any
	text   string
	failed bool
}

// unexpected is the error of a scene that went otherwise than it says.
func (r reply) unexpected(want string) error {
	return fmt.Errorf("%s should have answered with %s, but said: %s", r.tool, want, r.text)
}

// call calls a tool over MCP and writes both sides down.
func (d *demo) call(ctx context.Context, tool string, in args) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d.called(tool, in)
	req := mcp.CallToolRequest{}
	req.Params.Name, req.Params.Arguments = tool, in
	result, err := d.client.CallTool(ctx, req)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", tool, err)
	}
	r := reply{tool: tool, failed: result.IsError}
	r.fields, _ = result.StructuredContent.(map[string]any)
	if len(result.Content) == 1 {
		if text, ok := result.Content[0].(mcp.TextContent); ok {
			r.text = text.Text
		}
	}
	d.answered(r)
	return r, nil
}

// lookInside asks the simulated site itself, past the server, what it knows of an account.
func (d *demo) lookInside(ctx context.Context, accountID string) (active bool, groups int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.site+"/_sandbox/state", http.NoBody)
	if err != nil {
		return false, 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, 0, err
	}
	defer func() { _ = res.Body.Close() }() // it was read to its end, or its error is told
	var state struct {
		Jira struct {
			Users []struct {
				AccountID string `json:"accountId"`
				Active    bool   `json:"active"`
			} `json:"users"`
			Groups []struct {
				Members []string `json:"members"`
			} `json:"groups"`
		} `json:"jira"`
	}
	if err := json.NewDecoder(res.Body).Decode(&state); err != nil {
		return false, 0, fmt.Errorf("read the site's state: %w", err)
	}
	for _, g := range state.Jira.Groups {
		if slices.Contains(g.Members, accountID) {
			groups++
		}
	}
	for _, u := range state.Jira.Users {
		if u.AccountID == accountID {
			return u.Active, groups, nil
		}
	}
	return false, 0, errors.New("the site has no such account")
}
