package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
)

// recorder is a proxy before a site that keeps every request with its body, in the order in which they came.
type recorder struct {
	proxy *httptest.Server

	mu   sync.Mutex
	list []*exchange
}

func newRecorder(s *site) (*recorder, error) {
	target, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	r := &recorder{}
	forward := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetURL(target) },
		ModifyResponse: r.answered,
	}
	r.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, req.WithContext(r.keep(req, body)))
	}))
	return r, nil
}

func (r *recorder) close() { r.proxy.Close() }

// env is the site's, with the addresses of the recorder.
func (r *recorder) env(s *site) map[string]string {
	env := maps.Clone(s.Env)
	env["ATLASSIAN_SITE_URL"], env["ATLASSIAN_API_URL"] = r.proxy.URL, r.proxy.URL
	return env
}

func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

func (r *recorder) exchanges() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]exchange, len(r.list))
	for i, e := range r.list {
		list[i] = *e
	}
	return list
}

// exchangeKey is where a request's context carries its exchange to the answer.
type exchangeKey struct{}

func (r *recorder) keep(req *http.Request, body []byte) context.Context {
	e := &exchange{method: req.Method, target: url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}, header: http.Header{}, body: body}
	for _, name := range []string{"Authorization", "Accept", "Content-Type"} {
		if value := req.Header.Get(name); value != "" {
			e.header.Set(name, value)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, e)
	return context.WithValue(req.Context(), exchangeKey{}, e)
}

func (r *recorder) answered(res *http.Response) error {
	if e, ok := res.Request.Context().Value(exchangeKey{}).(*exchange); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		e.status = res.StatusCode
	}
	return nil
}
