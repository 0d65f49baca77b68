package journal

import (
	"context"
	"encoding/json"
	"time"
)

// ExportFilter says which records to give. Its zero value is all of them.
type ExportFilter struct {
	OperationID string // of this operation and, when it is a batch, of its people
	Since       time.Time
	Until       time.Time // exclusive
}

const eventsAtOnce = 500

// Events gives the records to fn, oldest first, up to the last one at the time of the call. It reads them in parts, so that memory does not grow with the
// record and a slow fn holds up nobody. It stops at fn's first error.
func (s *Store) Events(ctx context.Context, f ExportFilter, fn func(Event) error) error {
	if !s.Exists() {
		return nil
	}
	var after, head int64
	err := s.read(ctx, "read the journal's head", func(ctx context.Context, t *tx) error {
		_, err := one(ctx, t, []any{&head}, `SELECT seq FROM journal_chain WHERE one = 1`)
		return err
	})
	for err == nil && after < head {
		var page []Event
		if page, err = s.events(ctx, f, after, head); err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
	return err
}

func (s *Store) events(ctx context.Context, f ExportFilter, after, head int64) ([]Event, error) {
	query := `SELECT e.seq, e.at, e.operation_id, e.kind, e.epoch, e.actor, e.data, e.state, e.hash, ` +
		`coalesce((SELECT p.hash FROM journal_events p WHERE p.seq = e.seq - 1), (SELECT c.base_hash FROM journal_chain c WHERE c.base_seq = e.seq - 1), '') ` +
		`FROM journal_events e WHERE e.seq > ? AND e.seq <= ?`
	args := []any{after, head}
	if f.OperationID != "" {
		query += ` AND e.operation_id IN (SELECT id FROM journal_operations WHERE parent = ? AND parent <> '' UNION SELECT ?)`
		args = append(args, f.OperationID, f.OperationID)
	}
	if !f.Since.IsZero() {
		query += ` AND e.at >= ?`
		args = append(args, micros(f.Since))
	}
	if !f.Until.IsZero() {
		query += ` AND e.at < ?`
		args = append(args, micros(f.Until))
	}
	args = append(args, int64(eventsAtOnce))
	var page []Event
	err := s.read(ctx, "read the journal", func(ctx context.Context, t *tx) error {
		page = nil
		r, err := t.query(ctx, query+` ORDER BY e.seq LIMIT ?`, args...)
		if err != nil {
			return err
		}
		defer r.Close()
		for r.Next() {
			var e Event
			var at int64
			var data string
			if err := r.Scan(&e.Seq, &at, &e.OperationID, &e.Kind, &e.Epoch, &e.Actor, &data, &e.State, &e.Hash, &e.Previous); err != nil {
				return err
			}
			e.Time, e.Data = moment(at), json.RawMessage(data)
			page = append(page, e)
		}
		return r.Err()
	})
	return page, err
}
