package audit

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

// sortMemory is the memory of each of the two large sorts, in bytes; the others have half of it. Together they bound what an
// audit holds, whatever the size of the site: more would make fewer and longer runs, which the merge hardly notices.
const sortMemory = 2 << 20

// spill holds the streams of an audit while they are sorted. The key is an account id where nothing else is said.
type spill struct {
	accounts     *extsort.Sorter // account
	members      *extsort.Sorter // number of the group
	linked       *extsort.Sorter // scimUser
	org          *extsort.Sorter // orgUser
	exports      *extsort.Sorter // exported
	roster       *extsort.Sorter // listed
	tokens       *extsort.Sorter // token
	dates        *extsort.Sorter // uses, as the organization told them of this one person
	shared       *extsort.Sorter // sameName
	twins        *extsort.Sorter // an e-mail that another account shows, too, and ids of such accounts
	names        *extsort.Sorter // key: name and account id
	emails       *extsort.Sorter // key: e-mail and account id; a byte that says which sources show it
	loose        *extsort.Sorter // key: e-mail, source and what tells such records apart; a record without a usable account id
	rosterIDs    *extsort.Sorter // listed, before anybody looked whether the id is known
	rosterEmails *extsort.Sorter // as loose, of rows of the roster
	strangers    *extsort.Sorter // as loose, of those whose e-mail no account shows
	skipped      *extsort.Sorter // key: folded name; line of a row of the roster that has a name and nothing that tells whose account is meant
	unread       *extsort.Sorter // line of such a row that has the account's name
	further      *extsort.Sorter // key: line of the roster, whether the account is found by a further e-mail, and the account id; such a row
}

func newSpill(dir string, memory int) *spill {
	if memory == 0 {
		memory = sortMemory
	}
	large := func(name string) *extsort.Sorter { return extsort.New(dir, name+".spill", memory) }
	small := func(name string) *extsort.Sorter { return extsort.New(dir, name+".spill", memory/2) }
	return &spill{
		accounts: large("accounts"), members: large("members"), org: large("organization"),
		linked: small("scim"), exports: small("export"), roster: small("roster"), tokens: small("tokens"), dates: small("dates"),
		shared: small("shared"), twins: small("twins"), names: small("names"), emails: small("emails"),
		loose: small("loose"), rosterIDs: small("roster-ids"), rosterEmails: small("roster-emails"), strangers: small("strangers"),
		further: small("further"), skipped: small("skipped"), unread: small("unread"),
	}
}

func (s *spill) all() []*extsort.Sorter {
	return []*extsort.Sorter{
		s.accounts, s.members, s.linked, s.org, s.exports, s.roster, s.tokens, s.dates,
		s.shared, s.twins, s.names, s.emails, s.loose, s.rosterIDs, s.rosterEmails, s.strangers, s.further, s.skipped, s.unread,
	}
}

func (s *spill) close() error {
	var errs []error
	for _, one := range s.all() {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// The sources as bits and bytes of records.
const (
	bitJira = 1 << iota
	bitSCIM
	bitOrganization
	bitExport
	bitRoster
)

// spooler adds records to a spill. It reuses its buffers, so each goroutine has its own.
type spooler struct {
	*spill
	key, value []byte
}

// account adds a, its e-mail, and its name where two people with one name could be taken for each other.
func (s *spooler) account(a account) error {
	s.key = a.appendKey(s.key[:0])
	s.value = a.appendTo(s.value[:0])
	if err := s.accounts.Add(s.key, s.value); err != nil {
		return err
	}
	if !a.person() {
		return nil
	}
	if err := s.shows(a.email, a.id, bitJira); err != nil || !a.active {
		return err
	}
	if s.key = appendFolded(s.key[:0], a.name); len(s.key) == 0 {
		return nil
	}
	s.key = append(s.key, 0)
	s.key = append(s.key, a.id...)
	return s.names.Add(s.key, nil)
}

// shows adds that a source shows an e-mail as that of an account.
func (s *spooler) shows(email, id string, source byte) error {
	if email = foldEmail(email); email == "" || id == "" || id == unknownID {
		return nil
	}
	s.key = appendKey(s.key[:0], email, id)
	s.value = append(s.value[:0], source)
	return s.emails.Add(s.key, s.value)
}

// member adds the membership of an account in the group of that number.
func (s *spooler) member(id string, group int) error {
	s.key = append(s.key[:0], cmp.Or(id, unknownID)...)
	s.value = binary.AppendUvarint(s.value[:0], uint64(group))
	return s.members.Add(s.key, s.value)
}

// scim adds u under its account id, or under its e-mail while SCIM has not learned the account id.
func (s *spooler) scim(u scimUser) error {
	if u.accountID == "" {
		s.value = u.appendTo(s.value[:0])
		return s.byEmail(s.loose, u.address(), bitSCIM, u.id)
	}
	s.key, s.value = append(s.key[:0], u.accountID...), u.appendTo(s.value[:0])
	if err := s.linked.Add(s.key, s.value); err != nil {
		return err
	}
	for _, email := range [...]string{u.email, u.userName} {
		if _, _, isEmail := cutLast(email, "@"); isEmail {
			if err := s.shows(email, u.accountID, bitSCIM); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *spooler) orgUser(u orgUser) error {
	s.key, s.value = append(s.key[:0], u.id...), u.appendTo(s.value[:0])
	if err := s.org.Add(s.key, s.value); err != nil {
		return err
	}
	return s.shows(u.email, u.id, bitOrganization)
}

// export adds u under its account id, or under its e-mail where the row has none.
func (s *spooler) export(u exported) error {
	if u.id == "" {
		s.value = u.appendTo(s.value[:0])
		return s.byEmail(s.loose, u.email, bitExport, "")
	}
	s.key, s.value = append(s.key[:0], u.id...), u.appendTo(s.value[:0])
	if err := s.exports.Add(s.key, s.value); err != nil {
		return err
	}
	return s.shows(u.email, u.id, bitExport)
}

// listed adds u under its account id until it is known whether any source knows the id; one without goes by its e-mails.
func (s *spooler) listed(u listed) error {
	if u.id != "" {
		s.key, s.value = append(s.key[:0], u.id...), u.appendTo(s.value[:0])
		return s.rosterIDs.Add(s.key, s.value)
	}
	return s.listedByEmail(u)
}

func (s *spooler) listedByEmail(u listed) error {
	s.value = u.appendTo(s.value[:0])
	for _, email := range u.emails {
		if err := s.byEmail(s.rosterEmails, email, bitRoster, fmt.Sprintf("%020d", u.line)); err != nil {
			return err
		}
	}
	return nil
}

// belongs adds that u is the person of the account.
func (s *spooler) belongs(u listed, id []byte) error {
	s.value = u.appendTo(s.value[:0])
	return s.roster.Add(id, s.value)
}

// byEmail adds the record in s.value under an e-mail; apart tells it from other records of that source and e-mail.
func (s *spooler) byEmail(to *extsort.Sorter, email string, source byte, apart string) error {
	s.key = append(append(append(s.key[:0], foldEmail(email)...), 0, source), apart...)
	return to.Add(s.key, s.value)
}

// cutLoose gives the e-mail and the source of such a key.
func cutLoose(key []byte) (email []byte, source byte) {
	email, rest, _ := bytes.Cut(key, []byte{0})
	if len(rest) == 0 {
		return email, 0
	}
	return email, rest[0]
}

// token adds a token of an account.
func (s *spooler) token(owner string, t token) error {
	s.key, s.value = append(s.key[:0], owner...), t.appendTo(s.value[:0])
	return s.tokens.Add(s.key, s.value)
}

// appendKey appends a key of two parts. It sorts by the first, then by the second.
func appendKey(b []byte, first, second string) []byte {
	b = append(b, first...)
	b = append(b, 0)
	return append(b, second...)
}

// cutKey gives the parts of such a key.
func cutKey(key []byte) (first, second []byte, ok bool) { return bytes.Cut(key, []byte{0}) }
