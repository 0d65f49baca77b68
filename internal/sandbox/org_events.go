package sandbox

import (
	"sync"
	"time"
)

// happened is something that a change did, as the model knows it.
type happened struct {
	action string
	who    int // index of the account, -1 for none
	group  int // index of the group, -1 for none
	detail string
}

// happens tells of something that a change does, where somebody listens.
func (m *model) happens(action string, who, group int, detail string) {
	if m.tell != nil {
		m.tell(happened{action, who, group, detail})
	}
}

// listen returns what a change to m does.
func (m *model) listen(change func()) (did []happened) {
	m.tell = func(h happened) { did = append(did, h) }
	change()
	m.tell = nil
	return did
}

// entity is a person or a thing in an event, under the name that it had then.
type entity struct{ id, name, email string }

// logged is an event of the audit log.
type logged struct {
	number    int // from 0, in the order in which they were processed
	at        time.Time
	processed time.Time
	action    string
	actor     entity
	auth      string // how the actor authenticated: an authType of the specification
	who       entity
	group     entity
	detail    string
}

// eventLog is the organization's audit log, oldest first.
type eventLog struct {
	mu     sync.Mutex
	events []logged
}

// add appends an event that happens now and is in the log after the delay. What was processed once stays before what comes later.
func (l *eventLog) add(e logged, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.number = len(l.events)
	e.processed = e.at.Add(delay)
	if n := len(l.events); n > 0 && e.processed.Before(l.events[n-1].processed) {
		e.processed = l.events[n-1].processed
	}
	l.events = append(l.events, e)
}

// list returns the events that are in the log by now, oldest first. They must not be changed.
func (l *eventLog) list(now time.Time) []logged {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.events)
	for n > 0 && l.events[n-1].processed.After(now) {
		n--
	}
	return l.events[:n:n]
}

func (l *eventLog) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

// record puts what a change did into the audit log, with the caller as its actor.
func (c *call) record(m *model, list []happened) {
	delay := time.Duration(c.s.knobs.get().EventDelayMS) * time.Millisecond
	for _, h := range list {
		e := m.logged(h)
		e.at = time.Now().UTC()
		e.actor, e.auth = c.actor(m)
		c.s.log.add(e, delay)
	}
}

// logged fills in who and what the event is about.
func (m *model) logged(h happened) logged {
	e := logged{action: h.action, detail: h.detail}
	var room scratch
	if a := m.look(h.who, &room); h.who >= 0 && a != nil {
		e.who = entity{a.id, a.display, a.email}
	}
	if h.group >= 0 {
		e.group = entity{id: m.groups[h.group].id, name: m.groups[h.group].name}
	}
	return e
}

// actor returns who the caller is in the audit log.
func (c *call) actor(m *model) (who entity, auth string) {
	var room scratch
	switch {
	case c.orgKey.Key != "":
		owner := m.look(m.byEmail(adminEmail), &room)
		return entity{owner.id, owner.display, owner.email}, "container-token"
	case c.who.Token.Token != "":
		owner := m.look(c.who.index, &room)
		return entity{owner.id, owner.display, owner.email}, "api-token"
	}
	// The identity provider, with the directory's token.
	return entity{id: "scim-" + DirectoryID, name: "User provisioning"}, "container-token"
}

// action is a kind of event.
type action struct{ id, name, group string }

// actions are the kinds of events that occur. The documents name none. managed_account_deactivated, managed_account_deleted, user_disabled_org_access
// and user_logged_in_as_user are what public clients of the audit log look for; the others follow their pattern, and the names for people are
// those in Atlassian's list of audit log activities (support.atlassian.com, "Audit log activities database").
var actions = []action{
	{"user_invited", "Invited user", "Users"},
	{"user_removed_from_org", "Removed user from organization", "Users"},
	{"user_disabled_org_access", "Suspended user access", "Users"},
	{"user_enabled_org_access", "Restored user access", "Users"},
	{"user_granted_product_access", "Granted app access to user", "Users"},
	{"user_revoked_product_access", "Revoked app access from user", "Users"},
	{"user_granted_role", "Granted admin role to user", "Users"},
	{"user_revoked_role", "Revoked admin role from user", "Users"},
	{"user_logged_in_as_user", "Logged in as user", "Users"},
	{"managed_account_created", "Created managed account", "Managed accounts"},
	{"managed_account_deactivated", "Deactivated account", "Atlassian accounts"},
	{"managed_account_reactivated", "Reactivated account", "Atlassian accounts"},
	{"managed_account_deletion_scheduled", "Scheduled deletion of account", "Atlassian accounts"},
	{"managed_account_deletion_canceled", "Canceled deletion of account", "Atlassian accounts"},
	{"managed_account_deleted", "Deleted account permanently", "Atlassian accounts"},
	{"managed_account_email_changed", "Changed email address", "Atlassian accounts"},
	{"managed_account_profile_updated", "Updated account profile", "Atlassian accounts"},
	{"scim_user_linked", "Synced user from identity provider", "User provisioning"},
	{"scim_user_unlinked", "Stopped syncing user from identity provider", "User provisioning"},
	{"group_created", "Created group", "Groups"},
	{"group_deleted", "Deleted group", "Groups"},
	{"user_added_to_group", "Added user to group", "Groups"},
	{"user_removed_from_group", "Removed user from group", "Groups"},
	{"api_token_created", "Created API token", "API tokens"},
	{"api_token_revoked", "Revoked API token", "API tokens"},
	{"all_api_tokens_revoked", "Revoked all API tokens of the organization", "API tokens"},
	{"authentication_policy_updated", "Updated authentication policy", "Security"},
	{"policy_two_step_enforced", "Enforced two-step verification", "Security"},
}

// actionName is what people call a kind of event.
func actionName(id string) string {
	for _, a := range actions {
		if a.id == id {
			return a.name
		}
	}
	return id
}
