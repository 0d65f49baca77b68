package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"
)

func TestArguments(t *testing.T) {
	tool := mcp.Tool{Name: "toy"}
	tool.InputSchema.Properties = map[string]any{
		"user":   map[string]any{"type": "string"},
		"limit":  map[string]any{"type": "integer"},
		"ratio":  map[string]any{"type": "number"},
		"dry":    map[string]any{"type": "boolean"},
		"groups": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
		"people": map[string]any{"type": "array", "items": map[string]any{"type": "object"}},
	}
	for name, tt := range map[string]struct {
		json  string
		pairs string // separated by |
		stdin string
		want  args
		err   string
	}{
		"each type":         {"", "user=a=b|limit=3|ratio=0.5|dry=true|groups=x, y", "", args{"user": "a=b", "limit": int64(3), "ratio": 0.5, "dry": true, "groups": []any{"x", "y"}}, ""},
		"a repeated list":   {"", "groups=x|groups=y,z", "", args{"groups": []any{"x", "y", "z"}}, ""},
		"an empty list":     {"", "groups=", "", args{"groups": []any{}}, ""},
		"raw JSON":          {"", `people:=[{"email":"a@b"}]|groups:=["a,b"]`, "", args{"people": []any{map[string]any{"email": "a@b"}}, "groups": []any{"a,b"}}, ""},
		"JSON, then a pair": {`{"user":"a","groups":["x"]}`, "user=b|groups=y", "", args{"user": "b", "groups": []any{"y"}}, ""},
		"from stdin":        {"-", "", `{"user":"a"}`, args{"user": "a"}, ""},
		"no pair":           {"", "jane", "", nil, `"jane" is not key=value`},
		"unknown key":       {"", "usr=a", "", nil, `toy has no argument "usr"; it has dry, groups, limit, people, ratio, user`},
		"no number":         {"", "limit=many", "", nil, `limit must be a whole number, not "many"`},
		"no truth":          {"", "dry=maybe", "", nil, `dry must be true or false, not "maybe"`},
		"objects":           {"", "people=jane", "", nil, "people is a list of objects; write people:=JSON"},
		"broken JSON":       {`{"user"`, "", "", nil, "--json is not a JSON object"},
		"a JSON list":       {`[1]`, "", "", nil, "--json is not a JSON object"},
		"broken raw JSON":   {"", "people:=[", "", nil, "people:= needs JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			c := callCmd{JSON: tt.json}
			if tt.pairs != "" {
				c.Args = strings.Split(tt.pairs, "|")
			}
			got, err := c.arguments(tool, strings.NewReader(tt.stdin))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	for want, answers := range map[int][]string{
		exitOK:          {"", "status:succeeded", "status:planned"},
		exitError:       {"code:internal", "code:conflict", "code:cancelled"},
		exitUsage:       {"code:invalid_argument"},
		exitUnconfirmed: {"status:confirmation_required", "status:declined", "code:confirmation_invalid", "code:plan_changed"},
		exitPartial:     {"status:partial", "status:failed", "status:cancelled"},
		exitNotFound:    {"code:not_found", "code:ambiguous"},
		exitRefused:     {"code:not_configured", "code:unauthenticated", "code:permission_denied", "code:protected", "code:managed_externally", "status:blocked"},
		exitRetry:       {"code:rate_limited", "code:upstream_unavailable", "code:timeout"},
	} {
		for _, answer := range answers {
			key, value, _ := strings.Cut(answer, ":")
			r := &mcp.CallToolResult{IsError: key == "code", StructuredContent: map[string]any{key: value}}
			if got := exitCode(r); got != want {
				t.Errorf("%s: exit %d, want %d", answer, got, want)
			}
		}
	}
}

func TestTerminalTakesOnlyAYesForAgreement(t *testing.T) {
	for typed, want := range map[string]mcp.ElicitationResponseAction{
		"yes\nmore": "accept", "YES \n": "accept", "yes": "accept", "y\n": "decline", "\n": "decline", "": "decline", "yes please\n": "decline",
	} {
		var out strings.Builder
		in := strings.NewReader(typed)
		got, err := askTerminal{in, &out}.Elicit(t.Context(), mcp.ElicitationRequest{Params: mcp.ElicitationParams{Message: "The plan"}})
		if err != nil {
			t.Fatal(err)
		}
		if got.Action != want || !strings.HasPrefix(out.String(), "The plan\n") {
			t.Errorf("%q: %s after %q, want %s", typed, got.Action, out.String(), want)
		}
		if strings.HasPrefix(typed, "yes\n") && in.Len() != len("more") {
			t.Errorf("%d bytes are left of what was typed ahead", in.Len())
		}
	}
}

func TestAnswersForPeople(t *testing.T) {
	person := func(name string, active bool) any {
		return map[string]any{"display_name": name, "active": active, "account_id": "id-" + name, "email": "", "groups": []any{}}
	}
	r := mcp.NewToolResultStructured(map[string]any{"users": []any{person("Jo", true), person("Maximilian", false)}, "next_cursor": "c"},
		"2 people on this page.\n- Jo, active\n- Maximilian, inactive\nThere is more: call again with cursor c")
	var out strings.Builder
	if err := printResult(&out, r, true); err != nil {
		t.Fatal(err)
	}
	want := `2 people on this page.
DISPLAY_NAME  ACTIVE  ACCOUNT_ID
Jo            yes     id-Jo
Maximilian    no      id-Maximilian
There is more: call again with cursor c
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := printResult(&out, r, false); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "{\n  \"next_cursor\": \"c\",") {
		t.Errorf("JSON: %s", out.String())
	}
}

func TestProgressIsOneLineAndGoesAway(t *testing.T) {
	report := func(method, message string) mcp.JSONRPCNotification {
		n := mcp.JSONRPCNotification{}
		n.Method = method
		n.Params.AdditionalFields = map[string]any{"message": message}
		return n
	}
	var out strings.Builder
	p := &progressLine{w: &out}
	p.show(report("notifications/progress", "100 of 200"))
	p.show(report("notifications/message", "other"))
	p.end()
	p.show(report("notifications/progress", "late"))
	if want := "\r\x1b[K100 of 200\r\x1b[K"; out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
}
