// Package spectest checks, in tests, that requests and answers are what Atlassian's own OpenAPI documents say.
//
// The documents are found by the environment variable JIRA_LIFECYCLE_SPECS, a directory with the four files in it that [documents] names.
// They are not part of this repository. Nothing but tests imports this package.
package spectest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Variable names the directory of the documents.
const Variable = "JIRA_LIFECYCLE_SPECS"

// documents are the files by the beginning of the paths that each describes. One is read when such a path is first met.
var documents = map[string]string{
	"/rest/":  "jira-cloud-v3-users.json",
	"/scim/":  "atlassian-scim.json",
	"/admin/": "atlassian-organizations.json",
	"/users/": "atlassian-user-management.json",
}

// unspecified are the requests that are sent though no document has them. All but the first are in Atlassian's reference of the REST API v3, from which the
// documents at hand were cut.
var unspecified = []struct{ method, path string }{
	{http.MethodGet, "/_edge/tenant_info"},
	{http.MethodPut, "/rest/api/3/project/{projectIdOrKey}"},
	{http.MethodPut, "/rest/api/3/dashboard/bulk/edit"},
}

// gateway is the prefix under which api.atlassian.com serves a site.
var gateway = regexp.MustCompile(`^/ex/jira/[^/]+`)

// Require skips t when Variable is not set, and fails it when the directory isn't there. It is for tests that are about the documents alone.
func Require(t testing.TB) {
	t.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		t.Skipf("%s is not set: it names the directory with Atlassian's OpenAPI documents", Variable)
	}
	for _, name := range documents {
		if _, err := load(filepath.Join(dir, name)); err != nil {
			t.Fatalf("%s: %v", Variable, err)
		}
	}
}

// Transport checks each request and its answer on their way through base, and fails t for what the documents don't allow. Without the documents
// it says so and returns base: the test goes on with what else it checks.
func Transport(t testing.TB, base http.RoundTripper) http.RoundTripper {
	t.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		t.Logf("%s is not set, so requests and answers are not checked against the documents", Variable)
		return base
	}
	for _, name := range documents {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Fatalf("%s: %v", Variable, err)
		}
	}
	return &transport{t: t, base: base, dir: dir}
}

type transport struct {
	t    testing.TB
	base http.RoundTripper
	dir  string
}

// RoundTrip sends req and reports violations; it never changes what is sent or what comes back.
func (c *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	route, params, err := c.find(req)
	if err != nil {
		c.t.Errorf("request %s %s: %v", req.Method, req.URL.Path, err)
	}
	if route == nil {
		return c.base.RoundTrip(req)
	}
	input, err := requestInput(req, route, params)
	if err == nil {
		err = checkRequest(input)
	}
	if err != nil {
		c.t.Errorf("request %s %s: %v", req.Method, route.Path, err)
	}
	res, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := checkResponse(input, res); err != nil {
		c.t.Errorf("answer %d to %s %s: %v", res.StatusCode, req.Method, route.Path, err)
	}
	return res, nil
}

// requestInput is a copy of req as the document sees it.
func requestInput(req *http.Request, route *routers.Route, params map[string]string) (*openapi3filter.RequestValidationInput, error) {
	seen := req.Clone(req.Context())
	seen.URL.Path, seen.URL.RawPath = gateway.ReplaceAllString(seen.URL.Path, ""), ""
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, errors.New("the body can't be read twice")
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		seen.Body = body
	}
	return &openapi3filter.RequestValidationInput{
		Request: seen, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			// The SCIM document marks attributes as read-only that it requires in a request.
			ExcludeReadOnlyValidations:        true,
			RejectWhenRequestBodyNotSpecified: true,
			SkipSettingDefaults:               true,
			MultiError:                        true,
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
		},
	}, nil
}

func checkRequest(input *openapi3filter.RequestValidationInput) error {
	var errs []error
	for name := range input.Request.URL.Query() {
		p := input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		switch {
		case p == nil:
			errs = append(errs, fmt.Errorf("there is no query parameter %q", name))
		case strings.Contains(p.Description, "no longer available"):
			errs = append(errs, fmt.Errorf("the query parameter %q is no longer available", name))
		}
	}
	if input.Request.Header.Get("Authorization") == "" {
		errs = append(errs, errors.New("there is no credential"))
	}
	return errors.Join(append(errs, openapi3filter.ValidateRequest(input.Request.Context(), input))...)
}

func checkResponse(input *openapi3filter.RequestValidationInput, res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	if err != nil || input == nil {
		return nil // a connection that broke is for the client to handle
	}
	described := input.Route.Operation.Responses.Status(res.StatusCode)
	if described == nil {
		// Load and outages are described for none or few.
		if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 {
			return nil
		}
		return errors.New("the document has no such status")
	}
	if len(described.Value.Content) == 0 || len(body) == 0 && (res.StatusCode >= 400 || res.StatusCode == http.StatusNoContent) {
		return nil
	}
	return openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: res.StatusCode, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: input.Options,
	})
}

// failing ends a body the way it ended.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// find returns the route of req with its path parameters; none for a path that is known to be in no document.
func (c *transport) find(req *http.Request) (*routers.Route, map[string]string, error) {
	path := gateway.ReplaceAllString(req.URL.EscapedPath(), "")
	for _, known := range unspecified {
		if _, ok := match(known.path, path); ok && known.method == req.Method {
			return nil, nil, nil
		}
	}
	routes, err := c.routes(path)
	if err != nil {
		return nil, nil, err
	}
	var found *routers.Route
	var params map[string]string
	for _, route := range routes {
		// A path that is spelled out counts before one with parameters.
		if p, ok := match(route.Path, path); ok && route.Method == req.Method && (found == nil || len(p) < len(params)) {
			found, params = route, p
		}
	}
	if found == nil {
		return nil, nil, errors.New("no document has this method and path")
	}
	return found, params, nil
}

// routes are those of the document that describes paths like this one.
func (c *transport) routes(path string) ([]*routers.Route, error) {
	for prefix, name := range documents {
		if strings.HasPrefix(path, prefix) {
			return load(filepath.Join(c.dir, name))
		}
	}
	return nil, nil
}

// match compares an escaped path with a template, segment by segment.
func match(template, path string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := map[string]string{}
	for i, segment := range want {
		if name, ok := strings.CutPrefix(segment, "{"); ok && got[i] != "" {
			params[strings.TrimSuffix(name, "}")] = got[i]
		} else if segment != got[i] {
			return nil, false
		}
	}
	return params, true
}

var loaded sync.Map // file → func() ([]*routers.Route, error)

func load(file string) ([]*routers.Route, error) {
	once, _ := loaded.LoadOrStore(file, sync.OnceValues(func() ([]*routers.Route, error) { return read(file) }))
	return once.(func() ([]*routers.Route, error))()
}

var scimBodies = sync.OnceFunc(func() { openapi3filter.RegisterBodyDecoder("application/scim+json", openapi3filter.JSONBodyDecoder) })

func read(file string) ([]*routers.Route, error) {
	scimBodies()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	allow(doc)
	base, err := doc.Servers.BasePath()
	if err != nil {
		return nil, err
	}
	var routes []*routers.Route
	for path, item := range doc.Paths.Map() {
		path = strings.TrimSuffix(base, "/") + path
		for method, operation := range item.Operations() {
			routes = append(routes, &routers.Route{Spec: doc, Server: &openapi3.Server{}, Path: path, PathItem: item, Method: method, Operation: operation})
		}
	}
	return routes, nil
}
