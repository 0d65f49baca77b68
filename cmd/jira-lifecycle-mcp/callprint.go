package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mark3labs/mcp-go/mcp"
)

// listTools prints the tools: for people with their arguments, for programs as they are.
func listTools(w io.Writer, list []mcp.Tool, asText bool) error {
	if !asText {
		return printJSON(w, list)
	}
	for _, tool := range list {
		fmt.Fprintf(w, "%s\n    %s\n", tool.Name, tool.Description)
		for _, name := range slices.Sorted(maps.Keys(tool.InputSchema.Properties)) {
			property, _ := tool.InputSchema.Properties[name].(map[string]any)
			need := ""
			if slices.Contains(tool.InputSchema.Required, name) {
				need = " (required)"
			}
			fmt.Fprintf(w, "    %s%s: %v\n", name, need, property["description"])
		}
	}
	return nil
}

// printResult prints an answer: JSON for programs, for people its text, with its lists as tables.
func printResult(w io.Writer, result *mcp.CallToolResult, asText bool) error {
	if !asText {
		return printJSON(w, result.StructuredContent)
	}
	var text strings.Builder
	for _, content := range result.Content {
		if t, ok := content.(mcp.TextContent); ok {
			text.WriteString(t.Text)
		}
	}
	fields, _ := result.StructuredContent.(map[string]any)
	rows := tableOf(fields)
	if result.IsError || rows == nil {
		_, err := fmt.Fprintln(w, text.String())
		return err
	}
	// The table stands for the text's own lines of the list.
	head, tail, _ := strings.Cut(text.String(), "\n")
	fmt.Fprintln(w, head)
	if err := printTable(w, rows); err != nil {
		return err
	}
	for line := range strings.SplitSeq(tail, "\n") {
		if line != "" && !strings.HasPrefix(line, "- ") {
			fmt.Fprintln(w, line)
		}
	}
	return nil
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// columns are what tables show, in this order.
var columns = []string{"display_name", "name", "email", "active", "account_type", "account_id", "group_id", "managed_by"}

// tableOf gives the list that an answer is about, or nil when it is about something else.
func tableOf(fields map[string]any) []any {
	for _, key := range []string{"users", "groups", "members"} {
		if rows, ok := fields[key].([]any); ok && len(rows) > 0 && fields["counts"] == nil {
			return rows
		}
	}
	return nil
}

func printTable(w io.Writer, rows []any) error {
	var used []string
	for _, column := range columns {
		if slices.ContainsFunc(rows, func(row any) bool { return cell(row, column) != "" }) {
			used = append(used, column)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(used, "\t")))
	for _, row := range rows {
		cells := make([]string, len(used))
		for i, column := range used {
			cells[i] = cell(row, column)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// cell gives one value of a row as text; tabs and line breaks were taken out where the value came in.
func cell(row any, column string) string {
	fields, _ := row.(map[string]any)
	switch v := fields[column].(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "yes"
		}
		return "no"
	default:
		return fmt.Sprint(v)
	}
}
