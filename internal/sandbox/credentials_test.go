package sandbox

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// What each token's owner may do, and that mypermissions says the same.
func TestPermissionsOfTokens(t *testing.T) {
	const jane = "jane.doe@example.com"
	for token, want := range map[string]struct{ user, list, search, makeGroup, remove, roles int }{
		TokenAdmin:    {200, 200, 1, 201, 204, 200},
		TokenProjects: {200, 200, 1, 403, 403, 200},
		TokenViewer:   {200, 200, 1, 403, 403, 403},
		TokenNoBrowse: {403, 403, 0, 403, 403, 403},
		TokenExpired:  {401, 401, -1, 401, 401, 401},
		TokenScoped:   {401, 401, -1, 401, 401, 401}, // at the site
		"none":        {401, 401, 0, 401, 401, 401},
	} {
		t.Run(token, func(t *testing.T) {
			admin := start(t, Options{})
			c := admin.as(token)
			c.jira("GET", "/user", "", "accountId", c.s.AccountID(jane)).want(want.user)
			c.jira("GET", "/users/search", "").want(want.list)
			if want.search >= 0 {
				if got := len(search(c, "jane.doe")); got != want.search {
					t.Errorf("search finds %d, want %d", got, want.search)
				}
				var picked struct{ Total int }
				c.jira("GET", "/user/picker", "", "query", "jane.doe").into(200, &picked)
				if picked.Total != want.search {
					t.Errorf("the picker finds %d, want %d", picked.Total, want.search)
				}
			} else {
				c.jira("GET", "/user/search", "", "query", "jane").want(401)
			}
			c.jira("POST", "/group", `{"name":"fresh"}`).want(want.makeGroup)
			c.jira("POST", "/group/user", `{"accountId":"`+c.s.AccountID(jane)+`"}`, "groupId", c.s.GroupID("partners", false)).want(want.makeGroup)
			c.jira("DELETE", "/user", "", "accountId", c.s.AccountID("sam.partner@partner.example")).want(want.remove)
			c.jira("GET", "/applicationrole", "").want(want.roles)
			if want.user == 401 {
				return
			}
			var mine struct {
				Permissions map[string]struct{ HavePermission bool }
			}
			c.jira("GET", "/mypermissions", "", "permissions", "USER_PICKER,ADMINISTER,SYSTEM_ADMIN").into(200, &mine)
			for key, held := range map[string]bool{"USER_PICKER": want.search == 1, "ADMINISTER": want.roles == 200, "SYSTEM_ADMIN": want.remove == 204} {
				if mine.Permissions[key].HavePermission != held {
					t.Errorf("mypermissions says %v to %s, want %v", !held, key, held)
				}
			}
		})
	}
}

func TestPermissionKeysAreChecked(t *testing.T) {
	c := start(t, Options{})
	c.jira("GET", "/mypermissions", "").want(400)
	c.jira("GET", "/mypermissions", "", "permissions", "USER_PICKER,FLY").want(400)
}

// A scoped token works at the gateway, a classic one at the site, and the cloud id in between is public.
func TestGateway(t *testing.T) {
	c := start(t, Options{})
	var tenant struct{ CloudID string }
	c.as("none").do("GET", "/_edge/tenant_info", "").into(200, &tenant)
	gateway := "/ex/jira/" + tenant.CloudID + "/rest/api/3"
	var me jiraUser
	answer := c.as(TokenScoped).do("GET", gateway+"/myself", "").into(200, &me)
	if me.AccountID != c.s.AccountID(adminEmail) {
		t.Errorf("the scoped token belongs to %+v", me)
	}
	if !strings.Contains(string(answer.body), "http://example.com"+gateway+"/user?") {
		t.Errorf("links lead past the gateway: %s", answer.body)
	}
	c.do("GET", gateway+"/myself", "").want(401)
	c.as("none").do("GET", gateway+"/serverInfo", "").want(401)
	c.as(TokenScoped).do("GET", "/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3/myself", "").want(404)
}

func TestAnonymousAccess(t *testing.T) {
	c := start(t, Options{}).as("none")
	c.jira("GET", "/serverInfo", "").want(200)
	c.jira("GET", "/permissions", "").want(200)
	c.jira("GET", "/myself", "").want(401)
	for _, authorization := range []string{"Bearer x", "Basic eDp5", "Basic ???"} {
		r := httptest.NewRequest("GET", "/rest/api/3/serverInfo", nil)
		r.Header.Set("Authorization", authorization)
		c.send(r).want(401)
	}
}

// A token ends with the access of its owner.
func TestTokenDiesWithItsOwner(t *testing.T) {
	c := start(t, Options{})
	viewer := c.as(TokenViewer)
	viewer.jira("GET", "/myself", "").want(200)
	c.jira("DELETE", "/user", "", "accountId", c.s.AccountID(viewerEmail)).want(204)
	viewer.jira("GET", "/myself", "").want(401)
}
