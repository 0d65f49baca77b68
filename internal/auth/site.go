package auth

import (
	"net/http"
)

// Site sends requests of a Jira site with an API token (Basic). Classic tokens are accepted at the site's own address, scoped tokens and
// service accounts only at APIURL/ex/jira/{cloudId}: the site is tried first, on a 401 the other address once, and what worked is remembered.
type Site struct {
	SiteURL string // https://your-domain.atlassian.net
	APIURL  string // https://api.atlassian.com
	CloudID string // found by itself when empty
	Email   string
	Token   string
	Base    http.RoundTripper // nil = http.DefaultTransport
}

// RoundTrip sends req, which is addressed to the site.
func (s *Site) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.SetBasicAuth(s.Email, s.Token)
	return orDefault(s.Base).RoundTrip(req)
}
