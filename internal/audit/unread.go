package audit

import (
	"bytes"
	"context"
	"encoding/binary"
)

// nameless takes a row of the roster with a name and nothing that tells whose account is meant.
func (s *spooler) nameless(line int, name string) error {
	if s.key = appendFolded(s.key[:0], name); len(s.key) == 0 {
		return nil
	}
	s.value = binary.AppendUvarint(s.value[:0], uint64(line))
	return s.skipped.Add(s.key, s.value)
}

// findUnread adds to s.unread each active account whose name such a row has: it may be the person's, who is no leaver then for being in no other.
func findUnread(ctx context.Context, s *spill) error {
	if s.skipped.Len() == 0 {
		return nil
	}
	people, err := newCursor(ctx, s.names)
	if err != nil {
		return err
	}
	rows, err := newCursor(ctx, s.skipped)
	if err != nil {
		return err
	}
	for ; people.ok(); people.next() {
		name, id, ok := cutKey(people.Key())
		if !ok {
			return errRecord
		}
		for rows.ok() && bytes.Compare(rows.Key(), name) < 0 {
			rows.next()
		}
		if rows.at(name) { // the first of such rows is enough
			if err := s.unread.Add(id, rows.Value()); err != nil {
				return err
			}
		}
	}
	return firstError(people.err, rows.err)
}
