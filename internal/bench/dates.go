package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// measureDates takes the time of asking for the last-active dates of single people, which an audit does where the organization's pages tell none: a proxy takes them out of
// the pages. The floor is a bare loop of the same requests, as many at once as the program may send.
func measureDates(ctx context.Context, b *bench) ([]row, error) {
	users := b.pick(20_000, 3_000)
	site, err := b.startSite(ctx, users, pageTime)
	if err != nil {
		return nil, err
	}
	defer site.close()
	if err := site.control(ctx, http.MethodPut, "organization", sandbox.OrgKnobs{NoMinuteLimits: true}, nil); err != nil {
		return nil, err
	}
	silent, err := withoutActivity(site.URL)
	if err != nil {
		return nil, err
	}
	defer silent.Close()
	env := maps.Clone(site.Env)
	env["ATLASSIAN_API_URL"] = silent.URL

	time := row{unit: milliseconds, against: ratio, bar: 1.2}
	for range b.pick(2, 1) {
		a, err := b.audit(ctx, site, env, map[string]any{}, users)
		if err != nil {
			return nil, err
		}
		var dates []sandbox.Request
		people := map[string]bool{}
		for _, r := range a.requests {
			if strings.HasSuffix(r.Path, "/last-active-dates") && r.Status != 0 {
				dates = append(dates, r)
				people[r.Path] = true
			}
		}
		if len(dates) == 0 || len(dates) != len(people) {
			return nil, fmt.Errorf("%d requests for the dates of %d people", len(dates), len(people))
		}
		time.value.time(dates[len(dates)-1].Time.Sub(dates[0].Time) + pageTime)
		floor, err := replay(ctx, bareClient(rest.DefaultMaxParallel), site.URL, lane{site.exchangesOf(dates), rest.DefaultMaxParallel})
		if err != nil {
			return nil, err
		}
		time.floor.time(floor)
		time.measure = "last-active dates of " + thousands(len(dates)) + " people"
		time.note = fmt.Sprintf("%d people have an account; asked of those who hold a seat and of whom no page tells, %d at once. The limit of 200 a minute is lifted.",
			users, atOnce(dates, site.latency))
	}
	return []row{time}, nil
}

// withoutActivity is a proxy of the site that takes out of the organization's pages who used what.
func withoutActivity(site string) (*httptest.Server, error) {
	target, err := url.Parse(site)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			if !strings.HasSuffix(res.Request.URL.Path, "/users/search") || res.StatusCode != http.StatusOK {
				return nil
			}
			var page struct {
				Data  []map[string]json.RawMessage `json:"data"`
				Links json.RawMessage              `json:"links"`
			}
			err := json.NewDecoder(res.Body).Decode(&page)
			_ = res.Body.Close() // it was only read
			if err != nil {
				return err
			}
			for _, person := range page.Data {
				delete(person, "productAccess")
			}
			body, err := json.Marshal(page)
			if err != nil {
				return err
			}
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			res.Header.Set("Content-Length", fmt.Sprint(len(body)))
			return nil
		},
	}), nil
}
