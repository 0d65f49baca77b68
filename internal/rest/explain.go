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
// the admin APIs' key with a context, and their gateway's message or error.
func explain(e *Error, contentType string, body []byte) {
	var fields map[string]any
	switch {
	case json.Unmarshal(body, &fields) == nil:
		e.Message = message(strings.Join(sentences(fields), "; "))
		e.Code = message(cmp.Or(text(fields["scimType"]), text(fields["key"])))
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

func text(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}
