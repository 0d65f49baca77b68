package rest

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults of [Config].
const (
	DefaultTimeout     = 30 * time.Second // one attempt, from asking for a connection to the last byte of the body
	DefaultRetryBudget = 2 * time.Minute  // all waits of one call
	DefaultMaxParallel = 16               // requests under way to one host
	DefaultMaxBody     = 32 << 20         // bytes of one answer, unpacked
)

// Config says where a service is and how patient its client is. Zero values mean the defaults.
type Config struct {
	Service   string            // "jira", "scim": named in errors and logs
	BaseURL   string            // https, or http on a loopback address; no trailing slash
	Transport http.RoundTripper // authenticated; nil = [NewTransport]
	Log       *slog.Logger      // nil = discard

	Timeout     time.Duration
	RetryBudget time.Duration
	MaxParallel int
	MaxBody     int64
}

// Client sends requests to one service. It is safe for concurrent use, and nothing is sent before the first call.
// Its calls share one gate, so make one client a service and not one a call.
type Client struct {
	service string
	base    string
	http    *http.Client
	log     *slog.Logger
	gate    *gate
	timeout time.Duration
	budget  time.Duration
	maxBody int64
}

// New returns a client for c. It does no I/O, and refuses an address that would send credentials in the clear.
func New(c Config) (*Client, error) {
	base, err := checkBase(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Service, err)
	}
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{
		service: c.Service,
		base:    base,
		http: &http.Client{
			Transport: c.Transport,
			// The transport adds credentials to whatever it is given, so no redirect is ever followed.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		log:     c.Log,
		gate:    newGate(orDefault(c.MaxParallel, DefaultMaxParallel)),
		timeout: orDefault(c.Timeout, DefaultTimeout),
		budget:  orDefault(c.RetryBudget, DefaultRetryBudget),
		maxBody: orDefault(c.MaxBody, DefaultMaxBody),
	}, nil
}

func orDefault[T int | int64 | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}

// NewTransport returns a transport whose idle connections suffice for [DefaultMaxParallel] requests to one host, with HTTP/2 where it is offered.
func NewTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 2 * DefaultMaxParallel
	t.MaxResponseHeaderBytes = 1 << 20
	return t
}

func checkBase(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("the address needs the form https://host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the address must have no user, query or fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", errors.New("http:// is allowed for loopback addresses only; use https://")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
