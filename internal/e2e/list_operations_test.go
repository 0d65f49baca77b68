package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryChangeIsListed makes one change with each write tool. Each is in the list under the id that its answer named, and each way to narrow the
// list gives those that belong to it, whatever the size of a page.
func TestEveryChangeIsListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	c := connect(t, s, sameState)
	inside := connect(t, s, over("stdio"), sameState)
	before := time.Now().Add(-time.Second).UTC()
	empty := c.call(t, "list_operations", args{})
	empty.wants(t, map[string]any{"operations.#": 0, "next_cursor": ""})
	empty.says(t, "No operations")

	var ids, kinds []string // the newest first
	made := func(c *session, tool string, arguments args) string {
		t.Helper()
		got := c.change(t, tool, arguments)
		id := got.str("operation.operation_id")
		if id == "" {
			t.Fatalf("%s names no operation: %s", tool, got.text)
		}
		got.says(t, id)
		ids, kinds = slices.Insert(ids, 0, id), slices.Insert(kinds, 0, tool)
		return id
	}
	made(c, "create_group", args{"name": "brand-new"})
	made(c, "add_user_to_group", args{"user": jane, "groups": []string{"brand-new"}})
	made(c, "remove_user_from_group", args{"user": jane, "groups": []string{"brand-new"}})
	made(c, "delete_group", args{"group": "brand-new"})
	made(c, "provision_user", args{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New"})
	made(inside, "update_user", args{"user": jane, "title": "Head of IT"})
	offboarded := made(inside, "offboard_user", args{"user": jane})
	made(c, "restore_user", args{"operation_id": offboarded})
	made(c, "delete_user", args{"user": sam})
	s.refuse(t)
	failed := made(c, "remove_user_from_group", args{"user": manager, "groups": []string{"release-managers"}})
	later := made(c, "offboard_user", args{"user": petra, "effective_at": time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)})

	whole := c.call(t, "list_operations", args{})
	if diff := cmp.Diff(ids, whole.all("operations", "operation_id")); diff != "" {
		t.Fatalf("the list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(kinds, whole.all("operations", "kind")); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	narrowed := func(want func(i int) bool) []string {
		list := []string{}
		for i, id := range ids {
			if want(i) {
				list = append(list, id)
			}
		}
		return list
	}
	at := func(tools ...string) func(int) bool {
		return func(i int) bool { return slices.Contains(tools, kinds[i]) }
	}
	janes := func(i int) bool {
		return slices.Contains([]string{"add_user_to_group", "offboard_user", "restore_user", "update_user"}, kinds[i]) && ids[i] != later ||
			kinds[i] == "remove_user_from_group" && ids[i] != failed
	}
	for name, tt := range map[string]struct {
		args args
		want []string
	}{
		"by e-mail":              {args{"person": jane}, narrowed(janes)},
		"by e-mail in capitals":  {args{"person": "Jane.Doe@Example.com"}, narrowed(janes)},
		"by account id":          {args{"person": s.AccountID(jane)}, narrowed(janes)},
		"of a new person":        {args{"person": "nina.new@example.com"}, narrowed(at("provision_user"))},
		"of nobody":              {args{"person": "nobody@example.com"}, nil},
		"by kind":                {args{"kind": "remove_user_from_group"}, narrowed(at("remove_user_from_group"))},
		"by kind and person":     {args{"kind": "remove_user_from_group", "person": jane}, narrowed(func(i int) bool { return kinds[i] == "remove_user_from_group" && ids[i] != failed })},
		"failed":                 {args{"status": "failed"}, []string{failed}},
		"scheduled":              {args{"status": "scheduled"}, []string{later}},
		"open":                   {args{"status": "open"}, []string{later}},
		"succeeded":              {args{"status": "succeeded"}, narrowed(func(i int) bool { return ids[i] != failed && ids[i] != later })},
		"running":                {args{"status": "running"}, nil},
		"by who reached the URL": {args{"actor": "loopback"}, narrowed(func(i int) bool { return kinds[i] != "update_user" && ids[i] != offboarded })},
		"by nobody":              {args{"actor": "local:none"}, nil},
		"since the beginning":    {args{"since": before.Format(time.RFC3339)}, ids},
		"since a day":            {args{"since": before.Format(time.DateOnly)}, ids},
		"since tomorrow":         {args{"since": before.Add(48 * time.Hour).Format(time.DateOnly)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.want == nil {
				tt.want = []string{}
			}
			for _, limit := range []int{1, 3, 200} {
				tt.args["limit"], tt.args["cursor"] = limit, ""
				got := []string{}
				for range len(ids) + 1 {
					page := c.call(t, "list_operations", tt.args)
					got = append(got, page.all("operations", "operation_id")...)
					next := page.str("next_cursor")
					if next == "" {
						break
					}
					page.says(t, next)
					tt.args["cursor"] = next
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("by %d (-want +got):\n%s", limit, diff)
				}
			}
		})
	}
	if again := inside.call(t, "list_operations", args{}).all("operations", "operation_id"); !slices.Equal(again, ids) {
		t.Errorf("another process on the same state lists %v", again)
	}
	for i, id := range ids {
		got := c.operation(t, id)
		got.wants(t, map[string]any{"operation.operation_id": id, "operation.kind": kinds[i], "operation.status": whole.str(fmt.Sprintf("operations.%d.status", i))})
	}
}

// TestWhatAnOperationTells looks at an offboarding and a provisioning: each step that changed something has when it was sent and seen, the service's
// own id of the request, and what was so before and after.
func TestWhatAnOperationTells(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	began := time.Now().Add(-time.Second)
	check := func(t *testing.T, done answer, changed map[string][2]any) {
		t.Helper()
		got := c.operation(t, done.str("operation.operation_id"))
		ended := moment(t, got, "operation.ended_at")
		if created, started := moment(t, got, "operation.created_at"), moment(t, got, "operation.started_at"); created.Before(began) || started.Before(created) || ended.Before(started) || ended.After(time.Now().Add(time.Second)) {
			t.Errorf("created %s, started %s, ended %s", created, started, ended)
		}
		seen := map[string]bool{}
		for i, action := range got.all("operation.steps", "action") {
			at := fmt.Sprintf("operation.steps.%d.", i)
			what := action + " " + got.str(at+"target")
			if status := got.str(at + "status"); status != "done" {
				t.Errorf("%s is %s", what, status)
			}
			if action == "verify" || action == "await_account" {
				continue
			}
			if sent, shown := moment(t, got, at+"started_at"), moment(t, got, at+"ended_at"); sent.Before(began) || shown.Before(sent) || shown.After(ended) {
				t.Errorf("%s: sent %s, shown %s", what, sent, shown)
			}
			if seen[got.str(at+"request_ids.0")] || got.str(at+"request_ids.0") == "" {
				t.Errorf("%s has the request ids %v", what, got.get(at+"request_ids"))
			}
			seen[got.str(at+"request_ids.0")] = true
			got.wants(t, map[string]any{at + "attempts": 1, at + "request_ids.#": 1})
			for field, value := range changed {
				if before := got.get(at + "before." + field); before != nil && (before != value[0] || got.get(at+"after."+field) != value[1]) {
					t.Errorf("%s: %s was %v and is %v", what, field, before, got.get(at+"after."+field))
				}
			}
		}
		got.says(t, done.str("operation.operation_id"), "loopback")
	}
	check(t, c.change(t, "offboard_user", args{"user": jane}), map[string][2]any{"scim_active": {true, false}, "member": {true, false}})
	check(t, c.change(t, "provision_user", args{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New", "groups": []string{"engineering", "partners"}}),
		map[string][2]any{"scim_active": {false, true}, "member": {false, true}})
	check(t, c.change(t, "provision_user", args{"email": "gast@partner.example", "given_name": "Gast", "family_name": "Gast", "groups": []string{"partners"}, "route": "jira"}),
		map[string][2]any{"on_site": {false, true}, "member": {false, true}})
}

// moment reads a time out of an answer.
func moment(t *testing.T, a answer, path string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, a.str(path))
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return at
}
