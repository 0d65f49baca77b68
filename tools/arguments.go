package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// maxProblems is how many wrong arguments one answer names.
const maxProblems = 5

// checkArguments checks raw, the JSON object of a call's arguments, against schema and gives it back without its nulls,
// which some models send for what they leave out. What is wrong is told in words, by the argument's name.
func checkArguments(schema *jsonschema.Schema, raw []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var args any
	if err := decoder.Decode(&args); err != nil {
		return nil, undecodable(err)
	}
	if args == nil {
		args = map[string]any{}
	}
	c := checker{}
	c.value("", schema, args)
	if len(c.problems) == 0 {
		return args.(map[string]any), nil
	}
	problems := c.problems
	if len(problems) > maxProblems {
		problems = append(problems[:maxProblems:maxProblems], fmt.Sprintf("and %d more", len(c.problems)-maxProblems))
	}
	return nil, fault.New(fault.InvalidArgument, "Correct the arguments and call again; "+takes(schema)+" Nothing was changed.",
		"%s.", strings.Join(problems, "; "))
}

// undecodable tells that the arguments were no JSON object of the right types.
func undecodable(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		return fault.New(fault.InvalidArgument, "Correct the argument and call again. Nothing was changed.",
			"Argument %q can't hold a %s.", kind.Field, kind.Value)
	}
	return fault.New(fault.InvalidArgument, "Send the arguments as one JSON object. Nothing was changed.", "The arguments are not a JSON object.").Because(err)
}

// takes says which arguments the tool has.
func takes(s *jsonschema.Schema) string {
	if len(s.PropertyOrder) == 0 {
		return "this tool takes none."
	}
	names := slices.Clone(s.PropertyOrder)
	for i, name := range names {
		if slices.Contains(s.Required, name) {
			names[i] += " (required)"
		}
	}
	return "this tool takes " + strings.Join(names, ", ") + "."
}

// checker collects what is wrong with a value.
type checker struct{ problems []string }

func (c *checker) add(path, format string, args ...any) {
	subject := "The arguments"
	if path != "" {
		subject = "Argument " + strconv.Quote(path)
	}
	c.problems = append(c.problems, subject+" "+fmt.Sprintf(format, args...))
}

func (c *checker) value(path string, s *jsonschema.Schema, v any) {
	switch s.Type {
	case "object":
		object, ok := v.(map[string]any)
		if !ok {
			c.add(path, "must be an object, not %s", kindOf(v))
			return
		}
		c.object(path, s, object)
	case "array":
		list, ok := v.([]any)
		if !ok {
			c.add(path, "must be a list, not %s", kindOf(v))
			return
		}
		c.list(path, s, list)
	case "string":
		text, ok := v.(string)
		if !ok {
			c.add(path, "must be a text, not %s", kindOf(v))
			return
		}
		c.text(path, s, text)
	case "integer", "number":
		number, ok := v.(json.Number)
		if !ok {
			c.add(path, "must be %s, not %s", article(s.Type), kindOf(v))
			return
		}
		c.number(path, s, number)
	case "boolean":
		if _, ok := v.(bool); !ok {
			c.add(path, "must be true or false, not %s", kindOf(v))
		}
	}
}

func (c *checker) object(path string, s *jsonschema.Schema, object map[string]any) {
	prefix := ""
	if path != "" {
		prefix = path + "."
	}
	for _, name := range sortedKeys(object) {
		value := object[name]
		p := s.Properties[name]
		if p == nil && s.AdditionalProperties != nil && s.AdditionalProperties.Not == nil {
			p = s.AdditionalProperties
		}
		switch {
		case p == nil:
			c.add(prefix+clip(name), "is unknown%s", suggestion(name, s.PropertyOrder))
		case value == nil:
			delete(object, name)
		default:
			c.value(prefix+name, p, value)
		}
	}
	for _, name := range s.Required {
		if object[name] == nil {
			c.add(prefix+name, "is missing (%s)", s.Properties[name].Description)
		}
	}
}

func (c *checker) list(path string, s *jsonschema.Schema, list []any) {
	if s.MinItems != nil && len(list) < *s.MinItems {
		c.add(path, "needs at least %d entries, and has %d", *s.MinItems, len(list))
	}
	if s.MaxItems != nil && len(list) > *s.MaxItems {
		c.add(path, "may have at most %d entries, and has %d", *s.MaxItems, len(list))
		return
	}
	for i, item := range list {
		c.value(path+"["+strconv.Itoa(i)+"]", s.Items, item)
	}
}

func (c *checker) text(path string, s *jsonschema.Schema, text string) {
	length, limit := utf8.RuneCountInString(text), maxText
	if s.MaxLength != nil {
		limit = *s.MaxLength
	}
	switch {
	case len(s.Enum) > 0:
		if !slices.Contains(s.Enum, any(text)) {
			c.add(path, "must be one of %s, not %q", words(s.Enum), clip(text))
		}
	case length > limit:
		c.add(path, "may have at most %d characters, and has %d", limit, length)
	case s.MinLength != nil && strings.TrimSpace(text) == "":
		c.add(path, "is empty (%s)", s.Description)
	case s.MinLength != nil && length < *s.MinLength:
		c.add(path, "needs at least %d characters, and has %d", *s.MinLength, length)
	default:
		for i, r := range text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
				c.add(path, "has a control character (%U) at position %d", r, i+1)
				return
			}
		}
	}
}

func (c *checker) number(path string, s *jsonschema.Schema, number json.Number) {
	n, err := number.Float64()
	if err != nil || s.Type == "integer" && (n != math.Trunc(n) || math.Abs(n) > 1<<53) {
		c.add(path, "must be %s, not %s", article(s.Type), clip(number.String()))
		return
	}
	if s.Minimum != nil && n < *s.Minimum {
		c.add(path, "must be at least %v, not %s", *s.Minimum, number)
	}
	if s.Maximum != nil && n > *s.Maximum {
		c.add(path, "may be at most %v, not %s", *s.Maximum, number)
	}
}

func article(kind string) string {
	if kind == "integer" {
		return "a whole number"
	}
	return "a number"
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

func words(list []any) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}

// clip shortens what a caller sent before it is quoted back.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// suggestion names the known argument that name most likely meant.
func suggestion(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// editDistance counts the letters to insert, delete or replace; names beyond 40 letters are simply far.
func editDistance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
