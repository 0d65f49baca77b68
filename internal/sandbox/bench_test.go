package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkPages times the pages that an audit asks for, at a million people.
func BenchmarkPages(b *testing.B) {
	s, err := New(Options{Users: 1_000_000, Groups: 500})
	if err != nil {
		b.Fatal(err)
	}
	software := s.GroupID("jira-software-users", false)
	for _, page := range []struct{ name, target string }{
		{"users_search_1000", "/rest/api/3/users/search?maxResults=1000&startAt="},
		{"group_member_50", "/rest/api/3/group/member?groupId=" + software + "&startAt="},
		{"scim_users_100", "/scim/directory/" + DirectoryID + "/Users?startIndex="},
		{"user_search_name", "/rest/api/3/user/search?query=jane&x="},
	} {
		b.Run(page.name, func(b *testing.B) {
			bytes := 0
			for i := 0; b.Loop(); i++ {
				r := httptest.NewRequest(http.MethodGet, page.target+strconv.Itoa(i%400*1000), nil)
				authorize(r, TokenAdmin)
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("status %d: %s", w.Code, w.Body)
				}
				bytes += w.Body.Len()
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "bytes/page")
		})
	}
}

// BenchmarkOrganizationPages times the pages of the organization's users with all that an audit expands.
func BenchmarkOrganizationPages(b *testing.B) {
	s, err := New(Options{Users: 1_000_000, Groups: 500})
	if err != nil {
		b.Fatal(err)
	}
	body := `{"limit":100,"expand":["groups","productAccess","platformRoles","counts.resources"]}`
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/admin/v2/orgs/"+OrgID+"/directories/-/users/search", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+OrgKeys()[OrgKeyFull].Key)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
}
