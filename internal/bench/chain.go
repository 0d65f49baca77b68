package main

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// someone is a person of a simulated site, by everything that a request may name them with.
type someone struct{ email, accountID, scimID string }

// named tells whether a request is about this person.
func (p someone) named(request string) bool {
	return p.byID(request) || strings.Contains(request, p.email)
}

func (p someone) byID(request string) bool {
	return strings.Contains(request, p.accountID) || strings.Contains(request, p.scimID)
}

// chain is what was sent for one person: waves, each of which needs answers of the wave before.
type chain []wave

type wave struct {
	kind     waveKind
	requests []sandbox.Request
}

// waveKind is why the requests of a wave can't be sent sooner: who a person is has to be asked before anything is asked by their ids, and a read
// that comes after a write looks for its effect.
type waveKind int

const (
	asksWho waveKind = iota // by the e-mail: the beginning of a plan
	reads
	writes
)

// chainsOf splits the requests of a change into the chains of its people. A request that names nobody, such as for the groups that make
// administrators, goes with the beginnings of plans: one with each.
func chainsOf(requests []sandbox.Request, people []someone) []chain {
	chains := make([]chain, len(people))
	common := map[string]int{}
	var later []func()
	for _, r := range requests {
		text := plainText(r)
		i := whose(text, people)
		if i < 0 {
			key := r.Method + " " + text
			n := common[key]
			common[key]++
			later = append(later, func() { chains[n%len(people)].join(r, n/len(people)) })
			continue
		}
		kind := asksWho
		switch {
		case !r.Reads():
			kind = writes
		case people[i].byID(text):
			kind = reads
		}
		chains[i] = chains[i].with(kind, r)
	}
	for _, add := range later {
		add()
	}
	return chains
}

// with adds a request that came after those of the chain. One that waited for its turn may have come late: it belongs to the beginning of the plan
// under way, unless that has it already.
func (c chain) with(kind waveKind, r sandbox.Request) chain {
	for i := len(c) - 1; kind == asksWho && i >= 0 && c[i].kind != writes; i-- {
		if c[i].kind != asksWho {
			continue
		}
		if slices.ContainsFunc(c[i].requests, func(had sandbox.Request) bool { return had.Path == r.Path && had.Query == r.Query }) {
			break
		}
		c[i].requests = append(c[i].requests, r)
		return c
	}
	if last := len(c) - 1; last >= 0 && c[last].kind == kind && kind != asksWho {
		c[last].requests = append(c[last].requests, r)
		return c
	}
	return append(c, wave{kind, []sandbox.Request{r}})
}

// join adds a request to the beginning of the n-th plan.
func (c chain) join(r sandbox.Request, n int) {
	var last *wave
	for i := range c {
		if c[i].kind != asksWho {
			continue
		}
		last = &c[i]
		if n--; n < 0 {
			break
		}
	}
	if last != nil {
		last.requests = append(last.requests, r)
	}
}

func whose(text string, people []someone) int {
	for i, p := range people {
		if p.named(text) {
			return i
		}
	}
	return -1
}

// plainText is where a request names people, unescaped.
func plainText(r sandbox.Request) string {
	query, err := url.QueryUnescape(r.Query)
	if err != nil {
		query = r.Query
	}
	return r.Path + "?" + query + " " + r.Body
}

// phases splits a chain before its last plan: all people of a batch are planned again before the first of them is changed.
func (c chain) phases() (before, after chain) {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].kind == asksWho {
			return c[:i], c[i:]
		}
	}
	return nil, c
}

// replayChains sends the requests of chains side by side, those of all first that come before anybody is changed. No more than parallel people are
// under way at once, and no more than parallel requests to one service.
func (s *site) replayChains(ctx context.Context, chains []chain, parallel int) (time.Duration, error) {
	client := bareClient(2 * parallel)
	jira, scim := make(chan struct{}, parallel), make(chan struct{}, parallel)
	send := func(ctx context.Context, e exchange) error {
		service := jira
		if directory(e.target.Path) {
			service = scim
		}
		service <- struct{}{}
		defer func() { <-service }()
		return e.send(ctx, client, s.URL)
	}
	start := time.Now()
	for phase := range 2 {
		side, ctx := errgroup.WithContext(ctx)
		side.SetLimit(parallel)
		for _, c := range chains {
			before, after := c.phases()
			side.Go(func() error {
				return s.replayChain(ctx, []chain{before, after}[phase], send)
			})
		}
		if err := side.Wait(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func (s *site) replayChain(ctx context.Context, c chain, send func(context.Context, exchange) error) error {
	for _, w := range c {
		side, ctx := errgroup.WithContext(ctx)
		for _, e := range s.exchangesOf(w.requests) {
			side.Go(func() error { return send(ctx, e) })
		}
		if err := side.Wait(); err != nil {
			return err
		}
	}
	return nil
}
