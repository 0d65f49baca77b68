package audit

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// join walks the sorted streams side by side and hands each account, with everything known of it, to the sink. SCIM users and
// memberships of accounts that Jira did not list are handed over as such.
func join(ctx context.Context, s *spill, out *sink, p *progress) error {
	var j joiner
	var err error
	if j.accounts, err = newCursor(ctx, s.accounts); err != nil {
		return err
	}
	if j.members, err = newCursor(ctx, s.members); err != nil {
		return err
	}
	if j.scim, err = newCursor(ctx, s.linked); err != nil {
		return err
	}
	if j.shared, err = newCursor(ctx, s.shared); err != nil {
		return err
	}
	for rows := 0; j.least(); {
		if err := j.take(); err != nil {
			return err
		}
		if !j.found {
			if err := out.unlisted(j.key, j.numbers, j.users); err != nil {
				return err
			}
			continue
		}
		if err := out.row(j.account, j.numbers, j.users, j.same); err != nil {
			return err
		}
		if rows++; rows%1024 == 0 {
			p.joined(rows)
		}
	}
	return firstError(j.accounts.err, j.members.err, j.scim.err, j.shared.err)
}

// joiner gathers the records of one key from all the streams. Its slices are reused.
type joiner struct {
	accounts, members, scim, shared *cursor

	key     []byte
	found   bool // Jira lists the account
	account account
	numbers []int // of groups
	users   []scimUser
	same    sameName
}

// least finds the smallest key that any stream is at.
func (j *joiner) least() bool {
	some := false
	for _, c := range [...]*cursor{j.accounts, j.members, j.scim, j.shared} {
		if c.ok() && (!some || bytes.Compare(c.Key(), j.key) < 0) {
			j.key, some = append(j.key[:0], c.Key()...), true
		}
	}
	return some
}

// take takes the records of that key. A record that came twice counts once; of two that differ the later one is true.
func (j *joiner) take() (err error) {
	j.found, j.numbers, j.users, j.same = false, j.numbers[:0], j.users[:0], sameName{}
	for ; j.accounts.at(j.key); j.accounts.next() {
		j.found = true
		if j.account, err = decodeAccount(j.accounts.Value()); err != nil {
			return err
		}
	}
	for ; j.members.at(j.key); j.members.next() {
		d := decoder{b: j.members.Value()}
		j.numbers = append(j.numbers, int(d.number()))
		if d.err() != nil {
			return errRecord
		}
	}
	for ; j.scim.at(j.key); j.scim.next() {
		u, err := decodeSCIM(j.scim.Value())
		if err != nil {
			return err
		}
		j.users = append(j.users, u)
	}
	for ; j.shared.at(j.key); j.shared.next() {
		if j.same, err = decodeSameName(j.shared.Value()); err != nil {
			return err
		}
	}
	slices.Sort(j.numbers)
	j.numbers = slices.Compact(j.numbers)
	// Of two copies of a SCIM user the later one stays.
	slices.Reverse(j.users)
	slices.SortStableFunc(j.users, func(a, b scimUser) int { return strings.Compare(a.id, b.id) })
	j.users = slices.CompactFunc(j.users, func(a, b scimUser) bool { return a.id == b.id })
	return nil
}
