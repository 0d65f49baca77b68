package events

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	// mostPages is how many pages of the service one answer is looked for in: half of the ten queries that a minute has.
	mostPages = 5
	// mostWait is how long one answer waits for the service in all, beyond the time that its answers take: somebody waits for ours.
	mostWait = 3 * time.Second
	// namesWait is how long it waits for the organization's list of actions, which only adds words.
	namesWait = 5 * time.Second
	// namesAge is for how long the organization's list of actions is remembered.
	namesAge = 24 * time.Hour
	// namesPause is how long it isn't asked for again after an error.
	namesPause = time.Minute
	// usualLimit is the length of an answer to a question that names none.
	usualLimit = 25
)

// Log answers questions about the past. It is safe for concurrent use.
type Log struct {
	source  Source
	missing error
	now     func() time.Time
	perPage int // entries of one page of the service; 0 = as many as there can be

	mu       sync.Mutex
	names    names
	nameless error     // why the names could not be read last
	until    time.Time // the names are good, or not asked for, until then
	scoped   bool      // the key has scopes, and the filtered log knows none

	answers answers
}

// New returns a Log of source; nil with the reason in missing where no organization is configured.
func New(source Source, missing error) *Log {
	return &Log{source: source, missing: missing, now: time.Now}
}

// Query is a question.
type Query struct {
	Filter
	From, To time.Time // zero = the last 30 days
	Limit    int
	Cursor   string
	Stale    bool // an answer of the last minutes will do where the minute's queries are used up
}

// Page is an answer, newest first.
type Page struct {
	Events   []Event
	Next     string // "" = there is no more in the window
	From, To time.Time
	Looked   int           // entries of the log that were looked at
	Limited  time.Duration // the minute's queries are used up, and the next is possible after this
	AsOf     time.Time     // when the service was asked
	Stale    bool          // that is a while ago, and the service answers nobody right now
	Streamed bool          // the key has scopes: the order is that in which the service processed events
	Nameless bool          // the organization's list of actions could not be read
}

// Check tells why there is no log to ask, as a fault.
func (l *Log) Check() error { return l.missing }

// List answers q. What the service can't filter is filtered here, in a bounded number of its pages; where those don't suffice, Next goes on. It waits for
// a service that refuses for a few seconds at most ([mostWait]).
//
// Errors: invalid_argument for a window or cursor that can't be; not_configured; rate_limited where not one page could be read, with when the next
// can be; those of [admin.Client.Events] and [admin.Client.EventsStream].
func (l *Log) List(ctx context.Context, q Query) (Page, error) {
	if l.missing != nil {
		return Page{}, l.missing
	}
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	now := l.now()
	page, err := l.look(rest.WithPatience(ctx, mostWait), q, now)
	page.AsOf = now
	wait, used := usedUp(err)
	switch {
	case err == nil && page.Limited == 0:
		l.answers.keep(q.question(), page)
	case used && q.Stale:
		if kept, ok := l.answers.find(q.question(), now); ok {
			kept.Stale, kept.Limited = true, wait
			return kept, nil
		}
	}
	return page, err
}

// usedUp tells whether an error is that the minute's queries are used up, and when the next is possible.
func usedUp(err error) (time.Duration, bool) {
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests {
		return 0, false
	}
	return refused.RetryAfter, true
}

// look reads as many pages as q needs, or as there may be.
func (l *Log) look(ctx context.Context, q Query, now time.Time) (Page, error) {
	at := place{Query: q.hash(), Stream: l.onlyStream()}
	var out Page
	var err error
	if q.Cursor != "" {
		if at, err = openPlace(q); err != nil {
			return Page{}, err
		}
		out.From, out.To = at.window()
	} else {
		if out.From, out.To, err = window(q.From, q.To, now); err != nil {
			return Page{}, err
		}
		at.From, at.To = out.From.UnixMilli(), out.To.UnixMilli()
	}
	names, cancel := context.WithTimeout(ctx, namesWait)
	known, err := l.known(names)
	cancel()
	out.Nameless = err != nil && known == nil
	for pages := 0; ; pages++ {
		if pages == mostPages {
			out.Next = at.seal()
			break
		}
		page, streamed, err := l.fetch(ctx, q.Filter, known, at)
		if err != nil {
			wait, used := usedUp(err)
			if pages == 0 || !used {
				return Page{}, expired(err, at)
			}
			out.Next, out.Limited = at.seal(), wait
			break
		}
		at.Stream = streamed
		out.Looked += len(page.Items)
		full := out.take(q, known, page.Items, &at)
		if full {
			out.Next = at.seal()
			break
		}
		if page.Next == "" || at.Stream && (len(page.Items) == 0 || page.Next == at.Page) {
			break
		}
		at.Page, at.After = page.Next, ""
		if len(out.Events) >= q.Limit {
			out.Next = at.seal()
			break
		}
	}
	out.Streamed = at.Stream
	slices.SortStableFunc(out.Events, newest)
	return out, nil
}

// newest orders events, newest first.
func newest(a, b Event) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID)) }

// take adds the events of one page that q asks for, beyond those that at says were given already. It returns true when there is no room for more;
// at is then behind the last that was taken.
func (p *Page) take(q Query, known names, entries []admin.Event, at *place) bool {
	var fit []Event
	for _, entry := range entries {
		if e, ok := known.read(entry); ok && q.fits(e) && !e.Time.Before(p.From) && !e.Time.After(p.To) {
			fit = append(fit, e)
		}
	}
	slices.SortStableFunc(fit, newest)
	if at.After != "" {
		begin := slices.IndexFunc(fit, func(e Event) bool { return e.ID == at.After }) + 1
		if begin == 0 { // it is gone from the page; what is younger was given
			begin = slices.IndexFunc(fit, func(e Event) bool { return e.Time.UnixMilli() <= at.At })
		}
		if begin < 0 {
			begin = len(fit)
		}
		fit = fit[begin:]
	}
	for i, e := range fit {
		if len(p.Events) >= q.Limit {
			if i > 0 {
				at.After, at.At = fit[i-1].ID, fit[i-1].Time.UnixMilli()
			}
			return true
		}
		p.Events = append(p.Events, e)
	}
	return false
}

// fetch reads the page at a place: of the filtered log, or of the stream where the key has scopes, since the filtered log knows none. It tells which.
func (l *Log) fetch(ctx context.Context, f Filter, known names, at place) (admin.Page[admin.Event], bool, error) {
	from, to := at.window()
	if at.Stream {
		page, err := l.source.EventsStream(ctx, admin.Stream{From: from, Descending: true, Limit: l.perPage}, at.Page)
		return page, true, err
	}
	page, err := l.source.Events(ctx, l.narrowed(f, known, from, to), at.Page)
	if at.Page != "" || !rest.IsStatus(err, http.StatusUnauthorized) && !rest.IsStatus(err, http.StatusForbidden) {
		return page, false, err
	}
	page, err = l.source.EventsStream(ctx, admin.Stream{From: from, Descending: true, Limit: l.perPage}, "")
	if err == nil {
		l.mu.Lock()
		l.scoped = true
		l.mu.Unlock()
	}
	return page, true, err
}

// narrowed is as much of a filter as the service can apply: who did it, the time, and one action where the kinds asked for have one.
func (l *Log) narrowed(f Filter, known names, from, to time.Time) admin.EventQuery {
	q := admin.EventQuery{From: from, To: to, Limit: l.perPage}
	if f.Actor.AccountID != "" {
		q.Actors = []string{f.Actor.AccountID}
	}
	var actions []string
	for id, told := range known {
		if m, _ := classify(id, told, true); slices.Contains(f.Kinds, m.kind) {
			actions = append(actions, id)
		}
	}
	if len(actions) == 1 {
		q.Action = actions[0]
	}
	return q
}

func (l *Log) onlyStream() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.scoped
}

// known returns the organization's own list of actions. Without it, events have our words alone; the error says why there is none, or none that is new.
func (l *Log) known(ctx context.Context) (names, error) {
	l.mu.Lock()
	known, err, until := l.names, l.nameless, l.until
	l.mu.Unlock()
	if l.now().Before(until) {
		return known, err
	}
	actions, err := l.source.EventActions(ctx) // nobody waits for somebody else's answer, who may have more patience
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nameless = err
	switch {
	case errors.Is(err, context.Canceled): // nothing is known of the service
	case err != nil:
		l.until = l.now().Add(namesPause)
	default:
		l.names, l.until = make(names, len(actions)), l.now().Add(namesAge)
		for _, a := range actions {
			l.names[a.ID] = a
		}
	}
	return l.names, err
}

// expired says what to do where the service no longer knows a page.
func expired(err error, at place) error {
	if !errors.Is(err, admin.ErrCursorExpired) {
		return err
	}
	hint := "Leave cursor out to begin anew."
	if at.At != 0 {
		hint = "Leave cursor out to begin anew, with to = " + time.UnixMilli(at.At).UTC().Format(time.RFC3339) + " to go on where it ended."
	}
	return fault.New(fault.InvalidArgument, hint, "The argument cursor is too old: the service no longer knows the page.").Because(err)
}
