package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
)

// eventsURI is the resource of the newest events, which can be subscribed to.
const eventsURI = "events://lifecycle"

// newestEvents is how many the resource has.
const newestEvents = 50

// serveEvents lets clients read the newest events, and be told of new ones.
func (s *Server) serveEvents(log *events.Log) {
	s.mcp.AddResource(mcp.NewResource(eventsURI, "lifecycle-events",
		mcp.WithResourceTitle("Lifecycle events"),
		mcp.WithResourceDescription("The newest events of people and access in the organization's audit log. A subscriber is told when there are new ones."),
		mcp.WithMIMEType(mimeTypes[".json"]),
	), func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		page, err := log.List(ctx, events.Query{Limit: newestEvents})
		if err != nil {
			return nil, explain.Fault(err)
		}
		if page.Events == nil {
			page.Events = []events.Event{}
		}
		content, err := json.Marshal(map[string]any{"events": page.Events})
		if err != nil {
			return nil, fmt.Errorf("encode the events: %w", err)
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeTypes[".json"], Text: string(content)}}, nil
	})
}

// trackSubscribers has the feed tell whoever subscribes. Up to 2025-11-25 that is resources/subscribe, which holds until the session ends; since
// 2026-07-28 it is a subscriptions/listen stream, which holds as long as it is open. mcp-go acknowledges both and leaves the rest to its user.
func (s *Server) trackSubscribers(hooks *server.Hooks) {
	hooks.AddAfterSubscribe(func(ctx context.Context, _ any, m *mcp.SubscribeRequest, _ *mcp.EmptyResult) {
		session := server.ClientSessionFromContext(ctx)
		if m.Params.URI != eventsURI || session == nil || s.Services == nil {
			return
		}
		id := session.SessionID()
		s.feed.Subscribe(id, func() {
			if err := s.mcp.SendNotificationToSpecificClient(id, string(mcp.MethodNotificationResourceUpdated), map[string]any{"uri": eventsURI}); err != nil {
				s.log.Warn("a subscriber could not be told of new events", "error", err)
			}
		})
	})
	hooks.AddAfterUnsubscribe(func(ctx context.Context, _ any, m *mcp.UnsubscribeRequest, _ *mcp.EmptyResult) {
		if session := server.ClientSessionFromContext(ctx); m.Params.URI == eventsURI && session != nil {
			s.unsubscribe(session.SessionID())
		}
	})
	hooks.AddOnUnregisterSession(func(_ context.Context, session server.ClientSession) { s.unsubscribe(session.SessionID()) })
	hooks.AddBeforeSubscriptionsListen(func(ctx context.Context, id any, m *mcp.SubscriptionsListenRequest) {
		session := server.ClientSessionFromContext(ctx)
		if !slices.Contains(m.Params.Notifications.ResourceSubscriptions, eventsURI) || session == nil || s.Services == nil {
			return
		}
		update := mcp.JSONRPCNotification{JSONRPC: mcp.JSONRPC_VERSION, Notification: mcp.Notification{
			Method: string(mcp.MethodNotificationResourceUpdated),
			Params: mcp.NotificationParams{Meta: map[string]any{mcp.MetaKeySubscriptionID: id}, AdditionalFields: map[string]any{"uri": eventsURI}},
		}}
		key := new(byte) // of this stream alone: ids are the clients' own
		s.feed.Subscribe(key, func() {
			select {
			case session.NotificationChannel() <- update:
			default:
				s.log.Warn("a subscriber does not read, and was not told of new events")
			}
		})
		context.AfterFunc(ctx, func() { s.unsubscribe(key) })
	})
}

func (s *Server) unsubscribe(key any) {
	if s.Services != nil {
		s.feed.Unsubscribe(key)
	}
}
