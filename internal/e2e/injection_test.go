package e2e

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// hostile are texts that would say more than a value, were they put into a query as they are.
var hostile = []string{
	`" or userName pr or userName eq "`, `Jane" or displayName pr`, `\" or userName pr`, `\`, `"`, `""`, `'; --`,
	`a&accountId=712020:1`, `a&maxResults=1000&startAt=5`, `a%26accountId=1`, `%`, `%00`, `%2e%2e/`, `../../user`, `a?b=c#d`, `a+b`, `a;b=c`, `a=b`, `a|b`, `*`, `(displayName pr)`, `${x}`, `{"$ne":1}`,
}

// allowed are the query parameters that our requests have, by the end of their path.
var allowed = map[string][]string{
	"/rest/api/3/user":          {"accountId", "expand"},
	"/rest/api/3/user/search":   {"query", "startAt", "maxResults"},
	"/rest/api/3/users/search":  {"startAt", "maxResults"},
	"/rest/api/3/user/groups":   {"accountId"},
	"/rest/api/3/group/bulk":    {"groupId", "groupName", "accessType", "startAt", "maxResults"},
	"/rest/api/3/group/member":  {"groupId", "includeInactiveUsers", "startAt", "maxResults"},
	"/rest/api/3/groups/picker": {"query", "maxResults", "caseInsensitive"},
	"/rest/api/3/group/user":    {"groupId", "accountId"},
	"/rest/api/3/group":         {"groupId"},
	"/rest/api/3/myself":        {"expand"},
	"/rest/api/3/mypermissions": {"permissions"},
	"/rest/api/3/serverInfo":    {},
	"/_edge/tenant_info":        {},
	// Of what somebody leaves behind.
	"/rest/api/3/project/search": {"expand", "orderBy", "startAt", "maxResults"},
	"/rest/api/3/component":      {"startAt", "maxResults"},
	// Of the organization: what is looked for is in the body.
	"/admin/v2/orgs/" + sandbox.OrgID + "/directories/-/users/search":                {},
	"/admin/user-provisioning/v1/org/" + sandbox.OrgID + "/get-scim-links-for-email": {},
	"/Users":  {"filter", "startIndex", "count"},
	"/Groups": {"filter", "startIndex", "count"},
}

// TestNoArgumentChangesAQuery puts texts of the query's own syntax wherever a text is searched for. Each arrives as one whole value, and no
// request has a parameter, a path or an operator more than for a plain text.
func TestNoArgumentChangesAQuery(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	c := connect(t, s)
	reached := map[string]bool{}
	for _, text := range hostile {
		for _, tt := range []struct {
			tool string
			args args
		}{
			{"lookup_user", args{"user": text}},
			{"lookup_user", args{"user": text + "@example.com"}},
			{"search_users", args{"query": text}},
			{"search_users", args{"query": text + "@example.com"}},
			{"list_groups", args{"query": text}},
			{"list_group_members", args{"group": text}},
			{"add_user_to_group", args{"user": jane, "groups": []string{text}}},
			{"remove_user_from_group", args{"user": jane, "groups": []string{text, "engineering"}}},
			{"delete_group", args{"group": text}},
			{"offboard_user", args{"user": text + "@example.com"}},
			{"provision_user", args{"email": "nina.new@example.com", "given_name": text, "family_name": text, "groups": []string{text}}},
		} {
			before := len(s.Requests())
			got := c.call(t, tt.tool, tt.args)
			if tt.tool != "search_users" && tt.tool != "list_groups" && !got.isError {
				t.Errorf("%s found something for %q: %s", tt.tool, text, got.text)
			}
			if code := got.str("code"); got.isError && code != "invalid_argument" && code != "not_found" {
				t.Errorf("%s for %q: %s", tt.tool, text, got.text)
			}
			for _, r := range s.Requests()[before:] {
				for _, wrong := range wrongQuery(t, r.Path, r.Query, text) {
					t.Errorf("%s for %q sent %s ?%s: %s", tt.tool, text, r.Path, r.Query, wrong)
				}
				if values, err := url.ParseQuery(r.Query); err == nil && holds(values, text) {
					reached[tt.tool] = true
				}
			}
		}
	}
	for _, tool := range []string{"search_users", "list_groups", "list_group_members", "add_user_to_group", "delete_group", "provision_user"} {
		if !reached[tool] {
			t.Errorf("no text of %s reached a query: the test proves nothing of it", tool)
		}
	}
}

// wrongQuery says what in a request is there only because of the text in it.
func wrongQuery(t *testing.T, path, query, text string) []string {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		return []string{"a query that does not parse: " + err.Error()}
	}
	var wrong []string
	known := false
	for end, parameters := range allowed {
		if path != end && !(end == "/rest/api/3/component" && strings.HasPrefix(path, end+"/")) && !(strings.HasPrefix(path, "/scim/directory/") && strings.HasSuffix(path, end)) {
			continue
		}
		known = true
		for name, list := range values {
			if !slices.Contains(parameters, name) {
				wrong = append(wrong, "the parameter "+name)
			}
			if len(list) > 1 && name != "groupName" {
				wrong = append(wrong, name+" more than once")
			}
		}
	}
	if !known {
		wrong = append(wrong, "the path")
	}
	for _, filter := range values["filter"] {
		attribute, value, found := strings.Cut(filter, ` eq "`)
		value, ended := strings.CutSuffix(value, `"`)
		if !found || !ended || !slices.Contains([]string{"userName", "displayName"}, attribute) {
			wrong = append(wrong, "a filter of another form")
			continue
		}
		if plain := unquote(value); plain == "" || strings.Contains(plain, "\x00") {
			wrong = append(wrong, "a filter whose value ends early: "+value)
		}
	}
	return wrong
}

// unquote reads the inside of a JSON string, as RFC 7644 (section 3.4.2.2) has values of filters; "" when a quote in it is not escaped.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return ""
		case s[i] == '\\' && i+1 == len(s):
			return ""
		case s[i] == '\\':
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// holds tells whether one of the values is the text, as a whole or as a filter's value.
func holds(values url.Values, text string) bool {
	text = strings.TrimSpace(text)
	for _, list := range values {
		for _, v := range list {
			_, filter, _ := strings.Cut(v, ` eq "`)
			if v == text || unquote(strings.TrimSuffix(filter, `"`)) == text {
				return true
			}
		}
	}
	return false
}

// TestHostileNamesOfTheSite has a group and a person whose names are query syntax: they are found, changed and shown like any other.
func TestHostileNamesOfTheSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	for _, name := range []string{`x" or displayName pr or displayName eq "`, `back\slash\`, `a&groupId=1`, `100%`, `../..`} {
		for _, side := range []string{"jira", "scim"} {
			whole := name + side
			t.Run(whole, func(t *testing.T) {
				c.call(t, "create_group", args{"name": whole, "side": side}).wants(t, map[string]any{"status": "succeeded", "operation.steps.0.status": "done"})
				if s.GroupID(whole, side == "scim") == "" {
					t.Fatal("the group was not created under that name")
				}
				c.call(t, "add_user_to_group", args{"user": "alex.kim@example.com", "groups": []string{whole}}).wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded"})
				c.call(t, "list_group_members", args{"group": whole}).wants(t, map[string]any{
					"group.name": whole, "group.managed_by": side, "members.#": 1, "members.0.account_id": s.AccountID("alex.kim@example.com"),
				})
				c.confirmed(t, s, "remove_user_from_group", args{"user": "alex.kim@example.com", "groups": []string{whole}})
				c.confirmed(t, s, "delete_group", args{"group": whole})
				if s.GroupID(whole, side == "scim") != "" {
					t.Error("the group is still there")
				}
			})
		}
	}
	evil := `Robert"); DROP TABLE users; -- \`
	c.call(t, "provision_user", args{"email": "bobby@example.com", "given_name": evil, "family_name": "Tables", "display_name": evil}).wants(t, map[string]any{"status": "succeeded"})
	c.call(t, "lookup_user", args{"user": "bobby@example.com"}).wants(t, map[string]any{"person.display_name": evil})
}
