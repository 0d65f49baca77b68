// Package request carries what belongs to one tool call and to nothing else: who asked, under which id, and where progress goes.
// It holds no dependencies; those are struct fields of the services.
package request

import "context"

// Info describes the call under way. The zero value is a call by nobody in particular that reports no progress.
type Info struct {
	// ID names the call in logs and records.
	ID string
	// Caller is the identity that a confirmation token is bound to, such as "local:alice".
	Caller string
	// Client names the program that called, as it introduced itself. It is untrusted text.
	Client string
	// CanAsk is true when the client can put a question to its user.
	CanAsk bool
	// Asked is true when a person has just agreed to the plan in the client's own dialogue.
	Asked bool
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
