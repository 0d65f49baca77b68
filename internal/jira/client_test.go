package jira_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/spectest"
)

// site is a sandbox with a client whose requests, and the answers to them, are checked against the specification.
type site struct {
	*jira.Client
	sandbox *sandbox.Sandbox
	url     string
}

func newSite(t *testing.T, o sandbox.Options, token string) *site {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return &site{clientOf(t, server.URL(), token), s, server.URL()}
}

func clientOf(t *testing.T, url, token string) *jira.Client {
	t.Helper()
	credential := sandbox.Tokens()[token]
	transport := rest.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := rest.New(rest.Config{
		Service: "jira", BaseURL: url, Timeout: 10 * time.Second,
		Transport: &auth.Site{
			SiteURL: url, APIURL: url, Email: credential.Email, Token: credential.Token,
			Base: spectest.Transport(t, transport),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return jira.New(c)
}

// group is the id of the Jira group of that name.
func (s *site) group(t *testing.T, name string) string {
	t.Helper()
	id := s.sandbox.GroupID(name, false)
	if id == "" {
		t.Fatalf("the sandbox has no group %q", name)
	}
	return id
}

func (s *site) account(t *testing.T, email string) string {
	t.Helper()
	id := s.sandbox.AccountID(email)
	if id == "" {
		t.Fatalf("the sandbox has no account %q", email)
	}
	return id
}

const (
	jane  = "jane.doe@example.com"
	sam   = "sam.partner@partner.example"
	petra = "petra.private@example.com"
	lee   = "lee.left@example.com"
	tessa = "tessa.twenty@example.com"
)

func TestUser(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	got, err := s.User(t.Context(), s.account(t, jane))
	if err != nil {
		t.Fatal(err)
	}
	if got.AccountID != s.account(t, jane) || got.EmailAddress != jane || got.AccountType != "atlassian" || !got.Active || got.DisplayName == "" {
		t.Errorf("got %+v", got)
	}
	names := groupNames(got.Groups)
	for _, name := range []string{"jira-software-users", "engineering", "release-managers", "confluence-users"} {
		if !slices.Contains(names, name) {
			t.Errorf("%q is not among the groups %v", name, names)
		}
	}
	if !got.GroupsComplete {
		t.Error("the groups are not complete")
	}
	all, err := s.UserGroups(t.Context(), got.AccountID)
	if err != nil || !slices.Equal(groupNames(all), names) {
		t.Errorf("UserGroups gives %v, %v; want %v", groupNames(all), err, names)
	}

	hidden, err := s.User(t.Context(), s.account(t, petra))
	if err != nil || hidden.EmailAddress != "" || hidden.DisplayName == "" {
		t.Errorf("Petra, who hides her address: %+v, %v", hidden, err)
	}
	gone, err := s.User(t.Context(), s.account(t, lee))
	if err != nil || gone.Active {
		t.Errorf("Lee, who left: %+v, %v", gone, err)
	}
	if _, err := s.User(t.Context(), "712020:no-such-account"); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("an account that doesn't exist: %v", err)
	}
}

func groupNames(groups []jira.Group) []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return names
}

func TestGroupsOfUserAreCutShort(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	id := s.account(t, tessa)
	var wanted []string
	for i := range 60 {
		g, err := s.CreateGroup(t.Context(), "many-"+string(rune('a'+i/26))+string(rune('a'+i%26)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddMember(t.Context(), g.ID, id); err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, g.Name)
	}
	u, err := s.User(t.Context(), id)
	if err != nil || u.GroupsComplete {
		t.Errorf("with %d groups GroupsComplete is %v, %v", len(u.Groups), u.GroupsComplete, err)
	}
	all, err := s.UserGroups(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range wanted {
		if !slices.Contains(groupNames(all), name) {
			t.Errorf("UserGroups lacks %s", name)
		}
	}
}

func TestSearchUsers(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	found, err := s.SearchUsers(t.Context(), "jane.doe", 0, 50)
	if err != nil || len(found) != 1 || found[0].AccountID != s.account(t, jane) {
		t.Errorf("by address: %+v, %v", found, err)
	}
	if found, err = s.SearchUsers(t.Context(), "Alex Kim", 0, 50); err != nil || len(found) != 2 {
		t.Errorf("two of one name: %+v, %v", found, err)
	}
	if found, err = s.SearchUsers(t.Context(), "Alex Kim", 1, 50); err != nil || len(found) != 1 {
		t.Errorf("after the first: %+v, %v", found, err)
	}
	for _, query := range []string{petra, lee, `x"&maxResults=1000&query=jane`, "jane&accountId=1", "jane%26"} {
		if found, err = s.SearchUsers(t.Context(), query, 0, 50); err != nil || len(found) != 0 {
			t.Errorf("%q finds %+v, %v", query, found, err)
		}
	}

	blind := clientOf(t, s.url, sandbox.TokenNoBrowse)
	if found, err = blind.SearchUsers(t.Context(), "jane", 0, 50); err != nil || len(found) != 0 {
		t.Errorf("a credential that may not browse finds %+v, %v", found, err)
	}
	may, err := blind.MyPermissions(t.Context(), "USER_PICKER", "ADMINISTER")
	if err != nil || may["USER_PICKER"] || may["ADMINISTER"] || len(may) != 2 {
		t.Errorf("and may %v, %v", may, err)
	}
}

func TestAllUsers(t *testing.T) {
	for name, fault := range map[string]*sandbox.Fault{
		"as it is":              nil,
		"clamped":               {Kind: sandbox.FaultClampPage, Path: "/rest/api/3/users/search", Max: 30},
		"slow":                  {Kind: sandbox.FaultConflictSlow, Path: "/rest/api/3/users/search", Every: 3},
		"limited":               {Kind: sandbox.FaultRateLimit, Path: "/rest/api/3/users/search", Every: 4, RetryAfter: "0"},
		"with broken sockets":   {Kind: sandbox.FaultResetBefore, Path: "/rest/api/3/users/search", Every: 4, Times: 2},
		"with cut bodies":       {Kind: sandbox.FaultCutBody, Path: "/rest/api/3/users/search", Every: 4, Times: 2},
		"with slow bodies":      {Kind: sandbox.FaultSlowBody, Path: "/rest/api/3/users/search", DelayMS: 5},
		"with a limit nearby":   {Kind: sandbox.FaultNearLimit, Path: "/rest/api/3/users/search"},
		"with a bad gateway":    {Kind: sandbox.FaultStatus, Status: 502, Path: "/rest/api/3/users/search", Every: 4, Times: 2},
		"with a plain 503":      {Kind: sandbox.FaultUnavailable, Path: "/rest/api/3/users/search", Every: 4, Times: 2},
		"with a 503 and a time": {Kind: sandbox.FaultUnavailable, Path: "/rest/api/3/users/search", Every: 4, Times: 2, RetryAfter: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{Users: 500}, sandbox.TokenAdmin)
			want := len(allUsers(t, s))
			if fault != nil {
				if err := s.sandbox.AddFault(*fault); err != nil {
					t.Fatal(err)
				}
			}
			seen := allUsers(t, s)
			if len(seen) != want || want < 500 {
				t.Errorf("%d accounts, want %d", len(seen), want)
			}
			kinds := map[string]int{}
			for _, u := range seen {
				kinds[u.AccountType]++
			}
			for _, kind := range []string{"atlassian", "app", "customer", "unknown"} {
				if kinds[kind] == 0 {
					t.Errorf("no account is of type %q: %v", kind, kinds)
				}
			}
			succeeded := map[string]int{}
			for _, r := range s.sandbox.Requests() {
				if r.Status == http.StatusOK && fault != nil && fault.Kind != sandbox.FaultCutBody {
					succeeded[r.Query]++
				}
			}
			for query, n := range succeeded {
				if n > 2 { // once for each of the two walks
					t.Errorf("%s was asked for %d times with success", query, n)
				}
			}
		})
	}
}

func allUsers(t *testing.T, s *site) map[string]jira.User {
	t.Helper()
	seen := map[string]jira.User{}
	for page, err := range s.AllUsers(t.Context(), rest.PageOptions{Size: 40}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			seen[u.AccountID] = u
		}
	}
	return seen
}

func TestBulkUsers(t *testing.T) {
	s := newSite(t, sandbox.Options{Users: 450}, sandbox.TokenAdmin)
	var ids []string
	for id := range allUsers(t, s) {
		if id != "unknown" {
			ids = append(ids, id)
		}
	}
	want := len(ids)
	ids = append(ids, ids[0], "nobody:here", "")
	got, err := s.BulkUsers(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, u := range got {
		seen[u.AccountID] = true
	}
	if len(got) != len(seen) || len(seen) != want {
		t.Errorf("%d users, %d of them distinct, want %d", len(got), len(seen), want)
	}
	if err := s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultClampPage, Path: "/rest/api/3/user/bulk", Max: 50}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.BulkUsers(t.Context(), ids); err != nil || len(got) != want {
		t.Errorf("with clamped pages %d users, %v; want %d", len(got), err, want)
	}
	if got, err = s.BulkUsers(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %v, %v", got, err)
	}
}

func TestCreateAndDeleteUser(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	made, err := s.CreateUser(t.Context(), "new.person@partner.example", []string{"jira-software"})
	if err != nil || made.AccountID == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	again, err := s.CreateUser(t.Context(), "new.person@partner.example", nil)
	if err != nil || again.AccountID != made.AccountID {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	if err := s.DeleteUser(t.Context(), made.AccountID); err != nil {
		t.Error(err)
	}
	if err := s.DeleteUser(t.Context(), made.AccountID); !rest.IsStatus(err, http.StatusNotFound) && !rest.IsStatus(err, http.StatusBadRequest) {
		t.Errorf("deleted twice: %v", err)
	}
	if err := s.DeleteUser(t.Context(), s.account(t, jane)); !rest.IsStatus(err, http.StatusBadRequest) {
		t.Errorf("a person whom SCIM manages: %v", err)
	}

	viewer := clientOf(t, s.url, sandbox.TokenViewer)
	if _, err := viewer.CreateUser(t.Context(), "other@partner.example", nil); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
	if err := viewer.DeleteUser(t.Context(), s.account(t, sam)); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

func TestDeleteUserWhoseAnswerIsLost(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	id := s.account(t, sam)
	if err := s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultResetAfter, Method: "DELETE", Times: 1}); err != nil {
		t.Fatal(err)
	}
	var e *rest.Error
	if err := s.DeleteUser(t.Context(), id); !errors.As(err, &e) || !e.Repeated || errors.Is(err, rest.ErrOutcomeUnknown) {
		t.Errorf("the second try tells that nothing is there, which is ambiguous: %+v", err)
	}
	if _, err := s.User(t.Context(), id); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("the first try did it all the same: %v", err)
	}
}

func TestWriteWhoseAnswerIsLost(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	group, id := s.group(t, "partners"), s.account(t, jane)
	for kind, want := range map[string]bool{sandbox.FaultResetAfter: true, sandbox.FaultResetBefore: false} {
		if err := s.sandbox.AddFault(sandbox.Fault{Kind: kind, Method: "POST", Times: 1}); err != nil {
			t.Fatal(err)
		}
		err := s.AddMember(t.Context(), group, id)
		if !errors.Is(err, rest.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", kind, err)
		}
		groups, err := s.UserGroups(t.Context(), id)
		if err != nil || slices.Contains(groupNames(groups), "partners") != want {
			t.Errorf("%s: the groups are %v, %v", kind, groupNames(groups), err)
		}
		s.sandbox.ClearFaults()
		if want {
			if err := s.RemoveMember(t.Context(), group, id); err != nil {
				t.Error(err)
			}
		}
	}
}
