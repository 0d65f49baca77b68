package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// OrgKnobs are what an organization can be like. The zero value is the usual one. PUT /_sandbox/organization sets them, GET tells them.
type OrgKnobs struct {
	// SeatLimit is how many people may use each product of the site; 0 is what its licence says. Beyond it invitations and new members are 409.
	SeatLimit int `json:"seat_limit"`
	// Unpaid makes invitations 402: there is no paid subscription.
	Unpaid bool `json:"unpaid"`
	// EventDelayMS is how long an event takes to be in the audit log.
	EventDelayMS int `json:"event_delay_ms"`
	// RemovalDelayMS is how long the removal of somebody from the directories is queued; 0 is 200.
	RemovalDelayMS int `json:"removal_delay_ms"`
	// DeletionDelayMS is how long the deletion of an account can be undone; 0 is 14 days.
	DeletionDelayMS int `json:"deletion_delay_ms"`
	// UnscopedAccounts makes the management of accounts refuse every key with scopes, as was reported of it.
	UnscopedAccounts bool `json:"unscoped_accounts"`
	// RowPerDirectory makes a search in all directories tell of somebody once for each that they are in.
	RowPerDirectory bool `json:"row_per_directory"`
	// NoMinuteLimits lifts the limits a minute of the audit log and of the last-active dates.
	NoMinuteLimits bool `json:"no_minute_limits"`
}

type knobs struct {
	mu  sync.Mutex
	now OrgKnobs
}

func (k *knobs) get() OrgKnobs {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *knobs) set(v OrgKnobs) error {
	if v.SeatLimit < 0 || v.EventDelayMS < 0 || v.RemovalDelayMS < 0 || v.DeletionDelayMS < 0 {
		return fmt.Errorf("sandbox: seat_limit and delays must not be negative")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = v
	return nil
}

// seatLimit is how many people may use a product of the site; below 0 there is no limit.
func (c *call) seatLimit(m *model, product string) int {
	if limit := c.s.knobs.get().SeatLimit; limit > 0 {
		return limit
	}
	return m.licence(product)
}

// Organization returns what the organization is like, and SetOrganization changes it.
func (s *Sandbox) Organization() OrgKnobs { return s.knobs.get() }

// SetOrganization makes the organization as k says. It errs on negative numbers.
func (s *Sandbox) SetOrganization(k OrgKnobs) error { return s.knobs.set(k) }

// putOrganization serves PUT /_sandbox/organization. What is left out becomes the usual value.
func (s *Sandbox) putOrganization(w http.ResponseWriter, r *http.Request) {
	var k OrgKnobs
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&k)
	if err == nil {
		err = s.knobs.set(k)
	}
	if err != nil {
		http.Error(w, `sandbox: the body must be like {"seat_limit": 10, "event_delay_ms": 500}: `+err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, k)
}
