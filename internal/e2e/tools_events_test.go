package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// eventCases ask the audit log before the other cases make it longer.
var eventCases = []toolCase{
	{"list_lifecycle_events", func(t *testing.T, s *site, c *session) {
		who := "" // nobody whom another case needs
		for _, u := range s.state(t).Jira.Users {
			if u.Active && u.AccountType == "atlassian" && strings.HasSuffix(u.EmailAddress, "@partner.example") && u.EmailAddress != sam {
				who = u.AccountID
			}
		}
		name := c.call(t, "lookup_user", args{"user": who}).str("person.display_name")
		c.call(t, "add_user_to_group", args{"user": who, "groups": []string{"release-managers"}}).wants(t, map[string]any{"status": "succeeded"})
		got := c.call(t, "list_lifecycle_events", args{"user": who, "actor": admin, "actions": []string{"group"}, "limit": 1})
		got.wants(t, map[string]any{
			"events.0.action": "group_added", "events.0.kind": "group", "events.0.raw_action": "user_added_to_group",
			"events.0.target.account_id": who, "events.0.target.display_name": name, "events.0.actor.account_id": s.AccountID(admin),
		})
		got.says(t, who, "release-managers", "24 hours")
		everything := c.call(t, "list_lifecycle_events", args{"limit": 200})
		times := everything.all("events", "time")
		if len(times) < 10 || !slices.IsSortedFunc(times, func(a, b string) int { return strings.Compare(b[:19], a[:19]) }) {
			t.Errorf("%d events, not all the newest first: %v", len(times), times)
		}
		var paged []string
		cursor := ""
		to := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339) // what this test does is not in it
		want := c.call(t, "list_lifecycle_events", args{"limit": 200, "to": to}).all("events", "id")
		for range 4 {
			page := c.call(t, "list_lifecycle_events", args{"limit": len(want)/3 + 1, "cursor": cursor, "to": to})
			paged = append(paged, page.all("events", "id")...)
			if cursor = page.str("next_cursor"); cursor == "" {
				break
			}
			page.says(t, cursor)
		}
		if !slices.Equal(want, paged) {
			t.Errorf("page by page %v, at once %v", paged, want)
		}
	}},
}
