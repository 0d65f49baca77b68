package audit

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/roster"
)

// The records of the three sources beside Jira and SCIM, as they are spilled. Times are Unix seconds, 0 = not told.

// use is when a product of this site was last used. A product of "" stands for the site as a whole.
type use struct {
	product string
	at      int64 // 0 = never, or not told
}

// orgUser is one person as the organization lists them. What they do on other sites is left out.
type orgUser struct {
	id, name, email string
	status          string // active, suspended, not_invited, deactivated or for_deletion
	source          string // managementSource: invited or synced
	managed         bool
	added           int64
	deactivated     int64
	roles           []string // of the organization, such as atlassian/org-admin
	uses            []use    // of this site's products
	groups          []int    // numbers in the table of groups, sorted
}

// exported is one person of the console's export.
type exported struct {
	id, name, email string
	status          consoleexport.Status
	statusText      string
	role            string // in the organization, as the console words it
	added           int64
	uses            []use
}

// listed is one person of the roster.
type listed struct {
	line       int
	id, name   string
	emails     []string // folded, the main one first
	own        int      // how many of them are the person's own, see roster.Row
	second     bool     // found by one that is not
	elsewhere  bool     // likewise, and the row's account id or an e-mail of its own is another account's
	torn       bool     // its account id is one person's and its own e-mail another's: it says nothing of either. Before that is known: the id is known
	status     roster.Status
	statusText string
	since      int64 // day of leaving
	over       bool  // it is over, and the status says active
	leaving    bool  // it is not over, and the status says left
}

// token is an API token that may be used.
type token struct {
	id, label                 string
	created, expires, lastUse int64
}

func (u orgUser) appendTo(b []byte) []byte {
	b = append(b, flags(u.managed))
	for _, s := range [...]string{u.id, u.name, u.email, u.status, u.source} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, u.added)
	b = binary.AppendVarint(b, u.deactivated)
	b = appendStrings(b, u.roles)
	b = appendUses(b, u.uses)
	b = binary.AppendUvarint(b, uint64(len(u.groups)))
	for _, g := range u.groups {
		b = binary.AppendUvarint(b, uint64(g))
	}
	return b
}

func decodeOrgUser(b []byte) (u orgUser, err error) {
	d := decoder{b: b}
	u.managed = d.flags()&flagActive != 0
	u.id, u.name, u.email, u.status, u.source = d.str(), d.str(), d.str(), d.str(), d.str()
	u.added, u.deactivated = d.time(), d.time()
	u.roles, u.uses = d.strs(), d.uses()
	for range d.count() {
		u.groups = append(u.groups, int(d.number()))
	}
	return u, d.err()
}

func (u exported) appendTo(b []byte) []byte {
	for _, s := range [...]string{u.id, u.name, u.email, string(u.status), u.statusText, u.role} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, u.added)
	return appendUses(b, u.uses)
}

func decodeExported(b []byte) (u exported, err error) {
	d := decoder{b: b}
	u.id, u.name, u.email = d.str(), d.str(), d.str()
	u.status, u.statusText, u.role = consoleexport.Status(d.str()), d.str(), d.str()
	u.added, u.uses = d.time(), d.uses()
	return u, d.err()
}

func (u listed) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(append(b, flags(u.second), flags(u.over), flags(u.torn), flags(u.elsewhere), flags(u.leaving)), uint64(u.line))
	b = binary.AppendUvarint(b, uint64(u.own))
	for _, s := range [...]string{u.id, u.name, string(u.status), u.statusText} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, u.since)
	return appendStrings(b, u.emails)
}

func decodeListed(b []byte) (u listed, err error) {
	d := decoder{b: b}
	for _, is := range [...]*bool{&u.second, &u.over, &u.torn, &u.elsewhere, &u.leaving} {
		*is = d.flags()&flagActive != 0
	}
	u.line, u.own = int(d.number()), int(d.number())
	u.id, u.name, u.status, u.statusText = d.str(), d.str(), roster.Status(d.str()), d.str()
	u.since, u.emails = d.time(), d.strs()
	return u, d.err()
}

func (t token) appendTo(b []byte) []byte {
	b = appendString(appendString(b, t.id), t.label)
	for _, at := range [...]int64{t.created, t.expires, t.lastUse} {
		b = binary.AppendVarint(b, at)
	}
	return b
}

func decodeToken(b []byte) (t token, err error) {
	d := decoder{b: b}
	t.id, t.label = d.str(), d.str()
	t.created, t.expires, t.lastUse = d.time(), d.time(), d.time()
	return t, d.err()
}

func fromExport(r consoleexport.Row) exported {
	u := exported{
		id: r.AccountID, name: r.Name, email: r.Email, status: r.Status, statusText: r.StatusText, role: r.OrgRole, added: unix(r.Added),
	}
	for _, a := range r.LastActive {
		if a.Known {
			u.uses = append(u.uses, use{product: productKey(a.Product), at: unix(a.At)})
		}
	}
	return u
}

func fromRoster(r roster.Row) listed {
	u := listed{line: r.Line, id: r.AccountID, name: r.Name, status: r.Status, statusText: r.StatusText, since: unix(r.Since), over: r.Over, leaving: r.Leaving}
	for i, e := range r.Emails {
		if e = foldEmail(e); e != "" && !slices.Contains(u.emails, e) {
			if u.emails = append(u.emails, e); i < r.Own {
				u.own++
			}
		}
	}
	return u
}

// main is the e-mail that the roster gives first, or "".
func (u listed) main() string {
	if len(u.emails) == 0 {
		return ""
	}
	return u.emails[0]
}

// may reports whether the export says that somebody may sign in, or will once they accept; ended, that they may not any more.
func (u exported) may() bool {
	return u.status == consoleexport.Active || u.status == consoleexport.Invited
}

func (u exported) ended() bool { return u.status != "" && !u.may() }

// gone reports whether the roster says that the person has left.
func (u listed) gone() bool { return u.status == roster.Left && !u.torn }

// suspended reports whether the roster says that the person may not sign in for now. Most directories say no more of somebody who has left.
func (u listed) suspended() bool { return u.status == roster.Suspended && !u.torn && !u.elsewhere }

// expected reports whether the person should be given access by the roster, if they have none: a status that is not understood or says that they have left, and a last
// day that is over, give nobody any.
func (u listed) expected() bool {
	return u.status == roster.Active && !u.over && !u.leaving && !u.torn && !u.elsewhere
}

// standing orders what rows say of one person, the one that counts last.
func (u listed) standing() int {
	switch {
	case u.torn:
		return 0
	case u.gone():
		return 1
	case u.status == roster.Suspended:
		return 2
	case u.over:
		return 3
	case u.leaving:
		return 4
	default:
		return 5
	}
}

// productKey gives one name to what Atlassian names in several ways: the key of a product, whichever API or file it comes from.
func productKey(name string) string {
	switch key := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-"); key {
	case "jira-service-desk", "jira-service-management", "jira-servicemanagement", "jsm":
		return "jira-servicedesk"
	case "jira", "jira-software-cloud":
		return "jira-software"
	case "jira-work-management", "jira-business":
		return "jira-core"
	default:
		return key
	}
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

func appendUses(b []byte, uses []use) []byte {
	b = binary.AppendUvarint(b, uint64(len(uses)))
	for _, u := range uses {
		b = binary.AppendVarint(appendString(b, u.product), u.at)
	}
	return b
}

// count gives the length of a list; no list can have more items than there are bytes.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) time() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) strs() []string {
	var list []string
	for range d.count() {
		list = append(list, d.str())
	}
	return list
}

func (d *decoder) uses() []use {
	var list []use
	for range d.count() {
		list = append(list, use{d.str(), d.time()})
	}
	return list
}
