package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
)

// args are a call's arguments.
type args map[string]any

// answer is the result of a tool call.
type answer struct {
	tool    string
	fields  any // the structured content, as plain JSON values
	text    string
	isError bool
}

// call calls a tool and checks what holds for every answer: a text for people, and structured content that fits the tool's own output schema
// and the contract.
func (s *session) call(t *testing.T, tool string, arguments any) answer {
	t.Helper()
	result, err := s.CallTool(t.Context(), request(tool, arguments))
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, s.log)
	}
	return read(t, tool, result)
}

// request is a call of a tool.
func request(tool string, arguments any) mcp.CallToolRequest {
	var r mcp.CallToolRequest
	r.Params.Name, r.Params.Arguments = tool, arguments
	return r
}

// read reads a result as the client has it.
func read(t *testing.T, tool string, result *mcp.CallToolResult) answer {
	t.Helper()
	raw, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, tool, raw)
}

// readAnswer reads a result as it was sent.
func readAnswer(t *testing.T, tool string, raw []byte) answer {
	t.Helper()
	var result struct {
		Content []struct{ Type, Text string }
		Fields  any `json:"structuredContent"`
		IsError bool
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&result); err != nil {
		t.Fatal(err)
	}
	if len(result.Content) != 1 || result.Content[0].Type != "text" || strings.TrimSpace(result.Content[0].Text) == "" {
		t.Errorf("%s: content %v, want one text", tool, result.Content)
	}
	if strings.HasPrefix(strings.TrimSpace(result.Content[0].Text), "{") {
		t.Errorf("%s: the text for people is JSON: %s", tool, result.Content[0].Text)
	}
	schemas, err := outputSchemas()
	if err != nil {
		t.Fatal(err)
	}
	kind := tool
	if result.IsError {
		kind = "error"
	}
	for _, schema := range []*jsonschema.Schema{schemas.own[tool], schemas.contract[kind]} {
		if schema == nil {
			t.Fatalf("%s has no output schema", kind)
		}
		if err := schema.Validate(result.Fields); err != nil {
			t.Errorf("%s: the structured content does not fit %s: %v", tool, schema.Location, err)
		}
	}
	return answer{tool: tool, fields: result.Fields, text: result.Content[0].Text, isError: result.IsError}
}

// get gives the field at a path such as "person.groups.0.name", or nil. A number in a path is an index; "#" is a list's length.
func (a answer) get(path string) any {
	value := a.fields
	for part := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			i, err := strconv.Atoi(part)
			switch {
			case part == "#":
				value = json.Number(strconv.Itoa(len(v)))
			case err == nil && i < len(v):
				value = v[i]
			default:
				return nil
			}
		default:
			return nil
		}
	}
	return value
}

// str gives the text at a path.
func (a answer) str(path string) string {
	text, _ := a.get(path).(string)
	return text
}

// all gives the field name of each entry of the list at a path.
func (a answer) all(path, name string) []string {
	list, _ := a.get(path).([]any)
	values := make([]string, 0, len(list))
	for _, item := range list {
		fields, _ := item.(map[string]any)
		values = append(values, fmt.Sprint(fields[name]))
	}
	return values
}

// wants checks fields by their paths. Numbers are written as ints, lists of texts as []string.
func (a answer) wants(t *testing.T, want map[string]any) {
	t.Helper()
	got := map[string]any{}
	for path := range want {
		got[path] = plain(a.get(path))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\n%s", a.tool, diff, a.text)
	}
}

// says checks that the text for people holds each of the words.
func (a answer) says(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(a.text, word) {
			t.Errorf("%s: the text lacks %q:\n%s", a.tool, word, a.text)
		}
	}
}

// plain gives numbers as int and lists of texts as []string.
func plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		return v.String()
	case []any:
		texts := make([]string, 0, len(v))
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return v
			}
			texts = append(texts, text)
		}
		return texts
	}
	return value
}

type compiled struct{ own, contract map[string]*jsonschema.Schema }

// outputSchemas compiles what every answer is held against: the output schemas that the server lists, and testdata/contract.json.
var outputSchemas = sync.OnceValues(func() (compiled, error) {
	c := compiled{own: map[string]*jsonschema.Schema{}, contract: map[string]*jsonschema.Schema{}}
	listed, err := listTools("all")
	if err != nil {
		return c, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	add := func(into map[string]*jsonschema.Schema, name, url string, schema any) error {
		if err := compiler.AddResource(url, schema); err != nil {
			return err
		}
		into[name], err = compiler.Compile(url)
		return err
	}
	for _, tool := range listed {
		if err := add(c.own, tool.Name, "own:"+tool.Name, tool.OutputSchema); err != nil {
			return c, err
		}
	}
	file, err := os.Open("testdata/contract.json")
	if err != nil {
		return c, err
	}
	defer file.Close()
	contract, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return c, err
	}
	if err := compiler.AddResource("contract:all", contract); err != nil {
		return c, err
	}
	for name := range contract.(map[string]any)["tools"].(map[string]any) {
		if c.contract[name], err = compiler.Compile("contract:all#/tools/" + name); err != nil {
			return c, err
		}
	}
	return c, nil
})

// listed is a tool as tools/list sends it.
type listed struct {
	Name, Title, Description  string
	InputSchema, OutputSchema any
	Annotations               map[string]any
}

// listTools asks a server without credentials for its tools, without a client that could drop what it does not know.
func listTools(toolsets string) ([]listed, error) {
	cfg := config.Config{Transport: "stdio", Toolsets: []string{toolsets}, Jira: config.Jira{Missing: errNone}, SCIM: config.SCIM{Missing: errNone}}
	server, err := mcpserver.Build(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(server.MCP().HandleMessage(context.Background(), []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	if err != nil {
		return nil, err
	}
	var reply struct {
		Result struct{ Tools []listed }
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return nil, err
	}
	if len(reply.Result.Tools) == 0 {
		return nil, fmt.Errorf("no tools listed: %s", raw)
	}
	return reply.Result.Tools, nil
}

var errNone = fmt.Errorf("no credentials in this test")
