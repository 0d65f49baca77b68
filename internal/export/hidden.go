package export

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a part of a text that is to be hidden.
type span struct {
	start, end int
	digest     string // how a digest of people begins; "" = it is an e-mail address
}

// digests are how the ids begin that were made of e-mails and names: nobody shall try out whose they are.
var digests = []string{"plan-", "batch:"}

// nextHidden finds the first e-mail address or digest that begins at from or later. It takes an address liberally: in quotes, percent-encoded, at a host
// without a dot.
func nextHidden(s string, from int) (span, bool) {
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case c == '@', c == '%' && strings.HasPrefix(s[i:], "%40"):
			if found, ok := addressAt(s, from, i); ok {
				return found, true
			}
		case c == digests[0][0], c == digests[1][0]:
			if found, ok := digestAt(s, i); ok {
				return found, true
			}
		}
	}
	return span{}, false
}

// digestLength is the hexadecimal digits of a digest.
const digestLength = 32

func digestAt(s string, i int) (span, bool) {
	for _, prefix := range digests {
		digits, ok := strings.CutPrefix(s[i:], prefix)
		if !ok || len(digits) < digestLength {
			continue
		}
		if strings.Trim(digits[:digestLength], "0123456789abcdef") == "" {
			return span{i, i + len(prefix) + digestLength, prefix}, true
		}
	}
	return span{}, false
}

// addressAt gives the address around the sign at i.
func addressAt(s string, from, i int) (span, bool) {
	start := i
	if i > from && s[i-1] == '"' {
		if open := strings.LastIndexByte(s[from:i-1], '"'); open >= 0 {
			start = from + open // "john doe"@example.com
		}
	} else {
		for start > from {
			c, size := utf8.DecodeLastRuneInString(s[from:start])
			if !local(c) {
				break
			}
			start -= size
		}
	}
	domain := i + 1
	if s[i] == '%' {
		domain = i + len("%40")
	}
	end := domain
	for end < len(s) {
		c, size := utf8.DecodeRuneInString(s[end:])
		if !local(c) || c == '@' {
			break
		}
		end += size
	}
	// A host is letters, digits, dots and hyphens. What follows it is no part of it, unless there is nothing before.
	host := end
	if stop := strings.IndexFunc(s[domain:end], func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune("._-", c)
	}); stop > 0 {
		host = domain + stop
	}
	if trimmed := strings.TrimRight(s[domain:host], "._-"); trimmed != "" {
		end = domain + len(trimmed)
	}
	return span{start: start, end: end}, start < i && end > domain
}

// local tells whether a character may stand in an address, outside of quotes.
func local(c rune) bool { return !unicode.IsSpace(c) && !strings.ContainsRune("\"<>()[],;:\\", c) }
