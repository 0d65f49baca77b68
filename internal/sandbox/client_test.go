package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// client speaks to one sandbox. Every answer it gets is held against Atlassian's specifications.
type client struct {
	t *testing.T
	s *Sandbox
	// token is the site's token to use, by name; admin by default.
	token string
	// orgKey is the organization's key to use, by name; full by default.
	orgKey string
}

func start(t *testing.T, o Options) *client {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, s: s, token: TokenAdmin, orgKey: OrgKeyFull}
}

// as returns a client that uses another token.
func (c *client) as(token string) *client {
	return &client{t: c.t, s: c.s, token: token, orgKey: c.orgKey}
}

// with returns a client that uses another key of the organization.
func (c *client) with(orgKey string) *client {
	return &client{t: c.t, s: c.s, token: c.token, orgKey: orgKey}
}

// on returns a client that reports to another test, such as a subtest.
func (c *client) on(t *testing.T) *client {
	return &client{t: t, s: c.s, token: c.token, orgKey: c.orgKey}
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// into decodes the body, after checking the status.
func (a answer) into(status int, v any) answer {
	a.t.Helper()
	a.want(status)
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("body %.200s: %v", a.body, err)
	}
	return a
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %.300s", a.status, status, a.body)
	}
	return a
}

// do sends a request through the handler. body is JSON text, "" for none.
func (c *client) do(method, target, body string) answer {
	c.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if strings.HasPrefix(r.URL.Path, "/admin/") || strings.HasPrefix(r.URL.Path, "/users/") {
		r.Header.Set("Authorization", "Bearer "+OrgKeys()[c.orgKey].Key)
	} else {
		authorize(r, c.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.send(r)
}

// authorize adds the directory's credential or the named one of the site.
func authorize(r *http.Request, token string) {
	if strings.HasPrefix(r.URL.Path, "/scim/") {
		r.Header.Set("Authorization", "Bearer "+SCIMToken)
	} else if t, ok := Tokens()[token]; ok {
		r.SetBasicAuth(t.Email, t.Token)
	}
}

func (c *client) send(r *http.Request) answer {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.s.Handler().ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		c.t.Fatal(err)
	}
	checkAnswer(c.t, r.Method, r.URL.Path, w.Code, w.Header().Get("Content-Type"), body)
	return answer{t: c.t, status: w.Code, header: w.Header(), body: body}
}

// jira sends a request to the site; query is name, value, name, value….
func (c *client) jira(method, path, body string, query ...string) answer {
	c.t.Helper()
	return c.do(method, "/rest/api/3"+path+"?"+encode(query), body)
}

// scim sends a request to the directory.
func (c *client) scim(method, path, body string, query ...string) answer {
	c.t.Helper()
	return c.do(method, "/scim/directory/"+DirectoryID+path+"?"+encode(query), body)
}

// v1 and v2 send a request to the organization, dir to all of its directories, and manage to the management of an account.
func (c *client) v1(method, path, body string, query ...string) answer {
	c.t.Helper()
	return c.do(method, "/admin/v1/orgs/"+OrgID+path+"?"+encode(query), body)
}

func (c *client) v2(method, path, body string, query ...string) answer {
	c.t.Helper()
	return c.do(method, "/admin/v2/orgs/"+OrgID+path+"?"+encode(query), body)
}

func (c *client) dir(method, path, body string, query ...string) answer {
	c.t.Helper()
	return c.v2(method, "/directories/-"+path, body, query...)
}

func (c *client) manage(method, email, path, body string) answer {
	c.t.Helper()
	return c.do(method, "/users/"+c.s.AccountID(email)+"/manage"+path, body)
}

// post sends a request to the organization whose answer is not held against the specification, and has to be 200.
func (c *client) post(path, body string) {
	c.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+OrgKeys()[c.orgKey].Key)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		c.t.Fatalf("%s answered %d: %.300s", path, w.Code, w.Body)
	}
}

func encode(query []string) string {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	return values.Encode()
}

// jiraUser is what tests look at in Jira's users.
type jiraUser struct {
	AccountID    string  `json:"accountId"`
	AccountType  string  `json:"accountType"`
	AppType      string  `json:"appType"`
	EmailAddress *string `json:"emailAddress"`
	DisplayName  string  `json:"displayName"`
	Active       bool    `json:"active"`
	Groups       struct {
		Size  int         `json:"size"`
		Items []groupItem `json:"items"`
	} `json:"groups"`
}

type jiraPage[T any] struct {
	MaxResults, StartAt, Total int
	IsLast                     bool
	NextPage                   string
	Values                     []T
}

type scimList struct {
	TotalResults, StartIndex, ItemsPerPage int
	Resources                              []scimUserBody
}

// user reads the person with this address, who has to exist.
func (c *client) user(email string) jiraUser {
	c.t.Helper()
	var u jiraUser
	c.jira("GET", "/user", "", "accountId", c.s.AccountID(email), "expand", "groups").into(200, &u)
	return u
}

// scimUser reads the person's SCIM record, which has to exist.
func (c *client) scimUser(userName string) scimUserBody {
	c.t.Helper()
	var list scimList
	c.scim("GET", "/Users", "", "filter", `userName eq "`+userName+`"`).into(200, &list)
	if len(list.Resources) != 1 {
		c.t.Fatalf("%d SCIM users are called %s, want 1", len(list.Resources), userName)
	}
	return list.Resources[0]
}

func groupNames(groups []groupItem) []string {
	names := []string{}
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return names
}

func patchActive(active string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":` + active + `}]}`
}

// state is what the control endpoint tells.
type state struct {
	Jira struct {
		Users []struct {
			AccountID, EmailAddress, AccountType string
			Active                               bool
		}
		Groups []struct {
			GroupID, Name string
			Members       []string
		}
	}
	SCIM struct {
		Users []struct {
			ID, UserName, AccountID string
			Active                  bool
		}
		Groups []struct {
			ID, DisplayName string
			Members         []string
		}
	}
}

func (c *client) state() state {
	c.t.Helper()
	var s state
	c.do("GET", "/_sandbox/state", "").into(200, &s)
	return s
}
