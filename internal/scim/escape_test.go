package scim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// capture keeps the last request and answers with an empty resource.
type capture struct{ req *http.Request }

func (c *capture) RoundTrip(req *http.Request) (*http.Response, error) {
	c.req = req
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"1"}`))}, nil
}

func captured(t interface{ Fatal(...any) }) (*Client, *capture) {
	var c capture
	r, err := rest.New(rest.Config{Service: "scim", BaseURL: "https://api.example", Transport: &c})
	if err != nil {
		t.Fatal(err)
	}
	return New(r, "dir-1"), &c
}

// hostile are values that try to be more than a value.
var hostile = []string{
	`" or userName pr or userName eq "`, `\" or 1 eq 1`, `\`, `"`, `a\"`, "a\nb", "a\x00b", "a&startIndex=5", "a=b&filter=", "%22", "a+b", "a b", "ü山", "\xff", "<script>", `\u0022`,
	"../Groups/1", "a/b", "a?b=c", "a#b", "a;b", "a:b", "%2F", "..", ".", "//", "1/../2",
}

// No value changes what a filter asks for: it stays one comparison of one attribute with that value.
func TestFilterHoldsForAllValues(t *testing.T) {
	check := func(t *rapid.T, value string) {
		c, sent := captured(t)
		for attribute, f := range map[string]Filter{"userName": ByUserName(value), "externalId": ByExternalID(value), "displayName": ByDisplayName(value)} {
			if _, err := c.Users(t.Context(), f, 1, 10); err != nil {
				t.Fatal(err)
			}
			query, err := url.ParseQuery(sent.req.URL.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			if len(query) != 3 || len(query["filter"]) != 1 || query.Get("startIndex") != "1" || query.Get("count") != "10" {
				t.Fatalf("%q became the query %v", value, query)
			}
			literal, ok := strings.CutPrefix(query.Get("filter"), attribute+" eq ")
			var got string
			// RFC 7644 has a JSON string as the value: it has to be just one, with nothing after it.
			if err := json.Unmarshal([]byte(literal), &got); !ok || err != nil || utf8.ValidString(value) && got != value {
				t.Fatalf("%q became the filter %s", value, query.Get("filter"))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "value")) })
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.SampledFrom(hostile).Draw(t, "value")) })
}

// No id changes which resource a path names: what could is refused, and the rest is escaped.
func TestPathHoldsForAllIDs(t *testing.T) {
	check := func(t *rapid.T, id string) {
		c, sent := captured(t)
		_, err := c.User(t.Context(), id)
		var e *rest.Error
		if !segment(id) {
			if !errors.As(err, &e) || e.Code != rest.CodeBadRequest || sent.req != nil {
				t.Fatalf("%q is not refused: %v", id, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		last, ok := strings.CutPrefix(sent.req.URL.EscapedPath(), "/scim/directory/dir-1/Users/")
		got, err := url.PathUnescape(last)
		if !ok || err != nil || got != id || strings.Contains(last, "/") || sent.req.URL.RawQuery != "" || sent.req.URL.Fragment != "" {
			t.Fatalf("%q became %s", id, sent.req.URL)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "id")) })
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.SampledFrom(hostile).Draw(t, "id")) })
	for id, want := range map[string]bool{
		"": false, ".": false, "..": false, "a/b": false, "../Groups/1": false, "a?b": false, "a#b": false, "a%2Fb": false, `a\b`: false, "a\nb": false,
		"8f1c2a4e-11": true, "712020:ab-1": true, "a b": true, "a;b=c&d": true, "ü": true, "...": true,
	} {
		if segment(id) != want {
			t.Errorf("segment(%q) = %v", id, !want)
		}
	}
}

// No member id changes which members an operation removes.
func TestMemberPathHoldsForAllIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.StringN(1, -1, -1), rapid.SampledFrom(hostile)).Draw(t, "id")
		c, sent := captured(t)
		if err := c.RemoveMember(t.Context(), "g-1", id); err != nil {
			t.Fatal(err)
		}
		var body struct {
			Operations []struct {
				Op, Path string
				Value    any
			}
		}
		if err := json.NewDecoder(sent.req.Body).Decode(&body); err != nil || len(body.Operations) != 1 || body.Operations[0].Op != "remove" || body.Operations[0].Value != nil {
			t.Fatalf("%q became %+v, %v", id, body, err)
		}
		literal, ok := strings.CutPrefix(body.Operations[0].Path, "members[value eq ")
		literal, ok2 := strings.CutSuffix(literal, "]")
		var got string
		if err := json.Unmarshal([]byte(literal), &got); !ok || !ok2 || err != nil || utf8.ValidString(id) && got != id {
			t.Fatalf("%q became %s", id, body.Operations[0].Path)
		}
	})
}

func TestRefusedArguments(t *testing.T) {
	c, sent := captured(t)
	ctx := t.Context()
	_, noName := c.CreateUser(ctx, NewUser{Email: "a@example.com"})
	_, noEmail := c.CreateUser(ctx, NewUser{UserName: "a"})
	_, noGroup := c.CreateGroup(ctx, "")
	_, noID := c.SetActive(ctx, "", false)
	_, noReplaced := c.ReplaceUser(ctx, User{})
	_, noReplacedGroup := c.ReplaceGroup(ctx, Group{})
	for name, err := range map[string]error{
		"CreateUser without a name":      noName,
		"CreateUser without an address":  noEmail,
		"CreateGroup without a name":     noGroup,
		"SetActive without an id":        noID,
		"ReplaceUser without an id":      noReplaced,
		"ReplaceGroup without an id":     noReplacedGroup,
		"DeleteUser without an id":       c.DeleteUser(ctx, ""),
		"DeleteGroup without an id":      c.DeleteGroup(ctx, ""),
		"AddMember without a group":      c.AddMember(ctx, "", "u"),
		"AddMember without a user":       c.AddMember(ctx, "g", ""),
		"RemoveMember without a user":    c.RemoveMember(ctx, "g", ""),
		"PatchGroup that changes nobody": c.PatchGroup(ctx, "g", nil, nil),
		"a client without a directory":   New(c.rest, "").DeleteUser(ctx, "u"),
	} {
		var e *rest.Error
		if !errors.As(err, &e) || e.Code != rest.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent.req != nil {
		t.Errorf("%s %s was sent", sent.req.Method, sent.req.URL)
	}
}
