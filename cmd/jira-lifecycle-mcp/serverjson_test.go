package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
)

const serverJSON = "../../server.json"

var update = flag.Bool("update", false, "write the settings into server.json")

// environment is the list of variables that server.json should have for a transport.
func environment(transport string) []any {
	var list []any
	for _, v := range config.Variables() {
		entry := map[string]any{"name": v.Name, "description": v.Help, "isSecret": v.Secret}
		if v.Alias {
			entry["description"] = "Another name for the variable above. " + v.Help
		}
		if v.Default != "" {
			entry["default"] = v.Default
		}
		if len(v.Choices) > 0 && !strings.HasSuffix(v.Key, "s") { // of the lists, several may be chosen
			choices := make([]any, len(v.Choices))
			for i, c := range v.Choices {
				choices[i] = c
			}
			entry["choices"] = choices
		}
		switch {
		case v.Key == "read-only" || v.Key == "sandbox":
			entry["format"] = "boolean"
		case v.Key == "max-concurrency" || v.Key == "batch-limit":
			entry["format"] = "number"
		case v.Key == "config" || strings.HasSuffix(v.Key, "-file") || strings.HasSuffix(v.Key, "-dir"):
			entry["format"] = "filepath"
		}
		if v.Key == "transport" {
			delete(entry, "default")
			entry["value"] = transport
		}
		list = append(list, entry)
	}
	return list
}

// transports are the packages of server.json, in its order, by the value of our setting.
var transports = []struct{ setting, mcp string }{{"stdio", "stdio"}, {"http", "streamable-http"}}

func TestServerJSONListsEverySetting(t *testing.T) {
	raw, err := os.ReadFile(serverJSON)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	packages := document["packages"].([]any)
	if len(packages) != len(transports) {
		t.Fatalf("%d packages, want %d", len(packages), len(transports))
	}
	for i, transport := range transports {
		pkg := packages[i].(map[string]any)
		if got := pkg["transport"].(map[string]any)["type"]; got != transport.mcp {
			t.Errorf("package %d is for %v, want %s", i, got, transport.mcp)
		}
		want := environment(transport.setting)
		if *update {
			pkg["environmentVariables"] = want
			continue
		}
		if diff := cmp.Diff(want, pkg["environmentVariables"]); diff != "" {
			t.Errorf("%s: the program's settings and server.json differ; go test ./cmd/jira-lifecycle-mcp -update writes them (-settings +file):\n%s", transport.mcp, diff)
		}
	}
	if *update {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(document); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(serverJSON, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerJSONIsValidForTheRegistry(t *testing.T) {
	const url = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
	read := func(name string) any {
		t.Helper()
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		document, err := jsonschema.UnmarshalJSON(file)
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(url, read("testdata/server.schema.json")); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	document := read(serverJSON).(map[string]any)
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	if document["$schema"] != url {
		t.Errorf("$schema is %v", document["$schema"])
	}
}
