package admin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/spectest"
)

// never are the requests that the client must not have. The first revokes the API tokens of everybody; the next stopped working on 30 June 2026; an event by its
// id stops on 21 December 2026, and the last two on 30 June 2027.
var never = []struct {
	why     string
	request *regexp.Regexp // of "METHOD /path"
}{
	{"it revokes every API token of the organization", regexp.MustCompile(`^[A-Z]+ /admin/api-access/v1/orgs/[^/]+/(api-tokens|api-keys)(/|$)`)},
	{"it ended in June 2026", regexp.MustCompile(` /admin/v1/orgs/[^/]+/directory/users/[^/]+(/suspend-access|/restore-access)?$`)},
	{"it ended in June 2026", regexp.MustCompile(` /admin/v1/orgs/[^/]+/(users|groups)/search$`)},
	{"it ended in June 2026", regexp.MustCompile(` /admin/v1/orgs/[^/]+/directory/groups(/|$)`)},
	{"it ended in June 2026", regexp.MustCompile(` /admin/v1/orgs/[^/]+/users/invite$`)},
	{"it ends in December 2026", regexp.MustCompile(`^GET /admin/v1/orgs/[^/]+/events/`)},
	{"it ends in June 2027", regexp.MustCompile(`^GET /admin/v2/orgs/[^/]+/directories/[^/]+/(users|groups)$`)},
}

// readOf is the one request to the organization's tokens that is fine.
var readOf = regexp.MustCompile(`^GET /admin/api-access/v1/orgs/[^/]+/api-tokens$`)

// forbidden says why a request must not be sent; "" when it may.
func forbidden(request string) string {
	for _, n := range never {
		if n.request.MatchString(request) && !readOf.MatchString(request) {
			return n.why
		}
	}
	return ""
}

// recorder keeps every request and answers by status.
type recorder struct {
	status int
	body   string
	any    bool // body is made for the endpoint
	mu     sync.Mutex
	sent   []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, req.Method+" "+req.URL.EscapedPath())
	body := r.body
	if r.any {
		body = emptyAnswer(req.URL.Path)
	}
	return &http.Response{
		StatusCode: r.status, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

var (
	bareList = regexp.MustCompile(`/manage/api-tokens$`)
	oneThing = regexp.MustCompile(`/orgs/[^/]+$|/last-active-dates$`)
)

// emptyAnswer is a success of the endpoint, of the form that it has.
func emptyAnswer(path string) string {
	switch {
	case bareList.MatchString(path):
		return `[]`
	case oneThing.MatchString(path):
		return `{"data":{}}`
	}
	return `{"data":[],"scimLinks":[]}`
}

// take returns what was sent since the last time.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	return sent
}

func clientTo(t *testing.T, transport http.RoundTripper) *admin.Client {
	t.Helper()
	c, err := rest.New(rest.Config{Service: admin.Service, BaseURL: "https://api.example", Transport: auth.Bearer("key", transport)})
	if err != nil {
		t.Fatal(err)
	}
	return admin.New(c, "org-1")
}

// silent are the methods that send nothing.
var silent = []string{"OrgID", "Refused"}

// Every method that the client has is called, whatever methods it gets: what they send is in the documents, and nothing of it is a request that must never be.
// The second time the service answers, so that what a method sends after a success is seen too.
func TestNoMethodSendsWhatMustNeverBeSent(t *testing.T) {
	refusing := &recorder{status: http.StatusInternalServerError}
	answering := &recorder{status: http.StatusOK, any: true}
	t.Run("as the documents have it", func(t *testing.T) {
		everyMethod(t, clientTo(t, spectest.Transport(t, refusing)), refusing)
	})
	t.Run("after a success", func(t *testing.T) {
		everyMethod(t, clientTo(t, answering), answering)
	})
}

func everyMethod(t *testing.T, c *admin.Client, service *recorder) {
	client := reflect.ValueOf(c)
	for method := range client.Type().Methods() {
		call(t, client, method)
		sent := service.take()
		if len(sent) == 0 && !slices.Contains(silent, method.Name) {
			t.Errorf("%s sent nothing, so that nothing is known of it", method.Name)
		}
		for _, request := range sent {
			if why := forbidden(request); why != "" {
				t.Errorf("%s sends %s: %s", method.Name, request, why)
			}
		}
	}
}

// call calls a method with values that any request takes, and walks what it returns.
func call(t *testing.T, client reflect.Value, method reflect.Method) {
	t.Helper()
	var in []reflect.Value
	for i := range method.Type.NumIn() {
		if i == 0 {
			in = append(in, client)
			continue
		}
		if kind := method.Type.In(i); !method.Type.IsVariadic() || i < method.Type.NumIn()-1 {
			in = append(in, argument(t, kind))
		}
	}
	for _, out := range method.Func.Call(in) {
		if out.Kind() == reflect.Func && out.Type().CanSeq2() {
			for range out.Seq2() {
			}
		}
	}
}

func argument(t *testing.T, kind reflect.Type) reflect.Value {
	t.Helper()
	switch {
	case kind == reflect.TypeFor[context.Context]():
		return reflect.ValueOf(t.Context())
	case kind == reflect.TypeFor[admin.Invitation]():
		return reflect.ValueOf(admin.Invitation{Emails: []string{"a@example.com"}})
	case kind == reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{"id-1"})
	case kind.Kind() == reflect.String:
		return reflect.ValueOf("id-1").Convert(kind)
	case kind.Kind() == reflect.Struct, kind.Kind() == reflect.Bool, kind.Kind() == reflect.Int:
		return reflect.Zero(kind)
	}
	panic(fmt.Sprintf("no value for a %s: teach this test", kind))
}

// The list itself is right: what is said never to be sent is recognised, and what the client lives on isn't.
func TestWhatMustNeverBeSent(t *testing.T) {
	for request, want := range map[string]bool{
		"DELETE /admin/api-access/v1/orgs/o/api-tokens":                      true,
		"DELETE /admin/api-access/v1/orgs/o/api-tokens/t-1":                  true,
		"POST /admin/v1/orgs/o/directory/users/712020:a/suspend-access":      true,
		"POST /admin/v1/orgs/o/directory/users/712020:a/restore-access":      true,
		"DELETE /admin/v1/orgs/o/directory/users/712020:a":                   true,
		"POST /admin/v1/orgs/o/users/search":                                 true,
		"POST /admin/v1/orgs/o/groups/search":                                true,
		"POST /admin/v1/orgs/o/directory/groups":                             true,
		"DELETE /admin/v1/orgs/o/directory/groups/g/memberships/712020:a":    true,
		"POST /admin/v1/orgs/o/users/invite":                                 true,
		"GET /admin/v1/orgs/o/events/e-1":                                    true,
		"GET /admin/v1/orgs/o/events-stream":                                 false,
		"GET /admin/v2/orgs/o/directories/-/users":                           true,
		"GET /admin/v2/orgs/o/directories/d/groups":                          true,
		"GET /admin/api-access/v1/orgs/o/api-tokens":                         false,
		"GET /admin/v1/orgs/o/users":                                         false,
		"GET /admin/v1/orgs/o/directory/users/712020:a/last-active-dates":    false,
		"POST /admin/v2/orgs/o/directories/-/users/search":                   false,
		"DELETE /admin/v2/orgs/o/directories/d/users/712020:a":               false,
		"DELETE /users/712020:a/manage/api-tokens/t-1":                       false,
		"DELETE /admin/v2/orgs/o/directories/d/groups/g/memberships/712020a": false,
	} {
		if got := forbidden(request) != ""; got != want {
			t.Errorf("%s: forbidden %v, want %v", request, got, want)
		}
	}
}
