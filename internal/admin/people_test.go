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
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

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
