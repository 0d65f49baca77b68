package scim

import (
	"maps"
	"slices"
)

// operation is one operation of a PATCH (RFC 7644 section 3.5.2).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

// patch is the body of a PATCH. The key is "Operations" as the RFC and the service have it.
func patch(ops ...operation) any {
	return struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{[]string{schemaPatch}, ops}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

type member struct {
	Value string `json:"value"`
}

// memberPath selects one member by id, which is quoted so that it can't widen the selection.
func memberPath(userID string) string { return "members[value eq " + quote(userID) + "]" }
