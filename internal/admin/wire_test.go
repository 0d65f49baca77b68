package admin_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// What comes is read with whatever is missing, null or of another form, and cleaned.
func TestAnswersAreReadAsTheyCome(t *testing.T) {
	user := func(body string) any {
		t.Helper()
		p, err := clientTo(t, &recorder{status: http.StatusOK, body: body}).SearchUsers(t.Context(), admin.UserQuery{}, "")
		if err != nil || len(p.Items) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		return p.Items[0]
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	yes := true
	for name, test := range map[string]struct{ got, want any }{
		"nothing told": {user(`{"data":[{}]}`), admin.User{}},
		"nulls": {
			user(`{"data":[{"accountId":"a","email":null,"deactivatedOn":null,"managementSource":null,"mfaEnabled":null,"groups":null,"jobTitle":null}]}`),
			admin.User{AccountID: "a"},
		},
		"times of several forms": {
			user(`{"data":[{"accountId":"a","addedToOrg":"2026-03-01","deactivatedOn":"2026-03-01T01:00:00.000+0100","productAccess":[{"key":"jira-software","id":"ari:x","lastActiveTimestamp":"2026-03-01T00:00:00Z"}]}]}`),
			admin.User{AccountID: "a", AddedToOrg: day, DeactivatedOn: day, Products: []admin.ProductAccess{{Key: "jira-software", ID: "ari:x", LastActive: day}}},
		},
		"a time that can't be read":    {user(`{"data":[{"accountId":"a","addedToOrg":"soon","deactivatedOn":{}}]}`), admin.User{AccountID: "a"}},
		"a time in milliseconds":       {user(`{"data":[{"accountId":"a","addedToOrg":1772323200000}]}`), admin.User{AccountID: "a", AddedToOrg: day}},
		"a status that is new":         {user(`{"data":[{"accountId":"a","status":"on_leave","mfaEnabled":true}]}`), admin.User{AccountID: "a", Status: "on_leave", MFA: &yes}},
		"a deletion told by status":    {user(`{"data":[{"accountId":"a","status":"for_deletion"}]}`), admin.User{AccountID: "a", Status: "for_deletion", ForDeletion: true}},
		"text that would deceive":      {user("{\"data\":[{\"accountId\":\"a\",\"name\":\"Jane\\u202e\\u0000\\nDoe\",\"groups\":[{\"id\":\"g\",\"name\":\"x\\u200b\"}]}]}"), admin.User{AccountID: "a", Name: "Jane Doe", Groups: []admin.GroupRef{{ID: "g", Name: "x"}}}},
		"an id that would be repaired": {user("{\"data\":[{\"accountId\":\"a\\u200bb\"}]}"), admin.User{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	for body, want := range map[string][]string{
		`{"data":[{"resourceId":"r","roles":[["atlassian/user"],["atlassian/admin"]]}]}`: {"atlassian/user", "atlassian/admin"},
		`{"data":[{"resourceId":"r","roles":["atlassian/user"]}]}`:                       {"atlassian/user"},
		`{"data":[{"resourceId":"r"}]}`:                                                  nil,
	} {
		of, err := clientTo(t, &recorder{status: http.StatusOK, body: body}).UserRoles(t.Context(), "", "a")
		if err != nil || len(of) != 1 || !slices.Equal(of[0].Roles, want) {
			t.Errorf("%s: %+v, %v", body, of, err)
		}
	}
}

// Who is looked up by name is who was asked for, each once, whatever the service answers.
func TestLookingUpIsExact(t *testing.T) {
	c := clientTo(t, &recorder{status: http.StatusOK, body: `{"data":[
		{"accountId":"a","email":"Ann@example.com"},{"accountId":"b","email":"ann@example.com.evil"},{"accountId":"a","email":"ann@example.com"},{"accountId":"c"}]}`})
	for name, find := range map[string]func() ([]admin.User, error){
		"by address": func() ([]admin.User, error) { return c.UsersByEmail(t.Context(), []string{"ANN@example.com"}) },
		"by id":      func() ([]admin.User, error) { return c.UsersByID(t.Context(), []string{"a"}) },
	} {
		if got, err := find(); err != nil || len(got) != 1 || got[0].AccountID != "a" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The next page is named as a cursor, or by the address of the page.
func TestTheNextPage(t *testing.T) {
	for body, want := range map[string]string{
		`{"data":[{"id":"e"}]}`:                                "",
		`{"data":[{"id":"e"}],"links":{"next":null}}`:          "",
		`{"data":[{"id":"e"}],"links":{"next":"eyJ4.ab+c=="}}`: "eyJ4.ab+c==",
		`{"data":[{"id":"e"}],"links":{"next":"https://api.atlassian.com/admin/v1/orgs/o/users?cursor=a%2Bb"}}`: "a+b",
		`{"data":[{"id":"e"}],"links":{"next":"/admin/v1/orgs/o/users?limit=5&cursor=x"}}`:                      "x",
		`{"data":[{"id":"e"}],"meta":{"next":"m"},"links":{"next":"https://h/?cursor=other"}}`:                  "m",
	} {
		p, err := clientTo(t, &recorder{status: http.StatusOK, body: body}).EventsStream(t.Context(), admin.Stream{}, "")
		if err != nil || p.Next != want {
			t.Errorf("%s: next %q, %v; want %q", body, p.Next, err, want)
		}
	}
}

func TestWhatBecameOfInvitations(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want admin.Invited
	}{
		"all well": {
			`{"data":[{"id":"a","email":"A@example.com","results":[{"roleAssignmentResult":[{"resource":"r","role":"atlassian/user","status":"INVITED","statusReason":null}]}]}]}`,
			admin.Invited{AccountID: "a", Told: true},
		},
		"a group that failed": {
			`{"data":[{"id":"a","email":"a@example.com","results":[{"groupAssignmentResult":[{"group":"g","status":"ERROR","statusReason":"synced"}],"roleAssignmentResult":[{"status":"INVITED"}]}]}]}`,
			admin.Invited{AccountID: "a", Told: true, Failures: []string{"group g: synced"}},
		},
		"a role that failed without a reason": {
			`{"data":[{"id":"a","email":"a@example.com","results":[{"roleAssignmentResult":[{"resource":"r","role":"atlassian/admin","status":"ERROR"}]}]}]}`,
			admin.Invited{AccountID: "a", Told: true, Failures: []string{"role atlassian/admin: resource r: the service gives no reason"}},
		},
		"somebody who is not in the answer": {`{"data":[]}`, admin.Invited{Failures: []string{"the service said nothing about this address"}}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.Email = "a@example.com"
			got, err := clientTo(t, &recorder{status: http.StatusPartialContent, body: test.body}).InviteUsers(t.Context(), admin.Invitation{Emails: []string{"a@example.com"}})
			if diff := cmp.Diff([]admin.Invited{test.want}, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestReasonsInWords(t *testing.T) {
	for _, r := range []admin.Reason{
		admin.ReasonAdministrative, admin.ReasonNotMyself, admin.ReasonMyselfOnly, admin.ReasonManagedAccount, admin.ReasonSCIM, admin.ReasonGoogle, admin.ReasonExportControl,
	} {
		if words := r.Words(); words == "" || strings.Contains(words, string(r)) {
			t.Errorf("%s: %q", r, words)
		}
	}
	if words := admin.Reason("newReason").Words(); !strings.Contains(words, "newReason") {
		t.Errorf("a reason that is new: %q", words)
	}
	if admin.Reason("").Words() == "" {
		t.Error("no reason has no words")
	}
}

// hostile are ids that try to be more than an id.
var hostile = []string{"../users", "a/b", "a?b=c", "a#b", "a;b", "712020:a-b", "a|b", "%2F", "..", ".", "", "//", "a\nb", "ü山", "\xff", `a\b`, "a b"}

// No id changes which resource a path names: what could is refused, and the rest is one segment of the path as it is.
func TestPathsHoldForAllIDs(t *testing.T) {
	check := func(t *rapid.T, id string) {
		service := &recorder{status: http.StatusNoContent}
		c, err := rest.New(rest.Config{Service: admin.Service, BaseURL: "https://api.example", Transport: service})
		if err != nil {
			t.Fatal(err)
		}
		client := admin.New(c, "org-1")
		for name, send := range map[string]func() error{
			"/admin/v2/orgs/org-1/directories/{}/users/{}/suspend":         func() error { return client.SuspendUser(t.Context(), id, id) },
			"/admin/v2/orgs/org-1/directories/{}/groups/{}/memberships/{}": func() error { return client.RemoveMember(t.Context(), id, id, id) },
			"/users/{}/manage/api-tokens/{}":                               func() error { return client.RevokeToken(t.Context(), id, id) },
			"/admin/v2/orgs/{}/directories/-/users/{}":                     func() error { return admin.New(c, id).RemoveUser(t.Context(), "-", id) },
		} {
			err := send()
			sent := service.take()
			var e *rest.Error
			if errors.As(err, &e) && e.Code == rest.CodeBadRequest {
				if len(sent) > 0 {
					t.Fatalf("%q was refused and sent: %v", id, sent)
				}
				continue
			}
			if err != nil || len(sent) != 1 {
				t.Fatalf("%q: %v, %v", id, sent, err)
			}
			_, path, _ := strings.Cut(sent[0], " ")
			if strings.Count(path, "/") != strings.Count(name, "/") || strings.ContainsAny(id, "/\\?#%") || id == "" || id == "." || id == ".." || rest.CleanID(id) != id {
				t.Fatalf("%q became %s, want %s", id, path, name)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "id")) })
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.SampledFrom(hostile).Draw(t, "id")) })
}

// What would mean something else, or nothing, is not sent.
func TestRefusedArguments(t *testing.T) {
	service := &recorder{status: http.StatusNoContent}
	c, ctx := clientTo(t, service), t.Context()
	errorOf := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"a change without a directory":      c.SuspendUser(ctx, "", "a"),
		"a removal without a directory":     c.RemoveUser(ctx, "", "a"),
		"a removal without an account":      c.RemoveUser(ctx, "d", ""),
		"the account of a corrupted record": c.DisableAccount(ctx, "unknown", ""),
		"its deletion":                      c.DeleteAccount(ctx, "unknown"),
		"its token":                         c.RevokeToken(ctx, "unknown", "t"),
		"its suspension":                    c.SuspendUser(ctx, "-", "unknown"),
		"its membership":                    c.AddMember(ctx, "d", "g", "unknown"),
		"a token without an id":             c.RevokeToken(ctx, "a", ""),
		"a member without an id":            c.AddMember(ctx, "d", "g", ""),
		"an invitation of nobody":           errorOf(c.InviteUsers(ctx, admin.Invitation{})),
		"an invitation of too many":         errorOf(c.InviteUsers(ctx, admin.Invitation{Emails: slices.Repeat([]string{"a@example.com"}, admin.MaxInvited+1)})),
		"an invitation of an empty address": errorOf(c.InviteUsers(ctx, admin.Invitation{Emails: []string{""}})),
		"links of no address":               errorOf(c.SCIMLinksByEmail(ctx, "")),
		"a search for addresses and a name": errorOf(c.SearchUsers(ctx, admin.UserQuery{Emails: []string{"a@example.com"}, SearchTerm: "a"}, "")),
		"a search for more than a batch":    errorOf(c.SearchUsers(ctx, admin.UserQuery{AccountIDs: slices.Repeat([]string{"a"}, admin.UserBatch+1)}, "")),
	} {
		var e *rest.Error
		if !errors.As(err, &e) || e.Code != rest.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := service.take(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	if found, err := c.UsersByEmail(ctx, nil); len(found) != 0 || err != nil || len(service.take()) > 0 {
		t.Errorf("nobody looked up: %v, %v", found, err)
	}
}
