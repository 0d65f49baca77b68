package tools

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/when"
)

// ListLifecycleEventsInput narrows the log.
type ListLifecycleEventsInput struct {
	User    string   `json:"user,omitempty" jsonschema:"person it happened to: id, e-mail or name"`
	Actor   string   `json:"actor,omitempty" jsonschema:"person who did it"`
	Actions []string `json:"actions,omitempty" jsonschema:"kinds of events" maxItems:"13" enum:"created,invited,deactivated,reactivated,deleted,group,access,admin,token,sign_in,scim,profile,other"`
	From    string   `json:"from,omitempty" jsonschema:"RFC 3339 with zone"`
	To      string   `json:"to,omitempty" jsonschema:"likewise"`
	Limit   int      `json:"limit,omitempty" jsonschema:"25 if absent" minimum:"1" maximum:"200"`
	Cursor  string   `json:"cursor,omitempty" jsonschema:"next_cursor of a page"`
}

// ListLifecycleEventsOutput is a page, the newest first.
type ListLifecycleEventsOutput struct {
	Events     []events.Event `json:"events"`
	NextCursor string         `json:"next_cursor"`
	Note       string         `json:"note"`
	// RetryAfter and AsOf are there while the log's queries of the minute are used up.
	RetryAfter int       `json:"retry_after,omitempty" jsonschema:"seconds until the log can be asked again"`
	AsOf       time.Time `json:"as_of,omitzero" jsonschema:"when this answer was read, if not just now"`
}

func (d *Deps) listLifecycleEventsTool() Tool {
	return Define("list_lifecycle_events", "List lifecycle events", ToolsetAudit,
		"Asks the organization's audit log who did what to people and access: 30 days unless told otherwise, 180 at most, up to a day late. "+
			"What this server did is in list_operations.",
		reads, d.ListLifecycleEvents)
}

// ListLifecycleEvents is the tool list_lifecycle_events.
func (d *Deps) ListLifecycleEvents(ctx context.Context, in ListLifecycleEventsInput) (ListLifecycleEventsOutput, error) {
	if err := d.Events.Check(); err != nil {
		return ListLifecycleEventsOutput{}, err
	}
	q := events.Query{Limit: in.Limit, Cursor: in.Cursor, Stale: true}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	var err error
	if q.From, err = past("from", in.From); err != nil {
		return ListLifecycleEventsOutput{}, err
	}
	if q.To, err = past("to", in.To); err != nil {
		return ListLifecycleEventsOutput{}, err
	}
	var notes []string
	if q.Filter, notes, err = d.EventFilter(ctx, in.User, in.Actor, in.Actions); err != nil {
		return ListLifecycleEventsOutput{}, err
	}
	page, err := d.Events.List(ctx, q)
	if err != nil {
		return ListLifecycleEventsOutput{}, err
	}
	out := ListLifecycleEventsOutput{Events: page.Events, NextCursor: page.Next, Note: noteOn(page, notes), RetryAfter: seconds(page.Limited)}
	if page.Stale {
		out.AsOf = page.AsOf.UTC().Truncate(time.Second)
	}
	if out.Events == nil {
		out.Events = []events.Event{}
	}
	return out, nil
}

// EventFilter makes what people write a filter of events. The notes say whom nobody knows any more. An organization that isn't the site's is refused, whose
// log would tell of nobody here.
func (d *Deps) EventFilter(ctx context.Context, user, actor string, kinds []string) (f events.Filter, notes []string, err error) {
	if err := d.Directory.CheckSiteOrganization(ctx); err != nil {
		return f, nil, err
	}
	for _, kind := range kinds {
		f.Kinds = append(f.Kinds, events.Kind(kind))
	}
	for _, who := range []struct {
		text string
		into *events.Who
	}{{user, &f.User}, {actor, &f.Actor}} {
		var note string
		if *who.into, note, err = d.whose(ctx, who.text); err != nil {
			return f, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return f, notes, nil
}

// past reads a time of a window.
func past(argument, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return when.Past(argument, text, time.Now())
}

// whose finds the person whose events are asked for. Somebody who is gone has a past all the same: an account id or an e-mail that nobody has any more is
// looked for as it is, and a note says so.
func (d *Deps) whose(ctx context.Context, text string) (events.Who, string, error) {
	if text == "" {
		return events.Who{}, "", nil
	}
	target, err := directory.ParseTarget(text)
	if err != nil {
		return events.Who{}, "", err
	}
	person, err := d.Directory.Resolve(ctx, target)
	switch {
	case err == nil && person.AccountID != "":
		return events.Who{AccountID: person.AccountID, Email: person.Email}, "", nil
	case err != nil && (target.Kind == directory.ByName || !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.NotConfigured)):
		return events.Who{}, "", err
	case target.Kind == directory.ByAccountID:
		return events.Who{AccountID: target.Value}, "Nobody is known under the account id " + target.Value + " now; its events are looked for all the same.", nil
	case target.Kind == directory.ByEmail:
		return events.Who{Email: target.Value}, "No account is known for this e-mail now; events that name the address are looked for.", nil
	}
	return events.Who{Email: person.Email}, "This person has no account id; events that name the e-mail are looked for.", nil
}

// noteOn says what an answer covers, and what it can't.
func noteOn(p events.Page, notes []string) string {
	notes = append([]string{fmt.Sprintf("From %s to %s; what happened within the last 24 hours may still be missing.", p.From.UTC().Format(time.RFC3339), p.To.UTC().Format(time.RFC3339))}, notes...)
	switch {
	case p.Stale:
		notes = append(notes, fmt.Sprintf("The log's queries of this minute are used up: this is its answer of %s. Ask again in %d seconds for a new one.", p.AsOf.UTC().Format(time.RFC3339), seconds(p.Limited)))
	case p.Limited > 0:
		notes = append(notes, fmt.Sprintf("The log's queries of this minute are used up: go on with next_cursor in %d seconds.", seconds(p.Limited)))
	case p.Next != "" && len(p.Events) == 0:
		notes = append(notes, fmt.Sprintf("Nothing fits among the newest %d entries; go on with next_cursor for older ones.", p.Looked))
	}
	if p.Streamed {
		notes = append(notes, "The organization's key has scopes, so the order is that in which the service took events in, and more entries are read than with a key without.")
	}
	if p.Nameless {
		notes = append(notes, "The organization's list of actions can't be read right now, so an action that is not widely known is missing, or has its own name and is of the kind other.")
	}
	return strings.Join(notes, " ")
}

// seconds are whole ones, never too few.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Text lists the events for people.
func (o ListLifecycleEventsOutput) Text() string {
	var b strings.Builder
	if len(o.Events) == 0 {
		b.WriteString("No events.\n")
	}
	for _, e := range o.Events {
		fmt.Fprintf(&b, "%s  %s: %s, by %s\n", e.Time.UTC().Format(time.RFC3339), orNone(e.Target.Label()), e.Detail, orNone(e.Actor.Label()))
	}
	b.WriteString(o.Note)
	if o.NextCursor != "" {
		fmt.Fprintf(&b, "\nThere may be more: cursor = %s", o.NextCursor)
	}
	return b.String()
}
