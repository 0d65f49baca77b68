package admin

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeEvents       = "/admin/v1/orgs/{orgId}/events"
	routeEventsStream = "/admin/v1/orgs/{orgId}/events-stream"
	routeEventActions = "/admin/v1/orgs/{orgId}/event-actions"

	// MaxEvents is what a page of events has at most.
	MaxEvents = 500

	eventQueries = 10                        // a window, of one user and of the path
	eventWindow  = time.Minute + time.Second // the service counts from when a query arrives
)

// EventQuery narrows the audit log; zero values leave a part open.
type EventQuery struct {
	Text     string // one term
	From, To time.Time
	Action   string
	Actors   []string // account ids, up to ten
	IPs      []string
	Products []string // bitbucket, confluence, guard_detect, jira, loom
	Limit    int      // a page, up to [MaxEvents]; 0 = that many
}

func (q EventQuery) values(cursor string) url.Values {
	v := window(cursor, q.From, q.To, q.Limit)
	setIf(v, "q", q.Text)
	setIf(v, "action", q.Action)
	for name, list := range map[string][]string{"actor": q.Actors, "ip": q.IPs, "product": q.Products} {
		setIf(v, name, strings.Join(list, ","))
	}
	return v
}

// window is the query of a page of a time span. Times are milliseconds since 1970.
func window(cursor string, from, to time.Time, limit int) url.Values {
	if limit <= 0 || limit > MaxEvents {
		limit = MaxEvents
	}
	v := span(cursor, limit)
	for name, t := range map[string]time.Time{"from": from, "to": to} {
		if !t.IsZero() {
			v.Set(name, strconv.FormatInt(t.UnixMilli(), 10))
		}
	}
	return v
}

// Events returns the page at cursor ("" = the first) of the audit log, newest first. The log can be a day behind.
//
// The service answers ten queries a minute, and the client asks for no more: past them a call fails at once with code rate_limited and says when the next
// is possible, rather than keep its caller waiting. What other programs ask with the same key counts too, and their 429 comes the same way.
//
// GET /admin/v1/orgs/{orgId}/events. A key without scopes: the document names none that would do. 400 with [ErrCursorExpired]: the cursor is too old.
func (c *Client) Events(ctx context.Context, q EventQuery, cursor string) (Page[Event], error) {
	if err := c.events.take(ctx, time.Now()); err != nil {
		return Page[Event]{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, rest.DefaultTimeout, errPatience)
	defer cancel()
	return c.eventPage(ctx, routeEvents, q.values(cursor), cursor)
}

// Stream is where to follow the events from: a time with an order, or the cursor of the page before.
type Stream struct {
	From, To   time.Time
	Descending bool // by the time of processing
	Limit      int  // a page, up to [MaxEvents]; 0 = that many
}

// EventsStream returns the page at cursor ("" = the first) of all events, oldest first unless s says otherwise. Its Next is there on the last page too, which may be empty: asked for again
// later it gives what came meanwhile. So the end of the stream is an empty page, or one whose Next is the cursor that was asked for.
//
// GET /admin/v1/orgs/{orgId}/events-stream. Scope read:events:admin. 400 with [ErrCursorExpired]: the cursor is too old; start from a time.
func (c *Client) EventsStream(ctx context.Context, s Stream, cursor string) (Page[Event], error) {
	v := window(cursor, s.From, s.To, s.Limit)
	if s.Descending {
		v.Set("sortOrder", "desc")
	}
	return c.eventPage(ctx, routeEventsStream, v, cursor)
}

func (c *Client) eventPage(ctx context.Context, route string, q url.Values, cursor string) (Page[Event], error) {
	var out list[eventWire]
	err := c.read(ctx, route, q, &out)
	return page(out, eventWire.read), expired(err, cursor)
}

// EventAction is a kind of event, with the words of the console.
type EventAction struct{ ID, Name, Group string }

// EventActions returns the kinds of events that there are.
//
// GET /admin/v1/orgs/{orgId}/event-actions. Scope read:events:admin.
func (c *Client) EventActions(ctx context.Context) ([]EventAction, error) {
	var out list[struct {
		ID         string `json:"id"`
		Attributes struct {
			Name  string `json:"displayName"`
			Group string `json:"groupDisplayName"`
		} `json:"attributes"`
	}]
	err := c.read(ctx, routeEventActions, nil, &out)
	actions := make([]EventAction, len(out.Data))
	for i, w := range out.Data {
		actions[i] = EventAction{ID: rest.CleanID(w.ID), Name: rest.Clean(w.Attributes.Name), Group: rest.Clean(w.Attributes.Group)}
	}
	return actions, err
}

// AllEvents walks the whole of a time span by the stream, which has no limit of ten a minute. It ends where the stream has nothing more for now.
// Endpoint, scope and errors as for [Client.EventsStream].
func (c *Client) AllEvents(ctx context.Context, s Stream) iter.Seq2[[]Event, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (Page[Event], error) {
		p, err := c.EventsStream(ctx, s, cursor)
		if len(p.Items) == 0 || p.Next == cursor {
			p.Next = ""
		}
		return p, err
	})
}
