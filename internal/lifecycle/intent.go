package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// An intent is what somebody asked for. It can be planned at any time, from what the services show then, and is kept with its operation so that
// this can be done again: when a scheduled change is due, or one that waited for approval.
type intent interface {
	// kind is the tool's name.
	kind() string
	// plan reads what it needs and passes every guard. It is the same for a first call, a confirmation and a change that is due.
	plan(context.Context, *Service) (Plan, error)
}

// Terms are how a change is asked for, beside what it changes.
type Terms struct {
	// Reason is kept with the operation.
	Reason string `json:"-"`
	// Confirm is the token of the plan that a person agreed to.
	Confirm string `json:"-"`
	// EffectiveAt is when it shall be done; zero is now.
	EffectiveAt time.Time `json:"-"`
	// DryRun returns the plan and changes nothing.
	DryRun bool `json:"-"`
}

func (t Terms) why() string { return t.Reason }

// needsAgreement tells whether a person has to agree to the plan first: whatever takes something away, access for several people at once, and an undo that
// would give more than was taken.
func needsAgreement(in intent, plan Plan) bool {
	switch in := in.(type) {
	case OffboardRequest, RemoveRequest, DeleteUserRequest, DeleteGroupRequest:
		return true
	case batch:
		if _, giving := in.items[0].(ProvisionRequest); giving { // many mails, or many who come back, are for a person to see first
			return true
		}
		return needsAgreement(in.items[0], plan)
	}
	return len(plan.widens) > 0
}

// decodeIntent reads what was recorded of an operation of this kind.
func decodeIntent(kind string, data json.RawMessage) (intent, error) {
	switch kind {
	case OffboardRequest{}.kind():
		return decodeAs[OffboardRequest](data)
	case ProvisionRequest{}.kind():
		return decodeAs[ProvisionRequest](data)
	case AddRequest{}.kind():
		return decodeAs[AddRequest](data)
	case RemoveRequest{}.kind():
		return decodeAs[RemoveRequest](data)
	case UpdateRequest{}.kind():
		return decodeAs[UpdateRequest](data)
	case DeleteUserRequest{}.kind():
		return decodeAs[DeleteUserRequest](data)
	case CreateGroupRequest{}.kind():
		return decodeAs[CreateGroupRequest](data)
	case DeleteGroupRequest{}.kind():
		return decodeAs[DeleteGroupRequest](data)
	case RestoreRequest{}.kind():
		return decodeAs[RestoreRequest](data)
	}
	return nil, fmt.Errorf("an operation of the kind %q is not known to this version", kind)
}

// because gives a recorded intent its reason back, which is recorded with the operation.
func because(in intent, reason string) intent {
	if in, ok := in.(OffboardRequest); ok {
		in.Reason = reason
		return in
	}
	return in
}

func decodeAs[T intent](data json.RawMessage) (intent, error) {
	var in T
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("read what was asked for: %w", err)
	}
	return in, nil
}
