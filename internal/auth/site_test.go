package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	siteURL = "https://site.example"
	apiURL  = "https://api.example"
)

// cloud is a fake site with its gateway.
type cloud struct {
	site, gateway int    // status of each; 0 = 200
	siteHeader    string // X-Seraph-LoginReason
	gatewayBody   string
	noTenantInfo  bool
	siteErr       error
	took          time.Duration

	mu   sync.Mutex
	sent []string
	auth []string
}

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		data, _ := io.ReadAll(req.Body)
		_ = req.Body.Close()
		body = string(data)
	}
	c.mu.Lock()
	c.sent = append(c.sent, strings.TrimSpace(req.Method+" "+req.URL.String()+" "+body))
	c.auth = append(c.auth, req.Header.Get("Authorization"))
	c.mu.Unlock()
	if c.took > 0 {
		time.Sleep(c.took)
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	status, text := c.site, "the site says so"
	switch {
	case req.URL.Path == "/_edge/tenant_info":
		if c.noTenantInfo {
			return response(404, "", ""), nil
		}
		return response(200, "", `{"cloudId":"cloud-1"}`), nil
	case req.URL.Host == "api.example":
		status, text = c.gateway, c.gatewayBody
	case c.siteErr != nil:
		return nil, c.siteErr
	}
	if status == 0 {
		status = 200
	}
	reason := ""
	if req.URL.Host == "site.example" {
		reason = c.siteHeader
	}
	return response(status, reason, text), nil
}

func response(status int, reason, body string) *http.Response {
	h := http.Header{}
	if reason != "" {
		h.Set("X-Seraph-LoginReason", reason)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func send(t *testing.T, rt http.RoundTripper, method, body string) (int, string) {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, siteURL+"/rest/x?a=b%26", r)
	if err != nil {
		t.Fatal(err)
	}
	res, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestSite(t *testing.T) {
	const (
		atSite    = "POST https://site.example/rest/x?a=b%26 {}"
		atGateway = "POST https://api.example/ex/jira/cloud-1/rest/x?a=b%26 {}"
		tenant    = "GET https://site.example/_edge/tenant_info"
	)
	tests := map[string]struct {
		cloud   *cloud
		cloudID string
		status  int
		sent    []string // by two calls
		settled Address
	}{
		"a classic token":                  {&cloud{}, "", 200, []string{atSite, atSite}, AtSite},
		"a scoped token":                   {&cloud{site: 401}, "", 200, []string{atSite, tenant, atGateway, atGateway}, AtGateway},
		"a scoped token, cloud id given":   {&cloud{site: 401}, "cloud-1", 200, []string{atSite, atGateway, atGateway}, AtGateway},
		"a token that both refuse":         {&cloud{site: 401, gateway: 401}, "", 401, []string{atSite, tenant, atGateway, atSite}, Undecided},
		"a site without a cloud id":        {&cloud{site: 401, noTenantInfo: true}, "", 401, []string{atSite, tenant, atSite, tenant}, Undecided},
		"a scope that is missing":          {&cloud{site: 401, gateway: 401, gatewayBody: `{"message":"Unauthorized; scope does not match"}`}, "", 401, []string{atSite, tenant, atGateway, atGateway}, AtGateway},
		"a permission that is missing":     {&cloud{site: 403}, "", 403, []string{atSite, atSite}, AtSite},
		"a permission behind the gateway":  {&cloud{site: 401, gateway: 403}, "", 403, []string{atSite, tenant, atGateway, atGateway}, AtGateway},
		"a limit decides nothing":          {&cloud{site: 429}, "", 429, []string{atSite, atSite}, Undecided},
		"an outage decides nothing":        {&cloud{site: 503}, "", 503, []string{atSite, atSite}, Undecided},
		"an outage of the gateway neither": {&cloud{site: 401, gateway: 503}, "", 503, []string{atSite, tenant, atGateway, atSite, atGateway}, Undecided},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := tt.cloud
			s := &Site{SiteURL: siteURL, APIURL: apiURL, CloudID: tt.cloudID, Email: "me@example.com", Token: "secret", Base: c}
			for range 2 {
				if status, _ := send(t, s, "POST", "{}"); status != tt.status {
					t.Errorf("status %d, want %d", status, tt.status)
				}
			}
			if got := strings.Join(c.sent, "\n"); got != strings.Join(tt.sent, "\n") {
				t.Errorf("sent\n%s\nwant\n%s", got, strings.Join(tt.sent, "\n"))
			}
			if s.Address() != tt.settled {
				t.Errorf("settled on %q, want %q", s.Address(), tt.settled)
			}
			for i, header := range c.auth {
				want := "Basic bWVAZXhhbXBsZS5jb206c2VjcmV0"
				if c.sent[i] == tenant {
					want = "" // public: no credential goes there
				}
				if header != want {
					t.Errorf("%s has the credential %q", c.sent[i], header)
				}
			}
		})
	}
}

func TestSiteSaysWhatWasTried(t *testing.T) {
	for name, tt := range map[string]struct {
		cloud *cloud
		want  []string
	}{
		"both refuse":  {&cloud{site: 401, gateway: 401}, []string{siteURL, apiURL + "/ex/jira/cloud-1"}},
		"no cloud id":  {&cloud{site: 401, noTenantInfo: true}, []string{siteURL, "tenant_info answered 404"}},
		"as anonymous": {&cloud{siteHeader: "AUTHENTICATED_FAILED", gateway: 401}, []string{siteURL, apiURL}},
	} {
		s := &Site{SiteURL: siteURL, APIURL: apiURL, Email: "me@example.com", Token: "secret-token", Base: tt.cloud}
		for range 2 { // the second time from memory
			status, text := send(t, s, "GET", "")
			if status != 401 || strings.Contains(text, "secret-token") || strings.Contains(text, "me@example.com") {
				t.Errorf("%s: %d %s", name, status, text)
			}
			for _, part := range tt.want {
				if !strings.Contains(text, part) {
					t.Errorf("%s: %q is not in %s", name, part, text)
				}
			}
		}
	}
}

func TestSiteTriesTheGatewayAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{site: 401, gateway: 401}
		s := &Site{SiteURL: siteURL, APIURL: apiURL, CloudID: "cloud-1", Email: "me", Token: "x", Base: c}
		send(t, s, "GET", "")
		send(t, s, "GET", "")
		if len(c.sent) != 3 {
			t.Errorf("%d requests, want 3: %v", len(c.sent), c.sent)
		}
		time.Sleep(refusalAge)
		c.gateway = 200
		if status, _ := send(t, s, "GET", ""); status != 200 || s.Address() != AtGateway {
			t.Errorf("after a minute: %d, %q", status, s.Address())
		}
	})
}

// An answer to an anonymous caller does not settle for good that the token is a classic one.
func TestSiteAfterAnEndpointForAnybody(t *testing.T) {
	c := &cloud{}
	s := &Site{SiteURL: siteURL, APIURL: apiURL, CloudID: "cloud-1", Email: "me", Token: "x", Base: c}
	send(t, s, "GET", "")
	c.site = 401
	if status, _ := send(t, s, "GET", ""); status != 200 || s.Address() != AtGateway {
		t.Errorf("%d, settled on %q", status, s.Address())
	}
}

func TestSiteSettlesOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{site: 401, took: time.Second}
		s := &Site{SiteURL: siteURL, APIURL: apiURL, Email: "me", Token: "x", Base: c}
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), "POST", siteURL+"/rest/x", strings.NewReader(fmt.Sprint(i)))
				if err != nil {
					t.Error(err)
					return
				}
				res, err := s.RoundTrip(req)
				if err != nil || res.StatusCode != 200 {
					t.Errorf("%+v, %v", res, err)
					return
				}
				_ = res.Body.Close()
			})
		}
		group.Wait()
		refused := 0
		for _, sent := range c.sent {
			if strings.HasPrefix(sent, "POST "+siteURL) {
				refused++
			}
		}
		if refused != 1 || len(c.sent) != 1+1+16 {
			t.Errorf("%d requests were refused, %d sent", refused, len(c.sent))
		}
	})
}

func TestSiteWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{took: time.Minute}
		s := &Site{SiteURL: siteURL, APIURL: apiURL, Email: "me", Token: "x", Base: c}
		first, err := http.NewRequestWithContext(t.Context(), "GET", siteURL+"/rest/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if res, err := s.RoundTrip(first); err == nil {
				_ = res.Body.Close()
			}
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", siteURL+"/rest/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = s.RoundTrip(req)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.Sleep(time.Hour)
	})
}

func TestSiteSendsNothingElsewhere(t *testing.T) {
	for _, address := range []string{"https://evil.example/rest/x", "http://site.example/rest/x", "https://site.example:8443/rest/x", "https://site.example.evil.example/"} {
		c := &cloud{}
		s := &Site{SiteURL: siteURL, APIURL: apiURL, Email: "me", Token: "secret", Base: c}
		req, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.RoundTrip(req); err == nil || strings.Contains(err.Error(), "secret") || len(c.sent) != 0 {
			t.Errorf("%s: %v, sent %v", address, err, c.sent)
		}
	}
}

func TestSiteKeepsABodyThatCanNotBeSentTwice(t *testing.T) {
	c := &cloud{site: 401}
	s := &Site{SiteURL: siteURL, APIURL: apiURL, Email: "me", Token: "x", Base: c}
	req, err := http.NewRequestWithContext(t.Context(), "POST", siteURL+"/rest/x", io.NopCloser(strings.NewReader("once")))
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.RoundTrip(req)
	if err != nil || res.StatusCode != 401 || len(c.sent) != 1 {
		t.Fatalf("%v, sent %v", err, c.sent)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); string(text) != "the site says so" {
		t.Errorf("got %q", text)
	}
}

func TestRoundTripDoesNotChangeTheRequest(t *testing.T) {
	c := &cloud{site: 401}
	for _, rt := range []http.RoundTripper{
		&Site{SiteURL: siteURL, APIURL: apiURL, Email: "me", Token: "x", Base: c},
		Bearer("x", c),
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", siteURL+"/rest/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if req.URL.String() != siteURL+"/rest/x" || len(req.Header) != 0 {
			t.Errorf("%T left %s %v", rt, req.URL, req.Header)
		}
	}
	if got := c.auth[len(c.auth)-1]; got != "Bearer x" {
		t.Errorf("Bearer sent %q", got)
	}
}
