package events

import (
	"context"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestAnActionIsReadByItsNameAndElseByItsWords(t *testing.T) {
	for _, tt := range []struct {
		raw, name, group string
		kind             Kind
		action           string
	}{
		{raw: "managed_account_deactivated", kind: Deactivated, action: "deactivated"},
		{raw: "user_disabled_org_access", kind: Deactivated, action: "suspended"},
		{raw: "user_logged_in_as_user", kind: Admin, action: "impersonated"},
		{raw: "x1", name: "Deactivated account", kind: Deactivated, action: "deactivated"},
		{raw: "x1", name: "Reactivated account", kind: Reactivated, action: "reactivated"},
		{raw: "x1", name: "Suspended user access", kind: Deactivated, action: "suspended"},
		{raw: "x1", name: "Restored user access", kind: Reactivated, action: "restored"},
		{raw: "x1", name: "Deleted account permanently", kind: Deleted, action: "deleted"},
		{raw: "x1", name: "Changed email address", group: "Atlassian accounts", kind: Profile, action: "x1"},
		{raw: "x1", name: "Logged in to account", kind: SignIn, action: "x1"},
		{raw: "x1", name: "Requested password recovery link", kind: SignIn, action: "x1"},
		{raw: "x1", name: "Added user to group", kind: Group, action: "group_added"},
		{raw: "x1", name: "Removed user from group", kind: Group, action: "group_removed"},
		{raw: "x1", name: "Created group", kind: Group, action: "group_created"},
		{raw: "x1", name: "Granted group product access", kind: Access, action: "access_granted"},
		{raw: "x1", name: "Revoked app access from user", kind: Access, action: "access_revoked"},
		{raw: "x1", name: "Granted organization admin role", kind: Admin, action: "admin_granted"},
		{raw: "x1", name: "Created API token", kind: Token, action: "token_created"},
		{raw: "x1", name: "Revoked API token", kind: Token, action: "token_revoked"},
		{raw: "x1", name: "Regenerated SCIM API key", kind: Token, action: "x1"},
		{raw: "x1", name: "Created identity provider directory", kind: Provisioning, action: "x1"},
		{raw: "x1", name: "Updated authentication policy", kind: SignIn, action: "x1"},
		{raw: "x1", name: "Invited user", kind: Invited, action: "invited"},
		{raw: "user_removed", kind: Deleted, action: "removed"},
		{raw: "user_created", kind: Created, action: "created"},
		{raw: "user_frobnicated", kind: Other, action: "user_frobnicated"},
		{raw: "x1", name: "Added repository member", kind: Access, action: "access_granted"},
	} {
		got, ok := classify(tt.raw, admin.EventAction{ID: tt.raw, Name: tt.name, Group: tt.group}, false)
		if !ok || got.kind != tt.kind || got.action != tt.action {
			t.Errorf("%s %q is %s, %s (%v); want %s, %s", tt.raw, tt.name, got.kind, got.action, ok, tt.kind, tt.action)
		}
	}
}

func TestWhatIsNotAboutPeopleIsLeftOut(t *testing.T) {
	for raw, name := range map[string]string{
		"jira_issue_viewed": "Viewed issue", "confluence_page_created": "Created page", "repository_deleted": "Deleted repository", "app_installed": "App successful installation",
		"x": "Exported Confluence space", "board_updated": "",
	} {
		if m, ok := classify(raw, admin.EventAction{Name: name}, true); ok {
			t.Errorf("%s %q is taken for %s", raw, name, m.kind)
		}
	}
	if _, ok := classify("frobnicated", admin.EventAction{}, true); !ok {
		t.Error("an unknown action that names a person is hidden")
	}
	if _, ok := classify("frobnicated", admin.EventAction{}, false); ok {
		t.Error("an unknown action without a person is shown")
	}
}

// TestWordsAndNamesAgree reads each known action by its words, which is how an organization's that aren't known are.
func TestWordsAndNamesAgree(t *testing.T) {
	for raw, want := range known {
		got, ok := byWords(words(raw), nil, true)
		if !ok || got.kind != want.kind && raw != "user_granted_role" && raw != "user_revoked_role" && raw != "user_logged_in_as_user" && raw != "user_disabled_org_access" &&
			raw != "managed_account_profile_updated" {
			t.Errorf("%s is read as %s, and is %s", raw, got.kind, want.kind)
		}
	}
}

func TestEveryActionOfTheOrganizationHasAKind(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{})
	actions, err := s.client(sandbox.OrgKeyFull).EventActions(context.Background())
	if err != nil || len(actions) < 20 {
		t.Fatalf("%d actions, %v", len(actions), err)
	}
	for _, a := range actions {
		m, ok := classify(a.ID, a, true)
		if !ok || m.kind == Other {
			t.Errorf("%s %q is %s, %v", a.ID, a.Name, m.kind, ok)
		}
		if m.words != a.Name {
			t.Errorf("%s is told as %q, and the console says %q", a.ID, m.words, a.Name)
		}
	}
}
