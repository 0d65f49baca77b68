package prompts

import (
	"context"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
)

func TestPromptsFillTheirArguments(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Prompt.Name, func(t *testing.T) {
			arguments := map[string]string{}
			for _, a := range p.Prompt.Arguments {
				if a.Required {
					arguments[a.Name] = "value-of-" + a.Name
				}
			}
			r, err := p.Handler(context.Background(), mcp.GetPromptRequest{Params: mcp.GetPromptParams{Arguments: arguments}})
			if err != nil {
				t.Fatal(err)
			}
			text := r.Messages[0].Content.(mcp.TextContent).Text
			if strings.Contains(text, "{{") {
				t.Errorf("an argument was not filled in:\n%s", text)
			}
			for name := range arguments {
				if !strings.Contains(text, "value-of-"+name) {
					t.Errorf("the text lacks %s", name)
				}
			}
			for name := range arguments {
				broken := map[string]string{name: "two\nlines"}
				if _, err := p.Handler(context.Background(), mcp.GetPromptRequest{Params: mcp.GetPromptParams{Arguments: broken}}); err == nil {
					t.Errorf("%s of two lines was accepted", name)
				}
			}
			if len(arguments) > 0 {
				if _, err := p.Handler(context.Background(), mcp.GetPromptRequest{}); err == nil {
					t.Error("a call without the required arguments was accepted")
				}
			}
		})
	}
}
