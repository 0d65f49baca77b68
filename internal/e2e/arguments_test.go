package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// noOperation is an id as those of operations look, of none.
const noOperation = "op-20260101T000000Z-00000000"

// plainArguments are arguments that each tool accepts, with every required one.
func plainArguments(tool string) args {
	return map[string]args{
		"lookup_user": {"user": jane}, "search_users": {"query": "Jane"}, "list_groups": {}, "list_group_members": {"group": "partners"},
		"audit_active_users": {}, "get_server_status": {},
		"provision_user": {"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New"},
		"offboard_user":  {"user": jane}, "add_user_to_group": {"user": jane, "groups": []string{"partners"}},
		"remove_user_from_group": {"user": jane, "groups": []string{"engineering"}},
		"update_user":            {"user": jane, "title": "Engineer"}, "delete_user": {"user": sam},
		"create_group": {"name": "brand-new"}, "delete_group": {"group": "partners"},
		"restore_user": {"operation_id": noOperation}, "get_operation": {"operation_id": noOperation}, "list_operations": {}, "list_lifecycle_events": {},
		"update_operation": {"operation_id": noOperation, "action": "cancel"},
	}[tool]
}

// parameter is what an input schema says of one argument.
type parameter struct {
	Type                 string
	MinLength, MaxLength *int
	MinItems, MaxItems   *int
	Minimum, Maximum     *float64
	Enum                 []string
	Items                *parameter
	Properties           map[string]parameter
	Required             []string
}

// wrong gives values that the parameter must refuse, by what is wrong with them.
func (p parameter) wrong() map[string]any {
	values := map[string]any{"an object": map[string]any{"$ne": ""}}
	switch p.Type {
	case "string":
		maps.Copy(values, map[string]any{"a number": 7, "a list": []string{"a"}, "true": true})
		if len(p.Enum) > 0 {
			values["none of the choices"] = "xyzzy"
			break
		}
		longest := 2000
		if p.MaxLength != nil {
			longest = *p.MaxLength
		}
		values["too long"] = strings.Repeat("ä", longest+1)
		values["very long"] = strings.Repeat("a", 1<<14)
		values["a control character"] = "a\u0007b"
		values["a NUL"] = "a\u0000b"
		if p.MinLength != nil {
			values["empty"], values["blank"] = "", " \t "
		}
	case "integer":
		maps.Copy(values, map[string]any{"text": "10", "a fraction": 1.5, "huge": 1e300, "true": true, "a list": []int{1}})
		values["below the range"], values["above the range"] = *p.Minimum-1, *p.Maximum+1
		values["negative"] = -1
	case "boolean":
		maps.Copy(values, map[string]any{"text": "true", "a number": 1})
	case "array":
		maps.Copy(values, map[string]any{"text": "a", "a number": 1})
		values["too many"] = slices.Repeat([]string{"a"}, *p.MaxItems+1)
		if p.MinItems != nil {
			values["no item"] = []string{}
		}
		for name, value := range p.Items.wrong() {
			values["an item that is "+name] = []any{value}
		}
	case "object":
		maps.Copy(values, map[string]any{"text": "a", "a number": 1, "a list": []string{"a"}})
		whole := map[string]any{}
		for _, name := range p.Required {
			whole[name] = "nina.new@example.com"
		}
		for _, name := range p.Required {
			short := maps.Clone(whole)
			delete(short, name)
			values["one without "+name] = short
		}
		for name, field := range p.Properties {
			for what, value := range field.wrong() {
				odd := maps.Clone(whole)
				odd[name] = value
				values["one whose "+name+" is "+what] = odd
			}
		}
	}
	return values
}

// TestEveryArgumentIsChecked sends each tool what each of its arguments must not be. The answer names the argument, and no request is sent.
func TestEveryArgumentIsChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	tools, err := listTools("all")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(t *testing.T, tool, argument string, arguments any) {
		t.Helper()
		got := c.call(t, tool, arguments)
		if code, message := got.str("code"), got.str("message"); !got.isError || code != "invalid_argument" || !strings.Contains(message, argument) {
			t.Errorf("code %q, message %q; want invalid_argument that names %q", code, message, argument)
		}
		if len(got.str("message")) > 1000 || len(got.str("hint")) > 1000 {
			t.Errorf("the answer repeats what was sent: %d bytes", len(got.text))
		}
		got.says(t, "Nothing was changed")
	}
	calls := 0
	for _, tool := range tools {
		raw, err := json.Marshal(tool.InputSchema)
		if err != nil {
			t.Fatal(err)
		}
		var in struct {
			Properties map[string]parameter
			Required   []string
		}
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Fatal(err)
		}
		t.Run(tool.Name, func(t *testing.T) {
			wrong := map[string]map[string]any{"xyzzy": {"an unknown argument": 1}, "__proto__": {"an unknown argument": "x"}}
			for name, p := range in.Properties {
				wrong[name] = p.wrong()
			}
			for _, name := range in.Required {
				wrong[name]["null"] = nil
			}
			for name, values := range wrong {
				for what, value := range values {
					t.Run(name+" is "+what, func(t *testing.T) {
						arguments := maps.Clone(plainArguments(tool.Name))
						arguments[name] = value
						refused(t, tool.Name, name, arguments)
						calls++
					})
				}
			}
			for _, name := range in.Required {
				t.Run(name+" is missing", func(t *testing.T) {
					arguments := maps.Clone(plainArguments(tool.Name))
					delete(arguments, name)
					refused(t, tool.Name, name, arguments)
				})
			}
			for what, arguments := range map[string]any{"a list": []any{plainArguments(tool.Name)}, "text": fmt.Sprint(plainArguments(tool.Name)), "a number": 7} {
				t.Run("arguments are "+what, func(t *testing.T) { refused(t, tool.Name, "arguments", arguments) })
			}
		})
	}
	if requests := s.Requests(); len(requests) != 0 {
		t.Errorf("requests: %v", requests)
	}
	if calls < 400 {
		t.Errorf("only %d calls: the schemas were not read", calls)
	}
}
