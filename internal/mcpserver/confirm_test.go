package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type removeIn struct {
	Confirm string `json:"confirm,omitempty" jsonschema:"the token"`
}

type removeOut struct {
	Status string `json:"status" jsonschema:"where it stands"`
	Token  string `json:"token" jsonschema:"what to confirm with"`
	Asked  bool   `json:"asked" jsonschema:"a person agreed"`
}

func (o removeOut) Confirmation() (question, token string, ok bool) {
	return "Remove?", o.Token, o.Status == "confirmation_required"
}

// person answers a client's questions as scripted.
type person struct {
	action mcp.ElicitationResponseAction
	err    error
	asked  int
}

func (p *person) Elicit(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	p.asked++
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: p.action}}, p.err
}

// TestThePersonIsAsked holds for all transports but SSE, over which mcp-go asks nothing: there the answer carries a token.
func TestThePersonIsAsked(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, s *Server) transport.Interface{
		"stdio": func(t *testing.T, s *Server) transport.Interface {
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
		},
		"sse": func(t *testing.T, s *Server) transport.Interface {
			url, _ := listen(t, s.ServeSSE)
			tr, err := transport.NewSSE(url + "/sse")
			if err != nil {
				t.Fatal(err)
			}
			return tr
		},
		"http": func(t *testing.T, s *Server) transport.Interface {
			url, _ := listen(t, s.ServeHTTP)
			tr, err := transport.NewStreamableHTTP(url + "/mcp")
			if err != nil {
				t.Fatal(err)
			}
			return tr
		},
	} {
		for _, revision := range []string{mcp.ProtocolVersion20250618, mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
			if name == "sse" && revision == mcp.ProtocolVersion20260728 {
				continue // that revision has no such transport
			}
			for what, tt := range map[string]struct {
				person *person
				want   removeOut
				asked  int
			}{
				"agrees":         {&person{action: "accept"}, removeOut{Status: "succeeded", Asked: true}, 1},
				"declines":       {&person{action: "decline"}, removeOut{Status: "declined", Token: "t1"}, 1},
				"can't be asked": {nil, removeOut{Status: "confirmation_required", Token: "t1"}, 0},
			} {
				if name == "sse" {
					tt.want, tt.asked = removeOut{Status: "confirmation_required", Token: "t1"}, 0
				}
				t.Run(name+" "+revision+" "+what, func(t *testing.T) {
					got := removeOver(t, open(t, newRemover(t)), revision, tt.person)
					if got != tt.want {
						t.Errorf("got %+v, want %+v", got, tt.want)
					}
					if tt.person != nil && tt.person.asked != tt.asked {
						t.Errorf("asked %d times, want %d", tt.person.asked, tt.asked)
					}
				})
			}
			if revision != mcp.ProtocolVersion20260728 { // there it is the client that goes on, or fails
				t.Run(name+" "+revision+" the client fails to ask", func(t *testing.T) {
					got := removeOver(t, open(t, newRemover(t)), revision, &person{err: errors.New("no window")})
					if want := (removeOut{Status: "confirmation_required", Token: "t1"}); got != want {
						t.Errorf("got %+v, want %+v", got, want)
					}
				})
			}
		}
	}
}

// newRemover is a server whose one tool changes something only with the token t1.
func newRemover(t *testing.T) *Server {
	t.Helper()
	remove := tools.Define("remove", "Remove", tools.ToolsetLifecycle, "Removes.", tools.Hints{Destructive: true},
		func(ctx context.Context, in removeIn) (removeOut, error) {
			if in.Confirm == "t1" {
				return removeOut{Status: "succeeded", Asked: request.From(ctx).Asked}, nil
			}
			return removeOut{Status: "confirmation_required", Token: "t1"}, nil
		})
	s, err := New(config.Config{Transport: "stdio", Toolsets: []string{"all"}}, func() []tools.Tool { return []tools.Tool{remove} }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func removeOver(t *testing.T, tr transport.Interface, revision string, who *person) removeOut {
	t.Helper()
	options := []client.ClientOption{client.WithProtocolVersion(revision), client.WithDiscoverTimeout(time.Minute)}
	if who != nil {
		options = append(options, client.WithElicitationHandler(who))
	}
	c := client.NewClient(tr, options...)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	init := mcp.InitializeRequest{}
	init.Params.ClientInfo = mcp.Implementation{Name: "real", Version: "1"}
	if opened, err := c.Initialize(t.Context(), init); err != nil || opened.ProtocolVersion != revision {
		t.Fatalf("negotiated %+v, %v", opened, err)
	}
	req := mcp.CallToolRequest{}
	req.Params.Name = "remove"
	result, err := c.CallTool(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	var got removeOut
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got
}
