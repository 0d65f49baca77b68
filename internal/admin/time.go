package admin

import (
	"encoding/json"
	"time"
)

// layouts are the forms in which the two APIs give a time. A date alone is its first moment in UTC.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", time.DateOnly}

// moment is a time of an answer. What can't be read is the zero time, as is what was absent: no list of people fails for one date.
type moment struct{ time.Time }

// UnmarshalJSON reads any of the forms, and milliseconds since 1970.
func (m *moment) UnmarshalJSON(data []byte) error {
	m.Time = time.Time{}
	var text string
	if json.Unmarshal(data, &text) != nil {
		var ms int64
		if json.Unmarshal(data, &ms) == nil && ms > 0 {
			m.Time = time.UnixMilli(ms).UTC()
		}
		return nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			m.Time = t.UTC()
			return nil
		}
	}
	return nil
}
