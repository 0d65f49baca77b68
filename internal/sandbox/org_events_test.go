package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type auditEntry struct {
	Action, Actor, Auth string
	Who, Group          string // address, name
}

// entriesSince returns what came into the audit log after the first n events.
func (c *client) entriesSince(n int) (list []auditEntry) {
	c.t.Helper()
	for _, e := range c.s.log.list(time.Now().Add(time.Hour))[n:] {
		list = append(list, auditEntry{e.action, e.actor.name, e.auth, e.who.email, e.group.name})
	}
	return list
}

func (c *client) entryOf(action string) *auditEntry {
	c.t.Helper()
	for _, e := range c.entriesSince(0) {
		if e.Action == action {
			return &e
		}
	}
	return nil
}

// Whichever door a change comes in by, the audit log has it, and who made it.
func TestChangesAreInTheAuditLog(t *testing.T) {
	const jane, max, sam, viaAPI = "jane.doe@example.com", "max.manager@example.com", "sam.partner@partner.example", "Avery Admin"
	c := start(t, Options{})
	partners := c.s.GroupID("partners", false)
	user, engineering := c.scimUser(jane), scimGroup(c, "engineering")
	for name, tt := range map[string]struct {
		do   func()
		want []auditEntry
	}{
		"Jira's groups": {func() {
			c.jira("POST", "/group/user", `{"accountId":"`+c.s.AccountID(max)+`"}`, "groupId", partners).want(201)
			c.jira("DELETE", "/group/user", "", "groupId", partners, "accountId", c.s.AccountID(max)).want(200)
		}, []auditEntry{{"user_added_to_group", viaAPI, "api-token", max, "partners"}, {"user_removed_from_group", viaAPI, "api-token", max, "partners"}}},
		"Jira's invitation": {func() {
			c.jira("POST", "/user", `{"emailAddress":"new@partner.example","products":["jira-software"]}`).want(201)
		}, []auditEntry{
			{"user_invited", viaAPI, "api-token", "new@partner.example", ""},
			{"user_added_to_group", viaAPI, "api-token", "new@partner.example", "jira-software-users"},
			{"user_granted_product_access", viaAPI, "api-token", "new@partner.example", ""},
		}},
		"SCIM": {func() {
			c.scim("PATCH", "/Users/"+user.ID, patchActive("false")).want(200)
			c.scim("PATCH", "/Users/"+user.ID, patchActive("false")).want(200)
			c.scim("PATCH", "/Groups/"+engineering.ID, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"`+user.ID+`\"]"}]}`).want(200)
			c.scim("PATCH", "/Users/"+user.ID, patchActive("true")).want(200)
		}, []auditEntry{
			{"managed_account_deactivated", "User provisioning", "container-token", jane, ""},
			{"user_removed_from_group", "User provisioning", "container-token", jane, "engineering"},
			{"managed_account_reactivated", "User provisioning", "container-token", jane, ""},
		}},
		"the organization": {func() {
			c.manage("POST", max, "/lifecycle/disable", `{}`).want(204)
			c.manage("DELETE", max, "/api-tokens/"+c.tokens(max)[0].ID, "").want(204)
			c.dir("POST", "/users/"+c.s.AccountID(sam)+"/suspend", `{}`).want(204)
			c.dir("POST", "/users/"+c.s.AccountID(sam)+"/suspend", `{}`).want(204)
			c.dir("POST", "/users/"+c.s.AccountID(sam)+"/restore", `{}`).want(204)
			c.dir("POST", "/groups", `{"name":"fresh"}`).want(201)
		}, []auditEntry{
			{"managed_account_deactivated", viaAPI, "container-token", max, ""},
			{"api_token_revoked", viaAPI, "container-token", max, ""},
			{"user_disabled_org_access", viaAPI, "container-token", sam, ""},
			{"user_enabled_org_access", viaAPI, "container-token", sam, ""},
			{"group_created", viaAPI, "container-token", "", "fresh"},
		}},
	} {
		before := c.s.log.size()
		tt.do()
		if diff := cmp.Diff(tt.want, c.entriesSince(before)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	known := map[string]bool{}
	for _, a := range actions {
		known[a.id] = true
	}
	for _, e := range c.entriesSince(0) {
		if !known[e.Action] {
			t.Errorf("event-actions does not have %s", e.Action)
		}
	}
}

// allEvents pages through GET events.
func (c *client) allEvents(query ...string) (ids []string, actions []string) {
	c.t.Helper()
	cursor := ""
	for {
		var page eventPageBody
		if cursor != "" {
			query = []string{"cursor", cursor}
		}
		c.v1("GET", "/events", "", query...).into(200, &page)
		for _, e := range page.Data {
			ids, actions = append(ids, e.ID), append(actions, e.Attributes.Action)
		}
		if cursor = page.Meta.Next; cursor == "" {
			return ids, actions
		}
	}
}

func TestAuditLogIsAskedByFilters(t *testing.T) {
	c := start(t, Options{Organization: OrgKnobs{NoMinuteLimits: true}})
	all, _ := c.allEvents("limit", "7")
	if len(all) != c.s.log.size() || len(all) < 40 {
		t.Errorf("%d events of %d", len(all), c.s.log.size())
	}
	newest := c.s.log.list(time.Now())
	if all[0] != newest[len(newest)-1].id(c.s.world.now) {
		t.Error("the newest is not the first")
	}
	if _, got := c.allEvents("action", "managed_account_deactivated"); len(got) != 2 {
		t.Errorf("by action %v", got)
	}
	if _, got := c.allEvents("q", "lee.left", "limit", "1"); !slices.Equal(got, []string{"user_removed_from_group", "managed_account_deactivated"}) {
		t.Errorf("by person %v", got)
	}
	from := c.s.world.now.today.AddDate(0, 0, -3)
	for _, e := range func() []string { ids, _ := c.allEvents("from", strconv.FormatInt(from.UnixMilli(), 10)); return ids }() {
		var one struct {
			Data struct {
				Attributes struct{ Time time.Time }
			}
		}
		c.v1("GET", "/events/"+e, "").into(200, &one)
		if one.Data.Attributes.Time.Before(from) {
			t.Errorf("one of %v", one.Data.Attributes.Time)
		}
	}
	millis := func(ago time.Duration) string { return strconv.FormatInt(time.Now().Add(-ago).UnixMilli(), 10) }
	for name, query := range map[string][]string{
		"longer ago than is kept": {"from", millis(181 * 24 * time.Hour)}, "the wrong way round": {"from", millis(time.Hour), "to", millis(2 * time.Hour)},
		"seconds": {"from", strconv.FormatInt(time.Now().Unix(), 10)}, "a date": {"from", "2026-01-01"}, "too many": {"limit", "501"}, "two terms": {"q", "a", "q", "b"},
	} {
		if a := c.v1("GET", "/events", "", query...); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

// A reader of the stream gets each event once, also those that come between its requests, and after a pause.
func TestStreamIsFollowedFromACursor(t *testing.T) {
	c := start(t, Options{Organization: OrgKnobs{NoMinuteLimits: true}})
	seen := map[string]int{}
	read := func(query ...string) (next string, n int) {
		var page eventPageBody
		c.v1("GET", "/events-stream", "", query...).into(200, &page)
		for _, e := range page.Data {
			seen[e.ID]++
		}
		if page.Meta.Next == "" || !strings.Contains(page.Links.Next, url.QueryEscape(page.Meta.Next)) {
			t.Fatalf("no next page to poll: %+v", page.Links)
		}
		return page.Meta.Next, len(page.Data)
	}
	cursor, n := read("limit", "20")
	for n > 0 {
		cursor, n = read("cursor", cursor)
	}
	before := len(seen)
	if before != c.s.log.size() {
		t.Errorf("%d of %d", before, c.s.log.size())
	}
	if _, n := read("cursor", cursor); n != 0 {
		t.Errorf("%d new ones", n)
	}
	c.manage("POST", "max.manager@example.com", "/lifecycle/disable", `{}`).want(204)
	if _, n = read("cursor", cursor); n != 1 {
		t.Errorf("%d new ones, want 1", n)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
	if err := c.s.AddFault(Fault{Kind: FaultCursorExpired}); err != nil {
		t.Fatal(err)
	}
	c.v1("GET", "/events-stream", "", "cursor", cursor).want(400)
}

func TestEventsComeLate(t *testing.T) {
	c := start(t, Options{Organization: OrgKnobs{NoMinuteLimits: true, EventDelayMS: 30}})
	count := func() int {
		_, got := c.allEvents("action", "managed_account_deactivated")
		return len(got)
	}
	before := count()
	c.manage("POST", "max.manager@example.com", "/lifecycle/disable", `{}`).want(204)
	if count() != before {
		t.Error("it is there at once")
	}
	eventually(t, "in the log", func() bool { return count() == before+1 })
}

func TestEventQueriesAMinuteAreLimited(t *testing.T) {
	c := start(t, Options{})
	for range 10 {
		c.v1("GET", "/events", "").want(200)
	}
	a := c.v1("GET", "/events", "").want(429)
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 50 || seconds > 60 || a.header.Get("X-Ratelimit-Remaining") != "0" {
		t.Errorf("%v", a.header)
	}
	c.v1("GET", "/event-actions", "").want(200)
	c.v1("GET", "/events-stream", "").want(200)
	const dates = " /admin/v1/orgs/{}/directory/users/{}/last-active-dates"
	for range 199 {
		c.s.minutes.take(OrgKeys()[OrgKeyFull].Key+dates, 200, time.Now())
	}
	c.v1("GET", "/directory/users/"+c.s.AccountID(adminEmail)+"/last-active-dates", "").want(200)
	c.v1("GET", "/directory/users/"+c.s.AccountID(adminEmail)+"/last-active-dates", "").want(429)
	m := minutes{}
	now := time.Now()
	for k := range 4 {
		if _, wait := m.take("x", 3, now.Add(time.Duration(k)*10*time.Second)); (wait != 0) != (k == 3) || k == 3 && wait != 30*time.Second {
			t.Errorf("request %d waits %v", k, wait)
		}
	}
	if _, wait := m.take("x", 3, now.Add(time.Minute)); wait != 0 {
		t.Error("the minute does not end")
	}
}

func TestEventsOfALargeSite(t *testing.T) {
	c := start(t, Options{Users: 100_000, Organization: OrgKnobs{NoMinuteLimits: true}})
	if n := c.s.log.size(); n < 2000 || n > 6000 {
		t.Errorf("%d events", n)
	}
	list := c.s.log.list(time.Now())
	if !slices.IsSortedFunc(list, func(a, b logged) int { return a.processed.Compare(b.processed) }) {
		t.Error("not in order")
	}
}
