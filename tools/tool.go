// Package tools holds the MCP tools: a file a tool, with its input type, its output type, its handler and its value.
//
// A handler is a typed function that tests call without MCP. Define turns it into a Tool, and Tool.ServerTool is the only
// place that knows the protocol: schemas, argument checks, confirmation by the client's own dialogue, errors as results.
package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// The toolsets that a tool may belong to.
const (
	ToolsetDirectory  = "directory"
	ToolsetAudit      = "audit"
	ToolsetLifecycle  = "lifecycle"
	ToolsetOperations = "operations"
	ToolsetServer     = "server"
	ToolsetAdmin      = "admin"
)

// Toolsets lists the toolsets in the order in which they are shown.
func Toolsets() []string {
	return []string{ToolsetDirectory, ToolsetAudit, ToolsetLifecycle, ToolsetOperations, ToolsetServer, ToolsetAdmin}
}

// Hints are the four annotations of MCP. All four are always sent, since clients assume the worst of an absent one.
type Hints struct {
	ReadOnly    bool // changes nothing
	Destructive bool // may take something away
	Idempotent  bool // a second identical call changes nothing more
	OpenWorld   bool // deals with a service outside this process
}

// Tool is one tool, before it is bound to a server.
type Tool struct {
	Name        string // as clients call it
	Title       string // as people read it
	Toolset     string
	Description string // what it does, when to use it and when another
	Hints       Hints

	in, out  *jsonschema.Schema
	confirms bool // its output may wait for confirmation
	// call decodes checked arguments, runs the handler and gives the typed output.
	call func(ctx context.Context, args []byte) (any, error)
}

// Define makes a tool of a typed function.
//
// In and Out are structs with json tags; the jsonschema tag of a field is its description, which every field of In must
// have. A field without omitempty is required. More tags narrow a field, and are checked before fn runs:
//
//	enum:"auto,scim,jira"   one of these texts
//	minimum:"1" maximum:"100"   range of a number
//	minLength:"3" maxLength:"254"   length of a text in characters; without it a text ends at 2,000, and a required one is not empty
//	minItems:"1" maxItems:"50"   length of a list; the other tags then hold for its items
//
// Out may have the methods of Texter and Confirmer. fn returns a *fault.Error for whatever a person should read; any other
// error is told as internal. Define panics when the types can't be described: it runs at start-up, and each use is tested.
func Define[In, Out any](name, title, toolset, description string, hints Hints, fn func(context.Context, In) (Out, error)) Tool {
	in, err := inputSchema[In]()
	if err != nil {
		panic(fmt.Sprintf("tool %s: input: %v", name, err))
	}
	out, err := outputSchema[Out]()
	if err != nil {
		panic(fmt.Sprintf("tool %s: output: %v", name, err))
	}
	if !slices.Contains(Toolsets(), toolset) {
		panic(fmt.Sprintf("tool %s: toolset %q is not one of %s", name, toolset, strings.Join(Toolsets(), ", ")))
	}
	_, confirms := any(*new(Out)).(Confirmer)
	if confirms && in.Properties[confirmArgument] == nil {
		panic(fmt.Sprintf("tool %s: its output may wait for confirmation, but its input has no %q", name, confirmArgument))
	}
	return Tool{
		Name: name, Title: title, Toolset: toolset, Description: description, Hints: hints,
		in: in, out: out, confirms: confirms,
		call: func(ctx context.Context, args []byte) (any, error) {
			var input In
			if err := json.Unmarshal(args, &input); err != nil {
				return nil, undecodable(err)
			}
			return fn(ctx, input)
		},
	}
}

// Texter is an output that has a text for people. The text should carry each id and token that a next call needs: some
// clients show their model the text only.
type Texter interface{ Text() string }

// Confirmer is an output that may wait for a person's agreement. While ok is true nothing has been changed: question is the
// whole plan in words, and token is what the same call needs as its argument "confirm" to go ahead.
type Confirmer interface {
	Confirmation() (question, token string, ok bool)
}

// Select gives the tools of the named toolsets, in list's order. The name "default" stands for all but admin, and "all" for all.
func Select(list []Tool, toolsets []string) ([]Tool, error) {
	chosen := map[string]bool{}
	for _, name := range toolsets {
		switch {
		case name == "all":
			for _, t := range Toolsets() {
				chosen[t] = true
			}
		case name == "default":
			for _, t := range Toolsets() {
				chosen[t] = chosen[t] || t != ToolsetAdmin
			}
		case slices.Contains(Toolsets(), name):
			chosen[name] = true
		default:
			return nil, fmt.Errorf("unknown toolset %q: use default, all, or names from %s", name, strings.Join(Toolsets(), ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(t Tool) bool { return !chosen[t.Toolset] }), nil
}
