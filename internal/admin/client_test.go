package admin_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
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
	if err != nil || len(directories) != 2 || directories[0].ID == "" || directories[0].Name == "" {
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

func TestPeople(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	u := o.find(t, "Jane.Doe@Example.com")
	if u.AccountID != o.sandbox.AccountID(jane) || u.Email != jane || u.Status != admin.StatusActive || u.ClaimStatus != admin.Managed || u.ManagementSource != "synced" ||
		u.AddedToOrg.IsZero() || u.JobTitle != "Senior Engineer" || u.Department != "Engineering" {
		t.Errorf("got %+v", u)
	}
	if !slices.ContainsFunc(u.Groups, func(g admin.GroupRef) bool { return g.Name == "engineering" && g.ID != "" }) {
		t.Errorf("engineering is not among %v", u.Groups)
	}
	if !slices.ContainsFunc(u.Products, func(p admin.ProductAccess) bool {
		return strings.HasSuffix(p.ID, "/"+sandbox.CloudID) && !p.LastActive.IsZero()
	}) {
		t.Errorf("nothing that was used on the site among %+v", u.Products)
	}
	if boss := o.find(t, adminEmail); !slices.Contains(boss.PlatformRoles, admin.RoleOrgAdmin) {
		t.Errorf("an organization admin has the roles %v", boss.PlatformRoles)
	}
	for email, status := range map[string]string{
		"lee.left@example.com": admin.StatusDeactivated, "susi.suspended@partner.example": admin.StatusSuspended,
		"neo.notinvited@example.com": admin.StatusNotInvited,
	} {
		if u := o.find(t, email); u.Status != status {
			t.Errorf("%s is %s, want %s", email, u.Status, status)
		}
	}
	if dora := o.find(t, "dora.deletion@example.com"); !dora.ForDeletion || dora.DeactivatedOn.IsZero() {
		t.Errorf("an account that is to be deleted: %+v", dora)
	}

	plain, err := o.UsersByID(ctx, []string{u.AccountID, u.AccountID, "", "712020:nobody"})
	if err != nil || len(plain) != 1 || plain[0].Email != jane || plain[0].Groups != nil {
		t.Errorf("by id, and without expanding: %+v, %v", plain, err)
	}
	named, err := o.SearchUsers(ctx, admin.UserQuery{SearchTerm: "Alex Kim"}, "")
	if err != nil || len(named.Items) != 2 || named.Next != "" {
		t.Errorf("by name: %+v, %v", named, err)
	}
	if _, err := o.SearchUsers(ctx, admin.UserQuery{SearchTerm: "Kim", Emails: []string{jane}}, ""); refusal(t, err).Status != 0 {
		t.Errorf("a name together with addresses: %v", err)
	}
}

// A walk finds everybody once, whatever the page; many are looked up in batches.
func TestAllPeople(t *testing.T) {
	o := newOrganization(t, sandbox.Options{Users: 300})
	ctx := t.Context()
	want, err := o.CountUsers(ctx, "", "")
	if err != nil || want < 200 {
		t.Fatalf("%d, %v", want, err)
	}
	var ids, emails []string
	for page, err := range o.AllUsers(ctx, admin.UserQuery{Limit: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			ids, emails = append(ids, u.AccountID), append(emails, u.Email)
		}
	}
	slices.Sort(ids)
	if n := len(slices.Compact(slices.Clone(ids))); len(ids) != want || n != want {
		t.Errorf("%d people, %d of them different, want %d", len(ids), n, want)
	}

	before := len(o.sandbox.Requests())
	found, err := o.UsersByEmail(ctx, append(emails, "nobody@example.com"))
	if batches := len(o.sandbox.Requests()) - before; err != nil || len(found) != want || batches != (want+admin.UserBatch)/admin.UserBatch {
		t.Errorf("%d people in %d requests, want %d; %v", len(found), batches, want, err)
	}

	managed, err := o.CountUsers(ctx, "", admin.Managed)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for page, err := range o.AllManagedAccounts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			if n++; a.AccountID == "" || a.Name == "" || a.Status == "" {
				t.Errorf("%+v", a)
			}
		}
	}
	if n != managed {
		t.Errorf("%d managed accounts, want %d", n, managed)
	}
}

func TestACursorThatHasExpired(t *testing.T) {
	for name, walk := range map[string]func(ctx context.Context, o *organization) error{
		"people": func(ctx context.Context, o *organization) error {
			for _, err := range o.AllUsers(ctx, admin.UserQuery{Limit: 10}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"groups": func(ctx context.Context, o *organization) error {
			for _, err := range o.AllGroups(ctx, admin.GroupQuery{Limit: 10}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"events": func(ctx context.Context, o *organization) error {
			for _, err := range o.AllEvents(ctx, admin.Stream{Limit: 5}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrganization(t, sandbox.Options{Faults: []string{"kind=" + sandbox.FaultCursorExpired}})
			if err := walk(t.Context(), o); !errors.Is(err, admin.ErrCursorExpired) || refusal(t, err).Status != http.StatusBadRequest {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A search changes nothing, so it is asked again where a POST otherwise wouldn't be.
func TestASearchIsRepeated(t *testing.T) {
	o := newOrganization(t, sandbox.Options{Faults: []string{"kind=" + sandbox.FaultResetAfter + ",method=POST,path=/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search,times=1"}})
	if u := o.find(t, jane); u.Email != jane || len(o.sandbox.Requests()) != 2 {
		t.Errorf("got %+v after %d requests", u, len(o.sandbox.Requests()))
	}
}

func TestAccess(t *testing.T) {
	o := newOrganization(t, sandbox.Options{Organization: sandbox.OrgKnobs{RemovalDelayMS: 1}})
	ctx := t.Context()
	u := o.find(t, sam)
	for _, step := range []struct {
		name string
		do   func(context.Context, string, string) error
		want string
	}{
		{"suspended", o.SuspendUser, admin.StatusSuspended},
		{"suspended again", o.SuspendUser, admin.StatusSuspended},
		{"restored", o.RestoreUser, admin.StatusActive},
	} {
		if err := step.do(ctx, admin.AllDirectories, u.AccountID); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if now := o.find(t, sam); now.Status != step.want || len(now.Groups) != len(u.Groups) {
			t.Errorf("%s: status %s with %d groups, want %s with %d", step.name, now.Status, len(now.Groups), step.want, len(u.Groups))
		}
	}
	if err := o.SuspendUser(ctx, admin.AllDirectories, o.sandbox.AccountID(adminEmail)); refusal(t, err).Status < 400 {
		t.Errorf("an organization admin: %v", err)
	}
	if err := o.SuspendUser(ctx, sandbox.LocalID, "712020:nobody"); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := o.RemoveUser(ctx, sandbox.LocalID, u.AccountID); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; {
		users, err := o.UsersByEmail(ctx, []string{sam})
		if err != nil {
			t.Fatal(err)
		}
		if len(users) == 0 || users[0].Status == admin.StatusNotInvited {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still there: %+v", users)
		}
	}
}

func TestGroups(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	named := func(name string) []admin.Group {
		t.Helper()
		p, err := o.SearchGroups(ctx, admin.GroupQuery{Names: []string{name}, Expand: []string{admin.ExpandMembers}}, "")
		if err != nil {
			t.Fatal(err)
		}
		return p.Items
	}
	engineering := named("Engineering")
	if len(engineering) != 1 || !engineering[0].ReadOnly() || engineering[0].Members == 0 || engineering[0].DirectoryID != sandbox.SyncedID {
		t.Fatalf("a group that is synced: %+v", engineering)
	}
	partners := named("partners")
	if len(partners) != 1 || partners[0].ReadOnly() {
		t.Fatalf("a group of the organization's own: %+v", partners)
	}
	g, person := partners[0], o.sandbox.AccountID(maxim)
	if err := o.AddMember(ctx, g.DirectoryID, g.ID, person); err != nil {
		t.Fatal(err)
	}
	if after := named("partners")[0]; after.Members != g.Members+1 {
		t.Errorf("%d members after one more than %d", after.Members, g.Members)
	}
	if err := o.AddMember(ctx, g.DirectoryID, g.ID, person); !rest.IsStatus(err, http.StatusConflict) {
		t.Errorf("a member already: %v", err)
	}
	if err := o.RemoveMember(ctx, g.DirectoryID, g.ID, person); err != nil {
		t.Error(err)
	}
	if err := o.RemoveMember(ctx, engineering[0].DirectoryID, engineering[0].ID, o.sandbox.AccountID(jane)); refusal(t, err).Status < 400 {
		t.Errorf("a group that is synced: %v", err)
	}
	of, err := o.SearchGroups(ctx, admin.GroupQuery{AccountIDs: []string{o.sandbox.AccountID(jane)}}, "")
	if err != nil || !slices.ContainsFunc(of.Items, func(g admin.Group) bool { return g.ID == engineering[0].ID }) {
		t.Errorf("groups of one person: %+v, %v", of, err)
	}
}

func TestRoles(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	of, err := o.UserRoles(ctx, "", o.sandbox.AccountID(maxim))
	if err != nil || !slices.ContainsFunc(of, func(a admin.RoleAssignment) bool {
		return strings.HasSuffix(a.ResourceID, "/"+sandbox.CloudID) && a.Owner != "" && slices.ContainsFunc(a.Roles, admin.CostsSeat)
	}) {
		t.Errorf("no paid role on the site among %+v, %v", of, err)
	}
	groups := 0
	for page, err := range o.AllGroups(ctx, admin.GroupQuery{SearchTerm: "users"}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page {
			granted, err := o.GroupRoles(ctx, g.DirectoryID, g.ID)
			if err != nil {
				t.Fatal(err)
			}
			groups += min(len(granted), 1)
		}
	}
	if groups == 0 {
		t.Error("no group grants anything")
	}
	for role, want := range map[string]bool{
		admin.RoleUser: true, admin.RoleAdmin: true, "atlassian/new": true,
		admin.RoleGuest: false, admin.RoleCustomer: false, admin.RoleContributor: false, admin.RoleBasic: false, admin.RoleStakeholder: false, admin.RoleUserAccessAdmin: false,
	} {
		if admin.CostsSeat(role) != want {
			t.Errorf("%s costs a seat: %v", role, !want)
		}
	}
}

func TestInvitations(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	synced, err := o.SearchGroups(ctx, admin.GroupQuery{Names: []string{"engineering"}}, "")
	if err != nil || len(synced.Items) != 1 {
		t.Fatalf("%+v, %v", synced, err)
	}
	grant := []admin.RoleGrant{{ResourceID: "ari:cloud:jira-software::site/" + sandbox.CloudID, Role: admin.RoleUser}}
	people, err := o.InviteUsers(ctx, admin.Invitation{Emails: []string{"new.one@partner.example"}, Roles: grant, Notify: true, Text: "Welcome"})
	if err != nil || len(people) != 1 || people[0].AccountID == "" || len(people[0].Failures) != 0 {
		t.Fatalf("%+v, %v", people, err)
	}
	if u := o.find(t, "new.one@partner.example"); u.AccountID != people[0].AccountID || len(u.Products) == 0 {
		t.Errorf("invited, and is %+v", u)
	}
	// 206: one address is fine but for a group, the other is somebody who can't be invited.
	people, err = o.InviteUsers(ctx, admin.Invitation{Emails: []string{"new.two@partner.example", "lee.left@example.com"}, GroupIDs: []string{synced.Items[0].ID}})
	if err != nil || len(people) != 2 {
		t.Fatalf("%+v, %v", people, err)
	}
	if p := people[0]; p.Email != "new.two@partner.example" || p.AccountID == "" || len(p.Failures) != 1 || !strings.Contains(p.Failures[0], "identity provider") {
		t.Errorf("a group that is synced: %+v", p)
	}
	if p := people[1]; p.Email != "lee.left@example.com" || len(p.Failures) == 0 {
		t.Errorf("a deactivated account: %+v", p)
	}
	for _, test := range []struct {
		knobs  sandbox.OrgKnobs
		status int
	}{
		{sandbox.OrgKnobs{Unpaid: true}, http.StatusPaymentRequired},
		{sandbox.OrgKnobs{SeatLimit: 1}, http.StatusConflict},
	} {
		if err := o.sandbox.SetOrganization(test.knobs); err != nil {
			t.Fatal(err)
		}
		if _, err := o.InviteUsers(ctx, admin.Invitation{Emails: []string{"new.three@partner.example"}, Roles: grant}); !rest.IsStatus(err, test.status) {
			t.Errorf("got %v, want %d", err, test.status)
		}
	}
}
