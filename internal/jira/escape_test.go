package jira

import (
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// capture keeps the last request and answers with an empty page.
type capture struct {
	req  *http.Request
	body string
}

func (c *capture) RoundTrip(req *http.Request) (*http.Response, error) {
	c.req, c.body = req, ""
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		c.body = string(data)
	}
	body := "{}"
	switch {
	case req.URL.Path == routeCount:
		body = `{"count":0}`
	case req.URL.Path == routeFilters, req.URL.Path == routeDashboards:
	case strings.HasSuffix(req.URL.Path, "/search") || strings.HasSuffix(req.URL.Path, "/groups"):
		body = "[]"
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

var hostile = []string{
	"jane&accountId=other", "a=b", "a+b", "a b", "%26", "%", "#", "?", "/", "../user", "a;b", "712020:ab-1", "ü山", "\xff", "a\x00b", "a\nb", `"`, "'", ",ADMINISTER",
}

// No argument changes what a request asks for: the query has the parameters that the method sets, with just those values.
func TestQueryHoldsForAllArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringN(1, -1, -1), rapid.SampledFrom(hostile)).Draw(t, "argument")
		if s == unknownAccount {
			t.Skip("refused for writes")
		}
		var sent capture
		r, err := rest.New(rest.Config{Service: "jira", BaseURL: "https://site.example", Transport: &sent})
		if err != nil {
			t.Fatal(err)
		}
		c, ctx := New(r), t.Context()
		tests := map[string]struct {
			call func() error
			path string
			want url.Values
			body any
		}{
			"User":        {func() error { _, err := c.User(ctx, s); return err }, routeUser, url.Values{"accountId": {s}, "expand": {"groups"}}, nil},
			"UserGroups":  {func() error { _, err := c.UserGroups(ctx, s); return err }, routeUserGroups, url.Values{"accountId": {s}}, nil},
			"SearchUsers": {func() error { _, err := c.SearchUsers(ctx, s, 3, 7); return err }, routeSearch, url.Values{"query": {s}, "startAt": {"3"}, "maxResults": {"7"}}, nil},
			"BulkUsers":   {func() error { _, err := c.BulkUsers(ctx, []string{s}); return err }, routeBulk, url.Values{"accountId": {s}, "startAt": {"0"}, "maxResults": {"200"}}, nil},
			"CreateUser":  {func() error { _, err := c.CreateUser(ctx, s, nil); return err }, routeUser, nil, map[string]any{"emailAddress": s, "products": []any{}}},
			"DeleteUser":  {func() error { return c.DeleteUser(ctx, s) }, routeUser, url.Values{"accountId": {s}}, nil},
			"Groups by id": {
				func() error { _, err := c.Groups(ctx, GroupQuery{IDs: []string{s, s + "2"}}, 0, 5); return err },
				routeGroupBulk,
				url.Values{"groupId": {s, s + "2"}, "startAt": {"0"}, "maxResults": {"5"}},
				nil,
			},
			"Groups by name": {
				func() error {
					_, err := c.Groups(ctx, GroupQuery{Names: []string{s}, AccessType: s, ApplicationKey: s}, 0, 5)
					return err
				},
				routeGroupBulk,
				url.Values{"groupName": {s}, "accessType": {s}, "applicationKey": {s}, "startAt": {"0"}, "maxResults": {"5"}},
				nil,
			},
			"FindGroups":   {func() error { _, err := c.FindGroups(ctx, s, 5); return err }, routeGroupPicker, url.Values{"query": {s}, "maxResults": {"5"}, "caseInsensitive": {"true"}}, nil},
			"GroupMembers": {func() error { _, err := c.GroupMembers(ctx, s, true, 0, 5); return err }, routeMembers, url.Values{"groupId": {s}, "includeInactiveUsers": {"true"}, "startAt": {"0"}, "maxResults": {"5"}}, nil},
			"AddMember":    {func() error { return c.AddMember(ctx, s, s) }, routeMember, url.Values{"groupId": {s}}, map[string]any{"accountId": s}},
			"RemoveMember": {func() error { return c.RemoveMember(ctx, s, s) }, routeMember, url.Values{"groupId": {s}, "accountId": {s}}, nil},
			"CreateGroup":  {func() error { _, err := c.CreateGroup(ctx, s); return err }, routeGroup, nil, map[string]any{"name": s}},
			"DeleteGroup":  {func() error { return c.DeleteGroup(ctx, s) }, routeGroup, url.Values{"groupId": {s}}, nil},
			"CountIssues": {
				func() error { _, err := c.CountIssues(ctx, s); return err },
				routeCount, nil,
				map[string]any{"jql": s},
			},
			"AssignIssue": {
				func() error { return c.AssignIssue(ctx, "WEB-1", s) },
				"/rest/api/3/issue/WEB-1/assignee", nil,
				map[string]any{"accountId": s},
			},
			"SetProjectLead": {
				func() error { return c.SetProjectLead(ctx, "WEB", s) },
				"/rest/api/3/project/WEB", nil,
				map[string]any{"leadAccountId": s},
			},
			"SetComponentLead": {
				func() error { return c.SetComponentLead(ctx, "10300", s) },
				"/rest/api/3/component/10300", nil,
				map[string]any{"leadAccountId": s},
			},
			"SetFilterOwner": {
				func() error { return c.SetFilterOwner(ctx, "10100", s) },
				"/rest/api/3/filter/10100/owner", nil,
				map[string]any{"accountId": s},
			},
			"Filters": {
				func() error {
					return first(c.Filters(ctx, FilterQuery{Owner: s, All: true}, rest.PageOptions{Size: 5}))
				},
				routeFilters,
				url.Values{"accountId": {s}, "expand": {"owner"}, "orderBy": {"id"}, "overrideSharePermissions": {"true"}, "startAt": {"0"}, "maxResults": {"5"}},
				nil,
			},
			"Dashboards": {
				func() error { return first(c.Dashboards(ctx, s, rest.PageOptions{Size: 5})) },
				routeDashboards,
				url.Values{"accountId": {s}, "expand": {"owner"}, "orderBy": {"id"}, "startAt": {"0"}, "maxResults": {"5"}},
				nil,
			},
			"MyPermissions": {func() error { _, err := c.MyPermissions(ctx, s); return err }, routePermissions, url.Values{"permissions": {s}}, nil},
		}
		if s == "-1" {
			delete(tests, "AssignIssue") // refused: it would mean the project's default
		}
		for name, tt := range tests {
			if err := tt.call(); err != nil {
				t.Fatalf("%s(%q): %v", name, s, err)
			}
			got, err := url.ParseQuery(sent.req.URL.RawQuery)
			if err != nil || sent.req.URL.Path != tt.path || sent.req.URL.Fragment != "" || sent.req.URL.Host != "site.example" {
				t.Fatalf("%s(%q) became %s, %v", name, s, sent.req.URL, err)
			}
			if tt.want == nil {
				tt.want = url.Values{}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Fatalf("%s(%q): query (-want +got)\n%s", name, s, diff)
			}
			if tt.body == nil {
				if sent.body != "" {
					t.Fatalf("%s(%q) has the body %s", name, s, sent.body)
				}
				continue
			}
			var body any
			if err := json.Unmarshal([]byte(sent.body), &body); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.body, body); diff != "" && utf8.ValidString(s) {
				t.Fatalf("%s(%q): body (-want +got)\n%s", name, s, diff)
			}
		}
	})
}

// first is the error of a walk's first page.
func first[T any](pages iter.Seq2[[]T, error]) error {
	for _, err := range pages {
		return err
	}
	return nil
}

// A value in JQL ends where it was meant to end, whatever is in it.
func TestQuotedJQL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`"`, `\`, `\"`, `a" OR key in ("B-1`, `a\`})).Draw(t, "value")
		jql := OpenAssigned(s)
		value, ok := strings.CutPrefix(strings.TrimSuffix(jql, open), `assignee = "`)
		var back strings.Builder
		closed := -1
		for i, escaped := 0, false; i < len(value) && closed < 0; i++ {
			switch b := value[i]; {
			case escaped:
				back.WriteByte(b)
				escaped = false
			case b == '\\':
				escaped = true
			case b == '"':
				closed = i
			default:
				back.WriteByte(b)
			}
		}
		if !ok || closed != len(value)-1 || back.String() != s {
			t.Fatalf("%q became %s, which reads as %q", s, jql, back.String())
		}
	})
}

func TestTextFromTheSiteIsCleaned(t *testing.T) {
	u := expandedUser{User: User{AccountID: "1\u200b", DisplayName: "Ja\u202ene", EmailAddress: "a\u0000@b", AccountType: "\u2066app", TimeZone: "a\nb"}}
	u.Expanded.Items = []Group{{ID: "g", Name: "ad\u200bmin"}}
	u.Expanded.Size = 2
	got := u.user()
	want := User{DisplayName: "Jane", EmailAddress: "a@b", AccountType: "app", TimeZone: "a b", Groups: []Group{{ID: "g", Name: "admin"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPageBelievesTotalsWithinReason(t *testing.T) {
	yes, no := true, false
	tests := map[string]struct {
		bean pageBean[int]
		want rest.Page[int]
	}{
		"a total and more to come":        {pageBean[int]{Total: 5, IsLast: &no, Values: []int{1, 2}}, rest.Page[int]{Items: []int{1, 2}, Total: 5}},
		"the last page":                   {pageBean[int]{StartAt: 3, Total: 5, IsLast: &yes, Values: []int{4, 5}}, rest.Page[int]{Items: []int{4, 5}, Total: 5, Last: true}},
		"a total that is the page's":      {pageBean[int]{Total: 2, IsLast: &no, Values: []int{1, 2}}, rest.Page[int]{Items: []int{1, 2}, Total: -1}},
		"neither":                         {pageBean[int]{Values: []int{1}}, rest.Page[int]{Items: []int{1}, Total: -1}},
		"a total alone":                   {pageBean[int]{Total: 9, Values: []int{1}}, rest.Page[int]{Items: []int{1}, Total: 9}},
		"nothing at all, and that is all": {pageBean[int]{IsLast: &yes}, rest.Page[int]{Last: true}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.bean.page()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
