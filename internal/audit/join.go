package audit

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
)

// joined is everything that is known of one account, each fact beside those of its source.
type joined struct {
	account // as Jira lists it
	found   bool
	groups  []string   // names, sorted
	in      []*group   // the same groups, in the same order
	numbers []int      // of the groups
	scim    []scimUser // ordered by SCIM id; more than one is a mistake in the directory
	org     *orgUser
	export  *exported
	roster  *listed
	torn    *listed // a row whose account id and e-mail are not one person's, this one being one of them
	former  *listed // another row, that is as much theirs and says that they have left
	second  *listed // another row, that has the e-mail as a second one and says that the person is here
	unread  int     // line of a row that has the name and no usable address; 0 = none
	tokens  []token
	told    []use // by the organization, of this one person
	asked   bool  // whether it was asked
	same    sameName
	twins   sameName // accounts with one e-mail

	exportRows, rosterRows int // beyond the first
}

// joiner walks the sorted streams side by side and gathers the records of one key from all of them. What it gives is valid until the next.
type joiner struct {
	accounts, members, scim, org, exports, roster, tokens, dates, shared, twins, unread *cursor

	all []*cursor
	key []byte
}

// newJoiner begins a walk. Before the end there may be more dates to come: a stream that was walked takes no more.
func newJoiner(ctx context.Context, s *spill, end bool) (*joiner, error) {
	j := &joiner{dates: &cursor{}}
	streams := []stream{
		{&j.accounts, s.accounts},
		{&j.members, s.members},
		{&j.scim, s.linked},
		{&j.org, s.org},
		{&j.exports, s.exports},
		{&j.roster, s.roster},
		{&j.tokens, s.tokens},
		{&j.shared, s.shared},
		{&j.twins, s.twins},
		{&j.unread, s.unread},
	}
	if end {
		streams = append(streams, stream{&j.dates, s.dates})
	}
	for _, stream := range streams {
		c, err := newCursor(ctx, stream.from)
		if err != nil {
			return nil, err
		}
		*stream.to = c
		j.all = append(j.all, c)
	}
	return j, nil
}

type stream struct {
	to   **cursor
	from *sorter
}

// join hands each account, with everything known of it, to the sink. What other sources know of accounts that Jira did not list is handed over as such.
func join(ctx context.Context, s *spill, out *sink, p *progress) error {
	rows := 0
	return eachJoined(ctx, s, true, func(key []byte, j *joined) error {
		if !j.found {
			return out.unlisted(key, j)
		}
		if rows++; rows%1024 == 0 {
			p.joined(rows)
		}
		return out.row(j)
	})
}

// eachJoined calls fn for every account id that any stream has.
func eachJoined(ctx context.Context, s *spill, end bool, fn func(key []byte, j *joined) error) error {
	streams, err := newJoiner(ctx, s, end)
	if err != nil {
		return err
	}
	for streams.least() {
		j, err := streams.take()
		if err != nil {
			return err
		}
		if err := fn(streams.key, &j); err != nil {
			return err
		}
	}
	for _, c := range streams.all {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// least finds the smallest key that any stream is at.
func (s *joiner) least() bool {
	some := false
	for _, c := range s.all {
		if c.ok() && (!some || bytes.Compare(c.Key(), s.key) < 0) {
			s.key, some = append(s.key[:0], c.Key()...), true
		}
	}
	return some
}

// take takes the records of that key. A record that came twice counts once; of two that differ the later one is true.
func (s *joiner) take() (j joined, err error) {
	for ; s.accounts.at(s.key); s.accounts.next() {
		j.found = true
		if j.account, err = decodeAccount(s.accounts.Value()); err != nil {
			return j, err
		}
	}
	for ; s.members.at(s.key); s.members.next() {
		d := decoder{b: s.members.Value()}
		j.numbers = append(j.numbers, int(d.number()))
		if d.err() != nil {
			return j, errRecord
		}
	}
	slices.Sort(j.numbers)
	j.numbers = slices.Compact(j.numbers)
	for ; s.scim.at(s.key); s.scim.next() {
		u, err := decodeSCIM(s.scim.Value())
		if err != nil {
			return j, err
		}
		j.scim = append(j.scim, u)
	}
	// Of two copies of a SCIM user the later one stays.
	slices.Reverse(j.scim)
	slices.SortStableFunc(j.scim, func(a, b scimUser) int { return strings.Compare(a.id, b.id) })
	j.scim = slices.CompactFunc(j.scim, func(a, b scimUser) bool { return a.id == b.id })
	for ; s.shared.at(s.key); s.shared.next() {
		if j.same, err = decodeSameName(s.shared.Value()); err != nil {
			return j, err
		}
	}
	for ; s.twins.at(s.key); s.twins.next() {
		if j.twins, err = decodeSameName(s.twins.Value()); err != nil {
			return j, err
		}
	}
	for ; s.unread.at(s.key); s.unread.next() {
		d := decoder{b: s.unread.Value()}
		if line := int(d.number()); j.unread == 0 || line < j.unread {
			j.unread = line
		}
		if d.err() != nil {
			return j, errRecord
		}
	}
	return j, s.takeOthers(&j)
}

// takeOthers takes the records of the organization, the export and the roster.
func (s *joiner) takeOthers(j *joined) error {
	for ; s.org.at(s.key); s.org.next() {
		u, err := decodeOrgUser(s.org.Value())
		if err != nil {
			return err
		}
		j.org = &u
	}
	for ; s.exports.at(s.key); s.exports.next() {
		u, err := decodeExported(s.exports.Value())
		if err != nil {
			return err
		}
		if j.export == nil {
			j.export = &u
		} else {
			j.export.merge(u)
			j.exportRows++
		}
	}
	for lines := []int(nil); s.roster.at(s.key); s.roster.next() {
		u, err := decodeListed(s.roster.Value())
		if err != nil {
			return err
		}
		if u.torn {
			if j.torn == nil || u.line < j.torn.line {
				j.torn = &u
			}
		} else if !slices.Contains(lines, u.line) { // a row can be there by several of its e-mails
			lines = append(lines, u.line)
			j.rosterRows = len(lines) - 1
		}
		row := &j.roster
		if u.second {
			row = &j.second
		} else if u.gone() && (j.former == nil || u.line < j.former.line) {
			j.former = &u
		}
		if *row == nil || u.outweighs(**row) {
			*row = &u
		}
	}
	j.weighTorn()
	j.weighSecond()
	for ; s.tokens.at(s.key); s.tokens.next() {
		t, err := decodeToken(s.tokens.Value())
		if err != nil {
			return err
		}
		j.tokens = append(j.tokens, t)
	}
	slices.SortStableFunc(j.tokens, func(a, b token) int { return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id)) })
	j.tokens = slices.CompactFunc(j.tokens, func(a, b token) bool { return a.id == b.id })
	for ; s.dates.at(s.key); s.dates.next() {
		d := decoder{b: s.dates.Value()}
		if j.asked, j.told = true, d.uses(); d.err() != nil {
			return errRecord
		}
	}
	return nil
}

// merge adds what another row of the export says of the same person: older editions have a row a group.
func (u *exported) merge(other exported) {
	u.name, u.email = cmp.Or(u.name, other.name), cmp.Or(u.email, other.email)
	u.status, u.statusText, u.role = cmp.Or(u.status, other.status), cmp.Or(u.statusText, other.statusText), cmp.Or(u.role, other.role)
	u.added = cmp.Or(u.added, other.added)
	for _, o := range other.uses {
		if i := slices.IndexFunc(u.uses, func(x use) bool { return x.product == o.product }); i < 0 {
			u.uses = append(u.uses, o)
		} else {
			u.uses[i].at = max(u.uses[i].at, o.at)
		}
	}
}

// weighTorn takes back what a row says whose account id is this person's and whose e-mail is not, unless another of its own e-mails is.
func (j *joined) weighTorn() {
	if j.torn == nil || j.roster == nil || j.roster.torn || j.roster.line != j.torn.line {
		return
	}
	own := j.roster.emails[:j.roster.own]
	if !slices.ContainsFunc(j.addresses(), func(email string) bool { return slices.Contains(own, email) }) {
		j.roster = j.torn
	}
}

// weighSecond decides between the row that has somebody's e-mail as its own and one that has it as a second one. The mailbox of whoever left is mostly given to
// somebody else, whose row says nothing of the account then. It does where there is no other, or where both rows have one name: that is a person whose
// e-mail changed.
func (j *joined) weighSecond() {
	own, other := j.roster, j.second
	switch {
	case other == nil:
	case own == nil:
		j.roster, j.second = other, nil
	case own.line == other.line || own.standing() >= other.standing():
		j.second = nil
	case !other.elsewhere && own.name != "" && bytes.Equal(appendFolded(nil, own.name), appendFolded(nil, other.name)):
		j.roster, j.second = other, nil
	}
	if j.second != nil {
		j.rosterRows = max(0, j.rosterRows-1) // it is somebody else's
	}
}

// outweighs decides between two rows of one person, whichever comes first: somebody who left and came back has not left.
func (u listed) outweighs(other listed) bool {
	if u.elsewhere != other.elsewhere {
		return other.elsewhere
	}
	if u.standing() != other.standing() {
		return u.standing() > other.standing()
	}
	return cmp.Or(cmp.Compare(u.since, other.since), cmp.Compare(u.line, other.line)) > 0
}
