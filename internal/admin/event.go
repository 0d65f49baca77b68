package admin

import (
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Event is one entry of the organization's audit log.
type Event struct {
	ID          string
	Action      string // the service's own name, see [Client.EventActions]
	Time        time.Time
	ProcessedAt time.Time // when it entered the log; of the stream only
	Actor       Actor
	Context     []Entity // what it was done to
	Container   []Entity // where
	IP, Country string
}

// Actor is who did it. The name and e-mail can be "" where privacy hides them.
type Actor struct {
	ID, Name, Email string
	// AuthType is how they had signed in: container-token, api-token, connect-token, auth-token-for-2LO, auth-token-for-3LO; "" for a browser.
	AuthType, TokenID, TokenLabel string
	OnBehalfOf                    string // account id
}

// Entity is a person, group, token, app or policy in an event. Attributes are what the log tells of it, those that are texts, numbers or truth values.
type Entity struct {
	ID, Type   string
	Attributes map[string]string
}

type eventWire struct {
	ID         string `json:"id"`
	Attributes struct {
		Time        moment `json:"time"`
		ProcessedAt moment `json:"processedAt"`
		Action      string `json:"action"`
		Actor       struct {
			ID    string `json:"id"`
			Name  string `json:"name"`
			Email string `json:"email"`
			Auth  struct {
				Type       string `json:"authType"`
				TokenID    string `json:"tokenId"`
				TokenLabel string `json:"tokenLabel"`
			} `json:"auth"`
			OnBehalfOf struct {
				ID string `json:"id"`
			} `json:"onBehalfOf"`
		} `json:"actor"`
		Context   []entityWire `json:"context"`
		Container []entityWire `json:"container"`
		Location  struct {
			IP      string `json:"ip"`
			Country string `json:"countryName"`
		} `json:"location"`
	} `json:"attributes"`
}

type entityWire struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Attributes map[string]any `json:"attributes"`
}

func (w eventWire) read() Event {
	a := w.Attributes
	return Event{
		ID: rest.CleanID(w.ID), Action: rest.Clean(a.Action), Time: a.Time.Time, ProcessedAt: a.ProcessedAt.Time,
		Actor: Actor{
			ID: rest.CleanID(a.Actor.ID), Name: rest.Clean(a.Actor.Name), Email: rest.Clean(a.Actor.Email),
			AuthType: rest.Clean(a.Actor.Auth.Type), TokenID: rest.CleanID(a.Actor.Auth.TokenID), TokenLabel: rest.Clean(a.Actor.Auth.TokenLabel),
			OnBehalfOf: rest.CleanID(a.Actor.OnBehalfOf.ID),
		},
		Context: entities(a.Context), Container: entities(a.Container),
		IP: rest.Clean(a.Location.IP), Country: rest.Clean(a.Location.Country),
	}
}

// mostAttributes is how many attributes of one entity are kept.
const mostAttributes = 32

func entities(wire []entityWire) []Entity {
	out := make([]Entity, len(wire))
	for i, w := range wire {
		out[i] = Entity{ID: rest.CleanID(w.ID), Type: rest.Clean(w.Type)}
		for name, value := range w.Attributes {
			text, ok := scalar(value)
			if name = rest.CleanID(name); !ok || name == "" || len(out[i].Attributes) == mostAttributes {
				continue
			}
			if out[i].Attributes == nil {
				out[i].Attributes = map[string]string{}
			}
			out[i].Attributes[name] = rest.Clean(text)
		}
	}
	return out
}
