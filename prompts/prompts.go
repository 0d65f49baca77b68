// Package prompts holds the MCP prompts: a file a prompt, its text in a .md file beside it. A prompt walks an assistant through the tools in the
// order that is safe; it grants nothing that the tools would not allow anyway.
package prompts

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// All lists every prompt.
func All() []server.ServerPrompt {
	return []server.ServerPrompt{offboardEmployee(), onboardEmployee(), accessReview()}
}

// maxArgument bounds a prompt's argument, in characters.
const maxArgument = 255

// define makes a prompt of a text with {{name}} in it for each argument.
func define(name, title, description, text string, arguments ...mcp.PromptArgument) server.ServerPrompt {
	return server.ServerPrompt{
		Prompt: mcp.Prompt{Name: name, Title: title, Description: description, Arguments: arguments},
		Handler: func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			filled := text
			for _, a := range arguments {
				value := strings.TrimSpace(r.Params.Arguments[a.Name])
				switch {
				case value == "" && a.Required:
					return nil, fmt.Errorf("the argument %s is missing: %s", a.Name, a.Description)
				case len([]rune(value)) > maxArgument || strings.ContainsFunc(value, unicode.IsControl):
					return nil, fmt.Errorf("the argument %s has to be one line of at most %d characters", a.Name, maxArgument)
				case value == "":
					value = "not given"
				}
				filled = strings.ReplaceAll(filled, "{{"+a.Name+"}}", value)
			}
			return mcp.NewGetPromptResult(description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(filled))}), nil
		},
	}
}

func argument(name, description string, required bool) mcp.PromptArgument {
	return mcp.PromptArgument{Name: name, Description: description, Required: required}
}
