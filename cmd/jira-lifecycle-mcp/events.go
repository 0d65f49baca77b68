package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/when"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

type eventsCmd struct {
	List  eventsListCmd  `cmd:"" help:"List what happened, the newest first."`
	Watch eventsWatchCmd `cmd:"" help:"Follow what happens: a line of JSON for each event, until a signal comes."`
}

// eventFlags narrow the events.
type eventFlags struct {
	User    string   `placeholder:"WHO" help:"Only what was done to this person: account id, e-mail or unambiguous name."`
	Actor   string   `placeholder:"WHO" help:"Only what this person did, likewise."`
	Actions []string `placeholder:"KINDS" help:"Only these kinds: created, invited, deactivated, reactivated, deleted, group, access, admin, token, sign_in, scim, profile, other."`
}

// check refuses kinds that there are none of.
func (f eventFlags) check() error {
	for _, kind := range f.Actions {
		if !slices.Contains(events.Kinds(), kind) {
			return wrongUse("--actions has %q; there are %s", kind, strings.Join(events.Kinds(), ", "))
		}
	}
	return nil
}

type eventsListCmd struct {
	From   string `placeholder:"TIME" help:"Only since then: RFC 3339 with a zone. Default: 30 days ago. The log keeps 180 days."`
	To     string `placeholder:"TIME" help:"Only until then. Default: now."`
	Limit  int    `default:"25" help:"At most so many, 1 to 200. Default: ${default}."`
	Cursor string `help:"Go on after a page: its next_cursor."`

	eventFlags `embed:""`
	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run lists events as the tool list_lifecycle_events does.
func (c *eventsListCmd) Run(p *program) error {
	if c.Limit < 1 || c.Limit > 200 {
		return wrongUse("--limit must be 1 to 200, not %d", c.Limit)
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		page, err := s.ListLifecycleEvents(ctx, tools.ListLifecycleEventsInput{
			User: c.User, Actor: c.Actor, Actions: c.Actions, From: c.From, To: c.To, Limit: c.Limit, Cursor: c.Cursor,
		})
		if err != nil {
			return err
		}
		return s.print(page)
	})
}

type eventsWatchCmd struct {
	From       string `placeholder:"TIME" help:"Where a watch begins that was never started before: RFC 3339 with a zone. Default: now."`
	Out        string `type:"path" placeholder:"FILE" help:"Append to this file instead of writing to stdout. A restart then loses and repeats nothing, whatever ended the process."`
	CursorFile string `type:"path" placeholder:"FILE" help:"Where the position is kept. Default: a file of this very watch in the state directory."`
	Once       bool   `help:"End where there is nothing more for now: for cron and timers."`

	eventFlags `embed:""`
	shellFlags `embed:""`
}

// Run follows the events. SIGINT, SIGTERM and a reader that goes away end it well; a second signal ends it at once.
func (c *eventsWatchCmd) Run(p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.LogLevel == "info" {
		c.LogLevel = "warn" // an outage has to be seen
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that has gone is an error of the write
	return c.look(p, formFlag{}, func(ctx context.Context, s *shell) (err error) {
		context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt, syscall.SIGTERM) })
		w := events.Watch{Log: s.Events, Out: c.Out, Writer: p.stdout, Interval: s.cfg.EventsInterval, Once: c.Once, Slog: s.log}
		if err := s.Events.Check(); err != nil {
			return err
		}
		if c.From != "" {
			if w.From, err = when.Past("from", c.From, time.Now()); err != nil {
				return err
			}
			if err := events.CheckStart(w.From, time.Now()); err != nil {
				return err
			}
		}
		var notes []string
		if w.Filter, notes, err = s.EventFilter(ctx, c.User, c.Actor, c.Actions); err != nil {
			return err
		}
		for _, note := range notes {
			fmt.Fprintln(p.stderr, note)
		}
		name, path := c.name(s.cfg.Organization.ID), c.CursorFile
		if path == "" {
			sum := sha256.Sum256([]byte(name))
			path = filepath.Join(s.cfg.StateDir, "events", "watch-"+hex.EncodeToString(sum[:6])+".jsonl")
		}
		if w.Store, err = events.OpenStore(path, name); err != nil {
			return err
		}
		defer func() { _ = w.Store.Close() }() // everything in it is on the disk
		return w.Run(ctx)
	})
}

// name says what is followed, and where it goes: a position belongs to that.
func (c *eventsWatchCmd) name(organization string) string {
	text := "organization " + organization
	for _, part := range []struct{ name, value string }{{"user", c.User}, {"actor", c.Actor}, {"actions", strings.Join(slices.Sorted(slices.Values(c.Actions)), ",")}, {"out", c.Out}} {
		if part.value != "" {
			text += ", " + part.name + " " + part.value
		}
	}
	return text
}
