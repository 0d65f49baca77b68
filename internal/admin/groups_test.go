package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

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
