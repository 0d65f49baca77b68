package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a sandbox that listens.
type Server struct {
	sandbox *Sandbox
	url     string
	http    *http.Server
	done    chan struct{}
}

// Start listens on addr, such as "127.0.0.1:8711" or "127.0.0.1:0". The control endpoints need no credential, so any address that is not
// loopback is refused. Close stops it.
func (s *Sandbox) Start(addr string) (*Server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("sandbox: listen address %q is not loopback; use 127.0.0.1", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	server := &Server{
		sandbox: s, url: "http://" + listener.Addr().String(), done: make(chan struct{}),
		http: &http.Server{
			Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second,
			ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return s.holds.accepted(ctx) },
		},
	}
	go func() {
		defer close(server.done)
		// Serve always errs; after Close with ErrServerClosed, and otherwise there is nobody left to tell.
		_ = server.http.Serve(listener)
	}()
	return server, nil
}

// URL returns the server's address, without a slash at the end.
func (s *Server) URL() string { return s.url }

// Env returns the settings that make a client use this server, with the token that may do everything.
func (s *Server) Env() map[string]string {
	admin := tokenTable[TokenAdmin]
	return map[string]string{
		"ATLASSIAN_SITE_URL":          s.url,
		"ATLASSIAN_API_URL":           s.url,
		"ATLASSIAN_EMAIL":             admin.Email,
		"ATLASSIAN_API_TOKEN":         admin.Token,
		"ATLASSIAN_SCIM_DIRECTORY_ID": DirectoryID,
		"ATLASSIAN_SCIM_TOKEN":        SCIMToken,
		"ATLASSIAN_ORG_ID":            OrgID,
		"ATLASSIAN_ORG_API_KEY":       orgKeyTable[OrgKeyFull].Key,
	}
}

// Ready is what a sandbox process prints, as one line of JSON, once it listens.
type Ready struct {
	URL    string            `json:"url"`
	Env    map[string]string `json:"env"`
	Tokens map[string]Token  `json:"tokens"`
	// OrgKeys are the organization's keys.
	OrgKeys map[string]OrgKey `json:"org_keys"`
}

// Ready returns the server's address, settings, tokens and keys.
func (s *Server) Ready() Ready {
	return Ready{URL: s.url, Env: s.Env(), Tokens: Tokens(), OrgKeys: OrgKeys()}
}

// Close stops listening, drops requests that are held, gives running ones a moment, and cuts those that remain.
func (s *Server) Close() error {
	s.sandbox.ReleaseAll(false)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.done
	return err
}
