package events

import (
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// names are the organization's own list of actions, by id. A nil one is empty.
type names map[string]admin.EventAction

// read makes an entry of the log an event; false for one that isn't about people or access.
func (n names) read(e admin.Event) (Event, bool) {
	about := append(slices.Clone(e.Context), e.Container...)
	person := slices.ContainsFunc(about, isPerson)
	m, ok := classify(e.Action, n[e.Action], person)
	if !ok {
		return Event{}, false
	}
	out := Event{
		ID: e.ID, Time: e.Time, Action: m.action, Kind: m.kind, RawAction: e.Action, ProcessedAt: e.ProcessedAt,
		Actor: Party{AccountID: e.Actor.ID, Name: e.Actor.Name, Email: e.Actor.Email, Via: via(e.Actor)},
	}
	for _, entity := range about {
		if isPerson(entity) {
			out.people = append(out.people, party(entity))
		}
	}
	target := slices.IndexFunc(e.Context, isPerson)
	switch {
	case target >= 0:
		out.Target = party(e.Context[target])
	case len(out.people) > 0:
		out.Target = out.people[0]
	case len(e.Context) > 0:
		target = 0
		out.Target = party(e.Context[0])
	case m.kind == SignIn: // somebody who signs in does it to themselves
		out.Target = Party{Type: typePerson, AccountID: out.Actor.AccountID, Name: out.Actor.Name, Email: out.Actor.Email}
		out.people = []Party{out.Target}
	}
	out.Detail = detail(m, e, target)
	return out, true
}

const typePerson = "person"

func isPerson(e admin.Entity) bool {
	kind := strings.ToLower(e.Type)
	return strings.Contains(kind, "user") || strings.Contains(kind, "account") || kind == typePerson
}

// party names an entity by what the log tells of it.
func party(e admin.Entity) Party {
	p := Party{Type: singular(e.Type), Email: e.Attributes["email"]}
	for _, key := range []string{"displayName", "name", "label", "title"} {
		if p.Name = e.Attributes[key]; p.Name != "" {
			break
		}
	}
	if isPerson(e) {
		p.Type, p.AccountID = typePerson, e.ID
	} else {
		p.ID = e.ID
	}
	return p
}

// singular is a type's name as one word for one thing: groups is group.
func singular(kind string) string {
	kind = strings.ToLower(kind)
	if strings.HasSuffix(kind, "ies") {
		return strings.TrimSuffix(kind, "ies") + "y"
	}
	return strings.TrimSuffix(kind, "s")
}

// via tells what an actor had signed in with.
func via(a admin.Actor) string {
	text := a.AuthType
	if a.TokenLabel != "" {
		text += " " + a.TokenLabel
	}
	if a.OnBehalfOf != "" {
		text += ", on behalf of " + a.OnBehalfOf
	}
	return strings.TrimSpace(strings.TrimPrefix(text, ","))
}

// Limits of a detail: how many attributes of its target it has, and how many runes.
const (
	mostFacts  = 6
	mostDetail = 400
)

// detail says in plain words what happened, what else took part, and what the log tells beyond names.
func detail(m meaning, e admin.Event, target int) string {
	text := m.words
	if text == "" {
		text = strings.ReplaceAll(e.Action, "_", " ")
	}
	var others, facts []string
	for i, entity := range slices.Concat(e.Context, e.Container) {
		if i == target {
			facts = attributes(entity)
			continue
		}
		kind, label := singular(entity.Type), party(entity).Label()
		switch {
		case kind == "org", kind == "organization", label == "":
		case strings.Contains(strings.ToLower(text), kind):
			others = append(others, label)
		default:
			others = append(others, strings.TrimSpace(kind+" "+label))
		}
	}
	if len(others) > 0 {
		text += ": " + strings.Join(others, ", ")
	}
	if len(facts) > 0 {
		text += " (" + strings.Join(facts, ", ") + ")"
	}
	if runes := []rune(text); len(runes) > mostDetail {
		text = string(runes[:mostDetail-1]) + "…"
	}
	return text
}

// attributes are what the log tells of an entity beyond its names, in a fixed order.
func attributes(e admin.Entity) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(e.Attributes)) {
		switch value := e.Attributes[key]; {
		case value == "", key == "name", key == "displayName", key == "email", strings.HasPrefix(value, "http"):
		case len(list) == mostFacts:
			return list
		case key == "detail":
			list = append(list, value)
		default:
			list = append(list, key+" "+value)
		}
	}
	return list
}

// fits tells whether an event is one that f asks for.
func (f Filter) fits(e Event) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) {
		return false
	}
	return (f.Actor.any() || f.Actor.is(e.Actor)) && (f.User.any() || slices.ContainsFunc(e.people, f.User.is))
}

// is tells whether a party is the person: by account id, where both have one.
func (w Who) is(p Party) bool {
	if w.AccountID != "" && p.AccountID != "" {
		return w.AccountID == p.AccountID
	}
	return w.Email != "" && strings.EqualFold(w.Email, p.Email)
}
