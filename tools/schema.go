package tools

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// maxText bounds a text argument whose field has no maxLength of its own, in characters.
const maxText = 2000

// inputSchema describes In: every property has a description, nothing is nullable, nothing unknown is allowed.
func inputSchema[In any]() (*jsonschema.Schema, error) {
	s, err := schemaOf[In]()
	if err != nil {
		return nil, err
	}
	var check func(path string, s *jsonschema.Schema) error
	check = func(path string, s *jsonschema.Schema) error {
		notNull(s)
		for name, p := range s.Properties {
			if p.Description == "" {
				return fmt.Errorf("%s%s has no description", path, name)
			}
			if slices.Contains(s.Required, name) && p.Type == "string" && p.MinLength == nil {
				p.MinLength = new(1)
			}
			if err := check(path+name+".", p); err != nil {
				return err
			}
		}
		if s.Items != nil {
			return check(path+"[].", s.Items)
		}
		return nil
	}
	return s, check("", s)
}

// describedDepth is how deep an output's fields are described: every client loads the whole list of tools, and names further down speak for
// themselves.
const describedDepth = 1

// outputSchema describes Out. It is open to more fields, and also admits the shape of an error: clients of the TypeScript
// SDK check the structured content of failed calls against it too, and would show their own complaint instead of ours.
func outputSchema[Out any]() (*jsonschema.Schema, error) {
	s, err := schemaOf[Out]()
	if err != nil {
		return nil, err
	}
	var open func(s *jsonschema.Schema, depth int)
	open = func(s *jsonschema.Schema, depth int) {
		if depth > describedDepth {
			s.Description = ""
		}
		if slices.Contains(s.Types, "array") {
			notNull(s) // nil slices leave as []
		}
		if s.Properties != nil {
			s.AdditionalProperties = nil
		}
		for _, p := range s.Properties {
			open(p, depth+1)
		}
		if s.Items != nil {
			open(s.Items, depth)
		}
	}
	open(s, 0)
	if len(s.Required) > 0 {
		s.AnyOf = []*jsonschema.Schema{{Required: s.Required}, {Required: []string{"code", "message"}}}
		s.Required = nil
	}
	return s, nil
}

// outline is what clients are told of an output: the whole list of tools is loaded by every one of them, and has to stay small. Objects inside of objects
// and the rows of lists in them are left open; of the rows of an answer's own list only the fields that are always there are named, and of an object that is not always there none. Which fields an answer always has is left out too:
// an error's are others, and to say both would take a twentieth of the list.
func outline(s *jsonschema.Schema) *jsonschema.Schema {
	out := outlineAt(s, 0, false)
	out.AnyOf = nil
	return out
}

func outlineAt(s *jsonschema.Schema, depth int, row bool) *jsonschema.Schema {
	out := *s
	out.Properties, out.PropertyOrder = nil, nil
	if depth > 0 {
		out.Required = nil
	}
	if depth <= describedDepth {
		always := s.Required
		if depth == 0 && len(s.AnyOf) > 0 {
			always = s.AnyOf[0].Required
		}
		for name, p := range s.Properties {
			if row && !slices.Contains(s.Required, name) {
				continue
			}
			if out.Properties == nil {
				out.Properties = map[string]*jsonschema.Schema{}
			}
			child := outlineAt(p, depth+1, false)
			if depth == 0 && !slices.Contains(always, name) {
				child.Properties, child.AdditionalProperties = nil, nil
			}
			out.Properties[name] = child
		}
	}
	if s.Items != nil {
		out.Items = outlineAt(s.Items, depth, true)
	}
	return &out
}

// schemaOf derives the schema from a struct type and its tags.
func schemaOf[T any]() (*jsonschema.Schema, error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	s, err := jsonschema.For[T](nil)
	if err != nil {
		return nil, err
	}
	return s, constrain(t, s)
}

// notNull takes "null" from the types that s allows.
func notNull(s *jsonschema.Schema) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
}

// constrain adds what the narrowing tags of t's fields say to their schemas.
func constrain(t reflect.Type, s *jsonschema.Schema) error {
	switch t.Kind() {
	case reflect.Pointer:
		return constrain(t.Elem(), s)
	case reflect.Slice, reflect.Array:
		return constrain(t.Elem(), s.Items)
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			p := s.Properties[name]
			if p == nil {
				continue
			}
			if err := narrow(field, p); err != nil {
				return fmt.Errorf("field %s: %w", field.Name, err)
			}
			if err := constrain(field.Type, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// narrow applies the narrowing tags of one field.
func narrow(field reflect.StructField, s *jsonschema.Schema) error {
	value := s // of a list, the tags for values hold for its items
	if s.Items != nil {
		value = s.Items
	}
	for _, tag := range []struct {
		key string
		set **float64
	}{{"minimum", &value.Minimum}, {"maximum", &value.Maximum}} {
		if text, ok := field.Tag.Lookup(tag.key); ok {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("tag %s: %w", tag.key, err)
			}
			*tag.set = &n
		}
	}
	for _, tag := range []struct {
		key string
		set **int
	}{{"minLength", &value.MinLength}, {"maxLength", &value.MaxLength}, {"minItems", &s.MinItems}, {"maxItems", &s.MaxItems}} {
		if text, ok := field.Tag.Lookup(tag.key); ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				return fmt.Errorf("tag %s: %w", tag.key, err)
			}
			*tag.set = &n
		}
	}
	if text, ok := field.Tag.Lookup("enum"); ok {
		for v := range strings.SplitSeq(text, ",") {
			value.Enum = append(value.Enum, v)
		}
	}
	return nil
}

// mustJSON marshals a schema that schemaOf made.
func mustJSON(s *jsonschema.Schema) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return raw
}
