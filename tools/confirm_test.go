package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

type removeIn struct {
	User    string `json:"user" jsonschema:"who"`
	Confirm string `json:"confirm,omitempty" jsonschema:"the token of the plan agreed to"`
}

type removeOut struct {
	Status       string        `json:"status" jsonschema:"where it stands"`
	Plan         string        `json:"plan" jsonschema:"what would change"`
	Confirmation *confirmation `json:"confirmation,omitempty" jsonschema:"what to confirm with"`
}

type confirmation struct {
	Token string `json:"token" jsonschema:"the token"`
}

// removal is removeOut with its question.
type removal struct{ removeOut }

func (o removal) Confirmation() (question, token string, ok bool) {
	if o.removeOut.Confirmation == nil {
		return "", "", false
	}
	return "Remove? " + o.Plan, o.removeOut.Confirmation.Token, true
}

// person answers a client's question as scripted.
type person struct {
	action mcp.ElicitationResponseAction
	err    error
	asked  []string
}

func (p *person) Elicit(_ context.Context, req mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	p.asked = append(p.asked, req.Params.Message)
	if p.err != nil {
		return nil, p.err
	}
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: p.action}}, nil
}

func TestDestructiveCallsAskThePerson(t *testing.T) {
	const plan, waiting = "take jane out", "confirmation_required"
	done := map[string]any{"status": "succeeded", "plan": plan}
	declined := map[string]any{"status": "declined", "plan": plan}
	tokened := map[string]any{"status": waiting, "plan": plan, "confirmation": map[string]any{"token": "t1"}}
	for name, tt := range map[string]struct {
		person  *person // nil: a client that can't ask
		args    map[string]any
		want    map[string]any
		text    string
		applied int  // how often something was changed
		asked   bool // whether the change was made with the person's own agreement
	}{
		"agreed":                      {&person{action: "accept"}, nil, done, "", 1, true},
		"declined":                    {&person{action: "decline"}, nil, declined, "The person declined the plan. Nothing was changed.", 0, false},
		"closed":                      {&person{action: "cancel"}, nil, declined, "closed the question without agreeing. Nothing was changed.", 0, false},
		"a client that can't ask":     {nil, nil, tokened, "", 0, false},
		"a token from the caller":     {nil, map[string]any{"confirm": "t1"}, done, "", 1, false},
		"a token, though able to ask": {&person{action: "decline"}, map[string]any{"confirm": "t1"}, done, "", 1, false},
	} {
		for _, revision := range []string{mcp.ProtocolVersion20250618, mcp.ProtocolVersion20251125, mcp.ProtocolVersion20260728} {
			t.Run(name+" "+revision, func(t *testing.T) {
				applied, asked := 0, false
				tool := removeTool(func(ctx context.Context, in removeIn) {
					applied++
					asked = request.From(ctx).Asked
				})
				var options []client.ClientOption
				var who person
				if tt.person != nil {
					who = *tt.person
					options = append(options, client.WithElicitationHandler(&who))
				}
				c, log := connect(t, tool, revision, options...)
				args := map[string]any{"user": "jane"}
				for k, v := range tt.args {
					args[k] = v
				}
				r := call(t, c, args)
				if diff := cmp.Diff(tt.want, structured(t, r)); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				if !strings.Contains(text(t, r), tt.text) {
					t.Errorf("text %q, want %q", text(t, r), tt.text)
				}
				if applied != tt.applied || asked != tt.asked {
					t.Errorf("applied %d times, asked %v; want %d, %v", applied, asked, tt.applied, tt.asked)
				}
				if tt.person != nil && tt.args == nil && !cmp.Equal(who.asked, []string{"Remove? " + plan}) {
					t.Errorf("asked %q", who.asked)
				}
				if !strings.Contains(log.String(), `"outcome":"`+tt.want["status"].(string)+`"`) {
					t.Errorf("log %s", log)
				}
				fits(t, tool, r)
			})
		}
	}
}

func TestTokenIsTheAnswerWhenTheClientFailsToAsk(t *testing.T) {
	tool := removeTool(func(context.Context, removeIn) { t.Error("changed something") })
	who := &person{err: errors.New("no window")}
	c, _ := connect(t, tool, mcp.ProtocolVersion20251125, client.WithElicitationHandler(who))
	got := structured(t, call(t, c, map[string]any{"user": "jane"}))
	if got["status"] != "confirmation_required" || got["confirmation"] == nil || len(who.asked) != 1 {
		t.Errorf("got %v after %d questions", got, len(who.asked))
	}
}

func TestReplyCountsOnlyFromAClientThatWasAsked(t *testing.T) {
	const reply = `"inputResponses":{"confirm":{"action":"accept"}}`
	for name, tt := range map[string]struct {
		capabilities, extra string
		applied             int
		want                string
	}{
		"asked and agreed":        {`{"elicitation":{}}`, reply + `,"requestState":"t1"`, 1, `"status":"succeeded"`},
		"a client that can't ask": {`{}`, reply + `,"requestState":"t1"`, 0, `"status":"confirmation_required"`},
		"a client for links only": {`{"elicitation":{"url":{}}}`, reply + `,"requestState":"t1"`, 0, `"status":"confirmation_required"`},
		"agreed to nothing":       {`{"elicitation":{}}`, reply, 0, `"resultType":"input_required"`},
		"another token":           {`{"elicitation":{}}`, reply + `,"requestState":"t2"`, 0, `"status":"confirmation_required"`},
		"another question":        {`{"elicitation":{}}`, `"inputResponses":{"other":{"action":"accept"}},"requestState":"t1"`, 0, `"resultType":"input_required"`},
	} {
		t.Run(name, func(t *testing.T) {
			applied := 0
			srv := server.NewMCPServer("test", "1", server.WithElicitation())
			srv.AddTools(removeTool(func(context.Context, removeIn) { applied++ }).ServerTool(Options{}))
			answer, err := json.Marshal(srv.HandleMessage(t.Context(), json.RawMessage(fmt.Sprintf(
				`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"toy","arguments":{"user":"jane"},%s,"_meta":{`+
					`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}}}`, tt.extra, tt.capabilities))))
			if err != nil {
				t.Fatal(err)
			}
			if applied != tt.applied || !strings.Contains(string(answer), tt.want) {
				t.Errorf("applied %d times, want %d; answer %s, want %s", applied, tt.applied, answer, tt.want)
			}
		})
	}
}

// removeTool plans without a token and applies with the token t1.
func removeTool(apply func(context.Context, removeIn)) Tool {
	return Define("toy", "Remove", ToolsetLifecycle, "Removes.", Hints{Destructive: true, OpenWorld: true},
		func(ctx context.Context, in removeIn) (removal, error) {
			out := removeOut{Status: "succeeded", Plan: "take " + in.User + " out"}
			if in.Confirm == "t1" {
				apply(ctx, in)
				return removal{out}, nil
			}
			out.Status, out.Confirmation = "confirmation_required", &confirmation{Token: "t1"}
			return removal{out}, nil
		})
}
