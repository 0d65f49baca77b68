package tools

import (
	"context"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// RestoreUserInput says which operation to undo, or whose deletion to cancel.
type RestoreUserInput struct {
	OperationID string `json:"operation_id,omitempty" jsonschema:"the offboarding or removal to undo" maxLength:"100"`
	User        string `json:"user,omitempty" jsonschema:"instead of operation_id: account id or exact e-mail of somebody whose account is marked for deletion, whoever did that; cancels the deletion and nothing else" maxLength:"255"`
	Reason      string `json:"reason,omitempty" jsonschema:"why, for the record" maxLength:"500"`
	Confirm     string `json:"confirm,omitempty" jsonschema:"token of the plan that a person has agreed to, where one was asked for" maxLength:"4096"`
}

func (d *Deps) restoreUserTool() Tool {
	return Define("restore_user", "Undo an offboarding", ToolsetLifecycle,
		"Puts back what one operation took from a person, and nothing else: reactivates the account or its access, cancels a deletion, adds the groups again, verifies, and tells what can't be put back. "+
			"It asks for confirmation only where the person would get more than was taken. For somebody without such an operation use provision_user.",
		writes, d.restoreUser)
}

func (d *Deps) restoreUser(ctx context.Context, in RestoreUserInput) (Confirmable, error) {
	r := lifecycle.RestoreRequest{OperationID: strings.TrimSpace(in.OperationID), Terms: lifecycle.Terms{Reason: in.Reason, Confirm: in.Confirm}}
	which, err := oneOf(given{"operation_id", r.OperationID != ""}, given{"user", in.User != ""})
	if err == nil && which == "user" {
		r.Target, err = directory.ParseExactTarget(in.User)
	}
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.Restore(ctx, r))
}
