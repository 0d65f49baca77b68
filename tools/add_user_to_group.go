package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// AddUserToGroupInput says whom to put into which groups.
type AddUserToGroupInput struct {
	User   string   `json:"user" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Groups []string `json:"groups" jsonschema:"group ids or exact names" minItems:"1" maxItems:"50" maxLength:"255"`
}

func (d *Deps) addUserToGroupTool() Tool {
	return Define("add_user_to_group", "Add a person to groups", ToolsetLifecycle,
		"Adds a person to groups at once, each through the side (SCIM or Jira) that owns it, and verifies; groups that they are in already are skipped. "+
			"It grants whatever the groups grant, except administration, which is refused. For somebody new use provision_user, which takes groups too.",
		writes, d.addUserToGroup)
}

func (d *Deps) addUserToGroup(ctx context.Context, in AddUserToGroupInput) (lifecycle.Result, error) {
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return lifecycle.Result{}, err
	}
	return d.Lifecycle.AddToGroups(ctx, lifecycle.AddRequest{Target: target, Groups: in.Groups})
}
