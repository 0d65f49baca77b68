package sandbox

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// Every credential opens its own door and no other.
func TestEveryCredentialHasItsDoor(t *testing.T) {
	c := start(t, Options{})
	key := OrgKeys()[OrgKeyFull].Key
	ask := func(path string, authorize func(setBasic func(user, password string), setBearer func(string))) int {
		r := httptest.NewRequest("GET", path, nil)
		authorize(r.SetBasicAuth, func(token string) { r.Header.Set("Authorization", "Bearer "+token) })
		return c.send(r).status
	}
	admin := Tokens()[TokenAdmin]
	for name, tt := range map[string]struct {
		path   string
		basic  bool
		secret string
		want   int
	}{
		"the organization with its key":             {"/admin/v1/orgs", false, key, 200},
		"the organization with Jira's token":        {"/admin/v1/orgs", false, admin.Token, 401},
		"the organization with Jira's token, Basic": {"/admin/v1/orgs", true, admin.Token, 401},
		"the organization with its key, Basic":      {"/admin/v1/orgs", true, key, 401},
		"the organization with SCIM's token":        {"/admin/v1/orgs", false, SCIMToken, 401},
		"accounts with Jira's token":                {"/users/x/manage", false, admin.Token, 401},
		"accounts with SCIM's token":                {"/users/x/manage", false, SCIMToken, 401},
		"Jira with the organization's key":          {"/rest/api/3/myself", true, key, 401},
		"Jira with the key as a bearer":             {"/rest/api/3/myself", false, key, 401},
		"the gateway with the organization's key":   {"/ex/jira/" + CloudID + "/rest/api/3/myself", false, key, 401},
		"SCIM with the organization's key":          {"/scim/directory/" + DirectoryID + "/Users", false, key, 401},
	} {
		got := ask(tt.path, func(basic func(string, string), bearer func(string)) {
			if tt.basic {
				basic(admin.Email, tt.secret)
			} else {
				bearer(tt.secret)
			}
		})
		if got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	if got := ask("/admin/v1/orgs", func(func(string, string), func(string)) {}); got != 401 {
		t.Errorf("nothing: %d", got)
	}
}

func TestScopesOfKeys(t *testing.T) {
	c := start(t, Options{})
	max := c.s.AccountID("max.manager@example.com")
	const v2 = "/admin/v2/orgs/" + OrgID
	for name, tt := range map[string]struct {
		method, path, body     string
		scoped, reader, narrow int
	}{
		"the organization":      {"GET", "/admin/v1/orgs/" + OrgID, "", 200, 200, 401}, // no 403 is documented
		"the organizations":     {"GET", "/admin/v1/orgs", "", 200, 200, 200},
		"a search for users":    {"POST", v2 + "/directories/-/users/search", `{}`, 200, 200, 200},
		"a search for groups":   {"POST", v2 + "/directories/-/groups/search", `{}`, 200, 200, 403},
		"the list of domains":   {"GET", "/admin/v1/orgs/" + OrgID + "/domains", "", 200, 200, 403},
		"managed accounts":      {"GET", "/admin/v1/orgs/" + OrgID + "/users", "", 200, 200, 401}, // no 403 is documented
		"the audit log":         {"GET", "/admin/v1/orgs/" + OrgID + "/events", "", 401, 401, 401},
		"the events' stream":    {"GET", "/admin/v1/orgs/" + OrgID + "/events-stream", "", 200, 200, 401},
		"API tokens":            {"GET", "/admin/api-access/v1/orgs/" + OrgID + "/api-tokens", "", 200, 200, 403},
		"what may be done":      {"GET", "/users/" + max + "/manage", "", 200, 200, 403},
		"a suspension":          {"POST", v2 + "/directories/-/users/" + max + "/suspend", `{}`, 204, 403, 403},
		"disabling":             {"POST", "/users/" + max + "/manage/lifecycle/disable", `{}`, 204, 403, 403},
		"revoking every token":  {"DELETE", "/admin/api-access/v1/orgs/" + OrgID + "/api-tokens", "", 204, 403, 403},
		"an invitation":         {"POST", v2 + "/users/invite", `{"emails":["nonsense"]}`, 206, 403, 403},
		"membership of a group": {"POST", v2 + "/directories/-/groups/" + c.s.GroupID("partners", false) + "/memberships", `{"accountId":"` + max + `"}`, 204, 403, 403},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{})
			for key, want := range map[string]int{OrgKeyNarrow: tt.narrow, OrgKeyReader: tt.reader, OrgKeyExpired: 401} {
				c.with(key).do(tt.method, tt.path, tt.body).want(want)
			}
			c.with(OrgKeyScoped).do(tt.method, tt.path, tt.body).want(tt.scoped)
		})
	}
	if err := c.s.SetOrganization(OrgKnobs{UnscopedAccounts: true}); err != nil {
		t.Fatal(err)
	}
	c.with(OrgKeyScoped).do("GET", "/users/"+max+"/manage", "").want(403)
	c.do("GET", "/users/"+max+"/manage", "").want(200)
}

func TestKeyOfAnotherOrganization(t *testing.T) {
	c := start(t, Options{})
	foreign := c.with(OrgKeyForeign)
	var orgs orgPage[struct{ ID string }]
	foreign.do("GET", "/admin/v1/orgs", "").into(200, &orgs)
	if len(orgs.Data) != 1 || orgs.Data[0].ID != OtherOrgID {
		t.Errorf("%+v", orgs)
	}
	foreign.v1("GET", "", "").want(404)
	foreign.dir("POST", "/users/search", `{}`).want(404)
	var page orgPage[orgUser]
	foreign.do("POST", "/admin/v2/orgs/"+OtherOrgID+"/directories/-/users/search", `{}`).into(200, &page)
	if len(page.Data) != 0 {
		t.Errorf("it sees %d people", len(page.Data))
	}
	foreign.manage("GET", "max.manager@example.com", "", "").want(403)
	foreign.manage("POST", "max.manager@example.com", "/lifecycle/disable", `{}`).want(403)
	c.do("POST", "/admin/v2/orgs/"+OtherOrgID+"/directories/-/users/search", `{}`).want(404)
}

// The v1 paths that ended are gone, and those that did not are there.
func TestEndedPathsAreGone(t *testing.T) {
	c := start(t, Options{})
	for _, path := range ended {
		method, pattern, _ := strings.Cut(path, " ")
		pattern = strings.Replace(pattern, "{}", OrgID, 1)
		c.do(method, strings.ReplaceAll(pattern, "{}", "x"), `{}`).want(410)
	}
	c.do("GET", "/admin/v1/orgs/"+OrgID+"/groups", "").want(404)
}
