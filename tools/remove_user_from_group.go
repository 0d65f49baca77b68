package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// RemoveUserFromGroupInput says whom to take out of which groups.
type RemoveUserFromGroupInput struct {
	User    string   `json:"user" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Groups  []string `json:"groups" jsonschema:"group ids or exact names" minItems:"1" maxItems:"50" maxLength:"255"`
	Confirm string   `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) removeUserFromGroupTool() Tool {
	return Define("remove_user_from_group", "Remove a person from groups", ToolsetLifecycle,
		"Takes a person out of the named groups, each through the side that owns it, and verifies. The first call changes nothing and returns the plan; "+
			"call again with confirm after a person has agreed. The account stays active: for somebody who leaves use offboard_user.",
		destroys, d.removeUserFromGroup)
}

func (d *Deps) removeUserFromGroup(ctx context.Context, in RemoveUserFromGroupInput) (Confirmable, error) {
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.RemoveFromGroups(ctx, lifecycle.RemoveRequest{Target: target, Groups: in.Groups, Terms: lifecycle.Terms{Confirm: in.Confirm}}))
}
