package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// DeleteUserInput says whom to remove from the site.
type DeleteUserInput struct {
	User    string `json:"user" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Confirm string `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) deleteUserTool() Tool {
	return Define("delete_user", "Remove a person from the site", ToolsetAdmin,
		"Removes a person who is not SCIM-managed from the Jira site with all groups; the Atlassian account itself stays. The first call changes nothing and returns the plan. "+
			"This can't be undone but by a new invitation: for a leaver use offboard_user.",
		destroys, d.deleteUser)
}

func (d *Deps) deleteUser(ctx context.Context, in DeleteUserInput) (Confirmable, error) {
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: target, Terms: lifecycle.Terms{Confirm: in.Confirm}}))
}
