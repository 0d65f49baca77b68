package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// person answers questions of the server as scripted, and remembers them.
type person struct {
	action mcp.ElicitationResponseAction
	err    error

	mu    sync.Mutex
	asked []string
}

func (p *person) Elicit(_ context.Context, req mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, req.Params.Message)
	if p.err != nil {
		return nil, p.err
	}
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: p.action}}, nil
}

var (
	accept, decline, cancel = mcp.ElicitationResponseActionAccept, mcp.ElicitationResponseActionDecline, mcp.ElicitationResponseActionCancel
	errNoWindow             = errors.New("no window to ask in")
)

// canBeAsked tells where a question reaches the client: on SSE only since the question is part of an answer.
func canBeAsked(transport, revision string) bool {
	return transport != "sse" || mcp.IsModernProtocol(revision)
}

// TestAClientThatCanAskNeedsOneCall has the person asked by the client's own dialogue.
func TestAClientThatCanAskNeedsOneCall(t *testing.T) {
	for _, transport := range transports {
		for _, revision := range []string{mcp.ProtocolVersion20250618, mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
			if !canBeAsked(transport, revision) {
				continue // TestAskingOverSSE
			}
			t.Run(transport+" "+revision, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				who := &person{}
				c := connect(t, s, over(transport), speaking(revision), asked(who))
				for _, no := range []mcp.ElicitationResponseAction{decline, cancel} {
					who.action = no
					before := len(s.writes())
					got := c.call(t, "offboard_user", args{"user": jane})
					got.wants(t, map[string]any{"status": "declined", "operation": nil, "confirmation": nil, "plan.steps.0.action": "deactivate"})
					got.says(t, "Nothing was changed")
					if len(s.writes()) != before {
						t.Errorf("%s: wrote %v", no, s.writes()[before:])
					}
				}
				who.action = accept
				done := c.call(t, "offboard_user", args{"user": jane})
				done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded"})
				s.want(t, jane, facts{OnSite: true, InSCIM: true})
				s.wroteOnce(t, 0, done)
				if len(who.asked) != 3 {
					t.Fatalf("asked %d times, want once a call", len(who.asked))
				}
				for _, want := range slices.Concat([]string{"Jane Doe", jane, "Warnings"}, done.all("plan.steps", "detail")) {
					if !strings.Contains(who.asked[2], want) {
						t.Errorf("the question lacks %q:\n%s", want, who.asked[2])
					}
				}
			})
		}
	}
}

// TestAClientThatFailsToAsk leaves everything as it is. Clients of the older revisions get the token instead, and may confirm in their own way;
// those of the newest never come back with an answer.
func TestAClientThatFailsToAsk(t *testing.T) {
	for _, transport := range []string{"stdio", "http"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.changesNothing(t)
			c := connect(t, s, over(transport), speaking(mcp.ProtocolVersion20251125), asked(&person{err: errNoWindow}))
			c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "confirmation_required", "operation": nil})
			until(t, "a line in the log that tells of it", func() bool { return strings.Contains(c.log.String(), "could not ask its user") })
			modern := connect(t, s, over(transport), speaking(mcp.ProtocolVersion20260728), asked(&person{err: errNoWindow}))
			if result, err := modern.CallTool(t.Context(), request("offboard_user", args{"user": jane})); !errors.Is(err, errNoWindow) {
				t.Errorf("got %v, %v", result, err)
			}
		})
	}
}

// TestAskingOverSSE has an older client on the transport that has no way to ask it: it gets the token, at once.
func TestAskingOverSSE(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	who := &person{action: accept}
	c := connect(t, s, over("sse"), speaking(mcp.ProtocolVersion20251125), asked(who))
	c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "confirmation_required", "operation": nil})
	if len(who.asked) != 0 {
		t.Errorf("asked %q", who.asked)
	}
}

// TestHumanConfirmation refuses what no person agreed to in the client's dialogue.
func TestHumanConfirmation(t *testing.T) {
	human := with("JIRA_LIFECYCLE_CONFIRMATION", "human")
	for _, revision := range []string{mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
		t.Run("a client that can't ask "+revision, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.changesNothing(t)
			c := connect(t, s, human, speaking(revision))
			plan := c.call(t, "offboard_user", args{"user": jane})
			plan.wants(t, map[string]any{"status": "confirmation_required"})
			refused := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")})
			refused.wants(t, map[string]any{"code": "confirmation_invalid", "retryable": false})
			refused.says(t, "from a person only", "Nothing was changed")
			c.call(t, "get_server_status", args{}).wants(t, map[string]any{"confirmation": "human"})
		})
		t.Run("a client whose model brings the token "+revision, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.changesNothing(t)
			who := &person{action: accept}
			sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
			plan := connect(t, s, human, sameState).call(t, "offboard_user", args{"user": jane})
			c := connect(t, s, human, sameState, speaking(revision), asked(who))
			refused := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")})
			refused.wants(t, map[string]any{"code": "confirmation_invalid"})
			refused.says(t, "from a person only")
		})
		t.Run("a client that asks "+revision, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, human, speaking(revision), asked(&person{action: accept}))
			c.call(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "succeeded"})
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
		})
	}
}

var _ client.ElicitationHandler = (*person)(nil)
