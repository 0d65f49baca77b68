// Package csvcell makes texts harmless that are written into a CSV file, which people open in spreadsheets.
package csvcell

import (
	"unicode"
	"unicode/utf8"
)

// Safe makes a text harmless in a spreadsheet, where a cell that begins with =, +, -, @ or their wide forms is a formula
// (OWASP, CSV injection). It puts an apostrophe before the sign, also behind a semicolon, comma, quote or bar: a spreadsheet set to
// another separator would begin a cell there. Control characters become spaces.
func Safe(s string) string {
	var changed []byte // nil as long as nothing has to
	start := true      // nothing but spaces since the last place where a cell may begin
	for i, r := range s {
		add := r
		switch {
		case unicode.IsControl(r): // a tab or a line end may begin a cell, too
			add, start = ' ', true
		case start && isSign(r):
			changed = append(begin(changed, s[:i]), '\'')
			start = false
		case r == ';' || r == ',' || r == '|' || r == '"':
			start = true
		case !unicode.IsSpace(r):
			start = false
		}
		if add != r {
			changed = begin(changed, s[:i])
		}
		if changed != nil {
			changed = utf8.AppendRune(changed, add)
		}
	}
	if changed == nil {
		return s
	}
	return string(changed)
}

// begin gives the changed text so far, which is what was read where nothing changed yet.
func begin(changed []byte, read string) []byte {
	if changed == nil {
		changed = append(make([]byte, 0, len(read)+16), read...)
	}
	return changed
}

func isSign(r rune) bool {
	switch r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return true
	}
	return false
}
