// Package request carries what belongs to one tool call and to nothing else: who asked, under which id, where progress goes, and
// why the call's context ended. It holds no dependencies; those are struct fields of the services.
package request

import (
	"context"
	"errors"
)

// Why a call's context has ended, as context.Cause tells it. A handler's context always ends with one of these.
var (
	// ErrClientCancelled: whoever called asks for an end, by notifications/cancelled, by tasks/cancel, or, since the revision
	// 2026-07-28 of Streamable HTTP, by closing the response. An operation stops before its next step.
	ErrClientCancelled = errors.New("cancelled by the client")
	// ErrDisconnected: the connection is gone, which says nothing of what its client wants. An operation goes on.
	ErrDisconnected = errors.New("the client is gone")
	// ErrStopping: this process ends. An operation is left for the next process.
	ErrStopping = errors.New("the server is stopping")
)

// Info describes the call under way. The zero value is a call by nobody in particular that reports no progress.
type Info struct {
	// ID names the call in logs and records.
	ID string
	// Caller is the identity that a confirmation token is bound to, such as "local:alice".
	Caller string
	// Operator is true for a person at the server's own shell, who owns its operations.
	Operator bool
	// OSUser is whose process this is and where, such as "alice@laptop", for the record. Over HTTP that is not the caller.
	OSUser string
	// Client names the program that called, as it introduced itself. It is untrusted text.
	Client string
	// CanAsk is true when the client can put a question to its user.
	CanAsk bool
	// Asked is true when a person has just agreed to the plan in the client's own dialogue.
	Asked bool
	// Task is true when the call may take as long as it takes: its client gets, or already has, a task to follow.
	Task bool
	// Progress receives how much is done, of how much (0 = unknown), with a short text. It may be nil and must not block.
	Progress func(done, total float64, message string)
}

type key struct{}

// With returns a context that carries info.
func With(ctx context.Context, info Info) context.Context {
	return context.WithValue(ctx, key{}, info)
}

// From returns the call's info, or the zero value.
func From(ctx context.Context) Info {
	info, _ := ctx.Value(key{}).(Info)
	return info
}

// Progress reports progress of the call under way, if anybody listens.
func Progress(ctx context.Context, done, total float64, message string) {
	if p := From(ctx).Progress; p != nil {
		p(done, total, message)
	}
}
