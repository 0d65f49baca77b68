// Package fault holds the errors that a person or a model is meant to read: a stable code, what was wrong, and what to do next.
//
// Every error that leaves a tool is one of these. Errors of the HTTP core become faults in one place, package explain;
// nothing else translates.
package fault

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong. The values are part of the tools' contract.
type Code string

// The codes that a tool result may carry.
const (
	InvalidArgument      Code = "invalid_argument"
	NotFound             Code = "not_found"
	Ambiguous            Code = "ambiguous"
	NotConfigured        Code = "not_configured"
	Unauthenticated      Code = "unauthenticated"
	PermissionDenied     Code = "permission_denied"
	ManagedExternally    Code = "managed_externally"
	Protected            Code = "protected"
	ConfirmationRequired Code = "confirmation_required"
	ConfirmationInvalid  Code = "confirmation_invalid"
	PlanChanged          Code = "plan_changed"
	Conflict             Code = "conflict"
	RateLimited          Code = "rate_limited"
	UpstreamUnavailable  Code = "upstream_unavailable"
	Timeout              Code = "timeout"
	Cancelled            Code = "cancelled"
	Internal             Code = "internal"
)

// Error is one fault. Message says what was wrong and where; Hint says what to do next.
type Error struct {
	Code       Code      `json:"code" jsonschema:"stable kind of the error"`
	Message    string    `json:"message" jsonschema:"what was wrong and where"`
	Hint       string    `json:"hint" jsonschema:"what to do next"`
	Retryable  bool      `json:"retryable" jsonschema:"true when the same call may succeed later"`
	RetryAfter int       `json:"retry_after,omitempty" jsonschema:"seconds until the same call makes sense again; absent where nothing is known"`
	Upstream   *Upstream `json:"upstream,omitempty" jsonschema:"the service's answer behind the error"`

	Details any   `json:"details,omitempty" jsonschema:"candidates, or a new plan, where the code has some"`
	Err     error `json:"-"`
}

// Upstream is the answer of the service that refused.
type Upstream struct {
	Status    int    `json:"status" jsonschema:"HTTP status"`
	RequestID string `json:"request_id,omitempty" jsonschema:"the service's own id of the request; quote it to Atlassian support"`
}

// Error gives the message followed by its hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " " + e.Hint
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes a fault whose message is formatted from format and args.
func New(code Code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// With returns e with details attached.
func (e *Error) With(details any) *Error {
	e.Details = details
	return e
}

// Because returns e with err as its cause.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Is reports whether err is, or wraps, a fault of the given code.
func Is(err error, code Code) bool {
	var f *Error
	return errors.As(err, &f) && f.Code == code
}
