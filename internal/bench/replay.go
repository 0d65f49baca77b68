package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// exchange is a request to send again, with the status that it was answered with.
type exchange struct {
	method string
	target url.URL // path and query
	header http.Header
	body   []byte
	status int
}

// exchangesOf makes requests of the sandbox's record. A body too long for it is there as a digest, which the sandbox will not take.
func (s *site) exchangesOf(requests []sandbox.Request) []exchange {
	list := make([]exchange, 0, len(requests))
	for _, r := range requests {
		e := exchange{
			method: r.Method, target: url.URL{Path: r.Path, RawQuery: r.Query}, status: r.Status, body: []byte(r.Body),
			header: http.Header{"Authorization": {s.authorization(r.Path)}, "Accept": {"application/json"}},
		}
		if r.Body != "" {
			e.header.Set("Content-Type", "application/json")
		}
		list = append(list, e)
	}
	return list
}

// authorization is the credential for a path.
func (s *site) authorization(path string) string {
	switch {
	case directory(path):
		return "Bearer " + s.Env["ATLASSIAN_SCIM_TOKEN"]
	case strings.HasPrefix(path, "/admin/"), strings.HasPrefix(path, "/users/"):
		return "Bearer " + s.Env["ATLASSIAN_ORG_API_KEY"]
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(s.Env["ATLASSIAN_EMAIL"]+":"+s.Env["ATLASSIAN_API_TOKEN"]))
}

// directory reports whether a path is SCIM's.
func directory(path string) bool { return strings.HasPrefix(path, "/scim/") }

// bareClient is net/http with enough idle connections, and nothing else.
func bareClient(parallel int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
}

// lane is a list of requests of which so many run at once.
type lane struct {
	list     []exchange
	parallel int
}

// replay sends the lanes side by side, discards the bodies, and tells how long it all took. An answer with another status than the recorded
// one is an error: it would not be the same work.
func replay(ctx context.Context, client *http.Client, base string, lanes ...lane) (time.Duration, error) {
	start := time.Now()
	all, ctx := errgroup.WithContext(ctx)
	for _, l := range lanes {
		all.Go(func() error {
			some, ctx := errgroup.WithContext(ctx)
			some.SetLimit(max(l.parallel, 1))
			for _, e := range l.list {
				some.Go(func() error { return e.send(ctx, client, base) })
			}
			return some.Wait()
		})
	}
	err := all.Wait()
	return time.Since(start), err
}

func (e exchange) send(ctx context.Context, client *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, e.method, base+e.target.String(), bytes.NewReader(e.body))
	if err != nil {
		return err
	}
	req.Header = e.header
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != e.status {
		return fmt.Errorf("replay %s %s: status %d, was %d", e.method, e.target.Path, res.StatusCode, e.status)
	}
	return nil
}
