package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrOutcomeUnknown tells that a write may or may not have been executed: its answer was lost or could not be read.
// Test with errors.Is, then read back before deciding anything.
var ErrOutcomeUnknown = errors.New("the change may or may not have been made")

// Codes that the core itself puts into [Error.Code]. Other values are the service's own, such as SCIM's "uniqueness".
const (
	CodeBadResponse = "bad_response" // an answer that is not what the endpoint promises: HTML, half a JSON, wrong types
	CodeTooLarge    = "too_large"    // an answer over [Config.MaxBody]
	CodeRedirected  = "redirected"   // an answer that points to another address; it is never followed
	CodeRateLimited = "rate_limited" // 429, or a pause that an earlier 429 asked for
	CodeTimeout     = "timeout"      // no answer in time
	CodeCancelled   = "cancelled"    // the caller gave up
	CodeUnreachable = "unreachable"  // no connection, or one that broke
	CodeBadRequest  = "bad_request"  // a request that could not be built; nothing was sent
)

// Error is a call that failed. Its text and fields hold no secret, no e-mail address in full, and no ids from the path.
type Error struct {
	Service string // "jira", "scim"
	Method  string
	Path    string // the path template, such as "/scim/directory/{directoryId}/Users/{userId}"

	Status    int     // HTTP status; 0 when there was no answer
	Code      string  // one of the Code constants, or the service's own code; may be empty
	Message   string  // what the service said, cleaned, redacted and capped; or what went wrong here
	RequestID string  // the service's id of the request, for support
	Detail    *Detail // what else the service said; nil when nothing

	// RetryAfter is how long to wait before the same call makes sense; 0 when nothing is known.
	RetryAfter time.Duration
	// Attempts is how many times the request was sent.
	Attempts int
	// Repeated is true when an earlier attempt of this same call may already have been executed. A DELETE that answers
	// 404 or 400 then may have succeeded: read back.
	Repeated bool
	// OutcomeUnknown makes errors.Is(err, ErrOutcomeUnknown) true.
	OutcomeUnknown bool

	Err error // cause, such as context.Canceled or a network error; may be nil
}

// Detail is what the admin APIs say about a refusal beyond its code. All of it is cleaned.
type Detail struct {
	Reason string // context.reason.key of {"key": "forbidden.action", …}
	Errors []DetailError
}

// DetailError is one of several reasons.
type DetailError struct{ Code, Message, Link string }

// Error names the call, the answer and the message.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s:", e.Service, e.Method, e.Path)
	if e.Status != 0 {
		b.WriteString(strings.TrimRight(fmt.Sprintf(" %d %s", e.Status, http.StatusText(e.Status)), " "))
		if e.Message != "" {
			b.WriteByte(':')
		}
	}
	if e.Message != "" {
		b.WriteString(" " + e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (try again in %s)", e.RetryAfter.Round(time.Second))
	}
	if e.OutcomeUnknown {
		fmt.Fprintf(&b, "; %s", ErrOutcomeUnknown)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " [request %s]", e.RequestID)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrOutcomeUnknown) tell whether the outcome is unknown.
func (e *Error) Is(target error) bool { return target == ErrOutcomeUnknown && e.OutcomeUnknown }

// IsStatus tells whether err is, or wraps, an [*Error] of that HTTP status that the service itself gave: an HTML page does not count.
func IsStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status && e.Code != CodeBadResponse
}
