package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// The write of one step: somebody joins a group that they are not in.
var join = map[string]any{"user": person, "groups": []string{"partners"}}

// measureWrite takes the time of a change of one step where the network costs nothing, so that what is left is the program's own work and its journal.
// The floor is the same HTTP requests by a bare client, side by side where the program sends them so. After each the change is taken back.
func measureWrite(ctx context.Context, b *bench) ([]row, error) {
	const name = "write of one step over stdio (add_user_to_group)"
	steps, back, err := b.recordWrite(ctx)
	if err != nil {
		return nil, err
	}
	return b.onEachJournal(ctx, name, func(kind journalKind) ([]row, error) {
		r := row{measure: name + ", " + kind.name, unit: milliseconds, against: more, bar: 25}
		if kind.name != sqliteJournal.name {
			r.bar = 40
		}
		err := b.timeWrites(ctx, kind, steps, back, &r)
		return []row{r}, err
	})
}

func (b *bench) timeWrites(ctx context.Context, kind journalKind, steps []lane, back exchange, r *row) (err error) {
	site, err := b.startSite(ctx, 0, 0)
	if err != nil {
		return err
	}
	defer site.close()
	j, err := kind.fresh(b)
	if err != nil {
		return err
	}
	ours, err := b.startProgram(ctx, settings(site.Env, j.env()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.close()) }()
	client := bareClient(8)
	const warmUp = 10
	for i := range b.pick(300, 40) + warmUp {
		start := time.Now()
		if err := ours.write(); err != nil {
			return err
		}
		written := time.Since(start)
		if err := back.send(ctx, client, site.URL); err != nil {
			return err
		}
		start = time.Now()
		if err := sendWaves(ctx, client, site, steps); err != nil {
			return err
		}
		sent := time.Since(start)
		if err := back.send(ctx, client, site.URL); err != nil {
			return err
		}
		if i >= warmUp {
			r.value.time(written)
			r.floor.time(sent)
		}
	}
	return nil
}

func (s *server) write() error {
	var done struct{ Status string }
	if err := s.call("add_user_to_group", join, &done); err != nil {
		return err
	}
	if done.Status != "succeeded" {
		return fmt.Errorf("add_user_to_group ended as %q", done.Status)
	}
	return nil
}

// recordWrite returns the requests of the write, wave by wave, and the one that takes it back. As with a look-up they are those of a slow site, and
// of the second call of a process.
func (b *bench) recordWrite(ctx context.Context) (steps []lane, back exchange, err error) {
	site, err := b.startSite(ctx, 0, tripTime)
	if err != nil {
		return nil, back, err
	}
	defer site.close()
	s, err := b.startProgram(ctx, site.Env)
	if err != nil {
		return nil, back, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.write(); err != nil {
		return nil, back, err
	}
	if back, err = site.undo(ctx); err != nil {
		return nil, back, err
	}
	err = errors.Join(back.send(ctx, bareClient(1), site.URL), site.forget(ctx), s.write())
	if err != nil {
		return nil, back, err
	}
	requests, err := site.requests(ctx)
	for _, wave := range waves(requests, tripTime) {
		steps = append(steps, lane{site.exchangesOf(wave), len(wave)})
	}
	return steps, back, err
}

// undo gives the request that undoes the one write that the site recorded.
func (s *site) undo(ctx context.Context) (exchange, error) {
	requests, err := s.requests(ctx)
	if err != nil {
		return exchange{}, err
	}
	for _, r := range requests {
		if r.Method != http.MethodPost {
			continue
		}
		var member struct {
			AccountID string `json:"accountId"`
		}
		if err := json.Unmarshal([]byte(r.Body), &member); err != nil {
			return exchange{}, err
		}
		e := s.exchangesOf([]sandbox.Request{r})[0]
		e.method, e.status, e.body = http.MethodDelete, http.StatusOK, nil
		e.target = url.URL{Path: r.Path, RawQuery: r.Query + "&accountId=" + url.QueryEscape(member.AccountID)}
		return e, nil
	}
	return exchange{}, errors.New("add_user_to_group wrote nothing")
}
