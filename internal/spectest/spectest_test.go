package spectest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// recorder is a testing.TB that keeps failures to itself.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

type answer struct {
	status int
	body   string
}

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

func TestTransportTells(t *testing.T) {
	Require(t)
	const user = `{"accountId":"1","accountType":"atlassian","active":true,"emailAddress":null}`
	tests := map[string]struct {
		method, target, body string
		anonymous            bool
		answer               answer
		want                 string // part of a failure; "" = none
	}{
		"nothing where all is well":        {"GET", "/rest/api/3/user?accountId=1", "", false, answer{200, user}, ""},
		"nothing at the gateway either":    {"GET", "/ex/jira/c-1/rest/api/3/user?accountId=1", "", false, answer{200, user}, ""},
		"nothing of load":                  {"GET", "/rest/api/3/user?accountId=1", "", false, answer{429, ""}, ""},
		"nothing of the public cloud id":   {"GET", "/_edge/tenant_info", "", true, answer{200, "{}"}, ""},
		"nothing of a number as status":    {"GET", "/scim/directory/d/Users/1", "", false, answer{404, `{"status":404,"detail":"x"}`}, ""},
		"nothing of an organization":       {"GET", "/admin/v1/orgs", "", false, answer{200, `{"data":[]}`}, ""},
		"nothing of an account":            {"POST", "/users/712020:ab/manage/lifecycle/enable", "", false, answer{204, ""}, ""},
		"a path without its server's":      {"GET", "/v1/orgs", "", false, answer{200, "{}"}, "no document has"},
		"an unknown path":                  {"GET", "/rest/api/3/users/all", "", false, answer{200, "[]"}, "no document has"},
		"a method that a path lacks":       {"PUT", "/rest/api/3/user?accountId=1", "", false, answer{200, user}, "no document has"},
		"an unknown parameter":             {"GET", "/rest/api/3/user?accountID=1", "", false, answer{200, user}, `no query parameter "accountID"`},
		"a parameter that is gone":         {"GET", "/rest/api/3/user?username=jane", "", false, answer{200, user}, "no longer available"},
		"a parameter that is missing":      {"DELETE", "/rest/api/3/user", "", false, answer{204, ""}, "accountId"},
		"a parameter of the wrong type":    {"GET", "/rest/api/3/users/search?startAt=x", "", false, answer{200, "[]"}, "startAt"},
		"a body that lacks something":      {"POST", "/rest/api/3/user", `{"emailAddress":"a@example.com"}`, false, answer{201, user}, "products"},
		"a body that isn't wanted":         {"DELETE", "/rest/api/3/user?accountId=1", `{}`, false, answer{204, ""}, "body"},
		"a request without credential":     {"GET", "/rest/api/3/user?accountId=1", "", true, answer{200, user}, "no credential"},
		"an answer of the wrong type":      {"GET", "/rest/api/3/user?accountId=1", "", false, answer{200, `{"active":"yes"}`}, "active"},
		"an answer with an unknown field":  {"GET", "/rest/api/3/user?accountId=1", "", false, answer{200, `{"email":"x"}`}, "email"},
		"an answer that isn't JSON":        {"GET", "/rest/api/3/user?accountId=1", "", false, answer{200, "<html>"}, "answer 200"},
		"a status that isn't described":    {"GET", "/rest/api/3/user?accountId=1", "", false, answer{418, ""}, "no such status"},
		"null where nothing speaks of it":  {"GET", "/rest/api/3/user?accountId=1", "", false, answer{200, `{"accountId":null}`}, "accountId"},
		"a SCIM answer of the wrong type":  {"GET", "/scim/directory/d/Users?filter=x", "", false, answer{200, `{"totalResults":"1"}`}, "totalResults"},
		"a SCIM user with a wrong address": {"POST", "/scim/directory/d/Users", `{"emails":"a@example.com"}`, false, answer{201, "{}"}, "emails"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			var body io.Reader
			if tt.body != "" {
				body = strings.NewReader(tt.body)
			}
			req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://127.0.0.1"+tt.target, body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if !tt.anonymous {
				req.SetBasicAuth("me", "token")
			}
			res, err := Transport(r, tt.answer).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(res.Body); string(got) != tt.answer.body {
				t.Errorf("the answer became %q", got)
			}
			failures := strings.Join(r.failures, "\n")
			if tt.want == "" && failures != "" || !strings.Contains(failures, tt.want) {
				t.Errorf("told %q, want %q", failures, tt.want)
			}
		})
	}
}
