package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// arguments makes the tool's arguments of --json and of key=value pairs; the pairs win. What a value may be is for the tool to
// check: here it only gets the type that the tool's schema gives its key.
func (c *callCmd) arguments(tool mcp.Tool, stdin io.Reader) (map[string]any, error) {
	args := map[string]any{}
	if c.JSON != "" {
		text := []byte(c.JSON)
		if c.JSON == "-" {
			var err error
			if text, err = io.ReadAll(stdin); err != nil {
				return nil, fmt.Errorf("--json -: %w", err)
			}
		}
		if err := json.Unmarshal(text, &args); err != nil {
			return nil, fmt.Errorf("--json is not a JSON object: %w", err)
		}
	}
	given := map[string]bool{}
	for _, pair := range c.Args {
		key, text, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not key=value", pair)
		}
		if name, raw := strings.CutSuffix(key, ":"); raw {
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, fmt.Errorf("%s:= needs JSON: %w", name, err)
			}
			args[name] = value
			continue
		}
		value, err := convert(tool, key, text)
		if err != nil {
			return nil, err
		}
		if list, isList := value.([]any); isList && given[key] {
			value = append(args[key].([]any), list...)
		}
		args[key], given[key] = value, true
	}
	return args, nil
}

// convert gives text the type of the key's schema. A list's items are separated by commas.
func convert(tool mcp.Tool, key, text string) (any, error) {
	schema, ok := tool.InputSchema.Properties[key].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s has no argument %q; it has %s", tool.Name, key, strings.Join(slices.Sorted(maps.Keys(tool.InputSchema.Properties)), ", "))
	}
	switch schema["type"] {
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s must be a whole number, not %q", key, text)
		}
		return n, nil
	case "number":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s must be a number, not %q", key, text)
		}
		return n, nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s must be true or false, not %q", key, text)
		}
		return b, nil
	case "array":
		if items, ok := schema["items"].(map[string]any); ok && items["type"] == "object" {
			return nil, fmt.Errorf("%s is a list of objects; write %s:=JSON", key, key)
		}
		list := []any{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, nil
	case "object":
		return nil, fmt.Errorf("%s is an object; write %s:=JSON", key, key)
	}
	return text, nil
}
