package audit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendFolded appends name as names are compared: in lower case, with single spaces.
func appendFolded(b []byte, name string) []byte {
	start, gap := len(b), false
	for _, r := range name {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			gap = len(b) > start
			continue
		}
		if gap {
			b, gap = append(b, ' '), false
		}
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return b
}

// foldEmail gives an address as addresses are compared.
func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// address is the user's e-mail: the primary one, or else a user name that is one.
func (u scimUser) address() string {
	if u.email == "" && strings.Contains(u.userName, "@") {
		return u.userName
	}
	return u.email
}

// domainOf gives the part of an address behind its last @, in lower case, or "".
func domainOf(address string) string {
	_, d, _ := cutLast(foldEmail(address), "@")
	return d
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// domains is a set of e-mail domains. A subdomain is another domain, as Atlassian verifies each by itself.
type domains map[string]struct{}

func newDomains(names []string) domains {
	d := domains{}
	for _, n := range names {
		d.add(strings.TrimPrefix(foldEmail(n), "@"))
	}
	return d
}

func (d domains) add(name string) {
	if name != "" {
		d[name] = struct{}{}
	}
}

func (d domains) has(name string) bool {
	_, ok := d[name]
	return ok
}

func (d domains) empty() bool { return len(d) == 0 }
