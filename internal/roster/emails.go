package roster

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// addresses gives the e-mails of a row, the main one first, and how many are the person's own: the mailbox of somebody who left is mostly given to another
// person, as a second address. The error is the fault of a cell that has an address in it which can't be read: without it somebody would look as if they
// were not in the list.
func (f *File) addresses(cells []string) (all []string, own int, err error) {
	c := &f.columns
	f.emails, f.second = f.emails[:0], f.second[:0]
	guest, odd := false, -1
	for _, i := range c.emails {
		if home, ok := guestAddress(cells[i]); ok {
			f.emails, guest = appendAddress(f.emails, home), true
		} else if !f.cell(cells[i]) {
			return nil, 0, f.unreadable(i, cells[i])
		}
	}
	for _, i := range c.logins { // which need not be addresses
		if home, ok := guestAddress(cells[i]); ok {
			f.emails, guest = appendAddress(f.emails, home), true
		} else if !f.cell(cells[i]) && odd < 0 {
			odd = i
		}
	}
	own = len(f.emails)
	for _, email := range f.second {
		f.emails = appendOnce(f.emails, email)
	}
	if guest && c.guest >= 0 { // of others it is one to recover the account with
		f.emails = appendAddresses(f.emails, cells[c.guest])
	}
	for _, i := range c.aliases {
		f.emails = appendAddresses(f.emails, cells[i])
	}
	if odd >= 0 && len(f.emails) == 0 {
		return nil, 0, f.unreadable(odd, cells[odd])
	}
	return f.emails, own, nil
}

func (f *File) unreadable(column int, text string) error {
	return f.table.Wrong(column, csvdir.Shown(text)+" is no address that can be read", "Write the address alone, such as jane.doe@example.com; leave the cell empty where there is none.")
}

// cell takes the addresses of a cell: the first is the person's, the others are second ones. It is false where there is an @ and not all can be read.
func (f *File) cell(text string) bool {
	if n := len(f.emails); !odd(text) {
		if f.emails = appendAddress(f.emails, text); len(f.emails) > n || strings.IndexByte(text, '@') < 0 {
			return true
		}
	}
	list, ok := readAddresses(text)
	for i, address := range list {
		if i == 0 {
			f.emails = appendOnce(f.emails, address)
		} else {
			f.second = appendOnce(f.second, address)
		}
	}
	return ok
}

// complete reports whether an address can be one that somebody signs in with here: those have a domain with a dot.
func complete(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return strings.IndexByte(domain, '.') >= 0
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
