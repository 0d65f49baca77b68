package journal

import (
	"context"
	"strings"
	"time"
)

const (
	prunedKind   = "pruned"
	pruneAtOnce  = 2000
	pruneIDsOnce = 500
)

// PruneResult is what was removed.
type PruneResult struct {
	Operations int64 `json:"operations"`
	Events     int64 `json:"events"`
}

// pruneEvent says what a prune removed, and after which record the chain begins since.
type pruneEvent struct {
	Before     time.Time `json:"before"`
	Operations int64     `json:"operations"`
	BaseSeq    int64     `json:"base_seq"`
	BaseHash   string    `json:"base_hash"`
}

// Prune removes operations that ended before a moment, batches with their people, and then the oldest records, up to the first one that is not older or
// tells of an operation that is still there. The chain goes on from a checkpoint, and a record says what was pruned. Where an operation's own
// records have to stay, since older ones do, another record says that it was pruned.
func (s *Store) Prune(ctx context.Context, before time.Time) (PruneResult, error) {
	var all PruneResult
	if !s.Exists() {
		return all, nil
	}
	for {
		var part PruneResult
		more := false
		err := s.write(ctx, "prune the journal", func(ctx context.Context, t *tx) error {
			part = PruneResult{}
			ids, err := t.prunable(ctx, before)
			if err != nil {
				return err
			}
			more = len(ids) == pruneAtOnce
			removed, err := t.removeOperations(ctx, ids)
			if err != nil {
				return err
			}
			part, err = t.pruneEvents(ctx, before, removed)
			return err
		})
		all.Operations += part.Operations
		all.Events += part.Events
		if err != nil || !more {
			return all, err
		}
	}
}

func (t *tx) prunable(ctx context.Context, before time.Time) ([]string, error) {
	return t.texts(ctx, `SELECT id FROM journal_operations WHERE parent = '' AND ended_at > 0 AND ended_at < ? ORDER BY ended_at LIMIT ?`+t.db.skipLocked(),
		micros(before), int64(pruneAtOnce))
}

// removeOperations removes operations with their people and gives the ids of all.
func (t *tx) removeOperations(ctx context.Context, ids []string) ([]string, error) {
	var all []string
	for len(ids) > 0 {
		n := min(len(ids), pruneIDsOnce)
		list := `(?` + strings.Repeat(`, ?`, n-1) + `)`
		var args []any
		for _, id := range ids[:n] {
			args = append(args, id)
		}
		removed, err := t.texts(ctx, `DELETE FROM journal_operations WHERE id IN `+list+` OR (parent <> '' AND parent IN `+list+`) RETURNING id`, append(args, args...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, removed...)
		ids = ids[n:]
	}
	return all, nil
}

func (t *tx) pruneEvents(ctx context.Context, before time.Time, removed []string) (PruneResult, error) {
	result := PruneResult{Operations: int64(len(removed))}
	var head, base, first int64
	var baseHash string
	if _, err := one(ctx, t, []any{&head, &base, &baseHash}, `SELECT seq, base_seq, base_hash FROM journal_chain WHERE one = 1`+t.db.forUpdate()); err != nil {
		return result, err
	}
	found, err := one(ctx, t, []any{&first}, `SELECT e.seq FROM journal_events e WHERE e.at >= ? `+
		`OR EXISTS (SELECT 1 FROM journal_operations o WHERE o.id = e.operation_id) ORDER BY e.seq LIMIT 1`, micros(before))
	if err != nil {
		return result, err
	}
	cut := head
	if found {
		cut = first - 1
	}
	if cut <= base && len(removed) == 0 {
		return result, nil
	}
	if cut > base {
		result.Events = cut - base
		if _, err := one(ctx, t, []any{&baseHash}, `SELECT hash FROM journal_events WHERE seq = ?`, cut); err != nil {
			return result, err
		}
		base = cut
		if err := t.exec(ctx, `DELETE FROM journal_events WHERE seq <= ?`, base); err != nil {
			return result, err
		}
		if err := t.exec(ctx, `UPDATE journal_chain SET base_seq = ?, base_hash = ? WHERE one = 1`, base, baseHash); err != nil {
			return result, err
		}
	}
	for _, id := range removed {
		var left int64
		found, err := one(ctx, t, []any{&left}, `SELECT seq FROM journal_events WHERE operation_id = ? LIMIT 1`, id)
		if err != nil {
			return result, err
		}
		if found {
			if err := t.note(&event{operation: id, kind: prunedKind, actor: prunedKind}, struct{}{}); err != nil {
				return result, err
			}
		}
	}
	return result, t.note(&event{kind: prunedKind, actor: prunedKind}, pruneEvent{before.UTC(), result.Operations, base, baseHash})
}

// texts reads one column of texts.
func (t *tx) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	r, err := t.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []string
	for r.Next() {
		var s string
		if err := r.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, r.Err()
}
