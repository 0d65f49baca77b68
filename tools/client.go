package tools

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// progressInterval is the least time between two progress notifications of one call.
const progressInterval = 100 * time.Millisecond

// clientCapabilities gives what the client declared: with this request since 2026-07-28, at initialize before.
func clientCapabilities(ctx context.Context) mcp.ClientCapabilities {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		if info.ClientCapabilities == nil {
			return mcp.ClientCapabilities{}
		}
		return *info.ClientCapabilities
	}
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		return session.GetClientCapabilities()
	}
	return mcp.ClientCapabilities{}
}

// clientName gives the client's own name for itself, short and printable.
func clientName(ctx context.Context) string {
	var who mcp.Implementation
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.ClientInfo != nil {
		who = *info.ClientInfo
	} else if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		who = session.GetClientInfo()
	}
	name := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(who.Name+" "+who.Version))
	return clip(name)
}

// progress gives the function that reports a call's progress to its client, or nil when the client did not ask for it.
// Reports are thinned out and only ever grow, as the protocol wants.
func progress(ctx context.Context, req mcp.CallToolRequest) func(done, total float64, message string) {
	if req.Params.Meta == nil || req.Params.Meta.ProgressToken == nil {
		return nil
	}
	token, srv := req.Params.Meta.ProgressToken, server.ServerFromContext(ctx)
	if srv == nil {
		return nil
	}
	var (
		mu   sync.Mutex
		last time.Time
		most float64
	)
	return func(done, total float64, message string) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if done <= most || now.Sub(last) < progressInterval && done != total {
			return
		}
		most, last = done, now
		params := map[string]any{"progressToken": token, "progress": done}
		if total > 0 {
			params["total"] = total
		}
		if message != "" {
			params["message"] = message
		}
		// A client that is gone or too slow misses a report; its result does not depend on one.
		_ = srv.SendNotificationToClient(ctx, "notifications/progress", params)
	}
}
