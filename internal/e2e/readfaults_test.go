package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// readFault is something that goes wrong while a tool reads.
type readFault struct {
	name  string
	fault sandbox.Fault
	// code is the answer's where it can't be the usual one; "" wants the usual one.
	code string
	path string // where it can happen; "" is every path
}

// readFaults are those that pass (Times), with the usual answer, and those that stay.
var readFaults = []readFault{
	{name: "429 of one endpoint", fault: sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "0", Reason: "jira-burst-based", Times: 1}},
	{name: "429 of the whole site", fault: sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "1", Reason: "jira-quota-tenant-based", Times: 1}},
	{name: "503 with Retry-After", fault: sandbox.Fault{Kind: sandbox.FaultUnavailable, RetryAfter: "0", Times: 1}},
	{name: "503 without Retry-After", fault: sandbox.Fault{Kind: sandbox.FaultUnavailable, Times: 1}},
	{name: "a reset", fault: sandbox.Fault{Kind: sandbox.FaultResetBefore, Times: 1}},
	{name: "half a body", fault: sandbox.Fault{Kind: sandbox.FaultCutBody, Times: 1}},
	{name: "a slow body", fault: sandbox.Fault{Kind: sandbox.FaultSlowBody, DelayMS: 60, Times: 1}},
	{name: "409 of a slow page", fault: sandbox.Fault{Kind: sandbox.FaultConflictSlow, Times: 3}, path: everybodyPath},
	{name: "pages of three", fault: sandbox.Fault{Kind: sandbox.FaultClampPage, Max: 3}},
	{name: "near the limit", fault: sandbox.Fault{Kind: sandbox.FaultNearLimit}},

	{name: "500", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500}, code: "upstream_unavailable"},
	{name: "403", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403}, code: "permission_denied"},
	{name: "HTML", fault: sandbox.Fault{Kind: sandbox.FaultHTML}, code: "upstream_unavailable"},
	{name: "HTML under 404", fault: sandbox.Fault{Kind: sandbox.FaultHTML, Status: 404}, code: "upstream_unavailable"},
	{name: "half a JSON", fault: sandbox.Fault{Kind: sandbox.FaultCutJSON}, code: "upstream_unavailable"},
	{name: "429 for an hour", fault: sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "3600"}, code: "rate_limited"},
	{name: "409 of every slow page", fault: sandbox.Fault{Kind: sandbox.FaultConflictSlow}, code: "conflict", path: everybodyPath},
	{name: "33 MB", fault: sandbox.Fault{Kind: sandbox.FaultBigBody, DelayMS: 33}, code: "upstream_unavailable", path: everybodyPath},
}

// readCall is a call that changes nothing.
type readCall struct {
	name, tool, toolset string

	args  func(s *site) args
	paths []string // that the call reads
}

// readCalls strike each path where an answer depends on it; what two calls read alike is struck in one of them.
var readCalls = []readCall{
	{"a person by e-mail", "lookup_user", "directory", func(*site) args { return args{"user": petra} }, []string{searchPath, userPath, scimUsersPath}},
	{"a person by id", "lookup_user", "directory", func(s *site) args { return args{"user": s.AccountID(jane)} }, []string{userPath, scimUsersPath}},
	{"a person by name", "lookup_user", "directory", func(*site) args { return args{"user": "Jane Doe"} }, []string{searchPath}},
	{"nobody", "lookup_user", "directory", func(*site) args { return args{"user": "nobody.here@example.com"} }, []string{searchPath, scimUsersPath, permissionsPath}},
	{"a search", "search_users", "directory", func(*site) args { return args{"query": "J", "limit": 5} }, []string{searchPath}},
	{"a search for nobody", "search_users", "directory", func(*site) args { return args{"query": "Xyzzyx"} }, []string{permissionsPath}},
	{"groups", "list_groups", "directory", func(*site) args { return args{"limit": 100} }, []string{groupsPath, scimGroupsPath}},
	{"groups by name", "list_groups", "directory", func(*site) args { return args{"query": "contractors"} }, []string{groupPickerPath}},
	{"members", "list_group_members", "directory", func(*site) args { return args{"group": "engineering", "limit": 50} }, []string{groupsPath, membersPath, scimGroupsPath}},
	{"an audit", "audit_active_users", "audit", func(*site) args { return args{"limit": 200} }, []string{everybodyPath, groupsPath, membersPath, scimUsersPath}},
	{"a plan to offboard", "offboard_user", "lifecycle", func(*site) args { return args{"user": jane} }, []string{groupsPath, myselfPath}},
	{"a plan to onboard", "provision_user", "lifecycle", func(*site) args {
		return args{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New", "groups": []string{"engineering"}, "dry_run": true}
	}, []string{permissionsPath, scimGroupsPath}},
}

const (
	searchPath      = "/rest/api/3/user/search$"
	userPath        = "/rest/api/3/user$"
	everybodyPath   = "/rest/api/3/users/search$"
	groupsPath      = "/rest/api/3/group/bulk$"
	membersPath     = "/rest/api/3/group/member$"
	groupPickerPath = "/rest/api/3/groups/picker$"
	myselfPath      = "/rest/api/3/myself$"
	permissionsPath = "/rest/api/3/mypermissions$"
	scimUsersPath   = "/scim/directory/{d}/Users$"
	scimGroupsPath  = "/scim/directory/{d}/Groups$"
)

// TestReadFaults strikes each request of each call with each fault. Either the answer is the one that a healthy site gives, or it says what
// is wrong with the service: never that nobody was found, never half of a list as if it were all.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	type strike struct {
		call readCall
		f    readFault
		path string
	}
	var strikes []strike
	usual := map[string]map[string]any{}
	for _, call := range readCalls {
		usual[call.name] = stable(call.on(t, nil))
		for _, path := range call.paths {
			for _, f := range readFaults {
				if f.path == "" || f.path == path {
					strikes = append(strikes, strike{call, f, path})
				}
			}
		}
	}
	// Most of the time is waiting for the next try, so that more run at once than there are processors.
	var all sync.WaitGroup
	slots := make(chan struct{}, 24)
	for _, x := range strikes {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(x.call.name+"/"+x.f.name+" at "+strings.TrimSuffix(x.path, "$"), func(t *testing.T) {
				fault := x.f.fault
				fault.Method, fault.Path = http.MethodGet, x.path
				got := x.call.on(t, &fault)
				if x.f.code != "" && got.isError {
					if got.str("code") != x.f.code {
						t.Errorf("code %q, want %q: %s", got.str("code"), x.f.code, got.text)
					}
					return
				}
				if diff := cmp.Diff(usual[x.call.name], stable(got)); diff != "" {
					t.Errorf("neither the usual answer nor an error (-usual +got):\n%s", diff)
				}
			})
		})
	}
	all.Wait()
}

// on makes the call on a site and a server of its own, with a fault in force that has to strike. A list is read to its end.
func (call readCall) on(t *testing.T, fault *sandbox.Fault) answer {
	t.Helper()
	s := newSite(t, func(o *sandbox.Options) { o.Users, o.Groups = 40, 18 })
	s.changesNothing(t)
	c := connect(t, s, with("JIRA_LIFECYCLE_TOOLSETS", call.toolset))
	if fault != nil {
		s.fault(t, *fault)
	}
	arguments := maps.Clone(call.args(s))
	got := c.call(t, call.tool, arguments)
	for cursor := got.str("next_cursor"); cursor != ""; {
		arguments["cursor"] = cursor
		next := c.call(t, call.tool, arguments)
		if next.isError {
			return next
		}
		cursor = next.str("next_cursor")
		got = got.followed(next)
	}
	if fault != nil && !slices.ContainsFunc(s.Requests(), func(r sandbox.Request) bool { return r.Fault == fault.Kind }) {
		t.Fatalf("the fault never struck: the test proves nothing (%s)", got.text)
	}
	return got
}

// followed puts the entries of the next page behind those of a.
func (a answer) followed(next answer) answer {
	first, last := maps.Clone(a.fields.(map[string]any)), next.fields.(map[string]any)
	for _, list := range []string{"users", "groups", "members"} {
		if entries, ok := first[list].([]any); ok {
			first[list] = append(slices.Clone(entries), last[list].([]any)...)
		}
	}
	first["next_cursor"] = last["next_cursor"]
	next.fields = first
	return next
}

// stable gives an answer's fields without those that differ from one run to the next.
func stable(a answer) map[string]any {
	fields := maps.Clone(a.fields.(map[string]any))
	for _, name := range []string{"report", "site", "started_at", "finished_at", "pages", "confirmation"} {
		delete(fields, name)
	}
	return fields
}
