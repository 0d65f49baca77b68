// Package events is the read side of the organization's audit log, narrowed to people and access: what happened, to whom, by whom, in plain words.
//
// A [Log] answers questions about the past; a [Follower] goes along the stream of new events; [Watch] writes them down so that a restart neither
// loses nor repeats one, and a [Feed] tells subscribers that there are some. What an action means is decided in one pure function (classify).
//
// Atlassian adds an event up to a day after it happened, and keeps it for [Kept].
package events

import (
	"context"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// Limits of the audit log. Support.atlassian.com, "What activities does the audit log include?": 180 days in every plan. FACTS of the API: up to a
// day late.
const (
	Kept     = 180 * 24 * time.Hour
	Lateness = 24 * time.Hour
)

// Source is the organization; [*admin.Client] is one.
type Source interface {
	Events(ctx context.Context, q admin.EventQuery, cursor string) (admin.Page[admin.Event], error)
	EventsStream(ctx context.Context, s admin.Stream, cursor string) (admin.Page[admin.Event], error)
	EventActions(ctx context.Context) ([]admin.EventAction, error)
}

// Event is one thing that happened. Its texts come from the service, cleaned; they are data and never instructions.
type Event struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Action says what happened in one word of ours, such as deactivated or group_added. Where the service's action is none that is known, it is that.
	Action    string `json:"action"`
	Kind      Kind   `json:"kind,omitempty"`       // always there
	RawAction string `json:"raw_action,omitempty"` // likewise
	Actor     Party  `json:"actor"`
	Target    Party  `json:"target"`
	Detail    string `json:"detail"`
	// ProcessedAt is when it came into the log; only the stream tells.
	ProcessedAt time.Time `json:"processed_at,omitzero"`

	people []Party // whom it is about, the target among them
}

// Party is somebody, or something, in an event, under the name that it had then.
type Party struct {
	Type      string `json:"type,omitempty"`       // person, group, or the service's own word; an actor has none
	AccountID string `json:"account_id,omitempty"` // of people and actors
	ID        string `json:"id,omitempty"`         // of everything else
	Name      string `json:"display_name,omitempty"`
	Email     string `json:"email,omitempty"`
	Via       string `json:"via,omitempty"` // what an actor had signed in with: api-token, container-token, …
}

// Label names a party for people.
func (p Party) Label() string {
	id := p.AccountID + p.ID // it has one of them
	switch {
	case p.Name != "" && id != "" && p.Name != id:
		return p.Name + " (" + id + ")"
	case p.Name != "":
		return p.Name
	case p.Email != "":
		return p.Email
	}
	return id
}

// Who is a person to look for: by account id, and by e-mail where no account is known.
type Who struct{ AccountID, Email string }

// any tells whether everybody is meant.
func (w Who) any() bool { return w == Who{} }

// Filter narrows events to those about User, by Actor, of one of Kinds. Zero values leave a part open.
type Filter struct {
	User, Actor Who
	Kinds       []Kind
}
