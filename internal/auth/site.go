package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Site sends requests of one Jira site with an API token (Basic).
//
// A classic token is accepted at the site's own address; a scoped one, and that of a service account, only at APIURL/ex/jira/{cloudId}. The two can't
// be told apart by looking, so the first request tries the site and, on a 401, the other address; others wait meanwhile, and what worked is remembered.
// A 401 means that nothing was executed, so this holds for writes too. Where both refuse, the answer is the site's 401 with a message that names
// both; the other address is then left alone for a minute.
//
// Requests are addressed to SiteURL; any other address is an error, so that the token never goes astray.
type Site struct {
	SiteURL string // https://your-domain.atlassian.net
	APIURL  string // https://api.atlassian.com
	CloudID string // found at {site}/_edge/tenant_info when empty
	Email   string
	Token   string
	Base    http.RoundTripper // nil = http.DefaultTransport

	once     sync.Once
	settling chan struct{} // held by the request that finds out where to go

	mu      sync.Mutex
	address Address
	cloudID string
	refused time.Time // when the gateway last refused
	why     string    // what the gateway's refusal was
}

// Address is where requests of a site go.
type Address string

// The addresses of a site. It is Undecided until a request was accepted at one.
const (
	Undecided Address = ""
	AtSite    Address = "site"
	AtGateway Address = "gateway"
)

// refusalAge is how long a refusal of the gateway is believed.
const refusalAge = time.Minute

// Address tells where requests go.
func (s *Site) Address() Address {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// RoundTrip sends req, which is addressed to the site.
func (s *Site) RoundTrip(req *http.Request) (*http.Response, error) {
	site, err := url.Parse(s.SiteURL)
	if err != nil || req.URL.Scheme != site.Scheme || req.URL.Host != site.Host {
		closeBody(req)
		return nil, fmt.Errorf("the site's token is not sent to %s", req.URL.Host)
	}
	if strings.HasPrefix(req.URL.Path, "/_edge/") { // public, and at the site's own address only
		return orDefault(s.Base).RoundTrip(req)
	}
	switch s.Address() {
	case AtGateway:
		return s.atGateway(req, s.knownCloudID())
	case AtSite:
		res, err := s.atSite(req)
		if err != nil || !unauthenticated(req, res) {
			return res, err
		}
		// Accepted before and refused now. That may have been an endpoint which anybody may call.
		return s.fallBack(req, res)
	}
	return s.settle(req)
}

// settle sends req while nobody else does, and remembers where it was accepted.
func (s *Site) settle(req *http.Request) (*http.Response, error) {
	release, err := s.alone(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	if s.Address() != Undecided {
		release()
		return s.RoundTrip(req)
	}
	defer release()
	res, err := s.atSite(req)
	if err != nil {
		return nil, err
	}
	if unauthenticated(req, res) {
		return s.tryGateway(req, res)
	}
	if decisive(res) {
		s.remember(AtSite)
	}
	return res, nil
}

// fallBack is settle for a request that the site has just refused.
func (s *Site) fallBack(req *http.Request, refusal *http.Response) (*http.Response, error) {
	release, err := s.alone(req.Context())
	if err != nil {
		discard(refusal)
		return nil, err
	}
	defer release()
	return s.tryGateway(req, refusal)
}

// tryGateway sends req to the gateway after the site refused it. Where that changes nothing, the refusal is the answer.
func (s *Site) tryGateway(req *http.Request, refusal *http.Response) (*http.Response, error) {
	s.mu.Lock()
	recent := !s.refused.IsZero() && time.Since(s.refused) < refusalAge
	why := s.why
	s.mu.Unlock()
	if recent {
		return s.refusal(refusal, why), nil
	}

	again, err := replay(req)
	if err != nil {
		return refusal, nil // what can't be sent twice stays refused
	}
	cloudID, err := s.findCloudID(req.Context())
	if err != nil {
		closeBody(again)
		return s.refusal(refusal, "the site's cloud id could not be found ("+err.Error()+"), so the address for scoped tokens was not tried"), nil
	}
	res, err := s.atGateway(again, cloudID)
	switch {
	case err != nil:
		discard(refusal)
		return nil, err
	case res.StatusCode == http.StatusUnauthorized && !scopeMissing(res):
		discard(res)
		why = "the address for scoped tokens, " + s.gateway(cloudID) + ", refuses it too"
		s.mu.Lock()
		s.refused, s.why = time.Now(), why
		s.mu.Unlock()
		return s.refusal(refusal, why), nil
	case decisive(res):
		s.remember(AtGateway)
	}
	discard(refusal)
	return res, nil
}

func (s *Site) remember(a Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = a
}

// alone waits until no other request is settling.
func (s *Site) alone(ctx context.Context) (release func(), err error) {
	s.once.Do(func() { s.settling = make(chan struct{}, 1) })
	select {
	case s.settling <- struct{}{}:
		return func() { <-s.settling }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Site) atSite(req *http.Request) (*http.Response, error) {
	return s.send(req, req.URL)
}

func (s *Site) atGateway(req *http.Request, cloudID string) (*http.Response, error) {
	path := strings.TrimPrefix(req.URL.EscapedPath(), strings.TrimRight(pathOf(s.SiteURL), "/"))
	to, err := url.Parse(s.gateway(cloudID) + path)
	if err != nil {
		closeBody(req)
		return nil, fmt.Errorf("the address for scoped tokens: %w", err)
	}
	to.RawQuery = req.URL.RawQuery
	return s.send(req, to)
}

func (s *Site) gateway(cloudID string) string {
	return strings.TrimRight(s.APIURL, "/") + "/ex/jira/" + cloudID
}

// send sends a copy of req to another address, with the credential.
func (s *Site) send(req *http.Request, to *url.URL) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL, req.Host = to, ""
	req.SetBasicAuth(s.Email, s.Token)
	return orDefault(s.Base).RoundTrip(req)
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}
