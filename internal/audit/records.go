package audit

import (
	"cmp"
	"encoding/binary"
	"errors"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// The values of spilled records. Each is a byte of flags and then strings, a length before each.

const flagActive = 1

var errRecord = errors.New("a scratch record is damaged")

// account is one account as Jira lists it.
type account struct {
	id, kind, name, email string
	active                bool
}

// scimUser is one SCIM user.
type scimUser struct {
	id, userName, email, accountID string
	active                         bool
}

func fromJira(u jira.User) account {
	return account{id: cmp.Or(u.AccountID, unknownID), kind: accountType(u.AccountType), name: u.DisplayName, email: u.EmailAddress, active: u.Active}
}

func fromSCIM(u scim.User) scimUser {
	return scimUser{id: u.ID, userName: u.UserName, email: u.Email, accountID: u.AccountID, active: u.Active}
}

// unknownID marks a corrupted account record, and stands for an id that can't be used. Several accounts can have it.
const unknownID = "unknown"

// appendKey appends the key that accounts are sorted and joined by: the account id. Corrupted records share an id, so
// what they show is added to tell them apart, and they join with nothing.
func (a account) appendKey(b []byte) []byte {
	b = append(b, a.id...)
	if a.id == unknownID {
		b = append(b, 0)
		b = append(b, a.name...)
		b = append(b, 0)
		b = append(b, a.email...)
	}
	return b
}

// person reports whether a is somebody's account, which can be told from others.
func (a account) person() bool { return a.kind == typeAtlassian && a.id != unknownID }

func (a account) appendTo(b []byte) []byte {
	b = append(b, flags(a.active))
	b = appendString(b, a.id)
	b = appendString(b, a.kind)
	b = appendString(b, a.name)
	return appendString(b, a.email)
}

func decodeAccount(b []byte) (a account, err error) {
	d := decoder{b: b}
	a.active = d.flags()&flagActive != 0
	a.id, a.kind, a.name, a.email = d.str(), d.str(), d.str(), d.str()
	return a, d.err()
}

func (u scimUser) appendTo(b []byte) []byte {
	b = append(b, flags(u.active))
	b = appendString(b, u.id)
	b = appendString(b, u.userName)
	b = appendString(b, u.email)
	return appendString(b, u.accountID)
}

func decodeSCIM(b []byte) (u scimUser, err error) {
	d := decoder{b: b}
	u.active = d.flags()&flagActive != 0
	u.id, u.userName, u.email, u.accountID = d.str(), d.str(), d.str(), d.str()
	return u, d.err()
}

func flags(active bool) byte {
	if active {
		return flagActive
	}
	return 0
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decoder takes a record apart; after the first mistake it gives zero values.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) flags() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	f := d.b[0]
	d.b = d.b[1:]
	return f
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) str() string {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) err() error {
	if d.bad || len(d.b) > 0 {
		return errRecord
	}
	return nil
}
