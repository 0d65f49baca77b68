// Package auth puts credentials on requests: API tokens of a Jira site and bearer tokens, each as an [http.RoundTripper].
// Nothing else knows about tokens, and no token ever gets into an error or a log.
package auth

import "net/http"

// Bearer adds "Authorization: Bearer token" to every request. A nil base means [http.DefaultTransport].
func Bearer(token string, base http.RoundTripper) http.RoundTripper {
	return bearer{header: "Bearer " + token, base: orDefault(base)}
}

type bearer struct {
	header string
	base   http.RoundTripper
}

// RoundTrip sends a copy of req: a RoundTripper must not change what it is given.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", b.header)
	return b.base.RoundTrip(req)
}

func orDefault(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		return http.DefaultTransport
	}
	return base
}
