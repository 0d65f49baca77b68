package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// server is an MCP server that runs as a child, spoken to over stdio in plain JSON-RPC lines: the same few instructions on our side of the
// pipe for the program and for its floor.
type server struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	log     *tail
	serial  int
}

// startServer starts path with args. It is killed when ctx ends, and ends by itself after close.
func (b *bench) startServer(ctx context.Context, path string, env map[string]string, args ...string) (*server, error) {
	process := exec.CommandContext(ctx, path, args...)
	var err error
	if process.Env, err = b.environment(env); err != nil {
		return nil, err
	}
	s := &server{process: process, log: &tail{}}
	process.Stderr = s.log
	if s.in, err = process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReaderSize(out, 64<<10)
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return s, nil
}

// startProgram starts the program as a client would, and greets it.
func (b *bench) startProgram(ctx context.Context, env map[string]string) (*server, error) {
	s, err := b.startServer(ctx, b.program, env, "serve")
	if err != nil {
		return nil, err
	}
	if err := s.greet(); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

// request sends a request and returns its result; notifications that come before are passed over.
func (s *server) request(method string, params any) (json.RawMessage, error) {
	s.serial++
	if err := s.send(map[string]any{"jsonrpc": "2.0", "id": s.serial, "method": method, "params": params}); err != nil {
		return nil, err
	}
	for {
		line, err := s.out.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("%s: no answer: %w\n%s", method, err, s.log)
		}
		var answer struct {
			ID     int
			Method string
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case answer.Method != "" || answer.ID != s.serial:
		case answer.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
		default:
			return answer.Result, nil
		}
	}
}

func (s *server) send(message map[string]any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = s.in.Write(append(line, '\n'))
	return err
}

// initialize sends the first request and waits for its answer.
func (s *server) initialize() error {
	_, err := s.request("initialize", map[string]any{
		"protocolVersion": "2025-06-18", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "bench", "version": "1"},
	})
	return err
}

// greet opens the session as every client does: initialize, initialized, tools/list.
func (s *server) greet() error {
	if err := s.initialize(); err != nil {
		return err
	}
	if err := s.send(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"}); err != nil {
		return err
	}
	_, err := s.request("tools/list", map[string]any{})
	return err
}

// call calls a tool and decodes its structured content into out; nil discards it. A tool's error is an error.
func (s *server) call(tool string, arguments map[string]any, out any) error {
	raw, err := s.request("tools/call", map[string]any{"name": tool, "arguments": arguments})
	if err != nil {
		return err
	}
	var result struct {
		IsError           bool
		StructuredContent json.RawMessage
		Content           []struct{ Text string }
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return fmt.Errorf("%s: %w", tool, err)
	}
	if result.IsError {
		return fmt.Errorf("%s: %v", tool, result.Content)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(result.StructuredContent, out)
}

// memory reads a line of the kernel's status of the process, such as VmRSS (now) or VmHWM (the most since it started), in megabytes.
// The resource usage that a parent gets at the end would not do: it counts the parent's own pages up to exec.
func (s *server) memory(line string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory can only be read where there is /proc: %w", err)
	}
	for text := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(text, line+":"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return float64(kilobytes) / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/PID/status", line)
}

// close ends the input, which is how a client stops a server, and waits for the end of the process.
func (s *server) close() error {
	_ = s.in.Close() // it may have gone already; Wait tells
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.process.Path, err, s.log)
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }
