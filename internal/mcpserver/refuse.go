package mcpserver

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// refuseRead gives the error with which a resource's handler refuses a read: not_found and invalid_argument have the protocol's code for it, any
// other is an internal error. mcp-go gives every error of a handler that last code, so inShape puts the right one in place on the way out.
func refuseRead(ctx context.Context, err error) error {
	known := explain.Fault(err)
	code := mcp.INVALID_PARAMS
	switch {
	case known.Code == fault.NotFound && !mcp.IsModernProtocol(server.RequestProtocolVersion(ctx)): // 2026-07-28 has no code of its own for it
		code = mcp.RESOURCE_NOT_FOUND
	case known.Code != fault.NotFound && known.Code != fault.InvalidArgument:
		return known
	}
	if _, within := server.ClientSessionFromContext(ctx).(*server.InProcessSession); within {
		return known // passes no transport
	}
	return &refused{code, known}
}

// refused is an error whose text carries its code as far as inShape.
type refused struct {
	code int
	err  *fault.Error
}

func (e *refused) Error() string { return fmt.Sprintf("%s %d %s", reshaped, e.code, e.err) }

func (e *refused) Unwrap() error { return e.err }

// isRefusedRead tells whether a message of mcp-go is the answer with a refused.
func isRefusedRead(message []byte) bool {
	return bytes.Contains(message, []byte(`"message":"`+reshaped+" "))
}

// readRefused takes the text of a refused apart.
func readRefused(text string) (details mcp.JSONRPCErrorDetails, ok bool) {
	marked, ok := strings.CutPrefix(text, reshaped+" ")
	if !ok {
		return details, false
	}
	number, message, _ := strings.Cut(marked, " ")
	code, err := strconv.Atoi(number)
	return mcp.JSONRPCErrorDetails{Code: code, Message: message}, err == nil
}
