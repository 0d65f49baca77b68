package rest

import "context"

type (
	watcherKey struct{}
	beforeKey  struct{}
)

// WithRequestIDs returns a context in which got is called with the service's own id of each answer, for records that support may ask for. Calls side by
// side call it side by side. An answer without an id is not told.
func WithRequestIDs(ctx context.Context, got func(id string)) context.Context {
	return context.WithValue(ctx, watcherKey{}, got)
}

func tellRequestID(ctx context.Context, id string) {
	if got, ok := ctx.Value(watcherKey{}).(func(string)); ok && id != "" {
		got(id)
	}
}

// Before returns a context in which each try of a write, the repeated ones too, first asks whether it may still be sent. With an error nothing more is
// sent, and the call fails with an [*Error] that wraps it.
func Before(ctx context.Context, may func() error) context.Context {
	return context.WithValue(ctx, beforeKey{}, may)
}

func allowed(ctx context.Context, r Request) error {
	if may, ok := ctx.Value(beforeKey{}).(func() error); ok && r.writes() {
		return may()
	}
	return nil
}
