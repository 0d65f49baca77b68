package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// auditKept is for how long the audit log keeps an event, and so how far back a window may begin.
const auditKept = 180 * 24 * time.Hour

// Errors of the audit log, under the codes that the specification has for them.
func (c *call) badCursor() {
	c.orgError(http.StatusBadRequest, "ADMIN-400-1", "Invalid page cursor", "The cursor is not valid, or has expired.")
}

func (c *call) badTime(detail string) {
	c.orgError(http.StatusBadRequest, "ADMIN-400-3", "Invalid time date", detail)
}

func (c *call) badSyntax(detail string) {
	c.orgError(http.StatusBadRequest, "ADMIN-400-19", "Request syntax is not valid", detail)
}

// eventWindow reads from and to, which are milliseconds since 1970, and answers when they are not what they have to be.
func (c *call) eventWindow(now time.Time) (from, to time.Time, ok bool) {
	read := func(name string, fallback time.Time) (time.Time, bool) {
		text := c.query.Get(name)
		if text == "" {
			return fallback, true
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > 1<<50 {
			c.badTime(name + " must be a UNIX epoch time in milliseconds.")
			return time.Time{}, false
		}
		return time.UnixMilli(n).UTC(), true
	}
	if from, ok = read("from", now.Add(-auditKept)); !ok {
		return from, to, false
	}
	if to, ok = read("to", now.Add(time.Hour)); !ok {
		return from, to, false
	}
	switch {
	case from.After(to):
		c.badTime("from must not be after to.")
	case from.Before(now.Add(-auditKept - time.Hour)):
		c.badTime("from must not be more than 180 days ago: the audit log keeps no more.")
	default:
		return from, to, true
	}
	return from, to, false
}

// eventLimit reads limit.
func (c *call) eventLimit(fallback int) (int, bool) {
	text := c.query.Get("limit")
	if text == "" {
		return c.clamped(fallback), true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 500 {
		c.badSyntax("limit must be 1 to 500.")
		return 0, false
	}
	return c.clamped(n), true
}

// eventCursor is where a page of events begins, and what was asked for.
type eventCursor struct {
	Query string `json:"q"`
	Next  int    `json:"n"` // the number of the first event to look at
	Asc   bool   `json:"a,omitempty"`
}

// events serves GET events: newest first, filtered. After the last page there is no next one.
func (c *call) events() {
	now := time.Now().UTC()
	list := c.s.log.list(now)
	next := len(list) - 1
	query := c.query
	if text := c.query.Get("cursor"); text != "" {
		var at eventCursor
		if !c.openCursor(text, "events", &at) {
			c.badCursor()
			return
		}
		// A cursor stands for the query that it came with.
		query, _ = url.ParseQuery(at.Query)
		next = min(at.Next, next)
	}
	c.query = query
	from, to, ok := c.eventWindow(now)
	if !ok {
		return
	}
	limit, ok := c.eventLimit(30)
	if !ok {
		return
	}
	actors := split(query.Get("actor"))
	if len(query["q"]) > 1 || len(actors) > 10 {
		c.orgError(http.StatusBadRequest, "ADMIN-400-21", "The number of queries exceeded the limit", "There may be one query term and ten actors.")
		return
	}
	products, ips := split(query.Get("product")), split(query.Get("ip"))
	page := []any{}
	for ; next >= 0 && len(page) < limit; next-- {
		e := list[next]
		if e.at.Before(from) || e.at.After(to) || query.Get("action") != "" && e.action != query.Get("action") ||
			len(actors) > 0 && !slices.Contains(actors, e.actor.id) && !slices.Contains(actors, e.actor.email) ||
			len(products) > 0 && !slices.Contains(products, "jira") || len(ips) > 0 && !slices.Contains(ips, eventIP) || !e.has(query.Get("q")) {
			continue
		}
		page = append(page, c.eventBody(e, false))
	}
	more := ""
	for n := next; n >= 0; n-- {
		if !list[n].at.Before(from) {
			more = c.sealCursor("events", eventCursor{Query: query.Encode(), Next: next})
			break
		}
	}
	c.eventPage(page, more)
}

// eventStream serves GET events-stream: by when they were processed. There is always a next page, to poll with.
func (c *call) eventStream() {
	now := time.Now().UTC()
	list := c.s.log.list(now)
	at := eventCursor{Query: c.query.Encode(), Asc: c.query.Get("sortOrder") != "desc"}
	if !at.Asc {
		at.Next = len(list) - 1
	}
	query := c.query
	if text := query.Get("cursor"); text != "" {
		if !c.openCursor(text, "stream", &at) {
			c.badCursor()
			return
		}
		query, _ = url.ParseQuery(at.Query)
		if limit := c.query.Get("limit"); limit != "" {
			query.Set("limit", limit)
		}
	}
	c.query = query
	if order := query.Get("sortOrder"); order != "" && order != "asc" && order != "desc" {
		c.badSyntax("sortOrder must be asc or desc.")
		return
	}
	from, to, ok := c.eventWindow(now)
	if !ok {
		return
	}
	limit, ok := c.eventLimit(200)
	if !ok {
		return
	}
	page := []any{}
	for at.Next >= 0 && at.Next < len(list) && len(page) < limit {
		if e := list[at.Next]; !e.processed.Before(from) && !e.processed.After(to) {
			page = append(page, c.eventBody(e, true))
		}
		if at.Asc {
			at.Next++
		} else {
			at.Next--
		}
	}
	c.eventPage(page, c.sealCursor("stream", at))
}

// eventPage answers with a page. The next one is told as a cursor and as an address.
func (c *call) eventPage(page []any, next string) {
	self := c.base + c.path
	meta, links := map[string]any{"page_size": len(page)}, map[string]any{"self": self}
	if next != "" {
		meta["next"] = next
		links["next"] = self + "?cursor=" + url.QueryEscape(next)
	}
	c.json(http.StatusOK, map[string]any{"data": page, "meta": meta, "links": links})
}

// event serves GET events/{eventId}.
func (c *call) event() {
	for _, e := range c.s.log.list(time.Now().UTC()) {
		if e.id(c.now) == c.arg(1) {
			c.json(http.StatusOK, map[string]any{"data": c.eventBody(e, false)})
			return
		}
	}
	c.orgError(http.StatusNotFound, "ADMIN-404-4", "Event not found", "There is no event with this id.")
}

// eventActions serves GET event-actions.
func (c *call) eventActions() {
	list := []any{}
	for _, a := range actions {
		list = append(list, map[string]any{"id": a.id, "type": "event-actions", "attributes": map[string]string{"displayName": a.name, "groupDisplayName": a.group}})
	}
	c.json(http.StatusOK, map[string]any{"data": list})
}

func (e *logged) id(m *model) string { return uuid(m.pop.seed, saltEvent, uint64(e.number)) }

// has tells whether a query term is part of what the event tells.
func (e *logged) has(term string) bool {
	if term == "" {
		return true
	}
	term = fold(term)
	for _, text := range []string{e.action, e.actor.id, e.actor.name, e.actor.email, e.who.id, e.who.name, e.who.email, e.group.id, e.group.name, e.detail} {
		if strings.Contains(fold(text), term) {
			return true
		}
	}
	return false
}

// eventIP is where every event comes from: a documentation address (RFC 5737).
const eventIP = "203.0.113.7"

const eventTime = "2006-01-02T15:04:05.000Z"

func (c *call) eventBody(e logged, stream bool) any {
	id := e.id(c.now)
	self := map[string]string{"self": "http://" + c.r.Host + "/admin/v1/orgs/" + OrgID + "/events/" + id}
	actor := map[string]any{"id": e.actor.id, "name": e.actor.name, "auth": map[string]string{"authType": e.auth}}
	if e.actor.email != "" {
		actor["email"] = e.actor.email
	}
	context := []any{}
	object := func(kind string, of entity, extra map[string]any) {
		attributes := map[string]any{"name": of.name}
		if of.email != "" {
			attributes["email"] = of.email
		}
		for name, value := range extra {
			attributes[name] = value
		}
		context = append(context, map[string]any{"id": of.id, "type": kind, "attributes": attributes, "links": map[string]string{"alt": "https://admin.atlassian.com/o/" + OrgID + "/" + kind + "/" + url.PathEscape(of.id)}})
	}
	extra := map[string]any{}
	if e.detail != "" {
		extra["detail"] = e.detail
	}
	if e.who.id != "" {
		object("users", e.who, extra)
	}
	if e.group.id != "" {
		object("groups", e.group, nil)
	}
	if e.who.id == "" && e.group.id == "" {
		object("orgs", entity{id: OrgID, name: orgName}, extra)
	}
	attributes := map[string]any{
		"time": e.at.Format(eventTime), "action": e.action, "actor": actor, "context": context,
		"container": []any{map[string]any{"id": OrgID, "type": "orgs", "attributes": map[string]any{"name": orgName}, "links": map[string]string{"alt": "https://admin.atlassian.com/o/" + OrgID}}},
		"location":  map[string]string{"ip": eventIP, "countryName": "Germany", "city": "Berlin"},
	}
	if stream {
		attributes["processedAt"] = e.processed.Format(eventTime)
	}
	return map[string]any{
		"id": id, "type": "events", "attributes": attributes, "links": self,
		"message": map[string]string{"content": strings.Join(strings.Fields(actionName(e.action)+" "+e.who.name+" "+e.group.name), " "), "format": "simple"},
	}
}

// split cuts a list that is separated by commas.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
