package audit

import (
	"bytes"
	"context"
)

// linkByEmail finds the account of each SCIM user that has no account id yet, by the e-mail that Jira shows, and moves it to
// s.linked. One that stays alone is a finding. Nothing is read again where SCIM knows every account id, as it usually does.
func linkByEmail(ctx context.Context, s *spill, out *sink) error {
	if s.unlinked.Len() == 0 {
		return nil
	}
	if err := spoolEmails(ctx, s); err != nil {
		return err
	}
	people, err := newCursor(ctx, s.emails)
	if err != nil {
		return err
	}
	users, err := newCursor(ctx, s.unlinked)
	if err != nil {
		return err
	}
	l := linker{people: people}
	spool := spooler{spill: s}
	var last []byte
	for ; users.ok(); users.next() {
		if bytes.Equal(users.Key(), last) {
			continue // its page was read twice
		}
		last = append(last[:0], users.Key()...)
		u, err := decodeSCIM(users.Value())
		if err != nil {
			return err
		}
		email, _, _ := cutKey(last)
		ids := l.accounts(email)
		if len(ids) == 1 {
			u.accountID = ids[0]
			err = spool.scim(u)
		} else {
			err = out.unlinked(u, len(ids))
		}
		if err != nil {
			return err
		}
	}
	return firstError(people.err, users.err)
}

// linker gives the accounts of one e-mail after the other.
type linker struct {
	people *cursor
	email  []byte
	ids    []string // of email
}

// accounts gives the ids of the accounts that show an e-mail. Calls must come in the order of the e-mails.
func (l *linker) accounts(email []byte) []string {
	if len(email) == 0 {
		return nil
	}
	if bytes.Equal(email, l.email) {
		return l.ids
	}
	l.email, l.ids = append(l.email[:0], email...), l.ids[:0]
	for ; l.people.ok(); l.people.next() {
		shown, id, _ := cutKey(l.people.Key())
		switch bytes.Compare(shown, email) {
		case 0:
			if n := len(l.ids); n == 0 || l.ids[n-1] != string(id) {
				l.ids = append(l.ids, string(id))
			}
		case 1:
			return l.ids
		}
	}
	return l.ids
}

// spoolEmails adds each person to s.emails, under the e-mail that Jira shows.
func spoolEmails(ctx context.Context, s *spill) error {
	c, err := newCursor(ctx, s.accounts)
	if err != nil {
		return err
	}
	var key []byte
	for ; c.ok(); c.next() {
		a, err := decodeAccount(c.Value())
		if err != nil {
			return err
		}
		if !a.person() || a.email == "" {
			continue
		}
		key = appendKey(key[:0], foldEmail(a.email), a.id)
		if err := s.emails.Add(key, nil); err != nil {
			return err
		}
	}
	return c.err
}
