package rest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how many runes of a name or message from upstream are kept.
const maxText = 256

// invisible are the runes that change how text reads without being seen: controls, bidirectional and zero-width formats,
// private use, line separators, variation selectors and tags, and the blanks that are letters by class.
var invisible = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
	unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// Clean makes untrusted text from upstream safe to show: control, bidirectional and zero-width characters and invalid UTF-8 are
// removed, line breaks and tabs become spaces, space around is trimmed, and at most 256 runes are kept (the last one then is "…").
func Clean(s string) string {
	if plain(s) {
		return s
	}
	return clean(s, maxText)
}

// CleanTo is Clean for texts that may be longer than a name: at most limit runes are kept.
func CleanTo(s string, limit int) string { return clean(s, limit) }

// plain is the fast path: printable ASCII of ordinary length, with no space around it.
func plain(s string) bool {
	if len(s) > maxText {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

func clean(s string, limit int) string {
	// Input is capped before it is read: no name needs more, and a hostile one may have megabytes.
	const widest = 16
	if most := limit * widest; len(s) > most {
		s = s[:most]
	}
	var b strings.Builder
	n := 0
	for i, r := range strings.TrimSpace(s) {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(strings.TrimSpace(s)[i:], "\uFFFD"):
			continue
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			r = ' '
		case unicode.In(r, invisible...):
			continue
		}
		if n == limit {
			cut := strings.TrimSpace(b.String())
			_, last := utf8.DecodeLastRuneInString(cut)
			return cut[:len(cut)-last] + "…"
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// CleanID returns an identifier from upstream unchanged, or "" when it holds anything that [Clean] would alter: a repaired id
// could name another account.
func CleanID(s string) string {
	if Clean(s) != s {
		return ""
	}
	return s
}
