package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// bad is one bad input and what a person is told about it. Whatever it is, no request that could change something is sent.
type bad struct {
	setup string // a key of setups; "" is a server with all that it needs
	name  string
	tool  string
	args  args
	code  string
	words []string // in the message or the hint
	// silent: the input is bad in itself, so that no request is sent at all.
	silent bool
}

// setups are the servers of the table.
var setups = map[string]func(*testing.T, *setup){
	"":                               func(*testing.T, *setup) {},
	"read-only":                      env("JIRA_LIFECYCLE_READ_ONLY", "true"),
	"protected, and no organization": env("JIRA_LIFECYCLE_PROTECTED_DOMAINS", "contractor.example", "ATLASSIAN_ORG_ID", "", "ATLASSIAN_ORG_API_KEY", ""),
	"protected":                      env("JIRA_LIFECYCLE_PROTECTED_USERS", sam, "JIRA_LIFECYCLE_PROTECTED_GROUPS", "engineering,partners", "JIRA_LIFECYCLE_PROTECTED_DOMAINS", "contractor.example"),

	"nothing set":                       env("ATLASSIAN_SITE_URL", "", "ATLASSIAN_EMAIL", "", "ATLASSIAN_API_TOKEN", "", "ATLASSIAN_SCIM_DIRECTORY_ID", "", "ATLASSIAN_SCIM_TOKEN", ""),
	"no SCIM":                           env("ATLASSIAN_SCIM_DIRECTORY_ID", "", "ATLASSIAN_SCIM_TOKEN", ""),
	"no token":                          env("ATLASSIAN_API_TOKEN", ""),
	"site without scheme":               env("ATLASSIAN_SITE_URL", "example.atlassian.net"),
	"site by http":                      env("ATLASSIAN_SITE_URL", "http://example.atlassian.net"),
	"site with a path":                  env("ATLASSIAN_SITE_URL", "https://example.atlassian.net/jira"),
	"site with password":                env("ATLASSIAN_SITE_URL", "https://me:hunter2@example.atlassian.net"),
	"a Jira token for the organization": env("ATLASSIAN_ORG_API_KEY", sandbox.Tokens()[sandbox.TokenAdmin].Token),
	"directory with path":               env("ATLASSIAN_SCIM_DIRECTORY_ID", "https://api.atlassian.com/scim/directory/"+sandbox.DirectoryID),
	"wrong SCIM token":                  env("ATLASSIAN_SCIM_TOKEN", "wrong-scim-token"),
	"wrong token":                       env("ATLASSIAN_API_TOKEN", "wrong-api-token"),
	"organization key with one scope":   env("ATLASSIAN_ORG_API_KEY", sandbox.OrgKeys()[sandbox.OrgKeyNarrow].Key),
	"another organization's key":        env("ATLASSIAN_ORG_API_KEY", sandbox.OrgKeys()[sandbox.OrgKeyForeign].Key),
	"expired organization key":          env("ATLASSIAN_ORG_API_KEY", sandbox.OrgKeys()[sandbox.OrgKeyExpired].Key),

	"expired token":   as(sandbox.TokenExpired),
	"no browsing":     as(sandbox.TokenNoBrowse),
	"other directory": env("ATLASSIAN_SCIM_DIRECTORY_ID", "00000000-0b5e-4a53-8a1c-5a4db0c5a002"),
	"no Jira at the address": func(t *testing.T, s *setup) {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte("<html><head><title>Site unavailable</title></head></html>"))
		}))
		t.Cleanup(other.Close)
		s.env["ATLASSIAN_SITE_URL"] = other.URL
	},
	"nobody at the address": func(_ *testing.T, s *setup) {
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		s.env["ATLASSIAN_SITE_URL"] = gone.URL
	},
}

func env(pairs ...string) func(*testing.T, *setup) {
	return func(_ *testing.T, s *setup) { with(pairs...)(s) }
}

// as connects with one of the sandbox's tokens.
func as(token string) func(*testing.T, *setup) {
	owner := sandbox.Tokens()[token]
	return env("ATLASSIAN_EMAIL", owner.Email, "ATLASSIAN_API_TOKEN", owner.Token)
}

// TestBadInput tells a person what was wrong and what to do, and changes nothing. Rows of one setup share a server.
func TestBadInput(t *testing.T) {
	used := map[string]bool{}
	for name, start := range setups {
		t.Run("setup="+name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, func(su *setup) { start(t, su) })
			for _, tt := range badInputs(s) {
				if tt.setup == name {
					t.Run(tt.tool+" "+tt.name, func(t *testing.T) { tt.check(t, s, c) })
				}
			}
		})
	}
	for _, tt := range badInputs(newSite(t)) {
		used[tt.setup] = true
		if setups[tt.setup] == nil {
			t.Errorf("%s %s has the setup %q, which does not exist", tt.tool, tt.name, tt.setup)
		}
	}
	if len(used) != len(setups) {
		t.Errorf("%d setups, and rows for %d", len(setups), len(used))
	}
}

func (tt bad) check(t *testing.T, s *site, c *session) {
	t.Helper()
	writes, all := len(s.writes()), len(s.Requests())
	got := c.call(t, tt.tool, tt.args)
	told := got.str("message") + " " + got.str("hint")
	if got.str("code") != tt.code || !got.isError {
		t.Errorf("code %q, want %q: %s", got.str("code"), tt.code, got.text)
	}
	for _, word := range tt.words {
		if !strings.Contains(told, word) {
			t.Errorf("%q does not say %q", told, word)
		}
	}
	if !strings.Contains(got.text, got.str("message")) || !strings.Contains(got.text, got.str("hint")) {
		t.Errorf("the text says less than the fields: %s", got.text)
	}
	if now := s.writes(); len(now) != writes {
		t.Errorf("requests that may change something: %v", now[writes:])
	}
	if now := s.Requests(); tt.silent && len(now) != all {
		t.Errorf("requests: %v", now[all:])
	}
}
