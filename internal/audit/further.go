package audit

import (
	"bytes"
	"context"
	"encoding/binary"
)

// Which e-mail of a row of the roster finds an account.
const (
	byOwn = iota
	byFurther
)

// finds takes that an e-mail of a row finds an account. Where it is a further one, that waits until it is known whether the row has another account: the mailbox of
// whoever left is mostly given to somebody else, and one row must not stand for two accounts.
func (s *spooler) finds(u listed, id []byte) error {
	by := byte(byOwn)
	switch {
	case u.second && string(id) == u.id && u.torn:
		return nil // it has the row as it is
	case u.second:
		by = byFurther
	case u.own == len(u.emails):
		return s.belongs(u, id)
	default:
		if err := s.belongs(u, id); err != nil {
			return err
		}
	}
	s.key = append(append(binary.BigEndian.AppendUint64(s.key[:0], uint64(u.line)), by), id...)
	s.value = u.appendTo(s.value[:0])
	return s.further.Add(s.key, s.value)
}

// linkFurther gives rows of the roster to the accounts that only their further e-mails find, once all of a row's accounts are known.
func linkFurther(ctx context.Context, s *spill) error {
	if s.further.Len() == 0 {
		return nil
	}
	c, err := newCursor(ctx, s.further)
	if err != nil {
		return err
	}
	out := spooler{spill: s}
	var line []byte
	var own [][]byte // accounts that the row's own e-mails find
	for ; c.ok(); c.next() {
		key := c.Key()
		if !bytes.Equal(key[:8], line) {
			line, own = append(line[:0], key[:8]...), own[:0]
		}
		id := key[9:]
		if key[8] == byOwn {
			own = append(own, bytes.Clone(id)) // as many as show an e-mail at most
			continue
		}
		u, err := decodeListed(c.Value())
		if err != nil {
			return err
		}
		u.elsewhere = u.torn // its account id is one that is known, and not this
		u.torn = false
		for _, other := range own {
			u.elsewhere = u.elsewhere || !bytes.Equal(other, id)
		}
		if err := out.belongs(u, id); err != nil {
			return err
		}
	}
	return c.err
}
