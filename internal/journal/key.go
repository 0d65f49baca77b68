package journal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

// Key gives 32 random bytes that are the same for every process on this journal. The first that asks for a name makes them.
func (s *Store) Key(ctx context.Context, name string) ([]byte, error) {
	var text string
	err := s.read(ctx, "read a key", func(ctx context.Context, t *tx) error {
		_, err := one(ctx, t, []any{&text}, `SELECT value FROM journal_keys WHERE name = ?`, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if text == "" {
		err = s.write(ctx, "make a key", func(ctx context.Context, t *tx) error {
			var fresh [32]byte
			rand.Read(fresh[:]) //nolint:errcheck // never fails
			if err := t.exec(ctx, `INSERT INTO journal_keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, hex.EncodeToString(fresh[:])); err != nil {
				return err
			}
			_, err := one(ctx, t, []any{&text}, `SELECT value FROM journal_keys WHERE name = ?`, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return hex.DecodeString(text)
}
