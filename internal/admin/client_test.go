package admin_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/spectest"
)

// organization is a sandbox with a client whose requests, and the answers to them, are checked against the documents. At the end the sandbox's log is looked
// through for what must never be sent.
type organization struct {
	*admin.Client
	sandbox *sandbox.Sandbox
	url     string
}

func newOrganization(t *testing.T, o sandbox.Options) *organization {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Close()
		for _, r := range s.Requests() {
			if why := forbidden(r.Method + " " + r.Path); why != "" {
				t.Errorf("%s %s was sent: %s", r.Method, r.Path, why)
			}
		}
	})
	return &organization{clientOf(t, server.URL(), sandbox.OrgID, key(sandbox.OrgKeyFull)), s, server.URL()}
}

func key(name string) string { return sandbox.OrgKeys()[name].Key }

func clientOf(t *testing.T, url, orgID, key string) *admin.Client {
	t.Helper()
	transport := rest.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := rest.New(rest.Config{
		Service: admin.Service, BaseURL: url, Timeout: 10 * time.Second,
		Transport: auth.Bearer(key, spectest.Transport(t, transport)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return admin.New(c, orgID)
}

const (
	adminEmail = "admin@example.com"
	jane       = "jane.doe@example.com" // provisioned by SCIM
	maxim      = "max.manager@example.com"
	gina       = "gina.google@example.com"
	sam        = "sam.partner@partner.example" // not managed
)

// find is a person who has to be there, with everything that can be told of them.
func (o *organization) find(t *testing.T, email string) admin.User {
	t.Helper()
	users, err := o.UsersByEmail(t.Context(), []string{email}, admin.ExpandGroups, admin.ExpandProducts, admin.ExpandRoles, admin.ExpandResources)
	if err != nil || len(users) != 1 {
		t.Fatalf("%s: %+v, %v", email, users, err)
	}
	return users[0]
}

// refusal is an error of the service that has to be one.
func refusal(t *testing.T, err error) *rest.Error {
	t.Helper()
	var e *rest.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no answer of the service", err)
	}
	return e
}

func TestTheOrganizationItself(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	org, err := o.Organization(ctx)
	if err != nil || org.ID != sandbox.OrgID || org.Name == "" {
		t.Errorf("%+v, %v", org, err)
	}
	if orgs, err := o.Organizations(ctx); err != nil || !slices.Equal(orgs, []admin.Organization{org}) {
		t.Errorf("%+v, %v", orgs, err)
	}
	directories, err := o.Directories(ctx, "")
	if err != nil || len(directories) != 3 || directories[0].ID == "" || directories[0].Name == "" {
		t.Errorf("%+v, %v", directories, err)
	}
	if of, err := o.Directories(ctx, o.sandbox.AccountID(maxim)); err != nil || len(of) != 1 || of[0].ID != sandbox.LocalID {
		t.Errorf("of one person %+v, %v", of, err)
	}
	domains, err := o.Domains(ctx)
	if err != nil || !slices.ContainsFunc(domains, func(d admin.Domain) bool { return d.Name == "example.com" && d.Verified() }) {
		t.Errorf("%+v, %v", domains, err)
	}
}

func TestKeys(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	for name, test := range map[string]struct {
		org, key string
		status   int
	}{
		"a token of Jira's":                         {sandbox.OrgID, "ATATT-not-an-organization-key", http.StatusUnauthorized},
		"a SCIM token":                              {sandbox.OrgID, sandbox.SCIMToken, http.StatusUnauthorized},
		"a key that has expired":                    {sandbox.OrgID, key(sandbox.OrgKeyExpired), http.StatusUnauthorized},
		"another organization's key":                {sandbox.OrgID, key(sandbox.OrgKeyForeign), http.StatusNotFound},
		"another organization's id":                 {sandbox.OtherOrgID, key(sandbox.OrgKeyFull), http.StatusNotFound},
		"a key whose scopes do":                     {sandbox.OrgID, key(sandbox.OrgKeyReader), 0},
		"a key without the scope for the name":      {sandbox.OrgID, key(sandbox.OrgKeyNarrow), http.StatusUnauthorized},
		"another organization's key in its own one": {sandbox.OtherOrgID, key(sandbox.OrgKeyForeign), 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clientOf(t, o.url, test.org, test.key).Organization(t.Context())
			if test.status == 0 && err != nil || test.status != 0 && !rest.IsStatus(err, test.status) {
				t.Errorf("got %v, want %d", err, test.status)
			}
		})
	}
	if _, err := clientOf(t, o.url, sandbox.OrgID, key(sandbox.OrgKeyNarrow)).UsersByEmail(t.Context(), []string{jane}); err != nil {
		t.Errorf("the scope that the key has: %v", err)
	}
	if err := o.sandbox.SetOrganization(sandbox.OrgKnobs{UnscopedAccounts: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := clientOf(t, o.url, sandbox.OrgID, key(sandbox.OrgKeyScoped)).Permissions(t.Context(), o.sandbox.AccountID(maxim)); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("managed accounts with a key that has scopes: %v", err)
	}
	if err := clientOf(t, o.url, sandbox.OrgID, key(sandbox.OrgKeyReader)).SuspendUser(t.Context(), admin.AllDirectories, o.sandbox.AccountID(sam)); !rest.IsStatus(err, http.StatusForbidden) {
		t.Errorf("a change with a key that may only read: %v", err)
	}
}

// A person's token is known by its looks alone, so it is tried, and its refusal says what it looks like.
func TestAKeyThatLooksLikeAPersonsToken(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	for _, test := range []struct {
		name       string
		key        string
		looks, say bool
	}{
		{"a token that is refused", "ATATT3xFfGF0-of-somebody", true, true},
		{"another that is refused", "no key", false, false},
		{"a key that is good, whatever it looks like", key(sandbox.OrgKeyFull), true, false},
		{"a key that is too small", key(sandbox.OrgKeyNarrow), true, false},
	} {
		client := clientOf(t, o.url, sandbox.OrgID, test.key)
		client.PersonsToken = test.looks
		if _, err := client.Organization(t.Context()); errors.Is(err, admin.ErrPersonsToken) != test.say {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
