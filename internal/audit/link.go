package audit

import (
	"bytes"
	"context"
	"slices"
)

// linkByEmail finds the account of each record that has no account id, or one that no source knows, by the e-mails that
// accounts show. What stays alone goes to s.strangers, or is a finding.
func linkByEmail(ctx context.Context, s *spill, out *sink) error {
	if err := findTwins(ctx, s); err != nil {
		return err
	}
	if err := linkLoose(ctx, s, s.loose, out); err != nil {
		return err
	}
	if err := findUnread(ctx, s); err != nil {
		return err
	}
	// Only now is it known which account ids there are.
	byEmail, err := resolveRosterIDs(ctx, s)
	if err != nil {
		return err
	}
	out.rules.byEmail = byEmail
	if err := linkLoose(ctx, s, s.rosterEmails, out); err != nil {
		return err
	}
	return linkFurther(ctx, s)
}

func linkLoose(ctx context.Context, s *spill, from *sorter, out *sink) error {
	if from.Len() == 0 {
		return nil
	}
	people, err := newCursor(ctx, s.emails)
	if err != nil {
		return err
	}
	loose, err := newCursor(ctx, from)
	if err != nil {
		return err
	}
	l := linker{spooler: spooler{spill: s}, people: people, out: out}
	var last []byte
	for ; loose.ok(); loose.next() {
		if bytes.Equal(loose.Key(), last) {
			continue // its page was read twice
		}
		last = append(last[:0], loose.Key()...)
		email, source := cutLoose(last)
		if err := l.link(email, source, loose.Value()); err != nil {
			return err
		}
	}
	return firstError(people.err, loose.err)
}

// linker gives each loose record to the accounts of its e-mail. Records come in the order of the e-mails.
type linker struct {
	spooler
	people *cursor
	out    *sink
	email  []byte
	owners []owner // of email
}

// owner is an account that shows an e-mail, and which sources say so.
type owner struct {
	id      []byte
	sources byte
}

func (l *linker) link(email []byte, source byte, value []byte) error {
	owners := l.accounts(email)
	switch source {
	case bitSCIM:
		return l.scimUser(owners, value)
	case bitExport:
		u, err := decodeExported(value)
		if err != nil {
			return err
		}
		if len(owners) == 1 {
			u.id = string(owners[0].id)
			l.value = u.appendTo(l.value[:0])
			return l.exports.Add(owners[0].id, l.value)
		}
		l.value = append(l.value[:0], value...)
		return l.byEmail(l.strangers, string(email), bitExport, "")
	default:
		return l.person(owners, email, value)
	}
}

// scimUser goes by what others say alone: that another SCIM user has the e-mail does not tell whose it is.
func (l *linker) scimUser(owners []owner, value []byte) error {
	u, err := decodeSCIM(value)
	if err != nil {
		return err
	}
	matches := 0
	for _, o := range owners {
		if o.sources&^bitSCIM != 0 {
			matches++
			u.accountID = string(o.id)
		}
	}
	if matches == 1 {
		l.value = u.appendTo(l.value[:0])
		return l.linked.Add([]byte(u.accountID), l.value)
	}
	u.accountID = ""
	if email := foldEmail(u.address()); email != "" {
		l.value = u.appendTo(l.value[:0])
		if err := l.byEmail(l.strangers, email, bitSCIM, u.id); err != nil {
			return err
		}
	}
	return l.out.unlinked(u, matches)
}

// person gives a row of the roster to each account that shows one of its e-mails: where two do, neither must look like that of
// somebody who left.
func (l *linker) person(owners []owner, email, value []byte) error {
	u, err := decodeListed(value)
	if err != nil {
		return err
	}
	u.second = slices.Index(u.emails, string(email)) >= u.own
	if u.torn && !u.second {
		return l.compareIDs(u, owners)
	}
	for _, o := range owners {
		if err := l.finds(u, o.id); err != nil {
			return err
		}
	}
	if u.torn {
		return nil // it is told of under its account id
	}
	l.value = append(l.value[:0], value...)
	switch {
	case len(owners) > 0: // known after all, whatever its main e-mail is
		return l.byEmail(l.strangers, u.main(), bitKnown, "")
	case string(email) != u.main():
		return l.byEmail(l.strangers, string(email), bitAlias, "")
	default:
		return l.byEmail(l.strangers, u.main(), bitRoster, "")
	}
}

// compareIDs takes a row of the roster that has the account id of somebody, with those who show one of its own e-mails. Whoever of them has another id is no
// leaver for not being in the roster; where nobody has the id of the row, nobody can tell whom of them it is about.
func (l *linker) compareIDs(u listed, owners []owner) error {
	named := slices.ContainsFunc(owners, func(o owner) bool { return string(o.id) == u.id })
	if !named && len(owners) > 0 {
		owners = append(owners[:len(owners):len(owners)], owner{id: []byte(u.id)})
	}
	for _, o := range owners {
		if named && string(o.id) == u.id {
			continue // it has the row as it is
		}
		if err := l.belongs(u, o.id); err != nil {
			return err
		}
	}
	return nil
}

// Marks among the strangers. They sort before and behind the sources.
const (
	bitKnown = 0   // a row of the roster that has an account by another of its e-mails
	bitAlias = 128 // a row of the roster that is told of under its main e-mail
)

// accounts gives the accounts that show an e-mail. Calls must come in the order of the e-mails.
func (l *linker) accounts(email []byte) []owner {
	if len(email) == 0 {
		return nil
	}
	if bytes.Equal(email, l.email) {
		return l.owners
	}
	l.email, l.owners = append(l.email[:0], email...), l.owners[:0]
	for ; l.people.ok(); l.people.next() {
		shown, id, _ := cutKey(l.people.Key())
		switch bytes.Compare(shown, email) {
		case 0:
			if n := len(l.owners); n > 0 && bytes.Equal(l.owners[n-1].id, id) {
				l.owners[n-1].sources |= l.people.Value()[0]
			} else if n < maxSameName {
				l.owners = append(l.owners, owner{bytes.Clone(id), l.people.Value()[0]})
			}
		case 1:
			return l.owners
		}
	}
	return l.owners
}

// resolveRosterIDs gives each row of the roster that has an account id to that account, if any source knows it; else it goes by its e-mails. Whether its own e-mail is
// that account's is still to be seen. It reports whether any row goes by e-mail.
func resolveRosterIDs(ctx context.Context, s *spill) (byEmail bool, err error) {
	byEmail = s.rosterEmails.Len() > 0
	if s.rosterIDs.Len() == 0 {
		return byEmail, nil
	}
	rows, err := newCursor(ctx, s.rosterIDs)
	if err != nil {
		return false, err
	}
	var known []*cursor
	for _, source := range [...]*sorter{s.accounts, s.org, s.exports, s.linked} {
		c, err := newCursor(ctx, source)
		if err != nil {
			return false, err
		}
		known = append(known, c)
	}
	out := spooler{spill: s}
	for ; rows.ok(); rows.next() {
		u, err := decodeListed(rows.Value())
		if err != nil {
			return false, err
		}
		found := false
		for _, c := range known {
			for c.ok() && bytes.Compare(c.Key(), rows.Key()) < 0 {
				c.next()
			}
			found = found || c.at(rows.Key())
			if c.err != nil {
				return false, c.err
			}
		}
		if found || len(u.emails) == 0 {
			err = out.belongs(u, rows.Key())
		}
		if u.torn = found; err == nil && len(u.emails) > 0 {
			byEmail, err = byEmail || !found, out.listedByEmail(u)
		}
		if err != nil {
			return false, err
		}
	}
	return byEmail, rows.err
}
