package scim_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/spectest"
)

// directory is a sandbox with a client whose requests, and the answers to them, are checked against the specification.
type directory struct {
	*scim.Client
	sandbox *sandbox.Sandbox
	url     string
}

func newDirectory(t *testing.T, o sandbox.Options) *directory {
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
	return &directory{clientOf(t, server.URL(), sandbox.DirectoryID, sandbox.SCIMToken), s, server.URL()}
}

func clientOf(t *testing.T, url, directoryID, token string) *scim.Client {
	t.Helper()
	transport := rest.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := rest.New(rest.Config{
		Service: "scim", BaseURL: url, Timeout: 10 * time.Second,
		Transport: auth.Bearer(token, spectest.Transport(t, transport)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return scim.New(c, directoryID)
}

const (
	jane = "jane.doe@example.com"
	lee  = "lee.left@example.com"
)

// find is a user that has to be there.
func (d *directory) find(t *testing.T, userName string) scim.User {
	t.Helper()
	u, ok, err := d.FindUser(t.Context(), userName)
	if err != nil || !ok {
		t.Fatalf("%s: found %v, %v", userName, ok, err)
	}
	return u
}

func TestFindUser(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	u := d.find(t, jane)
	if u.UserName != jane || u.Email != jane || !u.Active || u.AccountID != d.sandbox.AccountID(jane) || u.ID == "" || u.ID == u.AccountID {
		t.Errorf("got %+v", u)
	}
	if !slices.ContainsFunc(u.Groups, func(g scim.GroupRef) bool { return g.Name == "engineering" && g.ID != "" }) {
		t.Errorf("engineering is not among %v", u.Groups)
	}
	if upper := d.find(t, "Jane.Doe@Example.com"); upper.ID != u.ID {
		t.Errorf("in another case: %+v", upper)
	}
	if left := d.find(t, lee); left.Active {
		t.Errorf("Lee, who left: %+v", left)
	}
	if _, ok, err := d.FindUser(t.Context(), "nobody@example.com"); ok || err != nil {
		t.Errorf("nobody: found %v, %v", ok, err)
	}
	one, err := d.User(t.Context(), u.ID)
	if err != nil || one.ID != u.ID || one.UserName != jane {
		t.Errorf("by id: %+v, %v", one, err)
	}
	page, err := d.Users(t.Context(), scim.ByExternalID(u.ExternalID), 1, 10)
	if err != nil || len(page.Users) != 1 || page.Users[0].ID != u.ID || page.Total != 1 {
		t.Errorf("by external id %q: %+v, %v", u.ExternalID, page, err)
	}
}

func TestAllUsers(t *testing.T) {
	d := newDirectory(t, sandbox.Options{Users: 600})
	first, err := d.Users(t.Context(), scim.Filter{}, 1, 100)
	if err != nil || len(first.Users) != 100 || first.Total <= 100 || first.StartIndex != 1 {
		t.Fatalf("%d of %d from %d, %v", len(first.Users), first.Total, first.StartIndex, err)
	}
	before := len(d.sandbox.Requests())
	seen := map[string]bool{}
	for page, err := range d.AllUsers(t.Context(), rest.PageOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			seen[u.ID] = true
		}
	}
	if len(seen) != first.Total {
		t.Errorf("%d users, want %d", len(seen), first.Total)
	}
	if got, want := len(d.sandbox.Requests())-before, (first.Total+99)/100; got != want {
		t.Errorf("%d requests, want %d", got, want)
	}
}

func TestCreateUser(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	made, err := d.CreateUser(t.Context(), scim.NewUser{
		UserName: "new.hire@example.com", Email: "new.hire@example.com", ExternalID: "e-1", GivenName: "New", FamilyName: "Hire",
		DisplayName: "New Hire", Title: "Engineer", Department: "R&D",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := scim.User{
		ID: made.ID, UserName: "new.hire@example.com", Email: "new.hire@example.com", ExternalID: "e-1", GivenName: "New", FamilyName: "Hire",
		DisplayName: "New Hire", Title: "Engineer", Department: "R&D", Active: true, AccountID: made.AccountID,
	}
	if got := fields(made); got != fields(want) {
		t.Errorf("got %+v, want %+v", got, fields(want))
	}
	var e *rest.Error
	_, err = d.CreateUser(t.Context(), scim.NewUser{UserName: "new.hire@example.com", Email: "new.hire@example.com"})
	if !errors.As(err, &e) || e.Status != http.StatusConflict || e.Code != "uniqueness" {
		t.Errorf("a second time: %v", err)
	}
}

// fields are what a user shows, comparable.
type userFields struct {
	id, userName, externalID, displayName, given, family, title, department, email, account string
	active                                                                                  bool
}

func fields(u scim.User) userFields {
	return userFields{u.ID, u.UserName, u.ExternalID, u.DisplayName, u.GivenName, u.FamilyName, u.Title, u.Department, u.Email, u.AccountID, u.Active}
}

func TestSetActive(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	id := d.find(t, jane).ID
	for _, active := range []bool{false, true, true} {
		u, err := d.SetActive(t.Context(), id, active)
		if err != nil || u.Active != active || u.ID != id {
			t.Errorf("set to %v: %+v, %v", active, u, err)
		}
		if now := d.find(t, jane); now.Active != active {
			t.Errorf("set to %v, read back %v", active, now.Active)
		}
	}
	if _, err := d.SetActive(t.Context(), "no-such-id", false); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestPatchUser(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	id := d.find(t, lee).ID
	u, err := d.PatchUser(t.Context(), id, false, map[string]string{"title": "Advisor", "name.givenName": "Leopold", "displayName": "Leopold Left"})
	if err != nil || u.Title != "Advisor" || u.GivenName != "Leopold" || u.DisplayName != "Leopold Left" || u.Active {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestReplaceUser(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	made, err := d.CreateUser(t.Context(), scim.NewUser{UserName: "pat@example.com", Email: "pat@example.com", GivenName: "Pat", FamilyName: "One", Department: "Sales"})
	if err != nil {
		t.Fatal(err)
	}
	// An attribute that User does not show.
	if _, err := d.PatchUser(t.Context(), made.ID, true, map[string]string{"nickName": "Patty", "preferredLanguage": "de"}); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"a read", "a list"} {
		var u scim.User
		if from == "a list" {
			u = d.find(t, "pat@example.com")
		} else if u, err = d.User(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
		u.Title, u.Active = "Lead by "+from, false
		got, err := d.ReplaceUser(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		want := fields(u)
		if fields(got) != want {
			t.Errorf("after %s: got %+v, want %+v", from, fields(got), want)
		}
		page := d.raw(t, "/Users/"+made.ID)
		for _, kept := range []string{`"nickName":"Patty"`, `"preferredLanguage":"de"`, `"familyName":"One"`} {
			if !strings.Contains(page, kept) {
				t.Errorf("after %s: %s is gone: %s", from, kept, page)
			}
		}
	}
	u := d.find(t, "pat@example.com")
	u.GivenName, u.Department, u.Email = "Patricia", "", "patricia@example.com"
	got, err := d.ReplaceUser(t.Context(), u)
	if err != nil || fields(got) != fields(u) {
		t.Errorf("got %+v, want %+v, %v", fields(got), fields(u), err)
	}
}

// raw is a resource as the service has it.
func (d *directory) raw(t *testing.T, path string) string {
	t.Helper()
	c, err := rest.New(rest.Config{Service: "scim", BaseURL: d.url, Transport: auth.Bearer(sandbox.SCIMToken, nil)})
	if err != nil {
		t.Fatal(err)
	}
	var out rawJSON
	if err := c.Do(t.Context(), rest.Request{Method: "GET", Route: "/scim/directory/" + sandbox.DirectoryID + path}, &out); err != nil {
		t.Fatal(err)
	}
	return string(out)
}

type rawJSON []byte

func (r *rawJSON) UnmarshalJSON(data []byte) error {
	*r = slices.Clone(data)
	return nil
}

func TestDeleteUser(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	id := d.find(t, jane).ID
	if err := d.DeleteUser(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.User(t.Context(), id); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("read after delete: %v", err)
	}
	if err := d.DeleteUser(t.Context(), id); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestGroups(t *testing.T) {
	d := newDirectory(t, sandbox.Options{Groups: 260})
	g, ok, err := d.FindGroup(t.Context(), "engineering")
	if err != nil || !ok || !slices.Contains(g.Members, d.find(t, jane).ID) {
		t.Errorf("%+v, found %v, %v", g, ok, err)
	}
	if one, err := d.Group(t.Context(), g.ID); err != nil || one.DisplayName != "engineering" {
		t.Errorf("by id: %+v, %v", one, err)
	}
	if _, ok, err := d.FindGroup(t.Context(), "no such group"); ok || err != nil {
		t.Errorf("found %v, %v", ok, err)
	}
	seen := map[string]bool{}
	for page, err := range d.AllGroups(t.Context(), rest.PageOptions{Size: 5}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page {
			seen[g.DisplayName] = true
		}
	}
	all, err := d.Groups(t.Context(), scim.Filter{}, 1, 100)
	if err != nil || len(seen) != all.Total || !seen["engineering"] {
		t.Errorf("%d groups of %d: %v, %v", len(seen), all.Total, slices.Sorted(maps.Keys(seen)), err)
	}
}

func TestGroupMembership(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	a, b := d.find(t, jane).ID, d.find(t, lee).ID
	g, err := d.CreateGroup(t.Context(), "temporary", a)
	if err != nil || !slices.Equal(g.Members, []string{a}) {
		t.Fatalf("%+v, %v", g, err)
	}
	var e *rest.Error
	if _, err := d.CreateGroup(t.Context(), "temporary"); !errors.As(err, &e) || e.Status != http.StatusConflict {
		t.Errorf("a name that is taken: %v", err)
	}
	check := func(after string, want ...string) {
		t.Helper()
		now, err := d.Group(t.Context(), g.ID)
		slices.Sort(now.Members)
		slices.Sort(want)
		if err != nil || !slices.Equal(now.Members, want) {
			t.Errorf("after %s the members are %v, want %v; %v", after, now.Members, want, err)
		}
	}
	if err := d.AddMember(t.Context(), g.ID, b); err != nil {
		t.Error(err)
	}
	check("adding", a, b)
	if err := d.AddMember(t.Context(), g.ID, b); err != nil {
		t.Errorf("adding again: %v", err)
	}
	check("adding again", a, b)
	if err := d.RemoveMember(t.Context(), g.ID, a); err != nil {
		t.Error(err)
	}
	check("removing", b)
	if err := d.PatchGroup(t.Context(), g.ID, []string{a}, []string{b}); err != nil {
		t.Error(err)
	}
	check("both at once", a)
	g.Members = []string{b}
	if _, err := d.ReplaceGroup(t.Context(), g); err != nil {
		t.Error(err)
	}
	check("replacing", b)
	if err := d.AddMember(t.Context(), g.ID, "no-such-user"); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("adding nobody: %v", err)
	}
	if err := d.RemoveMember(t.Context(), g.ID, `x" or value eq "`+b); err != nil && !rest.IsStatus(err, http.StatusNotFound) && !rest.IsStatus(err, http.StatusBadRequest) {
		t.Errorf("an id that tries to be a filter: %v", err)
	}
	check("an id that tries to be a filter", b)
	if err := d.DeleteGroup(t.Context(), g.ID); err != nil {
		t.Error(err)
	}
	if _, err := d.Group(t.Context(), g.ID); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("read after delete: %v", err)
	}
}

func TestServiceProviderConfig(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	got, err := d.ServiceProviderConfig(t.Context())
	if err != nil || !got.Patch || !got.Filter {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCredentialAndDirectory(t *testing.T) {
	d := newDirectory(t, sandbox.Options{})
	if _, err := clientOf(t, d.url, sandbox.DirectoryID, "wrong-token").User(t.Context(), "1"); !rest.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := clientOf(t, d.url, "no-such-directory", sandbox.SCIMToken).Users(t.Context(), scim.Filter{}, 1, 1); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("a directory that doesn't exist: %v", err)
	}
}

func TestPatchWhoseAnswerIsLost(t *testing.T) {
	for kind, want := range map[string]bool{sandbox.FaultResetAfter: false, sandbox.FaultResetBefore: true} {
		d := newDirectory(t, sandbox.Options{})
		id := d.find(t, jane).ID
		if err := d.sandbox.AddFault(sandbox.Fault{Kind: kind, Method: "PATCH", Times: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SetActive(t.Context(), id, false); !errors.Is(err, rest.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", kind, err)
		}
		if u := d.find(t, jane); u.Active != want {
			t.Errorf("%s: active is %v", kind, u.Active)
		}
	}
}
