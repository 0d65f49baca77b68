package journal

import "context"

// notePrefix keeps notes apart from the keys that share their table.
const notePrefix = "note:"

// Note gives the small text that the processes on this journal share under name, "" where there is none. It belongs to no operation, so it is not
// part of the record.
func (s *Store) Note(ctx context.Context, name string) (string, error) {
	var text string
	err := s.read(ctx, "read a note", func(ctx context.Context, t *tx) error {
		_, err := one(ctx, t, []any{&text}, `SELECT value FROM journal_keys WHERE name = ?`, notePrefix+name)
		return err
	})
	return text, err
}

// SwapNote puts next in the place of the note that was read as old, and tells whether it did: of several processes that try at the same time one does. A
// next that is unlike every earlier text makes the answer safe against a commit whose own answer was lost.
func (s *Store) SwapNote(ctx context.Context, name, old, next string) (swapped bool, err error) {
	err = s.write(ctx, "change a note", func(ctx context.Context, t *tx) error {
		if err := t.exec(ctx, `INSERT INTO journal_keys (name, value) VALUES (?, '') ON CONFLICT (name) DO NOTHING`, notePrefix+name); err != nil {
			return err
		}
		if err := t.exec(ctx, `UPDATE journal_keys SET value = ? WHERE name = ? AND value = ?`, next, notePrefix+name, old); err != nil {
			return err
		}
		var now string
		_, err := one(ctx, t, []any{&now}, `SELECT value FROM journal_keys WHERE name = ?`, notePrefix+name)
		swapped = now == next
		return err
	})
	return swapped, err
}
