package jira_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestGroups(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	page, err := s.Groups(t.Context(), jira.GroupQuery{Names: []string{"engineering", "partners"}}, 0, 10)
	if err != nil || !slices.Equal(groupNames(page.Groups), []string{"engineering", "partners"}) || page.Total != 2 || !page.Last {
		t.Errorf("by name: %+v, %v", page, err)
	}
	id := page.Groups[0].ID
	if page, err = s.Groups(t.Context(), jira.GroupQuery{IDs: []string{id}}, 0, 10); err != nil || len(page.Groups) != 1 || page.Groups[0].ID != id {
		t.Errorf("by id: %+v, %v", page, err)
	}
	if page, err = s.Groups(t.Context(), jira.GroupQuery{Names: []string{"partners&groupName=engineering"}}, 0, 10); err != nil || len(page.Groups) != 0 {
		t.Errorf("by a name that tries to be two: %+v, %v", page, err)
	}
	admins, err := s.Groups(t.Context(), jira.GroupQuery{AccessType: "site-admin"}, 0, 10)
	if err != nil || len(admins.Groups) == 0 {
		t.Errorf("of site administrators: %+v, %v", admins, err)
	}
	users, err := s.Groups(t.Context(), jira.GroupQuery{AccessType: "user", ApplicationKey: "jira-software"}, 0, 10)
	if err != nil || !slices.Contains(groupNames(users.Groups), "jira-software-users") {
		t.Errorf("of a product's users: %+v, %v", users, err)
	}
}

func TestAllGroups(t *testing.T) {
	s := newSite(t, sandbox.Options{Groups: 300}, sandbox.TokenAdmin)
	for _, size := range []int{0, 7} {
		seen := map[string]bool{}
		n := 0
		for page, err := range s.AllGroups(t.Context(), jira.GroupQuery{}, rest.PageOptions{Size: size}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page {
				seen[g.ID] = true
				n++
			}
		}
		if n != len(seen) || n < 300 {
			t.Errorf("with pages of %d: %d groups, %d of them distinct", size, n, len(seen))
		}
	}
}

func TestFindGroups(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	found, err := s.FindGroups(t.Context(), "SOFTWARE", 10)
	if err != nil || !slices.Contains(groupNames(found), "jira-software-users") {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err = s.FindGroups(t.Context(), "no such group", 10); err != nil || len(found) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestGroupMembers(t *testing.T) {
	s := newSite(t, sandbox.Options{Users: 800}, sandbox.TokenAdmin)
	group := s.group(t, "jira-software-users")
	first, err := s.GroupMembers(t.Context(), group, true, 0, 50)
	if err != nil || len(first.Users) != 50 || first.Last || first.Total <= 50 {
		t.Fatalf("%d members of %d, last %v, %v", len(first.Users), first.Total, first.Last, err)
	}
	before := len(s.sandbox.Requests())
	members := map[string]bool{}
	for page, err := range s.AllGroupMembers(t.Context(), group, true, rest.PageOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			members[u.AccountID] = true
		}
	}
	if len(members) != first.Total || !members[s.account(t, jane)] {
		t.Errorf("%d members, want %d", len(members), first.Total)
	}
	if got, want := len(s.sandbox.Requests())-before, (first.Total+49)/50; got != want {
		t.Errorf("%d requests for %d members, want %d", got, first.Total, want)
	}
	active, err := s.GroupMembers(t.Context(), group, false, 0, 50)
	if err != nil || active.Total >= first.Total {
		t.Errorf("%d active members of %d, %v", active.Total, first.Total, err)
	}
	if _, err := s.GroupMembers(t.Context(), "00000000-0000-0000-0000-000000000000", true, 0, 50); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("of a group that doesn't exist: %v", err)
	}
}

func TestMembership(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	made, err := s.CreateGroup(t.Context(), "temporary")
	if err != nil || made.ID == "" || made.Name != "temporary" {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := s.CreateGroup(t.Context(), "temporary"); !rest.IsStatus(err, http.StatusBadRequest) {
		t.Errorf("a name that is taken: %v", err)
	}
	id := s.account(t, jane)
	if err := s.AddMember(t.Context(), made.ID, id); err != nil {
		t.Fatal(err)
	}
	if page, err := s.GroupMembers(t.Context(), made.ID, false, 0, 50); err != nil || len(page.Users) != 1 || page.Users[0].AccountID != id {
		t.Errorf("after adding: %+v, %v", page, err)
	}
	if err := s.RemoveMember(t.Context(), made.ID, id); err != nil {
		t.Error(err)
	}
	if page, err := s.GroupMembers(t.Context(), made.ID, false, 0, 50); err != nil || len(page.Users) != 0 {
		t.Errorf("after removing: %+v, %v", page, err)
	}
	if err := s.DeleteGroup(t.Context(), made.ID); err != nil {
		t.Error(err)
	}
	if err := s.DeleteGroup(t.Context(), made.ID); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	viewer := clientOf(t, s.url, sandbox.TokenViewer)
	if err := viewer.AddMember(t.Context(), s.group(t, "partners"), id); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("without permission: %v", err)
	}
}

func TestSite(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	me, err := s.Myself(t.Context())
	if err != nil || me.AccountID != s.account(t, "admin@example.com") || len(me.Groups) == 0 || !me.GroupsComplete {
		t.Errorf("myself: %+v, %v", me, err)
	}
	may, err := s.MyPermissions(t.Context(), "USER_PICKER", "ADMINISTER")
	if err != nil || !may["USER_PICKER"] || !may["ADMINISTER"] {
		t.Errorf("permissions: %v, %v", may, err)
	}
	if _, err := s.MyPermissions(t.Context(), "NO_SUCH_PERMISSION"); !rest.IsStatus(err, http.StatusBadRequest) {
		t.Errorf("a permission that doesn't exist: %v", err)
	}
	info, err := s.ServerInfo(t.Context())
	if err != nil || info.DeploymentType != "Cloud" || info.BaseURL == "" {
		t.Errorf("server info: %+v, %v", info, err)
	}
}

func TestCloudIDIsPublic(t *testing.T) {
	for _, token := range []string{sandbox.TokenAdmin, sandbox.TokenScoped, sandbox.TokenExpired} {
		if id, err := newSite(t, sandbox.Options{}, token).CloudID(t.Context()); err != nil || id != sandbox.CloudID {
			t.Errorf("with the token %s: %q, %v", token, id, err)
		}
	}
}

// A scoped token is refused at the site and accepted at the gateway, for reads and writes.
func TestScopedToken(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenScoped)
	if _, err := s.CreateGroup(t.Context(), "by-scoped-token"); err != nil {
		t.Errorf("a write as the first call: %v", err)
	}
	if _, err := s.Myself(t.Context()); err != nil {
		t.Error(err)
	}
	expired := clientOf(t, s.url, sandbox.TokenExpired)
	var e *rest.Error
	if _, err := expired.Myself(t.Context()); !errors.As(err, &e) || e.Status != http.StatusUnauthorized {
		t.Errorf("an expired token: %v", err)
	}
}

// What would make a request mean something else is not sent.
func TestRefusedArguments(t *testing.T) {
	s := newSite(t, sandbox.Options{}, sandbox.TokenAdmin)
	ctx, group, id := t.Context(), s.group(t, "partners"), s.account(t, jane)
	for name, err := range map[string]error{
		"User without an id":              second(s.User(ctx, "")),
		"UserGroups without an id":        second(s.UserGroups(ctx, "")),
		"SearchUsers without a query":     second(s.SearchUsers(ctx, "", 0, 1)),
		"CreateUser without an address":   second(s.CreateUser(ctx, "", nil)),
		"DeleteUser without an id":        s.DeleteUser(ctx, ""),
		"DeleteUser of a corrupted one":   s.DeleteUser(ctx, "unknown"),
		"AddMember without a group":       s.AddMember(ctx, "", id),
		"AddMember without an id":         s.AddMember(ctx, group, ""),
		"AddMember of a corrupted one":    s.AddMember(ctx, group, "unknown"),
		"RemoveMember without a group":    s.RemoveMember(ctx, "", id),
		"RemoveMember without an id":      s.RemoveMember(ctx, group, ""),
		"RemoveMember of a corrupted one": s.RemoveMember(ctx, group, "unknown"),
		"GroupMembers without a group":    second(s.GroupMembers(ctx, "", true, 0, 1)),
		"CreateGroup without a name":      second(s.CreateGroup(ctx, "")),
		"DeleteGroup without an id":       s.DeleteGroup(ctx, ""),
	} {
		var e *rest.Error
		if !errors.As(err, &e) || e.Code != rest.CodeBadRequest || e.Attempts != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range s.AllGroupMembers(ctx, "", true, rest.PageOptions{}) {
		if err == nil {
			t.Error("AllGroupMembers without a group")
		}
	}
	if n := len(s.sandbox.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func second[T any](_ T, err error) error { return err }
