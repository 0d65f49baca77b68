package roster

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
)

// odd reports whether a text with an address in it is more than the address, at a glance.
func odd(text string) bool {
	return strings.ContainsAny(text, "<>;,|:\"()[] \t\r\n\\") || strings.Count(text, "@") > 1
}

var inBrackets = regexp.MustCompile(`<([^<>@]+@[^<>@]+)>`)

// readAddresses reads what people and programs write instead of an address alone: Jane Doe <jane@example.com>, jane@example.com (work), mailto:, several in one
// cell, and characters that nobody sees. It is not ok if there is an @ that belongs to no address.
func readAddresses(text string) (list []string, ok bool) {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r): // zero width, byte order marks, directions
			return -1
		case r == ';' || r == '|':
			return ','
		}
		return r
	}, text))
	text = withoutScheme.ReplaceAllString(text, "$1")
	ats := strings.Count(text, "@")
	if ats == 0 {
		return nil, true
	}
	for _, read := range [...]func(string) []string{standard, plainOnes, bracketed} {
		found := read(text)
		for _, address := range found {
			list = appendAddress(list, address)
		}
		if len(found) == ats && len(list) > 0 && !anyOdd(found) { // an address that is there twice counts once
			return list, true
		}
		list = nil
	}
	return nil, false
}

// withoutScheme are the schemes before addresses, of links and of mailboxes.
var withoutScheme = regexp.MustCompile(`(?i)(^|[\s,<])(?:mailto|smtp):`)

// standard reads what RFC 5322 allows in the head of a message.
func standard(text string) (found []string) {
	list, err := mail.ParseAddressList(strings.Trim(text, ", "))
	if err != nil {
		return nil
	}
	for _, a := range list {
		found = append(found, a.Address)
	}
	return found
}

// plainOnes reads addresses with commas and spaces between them.
func plainOnes(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// bracketed reads addresses in angle brackets, whatever the names before them have in them: Doe, Jane <jane@example.com>.
func bracketed(text string) (found []string) {
	for _, match := range inBrackets.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.TrimSpace(match[1]))
	}
	return found
}

// anyOdd reports whether one of them is no plain address.
func anyOdd(list []string) bool {
	for _, address := range list {
		if odd(address) || len(appendAddress(nil, address)) == 0 {
			return true
		}
	}
	return false
}
