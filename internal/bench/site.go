package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// site is a sandbox that runs as a child.
type site struct {
	sandbox.Ready
	process *exec.Cmd
	in      io.Closer
	latency time.Duration
}

// startSite starts a sandbox with this many users, 0 for its default. It is killed when ctx ends, and by close.
func (b *bench) startSite(ctx context.Context, users int, latency time.Duration) (*site, error) {
	args := []string{"sandbox", "--listen", "127.0.0.1:0", "--latency", latency.String()}
	if users > 0 {
		args = append(args, "--users", strconv.Itoa(users))
	}
	process := exec.CommandContext(ctx, b.program, args...)
	log := &tail{}
	process.Stderr = log
	var err error
	if process.Env, err = b.environment(nil); err != nil {
		return nil, err
	}
	s := &site{process: process, latency: latency}
	if s.in, err = process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.Ready)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("the sandbox did not get ready: %w\n%s", err, log)
	}
	return s, nil
}

func (s *site) close() {
	_ = s.process.Process.Kill() // there is nothing in it to save
	_ = s.process.Wait()         // errs because of the kill
	_ = s.in.Close()
}

// onFreshSite takes the time of something that changes its site.
func (b *bench) onFreshSite(ctx context.Context, users int, latency time.Duration, send func(*site) (time.Duration, error)) (time.Duration, error) {
	s, err := b.startSite(ctx, users, latency)
	if err != nil {
		return 0, err
	}
	defer s.close()
	return send(s)
}

// control calls an endpoint of the sandbox's own, decoding the answer into out; nil discards it.
func (s *site) control(ctx context.Context, method, what string, body, out any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/_sandbox/"+what, bytes.NewReader(data))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode >= 300:
		return fmt.Errorf("sandbox: %s %s: %s", method, what, res.Status)
	case out == nil:
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// forget empties the sandbox's record of requests.
func (s *site) forget(ctx context.Context) error {
	return s.control(ctx, http.MethodDelete, "requests", nil, nil)
}

// requests returns what the sandbox recorded, in the order in which it came.
func (s *site) requests(ctx context.Context) ([]sandbox.Request, error) {
	var list []sandbox.Request
	err := s.control(ctx, http.MethodGet, "requests", nil, &list)
	return list, err
}
