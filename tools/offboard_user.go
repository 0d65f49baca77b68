package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// OffboardUserInput says whose access ends.
type OffboardUserInput struct {
	User    string   `json:"user" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	Reason  string   `json:"reason,omitempty" jsonschema:"why, for the record, such as a ticket number" maxLength:"500"`
	Steps   []string `json:"steps,omitempty" jsonschema:"which parts to do; all but remove_from_site when left out" enum:"deactivate,scim_groups,jira_groups,remove_from_site" minItems:"1" maxItems:"4"`
	Confirm string   `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to; leave it out to get the plan" maxLength:"4096"`
}

func (d *Deps) offboardUserTool() Tool {
	return Define("offboard_user", "Offboard a person", ToolsetLifecycle,
		"Ends a person's access: deactivates the account through SCIM, removes SCIM and Jira groups, and verifies by reading back. "+
			"The first call changes nothing and returns the plan; show it to the person you work for, and call again with confirm only after they agree. "+
			"Only for somebody who leaves: to take single groups use remove_user_from_group.",
		destroys, d.offboardUser)
}

func (d *Deps) offboardUser(ctx context.Context, in OffboardUserInput) (Confirmable, error) {
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.Offboard(ctx, lifecycle.OffboardRequest{Target: target, Parts: in.Steps, Reason: in.Reason, Confirm: in.Confirm}))
}
