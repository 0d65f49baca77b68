package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// sessionLife is how long a session of an older client is remembered without a request.
const sessionLife = time.Hour

// answerTime is how long an answer may take from the end of its call to an SSE stream, when the server stops.
const answerTime = 100 * time.Millisecond

// ServeHTTP speaks Streamable HTTP at /mcp.
func (s *Server) ServeHTTP(ctx context.Context, listener net.Listener) error {
	transport := server.NewStreamableHTTPServer(s.mcp,
		server.WithStreamableHTTPLogger(s.log), server.WithSessionIdleTTL(sessionLife))
	s.offerTasks(false)
	mux := http.NewServeMux()
	mux.Handle("/mcp", s.streamable(transport))
	return s.serve(ctx, listener, "/mcp", mux, func(ctx context.Context) {
		if err := transport.Shutdown(ctx); err != nil {
			s.log.Warn("sessions did not close", "error", err)
		}
	})
}

// ServeSSE speaks the older HTTP+SSE transport at /sse and /message.
func (s *Server) ServeSSE(ctx context.Context, listener net.Listener) error {
	transport := server.NewSSEServer(s.mcp, server.WithKeepAlive(true), server.WithKeepAliveInterval(30*time.Second))
	mux := http.NewServeMux()
	mux.HandleFunc("/sse", func(w http.ResponseWriter, r *http.Request) {
		transport.SSEHandler().ServeHTTP(shaper{ResponseWriter: w}, r)
	})
	mux.Handle("/message", transport.MessageHandler())
	return s.serve(ctx, listener, "/sse", mux, func(ctx context.Context) {
		s.finishCalls(ctx)
		transport.CloseSessions()
	})
}

// finishCalls waits until no call runs, and a moment more. Over SSE a call runs apart from the request that brought it, and its
// answer still has to reach the stream.
func (s *Server) finishCalls(ctx context.Context) {
	if !s.running.wait(ctx, none) {
		return
	}
	select {
	case <-time.After(answerTime):
	case <-ctx.Done():
	}
}

// serve runs an HTTP server behind the guard until ctx is done. Then calls that run get a while to end; closeSessions ends the
// streams that never would.
func (s *Server) serve(ctx context.Context, listener net.Listener, path string, handler http.Handler, closeSessions func(context.Context)) error {
	srv := &http.Server{
		Handler:           guard(handler),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	s.log.Info("listening", "url", "http://"+listener.Addr().String()+path)

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		s.log.Info("stopping")
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.drainTime)
	defer cancel()
	s.leave()
	closeSessions(stop)
	err := srv.Shutdown(stop)
	if !s.idle(stop) {
		s.log.Warn("calls still run and are stopped now")
	}
	s.abort()
	if err != nil {
		return srv.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
