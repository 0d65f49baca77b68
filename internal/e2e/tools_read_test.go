package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var readCases = []toolCase{
	{"lookup_user", func(t *testing.T, s *site, c *session) {
		id := s.AccountID(jane)
		for _, user := range []string{jane, "JANE.DOE@EXAMPLE.COM", id, " " + id + " ", "Jane Doe"} {
			got := c.call(t, "lookup_user", args{"user": user})
			got.wants(t, map[string]any{
				"person.account_id": id, "person.display_name": "Jane Doe", "person.email": jane, "person.email_source": "jira",
				"person.account_type": "atlassian", "person.active": true, "person.managed": true, "person.organization.status": "active",
				"person.scim.user_name": jane, "person.scim.active": true, "person.sources": []string{"jira", "scim", "organization"}, "person.warnings": []string{},
			})
			owners := map[string]string{}
			names := got.all("person.groups", "name")
			for i, name := range names {
				owners[name] = got.all("person.groups", "managed_by")[i]
			}
			if len(owners) != 4 || owners["engineering"] != "scim" || owners["release-managers"] != "jira" || owners["confluence-users"] != "jira" || owners["jira-software-users"] != "jira" {
				t.Errorf("groups %v", owners)
			}
			got.says(t, "Jane Doe", jane, id, "active", "engineering (managed by scim)", "Last active here: 20")
		}
		hidden := c.call(t, "lookup_user", args{"user": petra})
		hidden.wants(t, map[string]any{"person.account_id": s.AccountID(petra), "person.email": petra, "person.email_source": "scim"})
		left := c.call(t, "lookup_user", args{"user": lee})
		left.wants(t, map[string]any{"person.account_id": s.AccountID(lee), "person.active": false, "person.scim.active": false})
		outside := c.call(t, "lookup_user", args{"user": sam})
		outside.wants(t, map[string]any{"person.account_id": s.AccountID(sam), "person.managed": false, "person.scim": nil, "person.sources": []string{"jira", "organization"}})
		brief := c.call(t, "lookup_user", args{"user": jane, "include": []string{"scim"}})
		brief.wants(t, map[string]any{"person.groups.#": 0, "person.scim.user_name": jane})
	}},
	{"search_users", func(t *testing.T, s *site, c *session) {
		whole := c.call(t, "search_users", args{"query": "Alex Kim"})
		whole.wants(t, map[string]any{"users.#": 2, "next_cursor": "", "truncated": false})
		first := c.call(t, "search_users", args{"query": "Alex Kim", "limit": 1})
		first.wants(t, map[string]any{"users.#": 1, "users.0.display_name": "Alex Kim"})
		first.says(t, "Alex Kim", first.str("users.0.account_id"), first.str("next_cursor"))
		second := c.call(t, "search_users", args{"query": "Alex Kim", "limit": 1, "cursor": first.str("next_cursor")})
		second.wants(t, map[string]any{"users.#": 1, "users.0.display_name": "Alex Kim", "next_cursor": ""})
		both := []string{first.str("users.0.account_id"), second.str("users.0.account_id")}
		if !slices.Equal(both, whole.all("users", "account_id")) || both[0] == both[1] {
			t.Errorf("page by page %v, at once %v", both, whole.all("users", "account_id"))
		}
		hidden := c.call(t, "search_users", args{"query": petra})
		hidden.wants(t, map[string]any{"users.#": 1, "users.0.account_id": s.AccountID(petra), "users.0.email_source": "scim"})
		c.call(t, "search_users", args{"query": "Xyzzyx"}).wants(t, map[string]any{"users.#": 0, "next_cursor": ""})
	}},
	{"list_groups", func(t *testing.T, s *site, c *session) {
		same := c.call(t, "list_groups", args{"query": "contractors"})
		same.wants(t, map[string]any{"groups.#": 2})
		ids := same.all("groups", "group_id")
		slices.Sort(ids)
		want := []string{s.GroupID("contractors", false), s.GroupID("contractors", true)}
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Errorf("groups named contractors: %v, want %v", ids, want)
		}
		admins := c.call(t, "list_groups", args{"access_type": "site-admin"})
		admins.wants(t, map[string]any{"groups.#": 2, "groups.0.name": "site-admins", "groups.0.managed_by": "jira", "groups.0.group_id": s.GroupID("site-admins", false), "next_cursor": ""})
		admins.says(t, "site-admins", s.GroupID("site-admins", false))
		owned := c.call(t, "list_groups", args{"query": "engineering"})
		owned.wants(t, map[string]any{"groups.0.name": "engineering", "groups.0.managed_by": "scim"})

		var all []string
		cursor := ""
		for range 10 {
			page := c.call(t, "list_groups", args{"limit": 15, "cursor": cursor})
			all = append(all, page.all("groups", "group_id")...)
			if cursor = page.str("next_cursor"); cursor == "" {
				break
			}
		}
		var real []string
		for _, g := range s.state(t).Jira.Groups {
			real = append(real, g.GroupID)
		}
		slices.Sort(all)
		slices.Sort(real)
		if !slices.Equal(all, real) {
			t.Errorf("%d groups page by page, the site has %d", len(all), len(real))
		}
	}},
	{"list_group_members", func(t *testing.T, s *site, c *session) {
		group := s.GroupID("partners", false)
		active := c.call(t, "list_group_members", args{"group": "partners", "limit": 50})
		active.wants(t, map[string]any{"group.group_id": group, "group.name": "partners", "group.managed_by": "jira"})
		everybody := c.call(t, "list_group_members", args{"group": group, "limit": 50, "include_inactive": true})
		idle := s.AccountID("ingo.idle@partner.example")
		if slices.Contains(active.all("members", "account_id"), idle) || !slices.Contains(everybody.all("members", "account_id"), idle) {
			t.Error("an inactive member is shown only when asked for")
		}
		active.says(t, "partners", s.AccountID(sam), sam)

		var real []string
		for _, g := range s.state(t).Jira.Groups {
			if g.GroupID == group {
				real = g.Members
			}
		}
		var paged []string
		cursor := ""
		for range 100 {
			page := c.call(t, "list_group_members", args{"group": "partners", "include_inactive": true, "limit": 2, "cursor": cursor})
			paged = append(paged, page.all("members", "account_id")...)
			if cursor = page.str("next_cursor"); cursor == "" {
				break
			}
		}
		slices.Sort(real)
		slices.Sort(paged)
		if !slices.Equal(real, paged) {
			t.Errorf("page by page %v, the site has %v", paged, real)
		}
	}},
	{"audit_active_users", func(t *testing.T, s *site, c *session) {
		now := s.state(t)
		active := 0
		for _, u := range now.Jira.Users {
			if u.Active {
				active++
			}
		}
		got := c.call(t, "audit_active_users", args{"limit": 40})
		got.wants(t, map[string]any{
			"counts.total": len(now.Jira.Users), "counts.active": active, "counts.inactive": len(now.Jira.Users) - active,
			"counts.scim_users": len(now.SCIM.Users), "counts.groups": len(now.Jira.Groups), "counts.by_account_type.unknown": 1,
			"report.rows": len(now.Jira.Users),
		})
		if findings, rows := len(got.all("findings", "code")), len(got.all("users", "account_id")); findings < 10 || findings > 40 || rows < 5 || rows > 40 || len(got.text) > 5_000 {
			t.Errorf("%d findings and %d rows in the answer, and a text of %d bytes", findings, rows, len(got.text))
		}
		found := map[string]bool{}
		for i, code := range got.all("findings", "code") {
			found[code+" "+got.all("findings", "account_id")[i]] = true
		}
		for _, want := range []string{"inactive_with_groups " + s.AccountID(lee), "unknown_account unknown"} {
			if !found[want] {
				t.Errorf("finding %s is missing from %v", want, found)
			}
		}
		got.says(t, "accounts", "inactive_with_groups", got.str("report.folder"))
		folder := got.str("report.folder")
		if filepath.Dir(folder) != filepath.Join(c.stateDir, "reports") {
			t.Errorf("the report is in %s", folder)
		}
		for file, lines := range map[string]int{"report.jsonl": len(now.Jira.Users), "report.csv": len(now.Jira.Users) + 1} {
			raw, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(raw, []byte("\n")); n != lines {
				t.Errorf("%s has %d lines, want %d", file, n, lines)
			}
			if !strings.Contains(string(raw), s.AccountID(petra)) {
				t.Errorf("%s lacks %s", file, petra)
			}
		}
		apps := c.call(t, "audit_active_users", args{"account_types": []string{"app", "customer"}, "limit": 1})
		customers := 0
		for _, u := range now.Jira.Users {
			if u.AccountType == "customer" {
				customers++
			}
		}
		apps.wants(t, map[string]any{"users.#": 1, "counts.by_account_type.atlassian": nil, "counts.by_account_type.customer": customers})
	}},
	{"get_server_status", func(t *testing.T, s *site, c *session) {
		got := c.call(t, "get_server_status", args{})
		got.wants(t, map[string]any{
			"read_only": false, "site": s.url, "credentials.#": 3, "state_dir": c.stateDir,
			"credentials.0.name": "jira", "credentials.0.configured": true, "credentials.0.ok": true, "credentials.0.permissions.USER_PICKER": true,
			"credentials.1.name": "scim", "credentials.1.configured": true, "credentials.1.ok": true,
			"credentials.2.name": "organization", "credentials.2.configured": true, "credentials.2.ok": true, "credentials.2.identity": "Example",
		})
		got.says(t, "jira: ok, Avery Admin", "scim: ok", s.url)
	}},
}
