package events

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// site is a simulated organization.
type site struct {
	*sandbox.Sandbox
	t   testing.TB
	url string
}

func startSite(t testing.TB, knobs sandbox.OrgKnobs) site {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Users: 60, Organization: knobs})
	if err != nil {
		t.Fatal(err)
	}
	server, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return site{box, t, server.Env()["ATLASSIAN_API_URL"]}
}

// client returns a client with a queries' quota of its own.
func (s site) client(key string) *admin.Client {
	s.t.Helper()
	c, err := rest.New(rest.Config{
		Service: admin.Service, BaseURL: s.url, Transport: auth.Bearer(sandbox.OrgKeys()[key].Key, rest.NewTransport()), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return admin.New(c, sandbox.OrgID)
}

func (s site) log() *Log { return New(s.client(sandbox.OrgKeyFull), nil) }

// toggle puts somebody into a group of the local directory and takes them out again, n times by turns, and returns how many events that makes.
func (s site) toggle(n int) int {
	s.t.Helper()
	c, who, group := s.client(sandbox.OrgKeyFull), s.AccountID("sam.partner@partner.example"), s.GroupID("release-managers", false)
	for i := range n {
		var err error
		if i%2 == 0 {
			err = c.AddMember(context.Background(), sandbox.LocalID, group, who)
		} else {
			err = c.RemoveMember(context.Background(), sandbox.LocalID, group, who)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return n
}

// truth is what the stream has since a time, without a follower.
func (s site) truth(from time.Time) []Event {
	s.t.Helper()
	var list []Event
	for page, err := range s.client(sandbox.OrgKeyFull).AllEvents(context.Background(), admin.Stream{From: from}) {
		if err != nil {
			s.t.Fatal(err)
		}
		for _, entry := range page {
			if e, ok := names(nil).read(entry); ok {
				list = append(list, e)
			}
		}
	}
	return list
}

func ids(list []Event) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.ID
	}
	return out
}
