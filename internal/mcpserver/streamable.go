package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
)

// streamable stands between Streamable HTTP and mcp-go: it answers what is about tasks, and tells a client that cancels from a
// connection that breaks. Whatever is not as it should be goes on to mcp-go, which refuses it.
func (s *Server) streamable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body) // guard has it whole
		if err != nil {
			http.Error(w, "the body broke off", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
		if modern && isCancellation(body) {
			// That revision cancels by closing the response. mcp-go would look the id up among those of every client.
			w.WriteHeader(http.StatusAccepted)
			return
		}
		ctx, end := hangUp(r.Context(), modern)
		defer end()
		if methodOf(body) == string(mcp.MethodSubscriptionsListen) { // mcp-go keeps it open until its context ends
			defer context.AfterFunc(s.leaving, end)()
		}
		if m, ok := s.readTaskMessage(body); ok && taskHeaders(r.Header, m) {
			owner := task.Owner{Caller: s.caller(ctx)}
			if !modern {
				owner.Session = r.Header.Get(mcp.HeaderSessionID)
			}
			if answer, ok := s.answerTask(ctx, owner, m); ok {
				writeAnswer(w, answer, modern)
			}
			return
		}
		next.ServeHTTP(shaper{w, modern}, r.WithContext(ctx))
	})
}

// hangUp gives a request's context its cause for when the client closes the connection.
//
// Since 2026-07-28, "closing the SSE response stream MUST be treated by the server as cancellation of that request" (Streamable
// HTTP, Cancellation; "the server MUST treat a client disconnect as cancellation", patterns/cancellation). Up to 2025-11-25,
// "disconnection SHOULD NOT be interpreted as the client cancelling its request" (Transports, Sending Messages to the Server).
func hangUp(connected context.Context, modern bool) (ctx context.Context, end func()) {
	cause := request.ErrDisconnected
	if modern {
		cause = request.ErrClientCancelled
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(connected))
	unlink := context.AfterFunc(connected, func() { cancel(cause) })
	return ctx, func() { unlink(); cancel(context.Canceled) }
}

func isCancellation(body []byte) bool {
	return methodOf(body) == string(mcp.MethodNotificationCancelled)
}

// methodOf is the method of a message; "" where it has none.
func methodOf(body []byte) string {
	var m struct {
		Method string `json:"method"`
	}
	_ = json.Unmarshal(body, &m) // what is no message has no method
	return m.Method
}

// taskHeaders reports whether a request about tasks has the headers that its revision wants.
func taskHeaders(h http.Header, m taskMessage) bool {
	if mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return false
	}
	revision, said := h.Get(mcp.HeaderProtocolVersion), m.Params.Meta.ProtocolVersion()
	if !mcp.IsModernProtocol(revision) && !mcp.IsModernProtocol(said) {
		terminated, err := (&server.StatelessGeneratingSessionIdManager{}).Validate(h.Get(mcp.HeaderSessionID)) // mcp-go's own
		return err == nil && !terminated && (revision == "" || mcp.IsValidProtocolVersion(revision))
	}
	// Mcp-Name is the task's id; clients that know tasks only as part of the protocol don't send it.
	name := h.Get(mcp.HeaderName)
	return revision == said && h.Get(mcp.HeaderMethod) == m.Method && (name == "" || name == m.Params.TaskID)
}

// writeAnswer writes a response. 2026-07-28 wants the error in the HTTP status too.
func writeAnswer(w http.ResponseWriter, answer response, modern bool) {
	status := http.StatusOK
	if details, failed := answer.Error.(mcp.JSONRPCErrorDetails); failed && modern {
		status = http.StatusBadRequest
		if details.Code == mcp.METHOD_NOT_FOUND {
			status = http.StatusNotFound
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}
