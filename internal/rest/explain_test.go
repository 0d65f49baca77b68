package rest

import (
	"net/http"
	"testing"
	"time"
)

func TestExplain(t *testing.T) {
	tests := map[string]struct {
		status        int
		contentType   string
		body          string
		message, code string
		requestID     string
	}{
		"Jira's messages":              {400, "", `{"errorMessages":["No user.","No group."],"errors":{}}`, "No user.; No group.", "", ""},
		"Jira's errors by field":       {400, "", `{"errorMessages":[],"errors":{"b":"two","a":"one"}}`, "a: one; b: two", "", ""},
		"SCIM with a status in words":  {409, "", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"Exists."}`, "Exists.", "uniqueness", ""},
		"SCIM with a number":           {404, "", `{"status":404,"detail":"Gone."}`, "Gone.", "", ""},
		"the SCIM gateway":             {401, "", `{"error":"Unauthorized","traceId":"t-1"}`, "Unauthorized", "", "t-1"},
		"the API gateway":              {401, "", `{"code":401,"message":"Unauthorized; scope does not match"}`, "Unauthorized; scope does not match", "", ""},
		"OAuth":                        {403, "", `{"error":"invalid_grant","error_description":"Unknown token."}`, "Unknown token.; invalid_grant", "", ""},
		"the admin APIs":               {403, "", `{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.google"}}}`, "forbidden.action (externalDirectory.google)", "forbidden.action", ""},
		"the admin APIs without more":  {404, "", `{"key":"accountNotFound"}`, "accountNotFound", "accountNotFound", ""},
		"a nested error":               {400, "", `{"error":{"message":"Nested."}}`, "Nested.", "", ""},
		"the same thing twice":         {400, "", `{"message":"Once.","detail":"Once."}`, "Once.", "", ""},
		"plain text":                   {401, "text/plain", "Client must be authenticated.\n", "Client must be authenticated.", "", ""},
		"a page with a title":          {502, "text/html", "<html><head><title>Bad\n Gateway</title>", `the answer is an HTML page titled "Bad Gateway"`, "", ""},
		"a page without":               {502, "", "<!doctype html>", "the answer is an HTML page", "", ""},
		"nothing":                      {403, "", "", "", "", ""},
		"a list":                       {400, "", `["a"]`, `["a"]`, "", ""},
		"a message with an address":    {400, "", `{"errorMessages":["jane.doe@example.com exists"]}`, "j***@example.com exists", "", ""},
		"hidden characters":            {400, "", "{\"message\":\"a\u202eb\"}", "ab", "", ""},
		"wrong types":                  {400, "", `{"errorMessages":"x","errors":[],"detail":5,"error":[],"context":1,"key":{}}`, "", "", ""},
		"a 429 is told by its status":  {429, "", `{"key":"other","message":"Slow down."}`, "Slow down.", CodeRateLimited, ""},
		"a 429 without a body as well": {429, "", "", "", CodeRateLimited, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &Error{Status: tt.status}
			explain(e, tt.contentType, []byte(tt.body))
			if e.Message != tt.message || e.Code != tt.code || e.RequestID != tt.requestID {
				t.Errorf("got message %q, code %q, request %q", e.Message, e.Code, e.RequestID)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := map[string]struct {
		err  *Error
		want string
	}{
		"an answer":         {&Error{Service: "jira", Method: "GET", Path: "/u", Status: 404, Message: "No user.", RequestID: "r"}, "jira: GET /u: 404 Not Found: No user. [request r]"},
		"without a text":    {&Error{Service: "jira", Method: "GET", Path: "/u", Status: 403}, "jira: GET /u: 403 Forbidden"},
		"no answer":         {&Error{Service: "scim", Method: "PUT", Path: "/u", Message: "no answer", OutcomeUnknown: true}, "scim: PUT /u: no answer; the change may or may not have been made"},
		"a time":            {&Error{Service: "scim", Method: "GET", Path: "/u", Status: 429, RetryAfter: 1600 * time.Millisecond}, "scim: GET /u: 429 Too Many Requests (try again in 2s)"},
		"an unknown status": {&Error{Service: "scim", Method: "GET", Path: "/u", Status: 599}, "scim: GET /u: 599"},
	}
	for name, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if !IsStatus(&Error{Status: http.StatusConflict}, 409) || IsStatus(nil, 409) {
		t.Error("IsStatus is wrong")
	}
}
