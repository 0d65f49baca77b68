package tools

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

const (
	// confirmArgument is the argument that carries the token of the plan agreed to.
	confirmArgument = "confirm"
	// questionID names our question among a request's input requests.
	questionID = "confirm"
	// patience is how long a person may think: as long as a confirmation token lives.
	patience = 15 * time.Minute
)

// confirm has the person asked about the plan in out, when out waits for that and the client can ask. Otherwise, and also
// when asking fails for a technical reason, out with its token is the answer, and the caller asks in its own way.
func (b bound) confirm(ctx context.Context, args map[string]any, out any) (answer, error) {
	c, ok := out.(Confirmer)
	if !ok || !canAsk(ctx) {
		return answer{out: out}, nil
	}
	question, token, waiting := c.Confirmation()
	if !waiting {
		return answer{out: out}, nil
	}
	params := mcp.ElicitationParams{
		Mode:    mcp.ElicitationModeForm,
		Message: question,
		// No fields: the client's accept and decline are the answer.
		RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{}},
	}
	if server.IsModernRequest(ctx) {
		// The token travels as the request's state: to the client, not to its model.
		return answer{out: out, question: server.NewInputRequestBuilder(token).Elicit(questionID, params).ToolResult()}, nil
	}
	// mcp-go would bridge the same result to older clients, but turns a client that can't ask after all into a protocol error.
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reply, err := server.ServerFromContext(ctx).RequestElicitation(asking, mcp.ElicitationRequest{
		Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)},
		Params:  params,
	})
	switch {
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return answer{out: out, declined: "Nobody answered within 15 minutes. Nothing was changed."}, nil
	case err != nil || reply == nil:
		b.Log.LogAttrs(ctx, slog.LevelWarn, "the client could not ask its user; the answer carries a token instead",
			slog.String("request_id", request.From(ctx).ID), slog.String("tool", b.Name), slog.Any("error", err))
		return answer{out: out}, nil
	}
	return b.settle(ctx, args, out, token, reply.Action)
}

// settle goes on after the person's reply: with the token when they agreed, else with the plan, declined. A nil plan is made
// again, since a client of the stateless protocol brings back only the token.
func (b bound) settle(ctx context.Context, args map[string]any, plan any, token string, reply mcp.ElicitationResponseAction) (answer, error) {
	b.settled()
	if reply == mcp.ElicitationResponseActionAccept {
		info := request.From(ctx)
		info.Asked = true
		agreed := maps.Clone(args)
		agreed[confirmArgument] = token
		out, err := b.run(request.With(ctx, info), agreed)
		return answer{out: out}, err
	}
	if plan == nil {
		var err error
		if plan, err = b.run(ctx, args); err != nil {
			return answer{}, err
		}
	}
	declined := "The person declined the plan. Nothing was changed."
	if reply == mcp.ElicitationResponseActionCancel {
		declined = "The person closed the question without agreeing. Nothing was changed."
	}
	return answer{out: plan, declined: declined}, nil
}

// replyOf gives the person's reply that a client of the stateless protocol sent along, with the token it was about.
func replyOf(ctx context.Context, req mcp.CallToolRequest) (reply mcp.ElicitationResponseAction, token string, ok bool) {
	if !server.IsModernRequest(ctx) || !canAsk(ctx) || req.Params.RequestState == "" {
		return "", "", false
	}
	response := server.ElicitationResponse(req.Params.InputResponses, questionID)
	if response == nil {
		return "", "", false
	}
	return response.Action, req.Params.RequestState, true
}

// canAsk reports whether the client said that it can put a question to its user, and the transport can carry one: HTTP+SSE of
// the oldest revision can't, in mcp-go.
func canAsk(ctx context.Context) bool {
	if !server.IsModernRequest(ctx) {
		if _, ok := server.ClientSessionFromContext(ctx).(server.SessionWithElicitation); !ok {
			return false
		}
	}
	elicitation := clientCapabilities(ctx).Elicitation
	// A client that names no mode has the form, as before modes existed.
	return elicitation != nil && (elicitation.Form != nil || elicitation.URL == nil)
}
