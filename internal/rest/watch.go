package rest

import "context"

type watcherKey struct{}

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
