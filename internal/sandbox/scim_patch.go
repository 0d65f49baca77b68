package sandbox

import (
	"fmt"
	"strings"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	filter "github.com/scim2/filter-parser/v2"
)

// patch applies one checked operation to a resource's attributes (RFC 7644, 3.5.2). The library checks operations; applying is left to its user.
func patch(attributes map[string]any, o scim.PatchOperation) error {
	if o.Path == nil {
		values, ok := o.Value.(map[string]any)
		if !ok {
			return scimerrors.ScimErrorInvalidSyntax
		}
		for path, value := range values {
			// Without a path a key may be one itself, such as name.givenName; a URI has dots of its own.
			name, sub, nested := strings.Cut(path, ".")
			if nested && !strings.HasPrefix(path, "urn:") {
				setPart(attributes, name, sub, value)
				continue
			}
			set(attributes, key(attributes, path), value, o.Op == scim.PatchOperationAdd)
		}
		return nil
	}
	target := attributes
	if uri := o.Path.AttributePath.URI(); strings.EqualFold(uri, enterpriseSchema) {
		extension, ok := attributes[enterpriseSchema].(map[string]any)
		if !ok {
			extension = map[string]any{}
			attributes[enterpriseSchema] = extension
		}
		target = extension
	}
	name := key(target, o.Path.AttributePath.AttributeName)
	if strings.EqualFold(name, "groups") || strings.EqualFold(name, "atlassianAccountId") {
		return scimerrors.ScimErrorMutability // which the library checks in values, and not in paths
	}
	sub := o.Path.AttributePath.SubAttributeName()
	if sub == "" {
		sub = o.Path.SubAttributeName()
	}
	switch {
	case o.Path.ValueExpression != nil:
		return patchItems(target, name, sub, o)
	case o.Op == scim.PatchOperationRemove && sub == "":
		delete(target, name)
	case o.Op == scim.PatchOperationRemove:
		if part, ok := target[name].(map[string]any); ok {
			delete(part, key(part, sub))
		}
	case sub != "":
		setPart(target, name, sub, o.Value)
	default:
		set(target, name, o.Value, o.Op == scim.PatchOperationAdd)
	}
	return nil
}

// key returns the spelling of name that attributes have, or the name as it is (attribute names ignore case).
func key(attributes map[string]any, name string) string {
	for existing := range attributes {
		if strings.EqualFold(existing, name) {
			return existing
		}
	}
	return name
}

// set puts a value in place; adding to a list appends, adding to a complex attribute merges.
func set(target map[string]any, name string, value any, add bool) {
	switch old := target[name].(type) {
	case []any:
		if items, ok := value.([]any); ok && add {
			for _, item := range items {
				if !holds(old, item) {
					old = append(old, item)
				}
			}
			target[name] = old
			return
		}
	case map[string]any:
		if parts, ok := value.(map[string]any); ok {
			for part, value := range parts {
				old[key(old, part)] = value
			}
			return
		}
	}
	target[name] = value
}

func setPart(target map[string]any, name, sub string, value any) {
	part, ok := target[key(target, name)].(map[string]any)
	if !ok {
		part = map[string]any{}
		target[name] = part
	}
	part[key(part, sub)] = value
}

func holds(items []any, wanted any) bool {
	text := fmt.Sprint(wanted)
	for _, item := range items {
		if fmt.Sprint(item) == text {
			return true
		}
	}
	return false
}

// patchItems applies an operation to those items of a list that the path's expression selects.
func patchItems(target map[string]any, name, sub string, o scim.PatchOperation) error {
	items, _ := target[name].([]any)
	kept, hit := make([]any, 0, len(items)), false
	for _, item := range items {
		parts, ok := item.(map[string]any)
		if !ok || !selects(o.Path.ValueExpression, parts) {
			kept = append(kept, item)
			continue
		}
		hit = true
		switch {
		case o.Op == scim.PatchOperationRemove && sub == "":
			continue
		case o.Op == scim.PatchOperationRemove:
			delete(parts, key(parts, sub))
		case sub != "":
			parts[key(parts, sub)] = o.Value
		default:
			if values, ok := o.Value.(map[string]any); ok {
				for part, value := range values {
					parts[key(parts, part)] = value
				}
			}
		}
		kept = append(kept, parts)
	}
	if !hit && o.Op != scim.PatchOperationRemove {
		return scimerrors.ScimErrorNoTarget
	}
	target[name] = kept
	return nil
}

// selects tells whether the parts of an item fit an expression. Those that clients send are a single eq, or several joined by and or or.
func selects(e filter.Expression, parts map[string]any) bool {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		got := parts[key(parts, e.AttributePath.AttributeName)]
		return e.Operator == filter.EQ && strings.EqualFold(fmt.Sprint(got), fmt.Sprint(e.CompareValue)) ||
			e.Operator == filter.PR && got != nil
	case *filter.LogicalExpression:
		left, right := selects(e.Left, parts), selects(e.Right, parts)
		return e.Operator == filter.AND && left && right || e.Operator == filter.OR && (left || right)
	}
	return false
}
