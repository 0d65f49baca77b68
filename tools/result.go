package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/mark3labs/mcp-go/mcp"
)

// statusDeclined is the status of a result whose plan the person did not agree to.
const statusDeclined = "declined"

// result renders the answer as a tool result: structured content that fits schema, and a text for people.
func (a answer) result(schema *jsonschema.Schema) (*mcp.CallToolResult, error) {
	if a.question != nil {
		return a.question, nil
	}
	raw, err := json.Marshal(a.out)
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	text := ""
	if t, ok := a.out.(Texter); ok {
		text = t.Text()
	}
	if a.declined != "" {
		if raw, err = decline(raw); err != nil {
			return nil, err
		}
		text = a.declined
	}
	if raw, err = withoutNullLists(raw, schema); err != nil {
		return nil, err
	}
	if text == "" {
		text = string(raw)
	}
	return &mcp.CallToolResult{
		Content:           []mcp.Content{mcp.NewTextContent(text)},
		StructuredContent: json.RawMessage(raw),
	}, nil
}

// decline gives a result that waited for confirmation its final status, and takes the token out of it.
func decline(raw []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("decline: %w", err)
	}
	fields["status"] = json.RawMessage(`"` + statusDeclined + `"`)
	delete(fields, "confirmation")
	return json.Marshal(fields)
}

// withoutNullLists puts [] where raw has null and the schema has an array: that is how Go writes a nil slice.
func withoutNullLists(raw []byte, schema *jsonschema.Schema) ([]byte, error) {
	if !bytes.Contains(raw, []byte("null")) {
		return raw, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("read the result back: %w", err)
	}
	return json.Marshal(fillLists(value, schema))
}

func fillLists(value any, s *jsonschema.Schema) any {
	if s == nil {
		return value
	}
	switch v := value.(type) {
	case nil:
		if s.Type == "array" || slices.Contains(s.Types, "array") {
			return []any{}
		}
	case map[string]any:
		for name, field := range v {
			p := s.Properties[name]
			if p == nil {
				p = s.AdditionalProperties
			}
			v[name] = fillLists(field, p)
		}
	case []any:
		for i := range v {
			v[i] = fillLists(v[i], s.Items)
		}
	}
	return value
}
