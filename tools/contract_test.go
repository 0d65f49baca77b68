package tools_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

var update = flag.Bool("update", false, "write testdata/toolsnaps anew")

const snapshots = "testdata/toolsnaps"

// definition is a tool as clients get it.
type definition struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Description  string          `json:"description"`
	Annotations  annotations     `json:"annotations"`
	InputSchema  json.RawMessage `json:"inputSchema"`
	OutputSchema json.RawMessage `json:"outputSchema"`

	toolset string
	raw     []byte
}

type annotations struct {
	Title           string `json:"title"`
	ReadOnlyHint    *bool  `json:"readOnlyHint"`
	DestructiveHint *bool  `json:"destructiveHint"`
	IdempotentHint  *bool  `json:"idempotentHint"`
	OpenWorldHint   *bool  `json:"openWorldHint"`
}

// definitions gives the tools of the toolsets, in the order in which they are listed.
func definitions(t *testing.T, toolsets ...string) []definition {
	t.Helper()
	chosen, err := tools.Select(tools.All(&tools.Deps{}), toolsets)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]definition, len(chosen))
	for i, tool := range chosen {
		raw, err := json.Marshal(tool.ServerTool(tools.Options{}).Tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &list[i]); err != nil {
			t.Fatal(err)
		}
		list[i].toolset, list[i].raw = tool.Toolset, raw
	}
	return list
}

// TestDefinitionsAreAsRecorded makes every change of the contract one that is meant: go test ./tools -update records it.
func TestDefinitionsAreAsRecorded(t *testing.T) {
	recorded := map[string]bool{}
	for _, d := range definitions(t, "all") {
		path := filepath.Join(snapshots, d.Name+".json")
		recorded[d.Name+".json"] = true
		var got bytes.Buffer
		if err := json.Indent(&got, d.raw, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		if *update {
			if err := os.MkdirAll(snapshots, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v; record it with -update", err)
			continue
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s is not as recorded (-recorded +now); if that is meant, record it with -update:\n%s", d.Name, diff)
		}
	}
	files, err := os.ReadDir(snapshots)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !recorded[file.Name()] {
			t.Errorf("%s is of a tool that is gone; remove it", file.Name())
		}
	}
}

// The tools that others rely on, by what they do.
var (
	readTools        = []string{"lookup_user", "search_users", "list_groups", "list_group_members", "audit_active_users", "get_server_status", "list_operations", "get_operation", "list_lifecycle_events"}
	writeTools       = []string{"provision_user", "restore_user", "add_user_to_group", "update_user", "create_group"}
	destructiveTools = []string{"update_operation", "offboard_user", "remove_user_from_group", "delete_user", "delete_group"}
	ownTools         = []string{"list_operations", "get_operation"} // about this server's own record, and nothing outside
	adminTools       = []string{"update_user", "delete_user", "create_group", "delete_group"}
)

func TestHintsSayWhatAToolDoes(t *testing.T) {
	all := definitions(t, "all")
	if want := len(readTools) + len(writeTools) + len(destructiveTools); len(all) != want {
		t.Errorf("%d tools, want %d", len(all), want)
	}
	for _, d := range all {
		a := d.Annotations
		if a.ReadOnlyHint == nil || a.DestructiveHint == nil || a.IdempotentHint == nil || a.OpenWorldHint == nil {
			t.Errorf("%s lacks a hint: clients assume the worst of it", d.Name)
			continue
		}
		reads, destroys := slices.Contains(readTools, d.Name), slices.Contains(destructiveTools, d.Name)
		if !reads && !destroys && !slices.Contains(writeTools, d.Name) {
			t.Errorf("%s is of no kind", d.Name)
		}
		if *a.ReadOnlyHint != reads || *a.DestructiveHint != destroys || *a.OpenWorldHint == slices.Contains(ownTools, d.Name) {
			t.Errorf("%s: read-only %v, destructive %v, open world %v", d.Name, *a.ReadOnlyHint, *a.DestructiveHint, *a.OpenWorldHint)
		}
		if admin := slices.Contains(adminTools, d.Name); (d.toolset == tools.ToolsetAdmin) != admin {
			t.Errorf("%s is in the toolset %s", d.Name, d.toolset)
		}
		takesToken := strings.Contains(string(d.InputSchema), `"confirm"`)
		optional := []string{"restore_user", "provision_user"} // an undo may give more than was taken, and a list may be long
		if takesToken != (destroys && d.Name != "update_operation" || slices.Contains(optional, d.Name)) {
			t.Errorf("%s: takes a confirmation %v, destructive %v", d.Name, takesToken, destroys)
		}
	}
}

func TestDefinitionsAreComplete(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, d := range definitions(t, "all") {
		if !name.MatchString(d.Name) || d.Title == "" || d.Title == d.Name {
			t.Errorf("%q has the title %q", d.Name, d.Title)
		}
		if n := len(d.Description); n < 80 || n > 700 {
			t.Errorf("%s: the description has %d bytes", d.Name, n)
		}
		checkInput(t, d.Name, "arguments", d.InputSchema)
		compileSchema(t, d.Name+" input", d.InputSchema)
		compileSchema(t, d.Name+" output", d.OutputSchema)
	}
}

// checkInput checks that every parameter, at any depth, has a type, a description that adds something, and an end.
func checkInput(t *testing.T, tool, path string, raw json.RawMessage) {
	t.Helper()
	var s struct {
		Type                 any
		Description          string
		Properties           map[string]json.RawMessage
		Items                json.RawMessage
		AdditionalProperties *bool
		Enum                 []any
		MaxLength, MaxItems  *int
		Minimum, Maximum     *float64
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Errorf("%s: %s: %v", tool, path, err)
		return
	}
	switch s.Type {
	case "object":
		if s.AdditionalProperties == nil || *s.AdditionalProperties {
			t.Errorf("%s: %s allows unknown arguments", tool, path)
		}
		for name, property := range s.Properties {
			var p struct{ Description string }
			if err := json.Unmarshal(property, &p); err != nil || len(p.Description) < 8 || strings.EqualFold(p.Description, name) {
				t.Errorf("%s: %s.%s is described as %q", tool, path, name, p.Description)
			}
			checkInput(t, tool, path+"."+name, property)
		}
	case "array":
		if s.MaxItems == nil {
			t.Errorf("%s: the list %s has no end", tool, path)
		}
		checkInput(t, tool, path+"[]", s.Items)
	case "integer", "number":
		if s.Minimum == nil || s.Maximum == nil {
			t.Errorf("%s: the number %s has no range", tool, path)
		}
	case "string", "boolean":
	default:
		t.Errorf("%s: %s has the type %v", tool, path, s.Type)
	}
}

func compileSchema(t *testing.T, name string, raw json.RawMessage) *validator.Schema {
	t.Helper()
	schema, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("schema:x", schema); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	compiled, err := c.Compile("schema:x")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return compiled
}

// TestDefaultToolsStaySmall bounds what a model reads and what a client downloads. The estimate of tokens is a quarter of the bytes.
func TestDefaultToolsStaySmall(t *testing.T) {
	const mostTools, mostTokens, mostBytes = 15, 4500, 32 << 10
	list := definitions(t, "default")
	if len(list) > mostTools {
		t.Errorf("%d tools, and models choose worse among more than %d", len(list), mostTools)
	}
	read, sent := 0, mcp.ListToolsResult{}
	chosen, err := tools.Select(tools.All(&tools.Deps{}), []string{"default"})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range list {
		read += len(d.Name) + len(d.Description) + len(d.InputSchema)
		sent.Tools = append(sent.Tools, chosen[i].ServerTool(tools.Options{}).Tool)
	}
	if tokens := read / 4; tokens >= mostTokens {
		t.Errorf("names, descriptions and input schemas are about %d tokens, and must stay under %d", tokens, mostTokens)
	}
	raw, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) >= mostBytes {
		t.Errorf("tools/list answers %d bytes, and must stay under %d", len(raw), mostBytes)
	}
	t.Logf("%d tools, about %d tokens to read, %d bytes to download", len(list), read/4, len(raw))
}
