package e2e

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// TestCursorsBelongToTheirList takes the cursor of each list to every other list and query, and alters it. None is ever taken for another.
func TestCursorsBelongToTheirList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	for _, group := range []string{"finance", "partners", "release-managers"} {
		c.call(t, "add_user_to_group", args{"user": alex2, "groups": []string{group}}).wants(t, map[string]any{"status": "succeeded"})
	}
	s.changesNothing(t)
	lists := []struct {
		name, tool string
		args       args
	}{
		{"people a", "search_users", args{"query": "a", "limit": 2}},
		{"people m", "search_users", args{"query": "m", "limit": 2}},
		{"groups", "list_groups", args{"limit": 2}},
		{"groups with e", "list_groups", args{"query": "e", "limit": 2}},
		{"groups of users", "list_groups", args{"access_type": "user", "limit": 2}},
		{"members", "list_group_members", args{"group": "jira-software-users", "limit": 2}},
		{"all members", "list_group_members", args{"group": "jira-software-users", "include_inactive": true, "limit": 2}},
		{"operations", "list_operations", args{"limit": 2}},
		{"members of engineering", "list_group_members", args{"group": "engineering", "limit": 2}},
	}
	cursors := map[string]string{}
	for _, list := range lists {
		cursors[list.name] = c.call(t, list.tool, list.args).str("next_cursor")
		if cursors[list.name] == "" {
			t.Fatalf("%s has one page only", list.name)
		}
	}
	page := func(t *testing.T, i int, cursor string) answer {
		t.Helper()
		arguments := maps.Clone(lists[i].args)
		arguments["cursor"] = cursor
		return c.call(t, lists[i].tool, arguments)
	}
	refused := func(t *testing.T, got answer) {
		t.Helper()
		got.wants(t, map[string]any{"code": "invalid_argument", "retryable": false})
		got.says(t, "cursor", "eave", "out to begin")
	}
	for i, list := range lists {
		for name, cursor := range cursors {
			t.Run(name+" for "+list.name, func(t *testing.T) {
				got := page(t, i, cursor)
				if name != list.name {
					refused(t, got)
				} else if got.isError {
					t.Errorf("its own cursor is refused: %s", got.text)
				}
			})
		}
		t.Run("altered for "+list.name, func(t *testing.T) {
			raw, err := base64.RawURLEncoding.DecodeString(cursors[list.name])
			if err != nil {
				t.Fatal(err)
			}
			for what, start := range map[string]string{"negative": "-1", "a fraction": "1.5", "text": `"2"`, "beyond every number": "99999999999999999999", "the largest number": "9223372036854775807", "beyond every list": "1000000000"} {
				var fields map[string]json.RawMessage
				if err := json.Unmarshal(raw, &fields); err != nil {
					t.Fatal(err)
				}
				field := "s"
				if list.tool == "list_operations" { // its cursor is a moment, and any number is one
					if slices.Contains([]string{"negative", "the largest number", "beyond every list"}, what) {
						continue
					}
					field = "t"
				}
				fields[field] = json.RawMessage(start)
				altered, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(what, func(t *testing.T) { refused(t, page(t, i, base64.RawURLEncoding.EncodeToString(altered))) })
			}
			refused(t, page(t, i, "not a cursor"))
			refused(t, page(t, i, cursors[list.name]+"A"))
		})
	}
}
