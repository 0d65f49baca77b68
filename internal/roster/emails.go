package roster

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// addresses gives the e-mails of a row, the main one first, and how many are the person's own: the mailbox of somebody who left is mostly given to another
// person, as a second address.
func (f *File) addresses(cells []string) (all []string, own int) {
	c := &f.columns
	f.emails = f.emails[:0]
	guest := false
	for _, i := range c.emails {
		f.emails = appendAddress(f.emails, cells[i])
	}
	for _, i := range c.logins {
		login := cells[i]
		if home, ok := guestAddress(login); ok {
			login, guest = home, true
		}
		f.emails = appendAddress(f.emails, login)
	}
	own = len(f.emails)
	if guest && c.guest >= 0 { // of others it is one to recover the account with
		f.emails = appendAddresses(f.emails, cells[c.guest])
	}
	for _, i := range c.aliases {
		f.emails = appendAddresses(f.emails, cells[i])
	}
	return f.emails, own
}

// guestAddress gives the address at home of a guest of Entra ID, whose sign-in name has it in another form: jane_example.com#EXT#@tenant.onmicrosoft.com.
func guestAddress(login string) (string, bool) {
	if strings.IndexByte(login, '#') < 0 {
		return "", false
	}
	name, _, ok := strings.Cut(login, "#EXT#")
	i := strings.LastIndexByte(name, '_')
	if !ok || i < 0 {
		return "", ok
	}
	return name[:i] + "@" + name[i+1:], true
}

// appendAddresses appends those of a list: proxyAddresses have SMTP: before each.
func appendAddresses(list []string, text string) []string {
	for address := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == ',' || r == '|' || unicode.IsSpace(r) }) {
		for part := range strings.SplitSeq(strings.ToLower(address), "+smtp:") {
			list = appendAddress(list, strings.TrimPrefix(part, "smtp:"))
		}
	}
	return list
}

// appendAddress appends what is an address; sign-in names need not be one.
func appendAddress(list []string, text string) []string {
	text = strings.TrimSpace(text)
	if at := strings.IndexByte(text, '@'); at <= 0 || at == len(text)-1 || len(text) > 254 {
		return list
	}
	if slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, text) }) {
		return list // nearly always the sign-in name
	}
	if text = strings.ToLower(text); rest.CleanID(text) == "" || strings.IndexByte(text, ' ') >= 0 || strings.Contains(text, "#ext#") {
		return list
	}
	return appendOnce(list, text)
}

func appendOnce(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}
