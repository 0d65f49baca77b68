package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// DeleteGroupInput names the group.
type DeleteGroupInput struct {
	Group   string `json:"group" jsonschema:"group id or exact name" maxLength:"255"`
	Confirm string `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) deleteGroupTool() Tool {
	return Define("delete_group", "Delete a group", ToolsetAdmin,
		"Deletes a group on the side that owns it; everybody in it loses what it grants. The first call changes nothing and returns the plan. It can't be undone. "+
			"Groups of administrators are refused.",
		destroys, d.deleteGroup)
}

func (d *Deps) deleteGroup(ctx context.Context, in DeleteGroupInput) (Confirmable, error) {
	return confirmable(d.Lifecycle.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: in.Group, Terms: lifecycle.Terms{Confirm: in.Confirm}}))
}
