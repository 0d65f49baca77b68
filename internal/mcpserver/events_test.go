package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// organization is a simulated one, and servers on one state directory.
type organization struct {
	*sandbox.Sandbox
	t   *testing.T
	cfg config.Config
}

func startOrganization(t *testing.T) organization {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Users: 60, Organization: sandbox.OrgKnobs{NoMinuteLimits: true}})
	if err != nil {
		t.Fatal(err)
	}
	site, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	cfg := config.Config{Transport: "stdio", Toolsets: []string{"default"}, StateDir: t.TempDir(), MaxConcurrency: 8, EventsInterval: 2 * time.Millisecond}
	if err := cfg.UseSandbox(site.Env()); err != nil {
		t.Fatal(err)
	}
	return organization{box, t, cfg}
}

func (o organization) server() *Server {
	o.t.Helper()
	server, err := Build(o.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		o.t.Fatal(err)
	}
	return server
}

// deactivate makes an event, and activate undoes it, which is another.
func (o organization) lifecycle(step string) {
	o.t.Helper()
	url := o.cfg.Organization.BaseURL + "/users/" + o.AccountID("max.manager@example.com") + "/manage/lifecycle/" + step
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, url, strings.NewReader(`{}`))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.cfg.Organization.Key.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		o.t.Fatalf("%s: %s", step, resp.Status)
	}
}

var errMissing = fault.New(fault.NotConfigured, "Set it.", "ATLASSIAN_ORG_ID is not set.")

// subscriber is a real client that was told of new events.
type subscriber struct {
	*client.Client
	told chan string // methods of notifications about the resource
	stop func()      // ends the subscription
}

func (o organization) subscribe(tr transport.Interface, revision string) subscriber {
	t := o.t
	t.Helper()
	c := subscriber{client.NewClient(tr, client.WithProtocolVersion(revision), client.WithDiscoverTimeout(time.Minute)), make(chan string, 1000), nil}
	acknowledged := make(chan struct{}, 1)
	c.OnNotification(func(n mcp.JSONRPCNotification) {
		switch {
		case n.Method == mcp.MethodNotificationResourceUpdated && n.Params.AdditionalFields["uri"] == eventsURI:
			c.told <- n.Method
		case n.Method == mcp.MethodNotificationSubscriptionsAcknowledged:
			acknowledged <- struct{}{}
		}
	})
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	opened, err := c.Initialize(t.Context(), mcp.InitializeRequest{Params: mcp.InitializeParams{ProtocolVersion: revision, ClientInfo: mcp.Implementation{Name: "real", Version: "1"}}})
	if err != nil || opened.ProtocolVersion != revision || opened.Capabilities.Resources == nil || !opened.Capabilities.Resources.Subscribe {
		t.Fatalf("negotiated %+v, %v", opened, err)
	}
	if revision == mcp.ProtocolVersion20260728 {
		stop, err := c.ListenAsync(t.Context(), mcp.SubscriptionFilter{ResourceSubscriptions: []string{eventsURI}}, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		<-acknowledged
		c.stop = stop
		return c
	}
	//lint:ignore SA1019 the older way
	if err := c.Subscribe(t.Context(), mcp.SubscribeRequest{Params: mcp.SubscribeParams{URI: eventsURI}}); err != nil {
		t.Fatal(err)
	}
	c.stop = func() {
		//lint:ignore SA1019 the older way
		if err := c.Unsubscribe(t.Context(), mcp.UnsubscribeRequest{Params: mcp.UnsubscribeParams{URI: eventsURI}}); err != nil {
			t.Error(err)
		}
	}
	return c
}

// newest is the first event of the resource.
func (c subscriber) newest(t *testing.T) string {
	t.Helper()
	read, err := c.ReadResource(t.Context(), mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: eventsURI}})
	if err != nil || len(read.Contents) != 1 {
		t.Fatalf("%+v, %v", read, err)
	}
	var got struct {
		Events []struct{ Action string }
	}
	if err := json.Unmarshal([]byte(read.Contents[0].(mcp.TextResourceContents).Text), &got); err != nil || len(got.Events) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	return got.Events[0].Action
}

func (o organization) polls() int {
	n := 0
	for _, r := range o.Requests() {
		if strings.HasSuffix(r.Path, "/events-stream") {
			n++
		}
	}
	return n
}

// ways are the transports and revisions over which one can subscribe; open serves a server and gives the client's end.
var ways = []struct {
	name, revision string
	open           func(t *testing.T, s *Server, revision string) transport.Interface
}{
	{"stdio, the older way", mcp.ProtocolVersion20251125, openStdio},
	{"stdio, the newer way", mcp.ProtocolVersion20260728, openStdio},
	{"http, the older way", mcp.ProtocolVersion20251125, openHTTP},
	{"http, the newer way", mcp.ProtocolVersion20260728, openHTTP},
}

func openStdio(t *testing.T, s *Server, _ string) transport.Interface {
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- s.ServeStdio(t.Context(), toServer, fromServer) }()
	t.Cleanup(func() {
		_ = fromClient.Close()
		if err := <-ended; err != nil {
			t.Errorf("stdio ended: %v", err)
		}
		_ = fromServer.Close()
	})
	return transport.NewIO(toClient, fromClient, io.NopCloser(bytes.NewReader(nil)))
}

func openHTTP(t *testing.T, s *Server, revision string) transport.Interface {
	url, _ := listen(t, s.ServeHTTP)
	return streamTo(t, url, revision)
}

// streamTo gives the client's end of Streamable HTTP. Before 2026-07-28 what the server sends by itself comes over a stream that the client asks for.
func streamTo(t *testing.T, url, revision string) transport.Interface {
	t.Helper()
	var options []transport.StreamableHTTPCOption
	if revision != mcp.ProtocolVersion20260728 {
		//lint:ignore SA1019 the older way
		options = append(options, transport.WithContinuousListening(), transport.WithHTTPLogger(slog.New(slog.DiscardHandler)))
	}
	tr, err := transport.NewStreamableHTTP(url+"/mcp", options...)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestASubscriberIsToldOfNewEvents also holds that nobody asks the service while nobody is subscribed, and that a restart misses nothing.
func TestASubscriberIsToldOfNewEvents(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			o := startOrganization(t)
			t.Run("before a restart", func(t *testing.T) {
				o.t = t
				server := o.server()
				c := o.subscribe(way.open(t, server, way.revision), way.revision)
				o.lifecycle("disable")
				<-c.told
				if got := c.newest(t); got != "deactivated" {
					t.Errorf("the newest event is %s", got)
				}
				c.stop()
				<-server.feed.Stopped() // nobody is subscribed, and nothing is asked
				o.lifecycle("enable")
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			t.Run("after a restart", func(t *testing.T) {
				o.t = t
				server := o.server()
				tr := way.open(t, server, way.revision)
				if server.feed.Stopped() != nil {
					t.Error("the service is asked before anybody is subscribed")
				}
				c := o.subscribe(tr, way.revision)
				<-c.told // of what happened in between
				if got := c.newest(t); got != "reactivated" {
					t.Errorf("the newest event is %s", got)
				}
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestAStopDoesNotWaitForSubscribers holds for streams, which end with their connection alone.
func TestAStopDoesNotWaitForSubscribers(t *testing.T) {
	for _, revision := range []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
		o := startOrganization(t)
		server := o.server()
		url, stop := listen(t, server.ServeHTTP)
		o.subscribe(streamTo(t, url, revision), revision)
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > server.drainTime/3 {
			t.Errorf("%s: the stop took %s", revision, took)
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestSubscribersShareOneLook holds for a process: however many are subscribed, the service is asked once.
func TestSubscribersShareOneLook(t *testing.T) {
	o := startOrganization(t)
	o.cfg.EventsInterval = time.Hour
	server := o.server()
	url, _ := listen(t, server.ServeHTTP)
	for range 5 {
		o.subscribe(streamTo(t, url, mcp.ProtocolVersion20260728), mcp.ProtocolVersion20260728)
	}
	if err := server.Stop(); err != nil { // it waits for the look that is under way
		t.Error(err)
	}
	if n := o.polls(); n > 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestASubscriptionWithoutAnOrganizationAsksNothing has the reason in the resource.
func TestASubscriptionWithoutAnOrganizationAsksNothing(t *testing.T) {
	o := startOrganization(t)
	o.cfg.Organization = (&config.Config{}).Organization
	o.cfg.Organization.Missing = errMissing
	server := o.server()
	c := o.subscribe(openStdio(t, server, ""), mcp.ProtocolVersion20251125)
	_, err := c.ReadResource(context.Background(), mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: eventsURI}})
	if err == nil || !strings.Contains(err.Error(), "ATLASSIAN_ORG_ID") {
		t.Errorf("reading it says %v", err)
	}
	if n := o.polls(); n != 0 {
		t.Errorf("asked %d times", n)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
}

// TestWhoLeavesIsNoSubscriberAnyMore although they did not unsubscribe.
func TestWhoLeavesIsNoSubscriberAnyMore(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			o := startOrganization(t)
			server := o.server()
			c := o.subscribe(way.open(t, server, way.revision), way.revision)
			_ = c.Close() // what it says of a stream that was open
			<-server.feed.Stopped()
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
