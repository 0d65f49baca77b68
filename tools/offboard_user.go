package tools

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/when"
)

// OffboardUserInput says whose access ends: one of User, Users, CSVPath and a report's finding.
type OffboardUserInput struct {
	User        string   `json:"user,omitempty" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Users       []string `json:"users,omitempty" jsonschema:"several people instead of user: one plan, one confirmation" minItems:"1" maxItems:"1000" maxLength:"255"`
	CSVPath     string   `json:"csv_path,omitempty" jsonschema:"file in the server's CSV folder instead of users; columns user, reason" maxLength:"1000"`
	ReportID    string   `json:"report_id,omitempty" jsonschema:"with finding, instead of users: whom an audit found" maxLength:"100"`
	Finding     string   `json:"finding,omitempty" jsonschema:"a finding's code" maxLength:"50"`
	StopOnError bool     `json:"stop_on_error,omitempty" jsonschema:"of several people: begin no more when one fails"`
	Reason      string   `json:"reason,omitempty" jsonschema:"why, for the record, such as a ticket number" maxLength:"500"`
	Steps       []string `json:"steps,omitempty" jsonschema:"which parts to do; the first four when left out; delete_account (for good) stands alone" enum:"deactivate,revoke_tokens,scim_groups,jira_groups,remove_from_site,remove_from_directory,delete_account" minItems:"1" maxItems:"6"`
	Tokens      []string `json:"tokens,omitempty" jsonschema:"with the step revoke_tokens: ids of the only API tokens to revoke, of one person" maxItems:"50" maxLength:"100"`
	TransferTo  string   `json:"transfer_to,omitempty" jsonschema:"account id or exact e-mail of who takes over open issues, projects, components, filters and dashboards" maxLength:"255"`
	EffectiveAt string   `json:"effective_at,omitempty" jsonschema:"when, instead of now: RFC 3339 with an offset, or with a zone like 2027-03-01T18:00:00[Europe/Berlin]" maxLength:"100"`
	Confirm     string   `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) offboardUserTool() Tool {
	return Define("offboard_user", "Offboard people", ToolsetLifecycle,
		"Ends the access of one or several people: deactivates the account (SCIM or organization) or suspends it, revokes API tokens, removes groups, and verifies by reading back. "+
			"The first call changes nothing and returns the plan; show it to the person you work for, and call again with confirm only after they agree. "+
			"Only for somebody who leaves: to take single groups use remove_user_from_group. restore_user undoes it.",
		destroys, d.offboardUser)
}

func (d *Deps) offboardUser(ctx context.Context, in OffboardUserInput) (Confirmable, error) {
	at, err := effectiveAt(in.EffectiveAt)
	if err != nil {
		return Confirmable{}, err
	}
	var heir directory.Target
	if in.TransferTo != "" {
		if heir, err = directory.ParseExactTarget(in.TransferTo); err != nil {
			return Confirmable{}, fault.New(fault.InvalidArgument, "Give an account id or an exact e-mail.", "transfer_to: %s", explain.Fault(err).Message).Because(err)
		}
	}
	if len(in.Tokens) > 0 && !slices.Contains(in.Steps, lifecycle.PartRevokeTokens) {
		return Confirmable{}, fault.New(fault.InvalidArgument, "Name the step revoke_tokens in steps, alone if only these tokens shall go; or leave tokens out to revoke all of somebody who leaves.", "tokens says which API tokens the step revoke_tokens is about, and steps does not have it.")
	}
	terms := lifecycle.Terms{Reason: in.Reason, Confirm: in.Confirm, EffectiveAt: at}
	switch which, err := oneOf(given{"user", in.User != ""}, given{"users", len(in.Users) > 0}, given{"csv_path", in.CSVPath != ""}, given{"report_id", in.ReportID+in.Finding != ""}); {
	case err != nil:
		return Confirmable{}, err
	case which == "user":
		target, err := directory.ParseExactTarget(in.User)
		if err != nil {
			return Confirmable{}, err
		}
		return confirmable(d.Lifecycle.Offboard(ctx, lifecycle.OffboardRequest{Target: target, Parts: in.Steps, Tokens: in.Tokens, TransferTo: heir, Terms: terms}))
	}
	if len(in.Tokens) > 0 {
		return Confirmable{}, fault.New(fault.InvalidArgument, "Call once for each person, with user.", "tokens are of one person, so they can't be named for several.")
	}
	people, notes, err := d.leavers(ctx, in)
	if err != nil {
		return Confirmable{}, err
	}
	requests := make([]lifecycle.OffboardRequest, len(people.values))
	for i, leaver := range people.values {
		requests[i] = lifecycle.OffboardRequest{Target: leaver.target, Parts: leaver.steps, Tokens: leaver.tokens, TransferTo: heir, Seen: leaver.seen, Terms: lifecycle.Terms{Reason: leaver.reason}}
	}
	return confirmable(d.Lifecycle.OffboardMany(ctx, requests, lifecycle.Rows{Places: people.places, Problems: people.problems, Notes: notes, StopOnError: in.StopOnError, Terms: terms}))
}

// leaver is one person of a batch.
type leaver struct {
	target directory.Target
	reason string
	steps  []string
	tokens []string
	seen   *lifecycle.Seen
}

// leavers reads whom a batch is about, and lists everything that is wrong with it.
func (d *Deps) leavers(ctx context.Context, in OffboardUserInput) (rows[leaver], []string, error) {
	if err := d.limit(len(in.Users)); err != nil {
		return rows[leaver]{}, nil, err
	}
	if in.ReportID+in.Finding != "" {
		return d.reportedLeavers(ctx, in)
	}
	var list rows[leaver]
	read := func(place, user, reason string) {
		target, err := directory.ParseExactTarget(user)
		list.add(place, user, leaver{target: target, reason: reason, steps: in.Steps}, err)
	}
	for i, user := range in.Users {
		read(fmt.Sprintf("users[%d]", i), user, "")
	}
	if in.CSVPath != "" {
		file, problems, err := d.CSV.Leavers(in.CSVPath)
		if err != nil {
			return list, nil, err
		}
		list.fromCSV(problems)
		for _, row := range file {
			read(place(row.Line), row.User, row.Reason)
		}
	}
	return list, nil, nil
}

// reportedLeavers takes whom a report found. Where its advice is a part of an offboarding, such as revoking tokens, it is that part, unless others are named.
func (d *Deps) reportedLeavers(ctx context.Context, in OffboardUserInput) (rows[leaver], []string, error) {
	found, notes, err := d.reported(ctx, handover{report: in.ReportID, finding: in.Finding, tool: "offboard_user"})
	list := rows[leaver]{places: found.places, problems: found.problems}
	for _, f := range found.values {
		steps, tokens := in.Steps, []string(nil)
		if len(steps) == 0 {
			steps, tokens = f.fix.Steps, f.fix.Tokens
		}
		list.values = append(list.values, leaver{f.target, f.reason, steps, tokens, f.seen})
	}
	return list, notes, err
}

// effectiveAt reads when something shall be done; the zero time is now.
func effectiveAt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return when.Parse(text, time.Now())
}
