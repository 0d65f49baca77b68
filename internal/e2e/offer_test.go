package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"
)

// TestWhatIsOffered lists tools and prompts as a client sees them, the same on every transport.
func TestWhatIsOffered(t *testing.T) {
	all, err := listTools("all")
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(all))
	for i, tool := range all {
		names[i] = tool.Name
	}
	mentioned := regexp.MustCompile(`\b(?:lookup|search|list|audit|get|provision|offboard|restore|add|remove|update|create|delete)_[a-z_]+\b`)
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.changesNothing(t)
			c := connect(t, s, over(transport), with("JIRA_LIFECYCLE_TOOLSETS", ""))
			tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			var offered []string
			for _, tool := range tools.Tools {
				offered = append(offered, tool.Name)
			}
			slices.Sort(offered)
			if diff := cmp.Diff([]string{
				"add_user_to_group", "audit_active_users", "get_operation", "get_server_status", "list_group_members", "list_groups", "list_lifecycle_events", "list_operations",
				"lookup_user", "offboard_user", "provision_user", "remove_user_from_group", "restore_user", "search_users", "update_operation",
			}, offered); diff != "" {
				t.Errorf("tools (-want +got):\n%s", diff)
			}
			for _, hidden := range []string{"delete_user", "no_such_tool"} {
				if result, err := c.CallTool(t.Context(), request(hidden, args{"user": sam})); err == nil || !strings.Contains(err.Error(), hidden) {
					t.Errorf("%s is not offered and answers %v, %v", hidden, result, err)
				}
			}

			prompts, err := c.ListPrompts(t.Context(), mcp.ListPromptsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			var titles []string
			for _, p := range prompts.Prompts {
				titles = append(titles, p.Name)
				get := mcp.GetPromptRequest{}
				get.Params.Name, get.Params.Arguments = p.Name, map[string]string{}
				for _, a := range p.Arguments {
					get.Params.Arguments[a.Name] = "jane.doe@example.com"
				}
				got, err := c.GetPrompt(t.Context(), get)
				if err != nil {
					t.Errorf("%s: %v", p.Name, err)
					continue
				}
				text := got.Messages[0].Content.(mcp.TextContent).Text
				for _, tool := range mentioned.FindAllString(text, -1) {
					if !slices.Contains(names, tool) {
						t.Errorf("the prompt %s sends a model to %s, which does not exist", p.Name, tool)
					}
				}
				if len(mentioned.FindAllString(text, -1)) == 0 || strings.Contains(text, "{{") {
					t.Errorf("the prompt %s reads %s", p.Name, text)
				}
				if required := slices.ContainsFunc(p.Arguments, func(a mcp.PromptArgument) bool { return a.Required }); required {
					get.Params.Arguments = nil
					if _, err := c.GetPrompt(t.Context(), get); err == nil {
						t.Errorf("the prompt %s does without what it requires", p.Name)
					}
				}
			}
			slices.Sort(titles)
			if diff := cmp.Diff([]string{"access-review", "offboard-employee", "onboard-employee"}, titles); diff != "" {
				t.Errorf("prompts (-want +got):\n%s", diff)
			}
		})
	}
}
