package mcpserver

import (
	"context"
	"errors"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// withCause gives a call's context a cause that tells why it ended: one of request.ErrClientCancelled, ErrDisconnected and
// ErrStopping. end must be called when the call is over.
func (s *Server) withCause(parent context.Context) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	unlinkParent := context.AfterFunc(parent, func() { cancel(why(parent)) })
	unlinkStop := context.AfterFunc(s.stopping, func() { cancel(request.ErrStopping) })
	return ctx, func() {
		unlinkParent()
		unlinkStop()
		cancel(context.Canceled)
	}
}

// why tells why the context of a call has ended that mcp-go hands to its handler.
//
// mcp-go ends one on notifications/cancelled, without a cause of its own. Where a connection may end it, the transport has given it
// a cause (disconnects). Whatever else ends one ends the process: a stop, or a signal to a command that calls a tool itself.
func why(ended context.Context) error {
	cause := context.Cause(ended)
	switch {
	case errors.Is(cause, request.ErrDisconnected), errors.Is(cause, request.ErrClientCancelled):
		return cause
	case cause == context.Canceled: // the very value: a signal's cause may wrap it
		return request.ErrClientCancelled
	}
	return request.ErrStopping
}
