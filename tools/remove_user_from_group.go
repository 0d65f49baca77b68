package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// RemoveUserFromGroupInput says whom to take out of which groups: one person, or those of a report's finding.
type RemoveUserFromGroupInput struct {
	User     string   `json:"user,omitempty" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Groups   []string `json:"groups,omitempty" jsonschema:"group ids or exact names; of a finding those that it names when left out" minItems:"1" maxItems:"50" maxLength:"255"`
	ReportID string   `json:"report_id,omitempty" jsonschema:"with finding, instead of user: whom an audit found" maxLength:"100"`
	Finding  string   `json:"finding,omitempty" jsonschema:"a finding's code" maxLength:"50"`
	Confirm  string   `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) removeUserFromGroupTool() Tool {
	return Define("remove_user_from_group", "Remove a person from groups", ToolsetLifecycle,
		"Takes a person out of the named groups, each through the side that owns it, and verifies. The first call changes nothing and returns the plan; "+
			"call again with confirm after a person has agreed. The account stays active: for somebody who leaves use offboard_user.",
		destroys, d.removeUserFromGroup)
}

func (d *Deps) removeUserFromGroup(ctx context.Context, in RemoveUserFromGroupInput) (Confirmable, error) {
	terms := lifecycle.Terms{Confirm: in.Confirm}
	switch which, err := oneOf(given{"user", in.User != ""}, given{"report_id", in.ReportID+in.Finding != ""}); {
	case err != nil:
		return Confirmable{}, err
	case which == "report_id":
		people, notes, err := d.reported(ctx, handover{report: in.ReportID, finding: in.Finding, tool: "remove_user_from_group", groups: len(in.Groups) > 0})
		if err != nil {
			return Confirmable{}, err
		}
		return confirmable(d.removeReported(ctx, people, notes, in.Groups, terms))
	case len(in.Groups) == 0:
		return Confirmable{}, fault.New(fault.InvalidArgument, "Name the groups by id or exact name; for somebody who leaves use offboard_user.", "groups is missing.")
	}
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.RemoveFromGroups(ctx, lifecycle.RemoveRequest{Target: target, Groups: in.Groups, Terms: terms}))
}

// removeReported takes each person out of the groups, or out of those that their own finding names.
func (d *Deps) removeReported(ctx context.Context, people rows[reported], notes, groups []string, terms lifecycle.Terms) (lifecycle.Result, error) {
	var list rows[lifecycle.RemoveRequest]
	list.problems = people.problems
	for i, f := range people.values {
		own := groups
		if len(own) == 0 {
			own = f.fix.Groups
		}
		list.add(people.places[i], f.target.Value, lifecycle.RemoveRequest{Target: f.target, Groups: own, Seen: f.seen, Terms: lifecycle.Terms{Reason: f.reason}}, nil)
	}
	return d.Lifecycle.RemoveMany(ctx, list.values, lifecycle.Rows{Places: list.places, Problems: list.problems, Notes: notes, Terms: terms})
}
