package audit

import (
	"strings"
	"unicode"
)

// safeCell makes a text harmless in a spreadsheet, where a cell that begins with =, +, -, @ or their wide forms is a formula
// (OWASP, CSV injection). It puts an apostrophe before the sign, also behind a semicolon, comma, quote or bar: a spreadsheet set to
// another separator would begin a cell there. Control characters become spaces.
func safeCell(s string) string {
	if !strings.ContainsAny(s, "=+-@＝＋－＠\t\r\n") && strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var b strings.Builder
	start := true // nothing but spaces since the last place where a cell may begin
	for _, r := range s {
		switch {
		case unicode.IsControl(r):
			b.WriteByte(' ') // and a tab or line end may begin a cell, too
			start = true
			continue
		case start && strings.ContainsRune("=+-@＝＋－＠", r):
			b.WriteByte('\'')
			start = false
		case strings.ContainsRune(";,|\"", r):
			start = true
		case !unicode.IsSpace(r):
			start = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
