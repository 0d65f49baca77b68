package e2e

import (
	"strings"
	"time"
)

var (
	exactTools  = []string{"offboard_user", "add_user_to_group", "remove_user_from_group", "update_user", "delete_user"}
	personTools = append([]string{"lookup_user"}, exactTools...)
	groupTools  = []string{"list_group_members", "provision_user", "add_user_to_group", "remove_user_from_group", "delete_group"}
	writeTools  = []string{"provision_user", "offboard_user", "add_user_to_group", "remove_user_from_group", "update_user", "delete_user", "create_group", "delete_group"}
	// operationTools need no credential to look at what was done; the first needs no operation.
	operationTools = []string{"list_operations", "get_operation", "update_operation", "restore_user"}
	allTools       = append([]string{"lookup_user", "search_users", "list_groups", "list_group_members", "audit_active_users"}, writeTools...)
)

// naming gives a tool's arguments with another person.
func naming(tool, user string) args {
	a := plainArguments(tool)
	a["user"] = user
	return a
}

// of gives a tool's arguments with another group.
func of(tool, group string) args {
	a := plainArguments(tool)
	if tool == "list_group_members" || tool == "delete_group" {
		a["group"] = group
	} else {
		a["groups"] = []string{group}
	}
	return a
}

// firstSetting is what a tool asks for when nothing is set.
func firstSetting(tool string) string {
	if tool == "update_user" {
		return "ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN"
	}
	return "ATLASSIAN_SITE_URL, ATLASSIAN_EMAIL and ATLASSIAN_API_TOKEN are not set"
}

// badInputs are the rows. Those of arguments of a wrong type or length are in TestEveryArgumentIsChecked, and those of lines that are no
// messages in package mcpserver.
func badInputs(s *site) []bad {
	var rows []bad
	add := func(r bad) { rows = append(rows, r) }

	for _, tool := range personTools {
		for name, user := range map[string]string{
			"control character":      "jane\ndoe@example.com",
			"bidi mark":              "jane\u202edoe@example.com",
			"zero width":             "jane\u200b.doe@example.com",
			"several @":              "jane@doe@example.com",
			"wide letters":           "ｊane.doe@example.com",
			"look-alike":             "jаne.doe@example.com",
			"no local part":          "@example.com",
			"no domain":              "jane.doe@",
			"domain without dot":     "jane.doe@localhost",
			"address with name":      "Jane <jane.doe@example.com>",
			"filter in address":      `x" or userName pr or userName eq "@example.com`,
			"path in id":             "../../../rest/api/3/user",
			"slash in id":            s.AccountID(jane) + "/groups",
			"query in id":            s.AccountID(jane) + "?expand=groups",
			"ampersand in id":        s.AccountID(jane) + "&accountId=" + s.AccountID(sam),
			"percent in id":          s.AccountID(jane) + "%2e%2e",
			"hash in id":             s.AccountID(jane) + "#x",
			"id of 129 characters":   strings.Repeat("a1", 64) + "1",
			"address of 255 letters": strings.Repeat("a", 243) + "@example.com",
		} {
			add(bad{name: name, tool: tool, args: naming(tool, user), code: "invalid_argument", silent: true})
		}
	}
	for _, tool := range exactTools {
		add(bad{name: "name", tool: tool, args: naming(tool, "Jane Doe"), code: "invalid_argument", words: []string{"name is not enough", "lookup_user", "account_id"}, silent: true})
		add(bad{name: "corrupted", tool: tool, args: naming(tool, "unknown"), code: "protected", words: []string{"corrupted"}})
		add(bad{name: "yourself", tool: tool, args: naming(tool, admin), code: "protected", words: []string{"owner of the credential"}})
		add(bad{name: "customer", tool: tool, args: naming(tool, "casey.customer@customer.example"), code: "protected", words: []string{"not a person", "customer"}})
	}
	for _, tool := range personTools {
		add(bad{name: "nobody's e-mail", tool: tool, args: naming(tool, "jane.dow@example.com"), code: "not_found", words: []string{"Nobody found", "account id"}})
		add(bad{name: "nobody's id", tool: tool, args: naming(tool, "5b10ac8d82e05b22cc7d4ef5"), code: "not_found", words: []string{"no account"}})
	}
	add(bad{name: "two people", tool: "lookup_user", args: args{"user": "Alex Kim"}, code: "ambiguous", words: []string{"2 people", "account_id"}})
	add(bad{name: "nobody's name", tool: "lookup_user", args: args{"user": "Jane Dow"}, code: "not_found", words: []string{"Nobody found", "near matches"}})
	for _, tool := range groupTools {
		add(bad{name: "unknown group", tool: tool, args: of(tool, "enginering"), code: "not_found", words: []string{"no group", "list_groups"}})
		add(bad{name: "group in other case", tool: tool, args: of(tool, "Engineering"), code: "not_found", words: []string{"engineering", "exactly"}})
		add(bad{name: "unknown group id", tool: tool, args: of(tool, "00000000-1111-2222-3333-444444444444"), code: "not_found", words: []string{"no group"}})
		add(bad{name: "group with path", tool: tool, args: of(tool, "../engineering?x=y&groupId=1"), code: "not_found", words: []string{"no group"}})
		add(bad{name: "shared name", tool: tool, args: of(tool, "contractors"), code: "ambiguous", words: []string{"2 groups", "group_id"}})
		add(bad{name: "zero width in group", tool: tool, args: of(tool, "engi\u200bneering"), code: "invalid_argument", words: []string{"invisible"}})
	}
	for _, tool := range []string{"provision_user", "add_user_to_group"} {
		add(bad{name: "administrators", tool: tool, args: of(tool, "site-admins"), code: "protected", words: []string{"administrators", "admin.atlassian.com"}})
	}
	for _, tool := range []string{"offboard_user", "remove_user_from_group", "delete_user", "delete_group"} {
		a := plainArguments(tool)
		a["confirm"] = "bm90IGEgdG9rZW4"
		add(bad{name: "garbage token", tool: tool, args: a, code: "confirmation_invalid", words: []string{"not one that this server gave", "Nothing was changed"}, silent: true})
	}
	for name, email := range map[string]string{
		"name for an e-mail": "Nina New", "several @": "nina@new@example.com", "wide": "niña@example.com", "control": "nina\u0085@example.com", "id": "5b10ac8d82e05b22cc7d4ef5",
	} {
		add(bad{name: name, tool: "provision_user", args: args{"email": email, "given_name": "N", "family_name": "N"}, code: "invalid_argument", words: []string{"mail"}, silent: true})
	}
	for _, field := range []string{"given_name", "family_name", "display_name", "title", "department"} {
		a := plainArguments("provision_user")
		a[field] = "Ni\u202ena"
		add(bad{name: "bidi in " + field, tool: "provision_user", args: a, code: "invalid_argument", words: []string{field, "invisible"}, silent: true})
		add(bad{name: "bidi in " + field, tool: "update_user", args: args{"user": jane, field: "Ni\u202ena"}, code: "invalid_argument", words: []string{field, "invisible"}, silent: true})
	}
	for name, tt := range map[string]struct {
		tool  string
		args  args
		words []string
	}{
		"nobody":               {"offboard_user", args{}, []string{"user", "users", "csv_path"}},
		"two ways":             {"offboard_user", args{"user": jane, "users": []string{sam}}, []string{"user and users", "exactly one"}},
		"all ways":             {"offboard_user", args{"user": jane, "users": []string{sam}, "csv_path": "leavers.csv"}, []string{"csv_path"}},
		"empty":                {"offboard_user", args{"user": ""}, []string{"user"}},
		"blank":                {"offboard_user", args{"user": " \t "}, []string{"empty"}},
		"no newcomer":          {"provision_user", args{}, []string{"email", "people", "csv_path"}},
		"two ways to come":     {"provision_user", args{"email": "n@example.com", "csv_path": "new.csv"}, []string{"email and csv_path"}},
		"no given name":        {"provision_user", args{"email": "n@example.com", "family_name": "N"}, []string{"given_name"}},
		"no family name":       {"provision_user", args{"email": "n@example.com", "given_name": "N"}, []string{"family_name"}},
		"blank given name":     {"provision_user", args{"email": "n@example.com", "given_name": " ", "family_name": "N"}, []string{"given_name"}},
		"names without e-mail": {"provision_user", args{"given_name": "N", "family_name": "N"}, []string{"email"}},
	} {
		add(bad{name: name, tool: tt.tool, args: tt.args, code: "invalid_argument", words: tt.words, silent: true})
	}
	for _, tool := range []string{"get_operation", "update_operation", "restore_user"} {
		for name, id := range map[string]string{"no such operation": noOperation, "no id": "xyzzy", "path in id": "../journal.db", "statement in id": "' OR '1'='1"} {
			a := plainArguments(tool)
			a["operation_id"] = id
			add(bad{name: name, tool: tool, args: a, code: "not_found", words: []string{"no operation", "list_operations"}, silent: true})
		}
	}
	add(bad{name: "no time", tool: "list_operations", args: args{"since": "yesterday"}, code: "invalid_argument", words: []string{"since", "2027-03-01"}, silent: true})
	add(bad{name: "no cursor", tool: "list_operations", args: args{"cursor": "%%%"}, code: "invalid_argument", words: []string{"cursor"}, silent: true})
	for name, tt := range map[string]struct {
		args  args
		words []string
	}{
		"no zone":                {args{"from": "2026-11-01T09:00:00"}, []string{"from", "no zone", "Z for UTC"}},
		"a date alone":           {args{"to": "2026-11-01"}, []string{"to", "zone"}},
		"an abbreviated zone":    {args{"from": "2026-11-01T09:00:00 CET"}, []string{"from", "no zone"}},
		"longer than it is kept": {args{"from": time.Now().UTC().AddDate(0, 0, -200).Format(time.RFC3339)}, []string{"180 days"}},
		"from ahead":             {args{"from": time.Now().UTC().AddDate(0, 0, 1).Format(time.RFC3339)}, []string{"from", "ahead"}},
		"backwards":              {args{"from": time.Now().UTC().AddDate(0, 0, -1).Format(time.RFC3339), "to": time.Now().UTC().AddDate(0, 0, -2).Format(time.RFC3339)}, []string{"before"}},
		"unknown kind":           {args{"actions": []string{"promoted"}}, []string{"actions[0]", "deactivated"}},
		"no cursor":              {args{"cursor": "%%%"}, []string{"cursor"}},
		"bidi mark":              {args{"user": "jane\u202edoe@example.com"}, []string{"invisible"}},
	} {
		add(bad{name: name, tool: "list_lifecycle_events", args: tt.args, code: "invalid_argument", words: tt.words, silent: true})
	}
	add(bad{name: "name of two", tool: "list_lifecycle_events", args: args{"user": "Alex Kim"}, code: "ambiguous", words: []string{"2 people"}})
	add(bad{name: "actor's name of two", tool: "list_lifecycle_events", args: args{"actor": "Alex Kim"}, code: "ambiguous", words: []string{"2 people"}})
	add(bad{name: "no organization", tool: "list_lifecycle_events", args: args{"user": jane}, setup: "protected, and no organization", code: "not_configured", words: []string{"ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY are not set"}, silent: true})
	add(bad{name: "no scope", tool: "list_lifecycle_events", setup: "organization key with one scope", code: "permission_denied", words: []string{"read:events:admin"}})
	add(bad{name: "expired key", tool: "list_lifecycle_events", setup: "expired organization key", code: "unauthenticated", words: []string{"ATLASSIAN_ORG_API_KEY"}})
	add(bad{name: "unknown product", tool: "provision_user", args: args{"email": "n@partner.example", "given_name": "N", "family_name": "N", "products": []string{"confluence"}}, code: "invalid_argument", words: []string{"products[0]", "jira-software"}, silent: true})
	add(bad{name: "nothing to change", tool: "update_user", args: args{"user": jane}, code: "invalid_argument", words: []string{"at least one"}, silent: true})
	add(bad{name: "not in SCIM", tool: "update_user", args: args{"user": sam, "title": "x"}, code: "managed_externally"})
	add(bad{name: "SCIM-managed", tool: "delete_user", args: args{"user": jane}, code: "managed_externally", words: []string{"offboard_user"}})
	add(bad{name: "remove a SCIM person from the site", tool: "offboard_user", args: args{"user": jane, "steps": []string{"remove_from_site"}}, code: "managed_externally"})
	add(bad{name: "last administrator", tool: "offboard_user", args: args{"user": "dana.admin@example.com"}, code: "protected", words: []string{"break-glass-admins"}})
	add(bad{name: "administrators", tool: "delete_group", args: args{"group": "site-admins"}, code: "protected"})
	add(bad{name: "name of the other side", tool: "create_group", args: args{"name": "engineering"}, code: "conflict"})
	add(bad{name: "name of the other side", tool: "create_group", args: args{"name": "partners", "side": "scim"}, code: "conflict"})
	add(bad{name: "audit", tool: "audit_active_users", setup: "a Jira token for the organization", code: "not_configured", words: []string{"ATLASSIAN_ORG_API_KEY", "API token"}, silent: true})
	add(bad{name: "audit", tool: "audit_active_users", setup: "another organization's key", code: "not_configured", words: []string{"ATLASSIAN_ORG_ID", "not this key's"}})
	add(bad{name: "audit", tool: "audit_active_users", setup: "expired organization key", code: "unauthenticated", words: []string{"ATLASSIAN_ORG_API_KEY"}})
	add(bad{name: "last active", tool: "audit_active_users", args: args{"inactive_days": 90}, setup: "protected, and no organization", code: "not_configured", words: []string{"organization", "export_path"}, silent: true})
	add(bad{name: "both filters", tool: "list_groups", args: args{"query": "a", "access_type": "admin"}, code: "invalid_argument", words: []string{"query", "access_type"}, silent: true})
	add(bad{name: "no cursor", tool: "search_users", args: args{"query": "Jane", "cursor": "%%%"}, code: "invalid_argument", words: []string{"cursor"}, silent: true})
	add(bad{name: "zero width", tool: "search_users", args: args{"query": "Ja\u200bne"}, code: "invalid_argument", words: []string{"query"}, silent: true})

	for _, tool := range writeTools {
		add(bad{setup: "read-only", tool: tool, args: plainArguments(tool), code: "protected", words: []string{"read-only", "JIRA_LIFECYCLE_READ_ONLY", "nothing was changed"}, silent: true})
		add(bad{setup: "nothing set", tool: tool, args: plainArguments(tool), code: "not_configured", words: []string{firstSetting(tool)}, silent: true})
	}
	add(bad{setup: "protected", name: "group", tool: "offboard_user", args: args{"user": jane}, code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_GROUPS", "engineering"}})
	for _, tool := range exactTools {
		add(bad{setup: "protected", name: "person", tool: tool, args: naming(tool, sam), code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_USERS"}})
		add(bad{setup: "protected", name: "domain", tool: tool, args: naming(tool, "eve.external@contractor.example"), code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_DOMAINS"}})
	}
	for _, tool := range []string{"provision_user", "remove_user_from_group"} {
		add(bad{setup: "protected", name: "group", tool: tool, args: of(tool, "engineering"), code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_GROUPS", "engineering"}})
	}
	add(bad{setup: "protected, and no organization", name: "hidden e-mail", tool: "delete_user", args: args{"user": s.AccountID("nils.null@partner.example")}, code: "protected", words: []string{"hidden", "JIRA_LIFECYCLE_PROTECTED_USERS"}})
	add(bad{setup: "protected", name: "member", tool: "delete_user", args: args{"user": s.AccountID("ingo.idle@partner.example")}, code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_GROUPS", "partners"}})
	add(bad{setup: "protected", name: "group", tool: "delete_group", args: args{"group": "partners"}, code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_GROUPS"}})
	add(bad{setup: "protected", name: "group", tool: "add_user_to_group", args: args{"user": manager, "groups": []string{"engineering"}}, code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_GROUPS"}})
	add(bad{setup: "protected", name: "newcomer", tool: "provision_user", args: args{"email": "x@contractor.example", "given_name": "N", "family_name": "N"}, code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_DOMAINS"}})

	for _, tool := range allTools {
		add(bad{setup: "no token", tool: tool, args: plainArguments(tool), code: "not_configured", words: []string{"ATLASSIAN_API_TOKEN is not set"}, silent: true})
		add(bad{setup: "site without scheme", tool: tool, args: plainArguments(tool), code: "not_configured", words: []string{"ATLASSIAN_SITE_URL has no scheme", "https://example.atlassian.net"}, silent: true})
		for _, setup := range []string{"wrong token", "expired token"} {
			add(bad{setup: setup, tool: tool, args: plainArguments(tool), code: "unauthenticated", words: []string{"401", "ATLASSIAN_API_TOKEN", "id.atlassian.com"}})
		}
		add(bad{setup: "no Jira at the address", tool: tool, args: plainArguments(tool), code: "upstream_unavailable", words: []string{"ATLASSIAN_SITE_URL", "Site unavailable"}})
		add(bad{setup: "no browsing", tool: tool, args: plainArguments(tool), code: "permission_denied", words: []string{"Browse users and groups"}})
		if tool != "search_users" {
			add(bad{setup: "other directory", tool: tool, args: plainArguments(tool), code: "not_configured", words: []string{"ATLASSIAN_SCIM_DIRECTORY_ID"}})
			add(bad{setup: "wrong SCIM token", tool: tool, args: plainArguments(tool), code: "unauthenticated", words: []string{"401", "ATLASSIAN_SCIM_TOKEN"}})
		}
	}
	for _, tool := range []string{"lookup_user", "audit_active_users", "offboard_user"} { // each waits a second and a half for the site to come up
		add(bad{setup: "nobody at the address", tool: tool, args: plainArguments(tool), code: "upstream_unavailable", words: []string{"ATLASSIAN_SITE_URL"}})
	}
	for setup, words := range map[string][]string{
		"site by http": {"ATLASSIAN_SITE_URL is http", "https://"}, "site with a path": {"ATLASSIAN_SITE_URL", "https://example.atlassian.net"},
		"site with password": {"ATLASSIAN_SITE_URL", "@"},
	} {
		add(bad{setup: setup, tool: "lookup_user", args: args{"user": jane}, code: "not_configured", words: words, silent: true})
	}
	add(bad{setup: "directory with path", tool: "create_group", args: args{"name": "x-y", "side": "scim"}, code: "not_configured", words: []string{"ATLASSIAN_SCIM_DIRECTORY_ID", "/scim/directory/"}, silent: true})
	add(bad{setup: "no SCIM", tool: "create_group", args: args{"name": "x-y", "side": "scim"}, code: "not_configured", words: []string{"ATLASSIAN_SCIM_DIRECTORY_ID"}, silent: true})
	add(bad{setup: "no SCIM", tool: "provision_user", args: args{"email": "x@example.com", "given_name": "N", "family_name": "N", "route": "scim"}, code: "not_configured", words: []string{"ATLASSIAN_SCIM_DIRECTORY_ID"}})
	add(bad{setup: "no SCIM", tool: "update_user", args: args{"user": jane, "title": "x"}, code: "not_configured", words: []string{"ATLASSIAN_SCIM_DIRECTORY_ID"}, silent: true})
	add(bad{setup: "no Jira at the address", name: "by id", tool: "lookup_user", args: args{"user": s.AccountID(jane)}, code: "upstream_unavailable", words: []string{"ATLASSIAN_SITE_URL"}})
	add(bad{setup: "no browsing", name: "by name", tool: "lookup_user", args: args{"user": "Jane Doe"}, code: "permission_denied", words: []string{"Browse users and groups"}})
	add(bad{setup: "no browsing", name: "nobody", tool: "lookup_user", args: args{"user": "nobody@partner.example"}, code: "permission_denied", words: []string{"Browse users and groups"}})
	return rows
}
