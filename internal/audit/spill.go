package audit

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

// sortMemory is the memory of each of the two large sorts, in bytes; the others have half of it. Together they bound what an
// audit holds, whatever the size of the site: more would make fewer and longer runs, which the merge hardly notices.
const sortMemory = 2 << 20

// spill holds the streams of an audit while they are sorted. The key is an account id where nothing else is said.
type spill struct {
	accounts *extsort.Sorter // account
	members  *extsort.Sorter // number of the group
	linked   *extsort.Sorter // scimUser
	unlinked *extsort.Sorter // scimUser without an account id; key: e-mail and SCIM id
	emails   *extsort.Sorter // key: e-mail and account id
	names    *extsort.Sorter // key: name and account id
	shared   *extsort.Sorter // sameName
}

func newSpill(dir string, memory int) *spill {
	if memory == 0 {
		memory = sortMemory
	}
	return &spill{
		accounts: extsort.New(dir, "accounts.spill", memory),
		members:  extsort.New(dir, "members.spill", memory),
		linked:   extsort.New(dir, "scim.spill", memory/2),
		unlinked: extsort.New(dir, "unlinked.spill", memory/2),
		emails:   extsort.New(dir, "emails.spill", memory/2),
		names:    extsort.New(dir, "names.spill", memory/2),
		shared:   extsort.New(dir, "shared.spill", memory/2),
	}
}

func (s *spill) close() error {
	return errors.Join(s.accounts.Close(), s.members.Close(), s.linked.Close(), s.unlinked.Close(), s.emails.Close(),
		s.names.Close(), s.shared.Close())
}

// spooler adds records to a spill. It reuses its buffers, so each goroutine has its own.
type spooler struct {
	*spill
	key, value []byte
}

// account adds a, and its name where two people with one name could be taken for each other.
func (s *spooler) account(a account) error {
	s.key = a.appendKey(s.key[:0])
	s.value = a.appendTo(s.value[:0])
	if err := s.accounts.Add(s.key, s.value); err != nil {
		return err
	}
	if !a.active || !a.person() {
		return nil
	}
	if s.key = appendFolded(s.key[:0], a.name); len(s.key) == 0 {
		return nil
	}
	s.key = append(s.key, 0)
	s.key = append(s.key, a.id...)
	return s.names.Add(s.key, nil)
}

// member adds the membership of an account in the group of that number.
func (s *spooler) member(id string, group int) error {
	s.key = append(s.key[:0], cmp.Or(id, unknownID)...)
	s.value = binary.AppendUvarint(s.value[:0], uint64(group))
	return s.members.Add(s.key, s.value)
}

// scim adds u under its account id, or under its e-mail while SCIM has not learned the account id.
func (s *spooler) scim(u scimUser) error {
	s.value = u.appendTo(s.value[:0])
	if u.accountID == "" {
		s.key = appendKey(s.key[:0], foldEmail(u.address()), u.id)
		return s.unlinked.Add(s.key, s.value)
	}
	s.key = append(s.key[:0], u.accountID...)
	return s.linked.Add(s.key, s.value)
}

// appendKey appends a key of two parts. It sorts by the first, then by the second.
func appendKey(b []byte, first, second string) []byte {
	b = append(b, first...)
	b = append(b, 0)
	return append(b, second...)
}

// cutKey gives the parts of such a key.
func cutKey(key []byte) (first, second []byte, ok bool) { return bytes.Cut(key, []byte{0}) }
