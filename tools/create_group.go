package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// CreateGroupInput names the group.
type CreateGroupInput struct {
	Name string `json:"name" jsonschema:"name of the group" maxLength:"255"`
	Side string `json:"side,omitempty" jsonschema:"where to create it; jira when left out" enum:"jira,scim"`
}

func (d *Deps) createGroupTool() Tool {
	return Define("create_group", "Create a group", ToolsetAdmin,
		"Creates an empty group in Jira or in the SCIM directory and verifies; one that exists already is left as it is. A new group grants nothing until it is given permissions.",
		writes, d.createGroup)
}

func (d *Deps) createGroup(ctx context.Context, in CreateGroupInput) (lifecycle.Result, error) {
	via := lifecycle.ViaJira
	if in.Side == string(lifecycle.ViaSCIM) {
		via = lifecycle.ViaSCIM
	}
	return d.Lifecycle.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: in.Name, Via: via})
}
