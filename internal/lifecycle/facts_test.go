package lifecycle_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
)

// facts reads the sandbox's own state of everybody, by e-mail: what is so, not what a client was told.
func (s *site) facts(t tester) map[string]fact {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "http://127.0.0.1/_sandbox/state", nil))
	var state struct {
		Jira struct {
			Users []struct {
				AccountID    string `json:"accountId"`
				EmailAddress string `json:"emailAddress"`
				Active       bool   `json:"active"`
			}
			Groups []struct {
				Name    string
				Members []string
			}
		}
		SCIM struct {
			Users []struct {
				UserName string `json:"userName"`
				Active   bool   `json:"active"`
			}
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &state); err != nil {
		t.Fatalf("state: %v", err)
	}
	groups := map[string][]string{}
	for _, g := range state.Jira.Groups {
		for _, member := range g.Members {
			groups[member] = append(groups[member], g.Name)
		}
	}
	all := map[string]fact{}
	for _, u := range state.Jira.Users {
		names := groups[u.AccountID]
		slices.Sort(names)
		all[strings.ToLower(u.EmailAddress)] = fact{jiraActive: u.Active, onSite: true, groups: names}
	}
	for _, u := range state.SCIM.Users {
		f := all[strings.ToLower(u.UserName)]
		f.scimActive = u.Active
		all[strings.ToLower(u.UserName)] = f
	}
	return all
}
