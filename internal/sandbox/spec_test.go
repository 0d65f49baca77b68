package sandbox

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// specifications loads Atlassian's documents from the directory that JIRA_LIFECYCLE_SPECS names; nil when it is not set.
var specifications = sync.OnceValues(func() ([]*openapi3.T, error) {
	directory := os.Getenv("JIRA_LIFECYCLE_SPECS")
	if directory == "" {
		return nil, nil
	}
	var documents []*openapi3.T
	for _, name := range []string{"jira-cloud-v3-users.json", "atlassian-scim.json", "atlassian-organizations.json", "atlassian-user-management.json"} {
		document, err := openapi3.NewLoader().LoadFromFile(filepath.Join(directory, name))
		if err != nil {
			return nil, err
		}
		// A discriminator has to be text, and one is true or false; the pattern of an account id ends in a line break, which no id has.
		for _, schema := range document.Components.Schemas {
			schema.Value.Discriminator, schema.Value.Pattern = nil, strings.TrimSpace(schema.Value.Pattern)
		}
		documents = append(documents, document)
	}
	return documents, nil
})

// operation finds the documented operation for a request, or nil.
func operation(documents []*openapi3.T, method, path string) *openapi3.Operation {
	for _, document := range documents {
		path := path
		if len(document.Servers) > 0 && strings.HasSuffix(document.Servers[0].URL, "/admin") {
			path = strings.TrimPrefix(path, "/admin")
		}
		for _, template := range document.Paths.InMatchingOrder() {
			if fits(template, path) {
				return document.Paths.Value(template).GetOperation(method)
			}
		}
	}
	return nil
}

// fits tells whether the path is one of the template, whose segments in braces stand for any.
func fits(template, path string) bool {
	wanted, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(wanted) != len(got) {
		return false
	}
	for i, segment := range wanted {
		if segment != got[i] && !strings.HasPrefix(segment, "{") {
			return false
		}
	}
	return true
}

// undocumented are statuses that every HTTP service answers and no document lists.
var undocumented = []int{401, 405, 415, 429, 500, 503}

// checkAnswer fails the test when an answer is not one that the specification describes.
func checkAnswer(t *testing.T, method, path string, status int, contentType string, body []byte) {
	t.Helper()
	documents, err := specifications()
	if err != nil {
		t.Fatal(err)
	}
	path = strings.TrimPrefix(path, "/ex/jira/"+CloudID)
	o := operation(documents, method, path)
	// The organization's documents have a body for what the others leave to their infrastructure.
	organization := strings.HasPrefix(path, "/admin/") || strings.HasPrefix(path, "/users/")
	if o == nil || slices.Contains(undocumented, status) && (!organization || o.Responses.Status(status) == nil) {
		return
	}
	if err := validate(o, path, status, contentType, body); err != nil {
		t.Errorf("%s %s answered %d %.300s\nwhich the specification does not allow: %v", method, path, status, body, err)
	}
}

func validate(o *openapi3.Operation, path string, status int, contentType string, body []byte) error {
	response := o.Responses.Status(status)
	if response == nil {
		return fmt.Errorf("status %d is not documented", status)
	}
	// Of SCIM's discovery documents the specification says that they are strings. They are JSON objects.
	discovery := strings.HasSuffix(path, "/ServiceProviderConfig") || strings.Contains(path, "/Schemas") || strings.Contains(path, "/ResourceTypes")
	// An answer without content has none, whatever type the specification gives it.
	if len(response.Value.Content) == 0 || discovery || status == http.StatusNoContent && len(body) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	media := response.Value.Content.Get(kind)
	if media == nil {
		return fmt.Errorf("content type %q is not documented", contentType)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if media.Schema == nil || media.Schema.Value == nil {
		return nil
	}
	return media.Schema.Value.VisitJSON(sample(value), openapi3.VisitAsResponse(), openapi3.MultiErrors())
}

// sample drops null addresses, which the specification describes in words but not in the schema, and all but the ends of long lists, whose
// items are alike and slow to check.
func sample(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if name == "emailAddress" && value == nil {
				delete(v, name)
				continue
			}
			v[name] = sample(value)
		}
	case []any:
		if len(v) > 24 {
			v = append(v[:12:12], v[len(v)-12:]...)
		}
		for i, item := range v {
			v[i] = sample(item)
		}
		return v
	}
	return v
}

// elsewhere are operations that Atlassian's reference of the REST API has and the documents at hand do not.
var elsewhere = []string{"PUT /project/{}", "PUT /dashboard/bulk/edit"}

// TestEveryOperationIsDocumented calls each operation that the sandbox serves and holds the answer against the specification.
func TestEveryOperationIsDocumented(t *testing.T) {
	documents, err := specifications()
	if err != nil {
		t.Fatal(err)
	}
	if documents == nil {
		t.Skip("set JIRA_LIFECYCLE_SPECS to the directory of Atlassian's specifications")
	}
	for call := range jiraOperations() {
		method, path, _ := strings.Cut(call, " ")
		if !slices.Contains(elsewhere, call) && operation(documents, method, "/rest/api/3"+strings.Replace(path, "{}", "{key}", 1)) == nil {
			t.Errorf("%s is served but not in the specification", call)
		}
	}
	c := start(t, Options{})
	jane, partners := c.s.AccountID("jane.doe@example.com"), c.s.GroupID("partners", false)
	for _, call := range []struct {
		method, path, body string
		query              []string
		status             int
	}{
		{"GET", "/user", "", []string{"accountId", jane}, 200},
		{"GET", "/user", "", []string{"accountId", jane, "expand", "groups,applicationRoles"}, 200},
		{"GET", "/user/groups", "", []string{"accountId", jane}, 200},
		{"GET", "/user/bulk", "", []string{"accountId", jane, "accountId", unknownID}, 200},
		{"GET", "/user/search", "", []string{"query", "a", "maxResults", "1000"}, 200},
		{"GET", "/user/picker", "", []string{"query", "jane"}, 200},
		{"GET", "/users/search", "", []string{"maxResults", "1000"}, 200},
		{"GET", "/users", "", []string{"maxResults", "1000"}, 200},
		{"GET", "/group", "", []string{"groupId", partners, "expand", "users"}, 200},
		{"GET", "/group/bulk", "", nil, 200},
		{"GET", "/group/member", "", []string{"groupId", partners, "includeInactiveUsers", "true"}, 200},
		{"GET", "/groups/picker", "", []string{"query", "jira"}, 200},
		{"GET", "/myself", "", nil, 200},
		{"GET", "/mypermissions", "", []string{"permissions", "USER_PICKER,ADMINISTER,SYSTEM_ADMIN"}, 200},
		{"GET", "/permissions", "", nil, 200},
		{"GET", "/serverInfo", "", nil, 200},
		{"GET", "/applicationrole", "", nil, 200},
		{"GET", "/applicationrole/jira-software", "", nil, 200},
		{"GET", "/applicationrole/jira-hardware", "", nil, 404},
		{"POST", "/search/approximate-count", `{"jql":"assignee = \"` + jane + `\" AND statusCategory != Done"}`, nil, 200},
		{"POST", "/search/approximate-count", `{"jql":"project = WEB"}`, nil, 400},
		{"POST", "/search/jql", `{"jql":"assignee = \"` + jane + `\"","fields":["assignee","reporter","status"],"maxResults":2}`, nil, 200},
		{"POST", "/search/jql", `{"jql":"order by key"}`, nil, 400},
		{"PUT", "/issue/WEB-1/assignee", `{"accountId":"` + jane + `"}`, nil, 204},
		{"PUT", "/issue/WEB-1/assignee", `{"accountId":"nobody"}`, nil, 400},
		{"PUT", "/issue/WEB-9999/assignee", `{"accountId":"` + jane + `"}`, nil, 404},
		{"GET", "/project/search", "", []string{"expand", "lead"}, 200},
		{"GET", "/component", "", nil, 200},
		{"GET", "/component/10300", "", nil, 200},
		{"GET", "/component/99999", "", nil, 404},
		{"PUT", "/component/10300", `{"leadAccountId":"` + jane + `"}`, nil, 200},
		{"PUT", "/component/10300", `{"leadAccountId":"nobody"}`, nil, 400},
		{"PUT", "/component/99999", `{"leadAccountId":"` + jane + `"}`, nil, 404},
		{"GET", "/filter/search", "", []string{"accountId", jane, "expand", "owner", "overrideSharePermissions", "true"}, 200},
		{"PUT", "/filter/10101/owner", `{"accountId":"` + jane + `"}`, nil, 204},
		{"PUT", "/filter/10102/owner", `{"accountId":"` + jane + `"}`, nil, 400},
		{"PUT", "/filter/10101/owner", `{"accountId":"nobody"}`, nil, 404},
		{"GET", "/dashboard/search", "", []string{"accountId", jane, "expand", "owner"}, 200},
		{"GET", "/dashboard/search", "", nil, 400},
		{"PUT", "/dashboard/bulk/edit", `{"action":"changeOwner","entityIds":[20100],"changeOwnerDetails":{"newOwner":"` + jane + `","autofixName":true},"extendAdminPermissions":true}`, nil, 200},
		{"PUT", "/project/WEB", `{"leadAccountId":"` + jane + `"}`, nil, 200},
		{"POST", "/user", `{"emailAddress":"new@partner.example","products":["jira-software"]}`, nil, 201},
		{"POST", "/group", `{"name":"fresh"}`, nil, 201},
		{"POST", "/group/user", `{"accountId":"` + jane + `"}`, []string{"groupId", partners}, 201},
		{"DELETE", "/group/user", "", []string{"groupId", partners, "accountId", jane}, 200},
		{"DELETE", "/group", "", []string{"groupId", partners}, 200},
		{"DELETE", "/user", "", []string{"accountId", c.s.AccountID("sam.partner@partner.example")}, 204},
	} {
		c.jira(call.method, call.path, call.body, call.query...).want(call.status)
	}
	user, group := c.scimUser("jane.doe@example.com"), scimGroup(c, "engineering")
	newUser := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x@example.com","emails":[{"value":"x@example.com","primary":true}]}`
	for _, call := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/Users", "", 200},
		{"GET", "/Users/" + user.ID, "", 200},
		{"POST", "/Users", newUser, 201},
		{"POST", "/Users", newUser, 409},
		{"POST", "/Users", `{}`, 400},
		{"PUT", "/Users/" + user.ID, strings.Replace(newUser, "x@", "jane.doe@", 2), 200},
		{"PATCH", "/Users/" + user.ID, patchActive("false"), 200},
		{"DELETE", "/Users/" + user.ID, "", 204},
		{"GET", "/Users/" + user.ID, "", 404},
		{"GET", "/Groups", "", 200},
		{"GET", "/Groups/" + group.ID, "", 200},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"fresh"}`, 201},
		{"PUT", "/Groups/" + group.ID, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"engineering","members":[]}`, 200},
		{"PATCH", "/Groups/" + group.ID, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members"}]}`, 200},
		{"DELETE", "/Groups/" + group.ID, "", 204},
		{"GET", "/ServiceProviderConfig", "", 200},
		{"GET", "/Schemas", "", 200},
		{"GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "", 200},
		{"GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group", "", 200},
		{"GET", "/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "", 200},
		{"GET", "/ResourceTypes", "", 200},
		{"GET", "/ResourceTypes/User", "", 200},
		{"GET", "/ResourceTypes/Group", "", 200},
	} {
		c.scim(call.method, call.path, call.body).want(call.status)
	}
}

// scimGroup reads the SCIM group with this name, which has to exist.
func scimGroup(c *client, name string) scimGroupBody {
	c.t.Helper()
	var list struct{ Resources []scimGroupBody }
	c.scim("GET", "/Groups", "", "filter", `displayName eq "`+name+`"`).into(200, &list)
	if len(list.Resources) != 1 {
		c.t.Fatalf("%d SCIM groups are called %s, want 1", len(list.Resources), name)
	}
	return list.Resources[0]
}
