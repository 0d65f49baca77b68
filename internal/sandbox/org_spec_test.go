package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/spectest"
)

// handlerTransport sends requests straight to a handler.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// orgCall is a request to the organization, and the status that it has to have. {org} in the path is the organization's id, {max} and the like an
// account's or a group's.
type orgCall struct {
	method, path, body string
	status             int
}

// TestEveryOrganizationRouteIsAsDocumented calls every operation that is documented, for every documented status that the sandbox serves, and holds
// requests and answers against the specifications.
func TestEveryOrganizationRouteIsAsDocumented(t *testing.T) {
	spectest.Require(t)
	const (
		v1   = "/admin/v1/orgs/{org}"
		v2   = "/admin/v2/orgs/{org}"
		dir  = v2 + "/directories/-"
		none = "712020:00000000-0000-4000-8000-000000000000"
	)
	c := start(t, Options{Organization: OrgKnobs{NoMinuteLimits: true}})
	fill := strings.NewReplacer(
		"{org}", OrgID, "{admin}", c.s.AccountID(adminEmail), "{jane}", c.s.AccountID("jane.doe@example.com"), "{max}", c.s.AccountID("max.manager@example.com"),
		"{sam}", c.s.AccountID("sam.partner@partner.example"), "{google}", c.s.AccountID(googleEmail), "{billing}", c.s.AccountID(billingEmail),
		"{unverified}", c.s.AccountID(unverifiedEmail), "{deleting}", c.s.AccountID(deletingEmail), "{suspended}", c.s.AccountID(suspendedEmail),
		"{lee}", c.s.AccountID("lee.left@example.com"), "{nils}", c.s.AccountID("nils.null@partner.example"),
		"{partners}", c.s.GroupID("partners", false), "{engineering}", c.s.GroupID("engineering", true), "{software}", c.s.GroupID("jira-software-users", false),
		"{contractors}", c.s.GroupID("contractors", false), "{managers}", c.s.GroupID("release-managers", false), "{none}", none, "{token}", c.tokens("max.manager@example.com")[0].ID,
		"{domain}", domainID(verifiedDomain), "{nodomain}", domainID("nowhere.example"), "{event}", c.anEvent(), "{jira}", resourceARI("jira-software", CloudID),
	)
	calls := []orgCall{
		{"GET", "/admin/v1/orgs", "", 200},
		{"GET", v1, "", 200},
		{"GET", v1 + "/users", "", 200},
		{"GET", v1 + "/users?cursor=x", "", 400},
		{"GET", v1 + "/domains", "", 200},
		{"GET", v1 + "/domains?cursor=x", "", 400},
		{"GET", v1 + "/domains/{domain}", "", 200},
		{"GET", v1 + "/domains/!", "", 400},
		{"GET", v1 + "/domains/{nodomain}", "", 404},
		{"GET", v1 + "/events?limit=500&q=jane", "", 200},
		{"GET", v1 + "/events?cursor=x", "", 400},
		{"GET", v1 + "/events?from=100", "", 400},
		{"GET", v1 + "/events/{event}", "", 200},
		{"GET", v1 + "/events/{none}", "", 404},
		{"GET", v1 + "/event-actions", "", 200},
		{"GET", v1 + "/events-stream?limit=500&sortOrder=desc", "", 200},
		{"GET", v1 + "/events-stream?cursor=x", "", 400},
		{"GET", v1 + "/directory/users/{max}/last-active-dates", "", 200},
		{"GET", v1 + "/directory/users/{max}/last-active-dates?cursor=x", "", 400},
		{"GET", v1 + "/directory/users/{none}/last-active-dates", "", 404},
		{"POST", v1 + "/users/{max}/roles/assign", `{"role":"atlassian/org-admin"}`, 204},
		{"POST", v1 + "/users/{max}/roles/assign", `{"role":"atlassian/org-admin"}`, 409},
		{"POST", v1 + "/users/{max}/roles/assign", `{"role":"atlassian/guest"}`, 400},
		{"POST", v1 + "/users/{none}/roles/assign", `{"role":"atlassian/org-admin"}`, 404},
		{"POST", v1 + "/users/{max}/roles/revoke", `{"role":"atlassian/org-admin"}`, 204},
		{"POST", v1 + "/users/{max}/roles/revoke", `{"role":"atlassian/org-admin"}`, 400},
		{"POST", v1 + "/users/{none}/roles/revoke", `{"role":"atlassian/org-admin"}`, 404},
		{"GET", v2 + "/directories", "", 200},
		{"GET", v2 + "/directories?accountId={jane}", "", 200},
		{"POST", v2 + "/workspaces", `{"query":{"field":{"name":"attributes.typeKey","values":["confluence"]}}}`, 200},
		{"GET", dir + "/users?limit=100", "", 200},
		{"GET", dir + "/users?cursor=x", "", 400},
		{"GET", v2 + "/directories/{none}/users", "", 404},
		{"POST", dir + "/users/search", `{}`, 200},
		{"POST", dir + "/users/search", `{"limit":100,"expand":["groups","productAccess","platformRoles","counts.resources"]}`, 200},
		{"POST", dir + "/users/search", `{"emails":["max.manager@example.com"],"searchTerm":"max"}`, 400},
		{"POST", v2 + "/directories/{none}/users/search", `{}`, 404},
		{"GET", dir + "/users/count?claimStatus=managed&status=active", "", 200},
		{"GET", dir + "/users/count?claimStatus=some", "", 400},
		{"GET", v2 + "/directories/{none}/users/count", "", 404},
		{"GET", dir + "/users/stats", "", 200},
		{"GET", v2 + "/directories/{none}/users/stats", "", 404},
		{"GET", dir + "/users/{jane}", "", 200},
		{"GET", dir + "/users/{none}", "", 404},
		{"GET", dir + "/users/{admin}/role-assignments", "", 200},
		{"GET", dir + "/users/{none}/role-assignments", "", 404},
		{"GET", dir + "/groups?limit=100", "", 200},
		{"GET", dir + "/groups?cursor=x", "", 400},
		{"GET", v2 + "/directories/{none}/groups", "", 404},
		{"POST", dir + "/groups/search", `{"limit":100,"expand":["counts.users","counts.resources"]}`, 200},
		{"POST", dir + "/groups/search", `{"groupNames":["partners"],"searchTerm":"p"}`, 400},
		{"POST", v2 + "/directories/{none}/groups/search", `{}`, 404},
		{"GET", dir + "/groups/stats", "", 200},
		{"POST", dir + "/groups", `{"name":"fresh","description":"new"}`, 201},
		{"POST", dir + "/groups", `{"name":"fresh"}`, 409},
		{"POST", dir + "/groups", `{"name":" "}`, 400},
		{"POST", v2 + "/directories/" + SyncedID + "/groups", `{"name":"fresher"}`, 403},
		{"POST", v2 + "/directories/{none}/groups", `{"name":"fresher"}`, 404},
		{"GET", dir + "/groups/{partners}", "", 200},
		{"GET", dir + "/groups/{none}", "", 404},
		{"GET", dir + "/groups/{software}/role-assignments", "", 200},
		{"GET", dir + "/groups/{none}/role-assignments", "", 404},
		{"POST", dir + "/groups/{partners}/memberships", `{"accountId":"{max}"}`, 204},
		{"POST", dir + "/groups/{partners}/memberships", `{"accountId":"{max}"}`, 409},
		{"POST", dir + "/groups/{partners}/memberships", `{"accountId":""}`, 400},
		{"POST", dir + "/groups/{engineering}/memberships", `{"accountId":"{max}"}`, 403},
		{"POST", dir + "/groups/{partners}/memberships", `{"accountId":"{none}"}`, 404},
		{"DELETE", dir + "/groups/{partners}/memberships/{max}", "", 204},
		{"DELETE", dir + "/groups/{partners}/memberships/{max}", "", 404},
		{"DELETE", dir + "/groups/{engineering}/memberships/{jane}", "", 403},
		{"DELETE", dir + "/groups/{managers}", "", 204},
		{"DELETE", dir + "/groups/{managers}", "", 404},
		{"DELETE", dir + "/groups/{engineering}", "", 403},
		{"DELETE", dir + "/groups/{software}", "", 409},
		{"POST", dir + "/users/{max}/suspend", `{}`, 204},
		{"POST", dir + "/users/{max}/restore", `{}`, 204},
		{"POST", dir + "/users/{lee}/suspend", `{}`, 400},
		{"POST", dir + "/users/{admin}/suspend", `{}`, 403},
		{"POST", dir + "/users/{none}/suspend", `{}`, 404},
		{"POST", dir + "/users/{lee}/restore", `{}`, 400},
		{"POST", dir + "/users/{none}/restore", `{}`, 404},
		{"DELETE", dir + "/users/{nils}", "", 204},
		{"DELETE", dir + "/users/{admin}", "", 403},
		{"DELETE", dir + "/users/{none}", "", 404},
		{"POST", v2 + "/users/invite", `{"emails":["new@partner.example"],"permissionRules":[{"resource":"{jira}","role":"atlassian/user"}],"additionalGroups":["{partners}"],"sendNotification":false}`, 200},
		{"POST", v2 + "/users/invite", `{"emails":["newer@partner.example","nonsense"]}`, 206},
		{"POST", v2 + "/users/invite", `{"emails":[]}`, 400},
		{"GET", "/admin/user-provisioning/v1/org/{org}/user/{jane}/get-scim-links", "", 200},
		{"GET", "/admin/user-provisioning/v1/org/{org}/user/{none}/get-scim-links", "", 404},
		{"POST", "/admin/user-provisioning/v1/org/{org}/get-scim-links-for-email", `{"email":"jane.doe@example.com"}`, 200},
		{"POST", "/admin/user-provisioning/v1/org/{org}/get-scim-links-for-email", `{"email":""}`, 400},
		{"GET", "/admin/api-access/v1/orgs/{org}/api-tokens?pageSize=100&sort=-createdAt&status=ALLOWED&q=a", "", 200},
		{"GET", "/admin/api-access/v1/orgs/{org}/api-tokens?cursor=x", "", 400},
		{"GET", "/users/{jane}/manage", "", 200},
		{"GET", "/users/{google}/manage?privileges=lifecycle.enablement&privileges=profile.write", "", 200},
		{"GET", "/users/{sam}/manage", "", 403},
		{"GET", "/users/{unverified}/manage", "", 403},
		{"GET", "/users/{none}/manage", "", 404},
		{"GET", "/users/{jane}/manage/profile", "", 200},
		{"GET", "/users/{sam}/manage/profile", "", 403},
		{"GET", "/users/{none}/manage/profile", "", 404},
		{"PUT", "/users/{max}/manage/email", `{"email":"max@example.com"}`, 204},
		{"PUT", "/users/{max}/manage/email", `{"email":"nonsense"}`, 400},
		{"PUT", "/users/{max}/manage/email", `{"email":"max@elsewhere.example"}`, 403},
		{"PUT", "/users/{jane}/manage/email", `{"email":"jane@example.com"}`, 403},
		{"PUT", "/users/{none}/manage/email", `{"email":"max@example.com"}`, 404},
		{"GET", "/users/{max}/manage/api-tokens", "", 200},
		{"GET", "/users/{sam}/manage/api-tokens", "", 403},
		{"GET", "/users/{none}/manage/api-tokens", "", 404},
		{"DELETE", "/users/{max}/manage/api-tokens/{token}", "", 204},
		{"DELETE", "/users/{max}/manage/api-tokens/{token}", "", 404},
		{"DELETE", "/users/{sam}/manage/api-tokens/{token}", "", 403},
		{"POST", "/users/{max}/manage/lifecycle/disable", `{"message":"gone"}`, 204},
		{"POST", "/users/{google}/manage/lifecycle/disable", `{"message":"gone"}`, 403},
		{"POST", "/users/{sam}/manage/lifecycle/disable", `{}`, 403},
		{"POST", "/users/{none}/manage/lifecycle/disable", `{}`, 404},
		{"POST", "/users/{max}/manage/lifecycle/enable", "", 204},
		{"POST", "/users/{deleting}/manage/lifecycle/enable", "", 403},
		{"POST", "/users/{none}/manage/lifecycle/enable", "", 404},
		{"POST", "/users/{deleting}/manage/lifecycle/cancel-delete", "", 200},
		{"POST", "/users/{jane}/manage/lifecycle/cancel-delete", "", 403},
		{"POST", "/users/{none}/manage/lifecycle/cancel-delete", "", 404},
		{"POST", "/users/{max}/manage/lifecycle/delete", "", 200},
		{"POST", "/users/{billing}/manage/lifecycle/delete", "", 409},
		{"POST", "/users/{jane}/manage/lifecycle/delete", "", 403},
		{"POST", "/users/{none}/manage/lifecycle/delete", "", 404},
	}
	// What a fault or a knob brings about.
	for _, route := range []string{"GET " + v1 + "/users", "GET " + v2 + "/directories", "POST " + dir + "/users/search", "POST " + dir + "/users/{max}/suspend", "GET /users/{max}/manage"} {
		method, path, _ := strings.Cut(route, " ")
		body := ""
		if method == "POST" {
			body = `{}`
		}
		calls = append(calls, orgCall{method, path, body, 500}, orgCall{method, path, body, 429})
	}
	calls = append(calls, orgCall{"POST", v2 + "/users/invite", `{"emails":["x@partner.example"]}`, 402})
	// Who may not: with the key of another organization, and with none that is one.
	foreign := []orgCall{
		{"GET", v1, "", 404},
		{"GET", v1 + "/users", "", 404},
		{"GET", v1 + "/domains", "", 403},
		{"GET", v1 + "/events", "", 401},
		{"GET", v2 + "/directories", "", 401},
		{"POST", dir + "/users/search", `{}`, 404},
		{"POST", dir + "/users/{max}/suspend", `{}`, 404},
		{"GET", "/users/{max}/manage", "", 403},
		{"POST", v2 + "/users/invite", `{"emails":["x@partner.example"]}`, 404},
		{"POST", v2 + "/workspaces", `{}`, 404},
	}
	send := func(key string, call orgCall) {
		t.Helper()
		request := httptest.NewRequest(call.method, "http://127.0.0.1"+fill.Replace(call.path), nil)
		if body := fill.Replace(call.body); body != "" {
			request = httptest.NewRequest(call.method, "http://127.0.0.1"+fill.Replace(call.path), strings.NewReader(body))
			request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
			request.Header.Set("Content-Type", "application/json")
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := spectest.Transport(t, handlerTransport{c.s.Handler()}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != call.status {
			body, _ := io.ReadAll(response.Body)
			t.Errorf("%s %s answered %d, want %d: %.300s", call.method, call.path, response.StatusCode, call.status, body)
		}
	}
	served := map[string]bool{}
	for _, call := range calls {
		switch call.status {
		case 500, 429, 402:
			if err := c.s.AddFault(Fault{Kind: FaultStatus, Status: call.status}); err != nil {
				t.Fatal(err)
			}
		}
		send(OrgKeys()[OrgKeyFull].Key, call)
		c.s.ClearFaults()
		path, _, _ := strings.Cut(fill.Replace(call.path), "?")
		_, name, _ := findRoute(c.s.orgRoutes, call.method, path)
		served[name] = true
	}
	for _, call := range foreign {
		send(OrgKeys()[OrgKeyForeign].Key, call)
		call.status = 401
		send(OrgKeys()[OrgKeyExpired].Key, call)
		send(SCIMToken, call)
		send(Tokens()[TokenAdmin].Token, call)
	}
	for name := range c.s.orgRoutes {
		if !served[name] && !strings.HasPrefix(name, "DELETE /admin/api-access/") && !strings.HasPrefix(name, "PATCH ") {
			t.Errorf("%s was not called", name)
		}
	}
}

// listedTokens are what an account's list of API tokens has.
type userToken struct{ ID, Label, CreatedAt, LastAccess string }

// tokens lists the person's API tokens.
func (c *client) tokens(email string) (list []userToken) {
	c.t.Helper()
	c.manage("GET", email, "/api-tokens", "").into(200, &list)
	return list
}

// anEvent returns the id of an event.
func (c *client) anEvent() string {
	c.t.Helper()
	var page eventPageBody
	c.v1("GET", "/events-stream", "", "limit", "1").into(200, &page)
	return page.Data[0].ID
}

type eventPageBody struct {
	Data []struct {
		ID         string
		Attributes struct {
			Time, ProcessedAt, Action string
			Actor                     struct {
				ID, Name string
				Auth     struct{ AuthType string }
			}
			Context []struct {
				ID, Type   string
				Attributes map[string]any
			}
		}
	}
	Meta  struct{ Next string }
	Links struct{ Next string }
}
