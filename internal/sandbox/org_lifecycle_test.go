package sandbox

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never comes: " + what)
		}
	}
}

func TestDisabledAccountIsInactiveEverywhere(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	c.manage("POST", max, "/lifecycle/disable", `{"message":"left"}`).want(204)
	c.manage("POST", max, "/lifecycle/disable", `{}`).want(204)
	if u := c.user(max); u.Active || u.Groups.Size != 3 {
		t.Errorf("in Jira %+v", u)
	}
	u := c.orgUserOf(max)
	if u.Status != "deactivated" || u.AccountStatus != "inactive" || u.MembershipStatus != "active" || u.DeactivatedOn == nil || len(u.Groups) != 3 {
		t.Errorf("in the organization %+v", u)
	}
	if len(c.tokens(max)) != 2 {
		t.Error("the tokens went with the account")
	}
	c.manage("POST", max, "/lifecycle/enable", "").want(204)
	if !c.user(max).Active || c.orgUserOf(max).Status != "active" || c.orgUserOf(max).DeactivatedOn != nil {
		t.Error("it is not active again")
	}
}

func TestChangesShowLater(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{Lag: 40 * time.Millisecond})
	c.manage("POST", max, "/lifecycle/disable", `{}`).want(204)
	if !c.user(max).Active || c.orgUserOf(max).Status != "active" {
		t.Error("it shows at once")
	}
	if a, _ := c.s.OrgAccount(max); a.Status != "deactivated" {
		t.Errorf("it is not so: %+v", a)
	}
	eventually(t, "inactive", func() bool { return !c.user(max).Active && c.orgUserOf(max).Status == "deactivated" })
}

func TestManageSaysWhatIsAllowed(t *testing.T) {
	c := start(t, Options{Users: 1})
	type rules map[string]struct {
		Allowed bool
		Reason  struct{ Key string }
	}
	for email, want := range map[string][2]string{ // the reasons for lifecycle.enablement and lifecycle.delete
		"max.manager@example.com": {"", ""},
		"jane.doe@example.com":    {"externalDirectory.scim", "externalDirectory.scim"},
		googleEmail:               {"externalDirectory.google", "externalDirectory.google"},
		blockedEmail:              {"blocked.exportControl", ""},
		adminEmail:                {"administrative.notMyself", "administrative.notMyself"},
	} {
		var got rules
		c.manage("GET", email, "?privileges=lifecycle.enablement,lifecycle.delete&privileges=apiToken.read&privileges=apiToken.delete", "").into(200, &got)
		reasons := [2]string{got["lifecycle.enablement"].Reason.Key, got["lifecycle.delete"].Reason.Key}
		if reasons != want || got["lifecycle.enablement"].Allowed != (want[0] == "") || !got["apiToken.read"].Allowed || !got["apiToken.delete"].Allowed || len(got) != 4 {
			t.Errorf("%s: %+v", email, got)
		}
		var refused struct {
			Key     string
			Context struct {
				Allowed bool
				Reason  struct{ Key string }
			}
		}
		if want[0] != "" {
			c.manage("POST", email, "/lifecycle/disable", `{}`).into(403, &refused)
			if refused.Key != "forbidden.action" || refused.Context.Allowed || refused.Context.Reason.Key != want[0] {
				t.Errorf("%s: %+v", email, refused)
			}
		}
	}
	var key struct{ Key string }
	for email, want := range map[string]string{"sam.partner@partner.example": "forbidden", unverifiedEmail: "forbidden.targetUnverified"} {
		if c.manage("GET", email, "", "").into(403, &key); key.Key != want {
			t.Errorf("%s: %s", email, key.Key)
		}
	}
	if c.do("GET", "/users/nobody/manage", "").into(404, &key); key.Key != "accountNotFound" {
		t.Errorf("nobody: %s", key.Key)
	}
	c.manage("POST", "max.manager@example.com", "/lifecycle/disable", "").want(415)
}

func TestDeletionCanBeCanceled(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	c.manage("POST", max, "/lifecycle/delete", "").want(200)
	if u := c.orgUserOf(max); !u.ForDeletion || u.Status != "deactivated" || c.user(max).Active {
		t.Errorf("%+v", u)
	}
	c.manage("POST", max, "/lifecycle/enable", "").want(403)
	c.manage("POST", max, "/lifecycle/cancel-delete", "").want(200)
	if u := c.orgUserOf(max); u.ForDeletion || u.Status != "active" || !c.user(max).Active {
		t.Errorf("%+v", u)
	}
	// A deletion that was canceled never comes; one that was not is for good.
	if err := c.s.SetOrganization(OrgKnobs{DeletionDelayMS: 20}); err != nil {
		t.Fatal(err)
	}
	id, other := c.s.AccountID(max), c.s.AccountID(dormantEmail)
	c.manage("POST", max, "/lifecycle/delete", "").want(200)
	c.manage("POST", max, "/lifecycle/cancel-delete", "").want(200)
	c.manage("POST", dormantEmail, "/lifecycle/delete", "").want(200)
	eventually(t, "deleted", func() bool { return len(c.find(`{"accountStatus":["closed"]}`)) == 1 })
	if u := c.find(`{"accountIds":["` + other + `"]}`)[0]; u.Email != "" || u.Status != "deactivated" || u.MembershipStatus != "no_membership" {
		t.Errorf("%+v", u)
	}
	c.do("GET", "/users/"+other+"/manage", "").want(404)
	c.do("POST", "/users/"+other+"/manage/lifecycle/enable", "").want(404)
	if c.s.AccountID(dormantEmail) != "" || c.s.AccountID(max) != id || c.orgUserOf(max).Status != "active" || c.entryOf("managed_account_deleted") == nil {
		t.Error("the wrong account, or half of one")
	}
	var conflict struct {
		Key     string
		Context struct{ ErrorCodes []struct{ Code string } }
	}
	c.manage("POST", billingEmail, "/lifecycle/delete", "").into(409, &conflict)
	if conflict.Key != "conflict.lifecycleErrors" || len(conflict.Context.ErrorCodes) != 1 || conflict.Context.ErrorCodes[0].Code != "billingContact" {
		t.Errorf("%+v", conflict)
	}
}

func TestSuspensionFreesSeatsAndKeepsTheRest(t *testing.T) {
	const sam = "sam.partner@partner.example"
	c := start(t, Options{})
	seats := func() (n int) {
		var role struct{ UserCount int }
		c.jira("GET", "/applicationrole/jira-software", "").into(200, &role)
		return role.UserCount
	}
	before, path := seats(), "/users/"+c.s.AccountID(sam)
	c.dir("POST", path+"/suspend", "").want(415)
	c.v2("POST", "/directories/"+SyncedID+path+"/suspend", "{}").want(404)
	c.v2("POST", "/directories/"+LocalID+path+"/suspend", "{}").want(204)
	u := c.orgUserOf(sam)
	if u.Status != "suspended" || u.AccountStatus != "active" || len(u.Groups) != 2 {
		t.Errorf("%+v", u)
	}
	if j := c.user(sam); j.Active || j.Groups.Size != 2 || seats() != before-1 {
		t.Errorf("in Jira %+v, %d seats of %d", j, seats(), before)
	}
	c.dir("POST", path+"/restore", "{}").want(204)
	if c.orgUserOf(sam).Status != "active" || !c.user(sam).Active || seats() != before {
		t.Error("not restored")
	}
	// A token of somebody who is suspended lets nobody in.
	c.dir("POST", "/users/"+c.s.AccountID(viewerEmail)+"/suspend", "{}").want(204)
	c.as(TokenViewer).jira("GET", "/myself", "").want(401)
}

func TestRemovalIsQueuedAndInvitationBringsBackWithout(t *testing.T) {
	const sam = "sam.partner@partner.example"
	c := start(t, Options{Organization: OrgKnobs{RemovalDelayMS: 30}})
	id := c.s.AccountID(sam)
	c.v1("POST", "/users/"+id+"/roles/assign", `{"role":"atlassian/user-access-admin","resource":"`+resourceARI("jira-core", CloudID)+`"}`).want(204)
	c.dir("DELETE", "/users/"+id, "").want(204)
	if c.orgUserOf(sam).Status != "active" {
		t.Error("it shows at once")
	}
	eventually(t, "removed", func() bool { return len(c.find(`{"emails":["`+sam+`"]}`)) == 0 })
	c.jira("GET", "/user", "", "accountId", id).want(404)
	c.dir("DELETE", "/users/"+id, "").want(404)
	if c.entryOf("user_removed_from_org") == nil {
		t.Error("the audit log does not have it")
	}
	partners := c.s.GroupID("partners", false)
	var answer struct {
		Data []struct {
			ID, Email string
		}
	}
	c.v2("POST", "/users/invite", `{"emails":["`+sam+`"]}`).into(200, &answer)
	if len(answer.Data) != 1 || answer.Data[0].ID != id {
		t.Errorf("%+v", answer)
	}
	if u := c.orgUserOf(sam); u.Status != "active" || len(u.Groups) != 0 || u.Counts["resources"] != 0 {
		t.Errorf("%+v", u)
	}
	c.v2("POST", "/users/invite", `{"emails":["`+sam+`"],"additionalGroups":["`+partners+`"]}`).want(200)
	if u := c.orgUserOf(sam); len(u.Groups) != 1 {
		t.Errorf("%+v", u)
	}
	// A synced person is the identity provider's to remove.
	c.dir("DELETE", "/users/"+c.s.AccountID("jane.doe@example.com"), "").want(403)
}

func TestInvitations(t *testing.T) {
	c := start(t, Options{})
	jira, engineering, partners := resourceARI("jira-software", CloudID), c.s.GroupID("engineering", true), c.s.GroupID("partners", false)
	type result struct {
		Data []struct {
			ID, Email string
			Results   []inviteResult
		}
	}
	invite := func(status int, body string) (r result) {
		t.Helper()
		c.v2("POST", "/users/invite", body).into(status, &r)
		return r
	}
	r := invite(206, `{"emails":["one@partner.example","not an address","lee.left@example.com"],"permissionRules":[{"resource":"`+jira+`","role":"atlassian/user"}],"additionalGroups":["`+partners+`"]}`)
	var told []string
	for _, d := range r.Data {
		told = append(told, d.Email+" "+d.Results[0].Roles[0].Status+" "+d.Results[0].Groups[0].Status+" "+d.Results[0].Groups[0].Reason)
	}
	want := []string{
		"one@partner.example INVITED INVITED ", "not an address ERROR ERROR The email address is not valid.", "lee.left@example.com ERROR ERROR The account is not active.",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if got := groupNames(c.user("one@partner.example").Groups.Items); !slices.Contains(got, "partners") || !slices.Contains(got, "jira-software-users") {
		t.Errorf("groups %v", got)
	}
	// A synced group refuses, and the rest is done.
	r = invite(206, `{"emails":["two@partner.example"],"additionalGroups":["`+engineering+`"]}`)
	if r.Data[0].ID == "" || r.Data[0].Results[0].Groups[0].Status != "ERROR" {
		t.Errorf("%+v", r)
	}
	// A role that costs nothing is the person's own.
	invite(200, `{"emails":["three@partner.example"],"permissionRules":[{"resource":"`+resourceARI("confluence", CloudID)+`","role":"atlassian/guest"}]}`)
	var roles orgPage[struct{ ResourceID string }]
	c.dir("GET", "/users/"+c.s.AccountID("three@partner.example")+"/role-assignments", "").into(200, &roles)
	if len(roles.Data) != 1 {
		t.Errorf("roles %+v", roles)
	}
	// Somebody who is suspended is restored, not invited.
	if r = invite(206, `{"emails":["`+suspendedEmail+`"]}`); r.Data[0].ID != "" || c.orgUserOf(suspendedEmail).Status != "suspended" {
		t.Errorf("%+v", r)
	}
	invite(400, `{"emails":["four@partner.example"],"additionalGroups":["nowhere"]}`)
	invite(400, `{"emails":["four@partner.example"],"permissionRules":[{"resource":"ari:cloud:jira-software::site/x","role":"atlassian/user"}]}`)
	invite(400, `{"emails":[`+strings.Repeat(`"a@partner.example",`, 25)+`"b@partner.example"]}`)
	if err := c.s.SetOrganization(OrgKnobs{Unpaid: true}); err != nil {
		t.Fatal(err)
	}
	invite(402, `{"emails":["four@partner.example"]}`)
	if err := c.s.SetOrganization(OrgKnobs{SeatLimit: 1}); err != nil {
		t.Fatal(err)
	}
	invite(409, `{"emails":["four@partner.example"],"permissionRules":[{"resource":"`+jira+`","role":"atlassian/user"}]}`)
	c.dir("POST", "/groups/"+c.s.GroupID("jira-software-users", false)+"/memberships", `{"accountId":"`+c.s.AccountID("two@partner.example")+`"}`).want(409)
	if c.s.AccountID("four@partner.example") != "" {
		t.Error("a refused invitation took effect")
	}
}

func TestAdminRoleGoesFirst(t *testing.T) {
	const dana = "dana.admin@example.com"
	c := start(t, Options{})
	path := "/users/" + c.s.AccountID(dana)
	c.dir("POST", path+"/suspend", "{}").want(403)
	c.v1("POST", path+"/roles/revoke", `{"role":"atlassian/org-admin"}`).want(204)
	if roles := c.orgUserOf(dana).PlatformRoles; slices.Contains(roles, roleOrgAdmin) || !slices.Contains(roles, roleSiteAdmin) {
		t.Errorf("roles %v", roles)
	}
	c.dir("POST", path+"/suspend", "{}").want(204)
	c.v1("POST", "/users/"+c.s.AccountID(adminEmail)+"/roles/revoke", `{"role":"atlassian/org-admin"}`).want(409)
}

func TestProfileAndEmail(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	var body struct {
		Account struct{ Name, Email string }
	}
	c.manage("PATCH", max, "/profile", `{"name":"Maxine Manager"}`).into(200, &body)
	if body.Account.Name != "Maxine Manager" || c.user(max).DisplayName != "Maxine Manager" {
		t.Errorf("%+v", body)
	}
	c.manage("PATCH", "jane.doe@example.com", "/profile", `{"name":"Janet"}`).want(403)
	c.manage("PATCH", max, "/profile", `{`).want(400)
	id := c.s.AccountID(max)
	c.manage("PUT", max, "/email", `{"email":"maxine@example.com"}`).want(204)
	if c.s.AccountID("maxine@example.com") != id || c.s.AccountID(max) != "" {
		t.Error("the address did not change")
	}
	c.do("PUT", "/users/"+id+"/manage/email", `{"email":"maxine@elsewhere.example"}`).want(403)
	c.do("PUT", "/users/"+id+"/manage/email", `{"email":"jane.doe@example.com"}`).want(400)
}
