package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

func TestWhyACallStoppedIsSaid(t *testing.T) {
	for cause, want := range map[error]string{
		request.ErrClientCancelled: "cancelled",
		request.ErrDisconnected:    "The connection broke",
		request.ErrStopping:        "The server is stopping",
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		for _, err := range []error{ctx.Err(), fmt.Errorf("read a page: %w", ctx.Err()), cause} {
			f := asFault(because(ctx, err), "r1")
			if f.Code != fault.Cancelled || !strings.Contains(f.Message, want) || f.Hint == "" {
				t.Errorf("%v of a call that ended because of %q: %s: %s", err, cause, f.Code, f.Message)
			}
		}
		if other := errors.New("disk full"); because(ctx, other) != other {
			t.Error("another error is blamed on the end of the call")
		}
	}
}
