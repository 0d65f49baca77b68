package events

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// place says where the next page of an answer starts: after an event, in a page of the service. It belongs to one question, whose window it keeps.
// It is no secret and grants nothing: an altered one reads another part of a log that its caller may read anyway.
type place struct {
	Query  uint64 `json:"q"`
	From   int64  `json:"f"`
	To     int64  `json:"t"`
	Stream bool   `json:"s,omitempty"` // the page is one of the stream
	Page   string `json:"p,omitempty"` // the service's own cursor; "" = its first page
	After  string `json:"a,omitempty"` // the event that came last; "" = none of this page
	At     int64  `json:"i,omitempty"` // and its time
}

// hash is of what was asked for, as the caller wrote it.
func (q Query) hash() uint64 {
	for _, who := range []*Who{&q.User, &q.Actor} {
		if who.AccountID != "" {
			who.Email = "" // which may show, or not
		}
	}
	raw, _ := json.Marshal([]any{q.Filter, q.From, q.To}) // plain fields always marshal
	h := fnv.New64a()
	_, _ = h.Write(raw) // a hash never fails
	return h.Sum64()
}

func (p place) seal() string {
	raw, _ := json.Marshal(p) // plain fields always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

// openPlace reads a cursor, which has to be one of q.
func openPlace(q Query) (place, error) {
	var p place
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	switch {
	case err != nil:
		return p, fault.New(fault.InvalidArgument, "Pass next_cursor of the previous page exactly as it came, or leave cursor out to begin.", "The argument cursor is not one that this server gave.")
	case p.Query != q.hash():
		return p, fault.New(fault.InvalidArgument, "Repeat the arguments of the first page together with its cursor, or leave cursor out to begin.", "The argument cursor belongs to another query.")
	}
	return p, nil
}

func (p place) window() (from, to time.Time) {
	return time.UnixMilli(p.From).UTC(), time.UnixMilli(p.To).UTC()
}
