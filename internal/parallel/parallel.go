// Package parallel runs parts of one call side by side. It is errgroup, except that a panic in one part becomes the error of that part: a defect in
// one call must not end the process, and with it the operations of others.
package parallel

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// ErrPanic is what the error of a part that panicked wraps.
var ErrPanic = errors.New("panic")

// Group is an errgroup.Group whose parts may panic.
type Group struct{ *errgroup.Group }

// WithContext returns a group, and a context that ends when a part fails or all are done.
func WithContext(ctx context.Context) (Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	return Group{group}, ctx
}

// Go starts a part.
func (g Group) Go(part func() error) {
	g.Group.Go(func() error { return Safely(part) })
}

// Safely runs f and gives its error, or its panic as one.
func Safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanic, p, debug.Stack())
		}
	}()
	return f()
}
