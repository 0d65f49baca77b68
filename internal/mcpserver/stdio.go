package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/task"
)

// ServeStdio speaks MCP on in and out, one JSON-RPC message a line, until in ends or ctx is done. Both are a clean stop: calls
// that run get a while to end, then their context ends, and only a call that ignores that is left behind.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	s.offerTasks(true)
	gate := newLineGate(in, out)
	reader, writer := io.Pipe()
	transport := server.NewStdioServer(s.mcp)
	transport.SetErrorLogger(slog.NewLogLogger(s.log.Handler(), slog.LevelWarn))
	// A call may wait for a person; calls beyond these wait in the queue.
	server.WithWorkerPoolSize(32)(transport)
	server.WithQueueSize(1000)(transport)

	// Ends what a request about a task waits for.
	waiting, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	gate.divert = func(line []byte) bool { return s.divertTask(waiting, gate, line) }

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
	if !gate.open.wait(drain, gate.streams.get) || !s.tasks.Store.Wait(drain) {
		s.log.Warn("calls still run and are stopped now")
	}
	stopped := s.abort()
	_ = writer.Close() // a pipe's Close never fails; mcp-go now drops what is left
	if stopped {
		select {
		case <-served: // the last answers are written
		case <-time.After(s.abortTime):
		}
	}
	return err
}

// stdioSession is mcp-go's id of the one session that stdio has.
const stdioSession = "stdio"

// divertTask answers line if it is a request about a task, and reports whether it is.
func (s *Server) divertTask(ctx context.Context, out io.Writer, line []byte) bool {
	m, ok := s.readTaskMessage(line)
	if !ok {
		return false
	}
	go func() { // one that waits for its task must not hold up the others
		answer, ok := s.answerTask(ctx, task.Owner{Caller: s.caller(ctx), Session: stdioSession}, m)
		if !ok {
			return
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			s.log.Error("an answer about a task could not be encoded", "error", err)
			return
		}
		_, _ = out.Write(append(raw, '\n')) // the client may have gone
	}()
	return true
}
