package mcpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// ServeStdio speaks MCP on in and out, one JSON-RPC message a line, until in ends or ctx is done. Both are a clean stop: calls
// that run get a while to end, then their context ends, and only a call that ignores that is left behind.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	gate := newLineGate(in, out)
	reader, writer := io.Pipe()
	transport := server.NewStdioServer(s.mcp)
	transport.SetErrorLogger(slog.NewLogLogger(s.log.Handler(), slog.LevelWarn))
	// A call may wait for a person; calls beyond these wait in the queue.
	server.WithWorkerPoolSize(32)(transport)
	server.WithQueueSize(1000)(transport)

	served := make(chan error, 1)
	// Its own context: ctx only starts the stop, it must not cut what runs.
	go func() { served <- transport.Listen(context.WithoutCancel(ctx), reader, gate) }()
	ended := make(chan error, 1)
	go func() { ended <- gate.copyTo(writer) }() // ends with the process when nothing more arrives

	var err error
	select {
	case err = <-ended:
		if errors.Is(err, io.EOF) {
			err = nil
		}
		s.log.Debug("stdin ended")
	case err = <-served:
		return err
	case <-ctx.Done():
		s.log.Info("stopping")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.drainTime)
	defer cancel()
	if !gate.open.wait(drain, gate.streams.get) {
		s.log.Warn("calls still run and are stopped now")
	}
	_ = writer.Close() // a pipe's Close never fails; mcp-go now stops the calls that are left
	select {
	case <-served:
	case <-time.After(s.abortTime):
		s.log.Warn("a call ignored the stop and was left behind")
	}
	return err
}
