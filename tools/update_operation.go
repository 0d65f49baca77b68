package tools

import (
	"context"
	"strings"
)

// UpdateOperationInput says what to do with an operation.
type UpdateOperationInput struct {
	OperationID string `json:"operation_id" jsonschema:"the operation" maxLength:"100"`
	Action      string `json:"action" jsonschema:"what to do with it" enum:"resume,cancel,approve,reject"`
	Reason      string `json:"reason,omitempty" jsonschema:"why, for the record" maxLength:"500"`
}

func (d *Deps) updateOperationTool() Tool {
	return Define("update_operation", "Steer an operation", ToolsetOperations,
		"Resumes an operation that ended partial or failed (only what is not done is tried again), cancels one that waits or runs (it stops before its next step; what is done stays done), "+
			"or approves or rejects one that awaits a second person. Approve only when the person you work for, who is not the one that asked for it, has read its plan and said so.",
		Hints{Destructive: true, OpenWorld: true}, d.UpdateOperation)
}

// UpdateOperation is the tool update_operation.
func (d *Deps) UpdateOperation(ctx context.Context, in UpdateOperationInput) (OperationOutput, error) {
	detail, err := d.Lifecycle.UpdateOperation(ctx, strings.TrimSpace(in.OperationID), in.Action, in.Reason)
	return operationOutput(detail), err
}
