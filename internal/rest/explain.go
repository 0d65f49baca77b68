package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// explain fills an error from the body that came with it. The services have several forms: Jira's errorMessages and errors, SCIM's detail with scimType,
// the organization API's list of errors, the user-management API's key with a context, and their gateway's message or error.
func explain(e *Error, contentType string, body []byte) {
	var fields map[string]any
	switch {
	case json.Unmarshal(body, &fields) == nil:
		e.Message = message(strings.Join(sentences(fields), "; "))
		e.Code = message(cmp.Or(text(fields["scimType"]), text(fields["key"]), listedCode(fields)))
		e.Detail = detail(fields)
		e.RequestID = cmp.Or(e.RequestID, identifier(text(fields["traceId"])))
	case isHTML(contentType, body):
		e.Message = "the answer is an HTML page" + titleOf(body)
	case len(bytes.TrimSpace(body)) > 0:
		e.Message = message(string(body))
	}
	if e.Status == http.StatusTooManyRequests {
		e.Code = CodeRateLimited
	}
}

// sentences are the parts of an error body that say what is wrong.
func sentences(fields map[string]any) []string {
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if list, ok := fields["errorMessages"].([]any); ok {
		for _, s := range list {
			add(text(s))
		}
	}
	for _, listed := range objects(fields["errors"]) {
		add(cmp.Or(text(listed["detail"]), text(listed["title"]), text(listed["message"])))
	}
	if byField, ok := fields["errors"].(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(byField)) {
			if s := text(byField[name]); s != "" {
				add(name + ": " + s)
			}
		}
	}
	for _, name := range []string{"detail", "message", "errorMessage", "error_description"} {
		add(text(fields[name]))
	}
	if nested, ok := fields["error"].(map[string]any); ok {
		add(text(nested["message"]))
	} else {
		add(text(fields["error"]))
	}
	if len(out) == 0 {
		add(reason(fields))
	}
	if context, ok := fields["context"].(map[string]any); ok {
		add(text(context["message"]))
	}
	return out
}

// reason is what the admin APIs give: {"key": "forbidden.action", "context": {"reason": {"key": "externalDirectory.google"}}}.
func reason(fields map[string]any) string {
	key := text(fields["key"])
	context, _ := fields["context"].(map[string]any)
	why, _ := context["reason"].(map[string]any)
	if s := text(why["key"]); s != "" {
		return key + " (" + s + ")"
	}
	return key
}

// listedCode is the code of the first error of {"errors": [{"code": "ADMIN-400-1", …}]}.
func listedCode(fields map[string]any) string {
	for _, listed := range objects(fields["errors"]) {
		if code := text(listed["code"]); code != "" {
			return code
		}
	}
	return ""
}

// detail is what {"key": …, "context": …} has beyond its key.
func detail(fields map[string]any) *Detail {
	context, _ := fields["context"].(map[string]any)
	why, _ := context["reason"].(map[string]any)
	d := Detail{Reason: message(text(why["key"]))}
	for _, listed := range objects(context["errorCodes"]) {
		d.Errors = append(d.Errors, DetailError{message(text(listed["code"])), message(text(listed["message"])), message(text(listed["link"]))})
	}
	if d.Reason == "" && d.Errors == nil {
		return nil
	}
	return &d
}

// mostListed is how many errors of a list are read.
const mostListed = 20

// objects are the objects in a list.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, item := range list[:min(len(list), mostListed)] {
		if o, ok := item.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}
