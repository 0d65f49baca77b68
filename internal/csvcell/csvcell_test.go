package csvcell

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"Jane Doe":                  "Jane Doe",
		"jane-doe@example.com":      "jane-doe@example.com",
		"":                          "",
		`=HYPERLINK("http://x")`:    `'=HYPERLINK("http://x")`,
		"+1":                        "'+1",
		"-1":                        "'-1",
		"@SUM(1)":                   "'@SUM(1)",
		"  =1":                      "  '=1",
		"\t=1":                      " '=1",
		"a\r\n=1":                   "a  '=1",
		"＝1":                        "'＝1",
		"x;=1":                      "x;'=1",
		"admins; -ops; @all":        "admins; '-ops; '@all",
		`x",=1`:                     `x",'=1`,
		"a = b - c":                 "a = b - c",
		"cmd|' /C calc'!A0":         "cmd|' /C calc'!A0",
		"712020:1;+712020:2|=a\x00": "712020:1;'+712020:2|'=a ",
	} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whichever separator a spreadsheet splits at, no part begins with a sign of a formula, and what is safe stays as it is.
func TestNoPartIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("=+-@＝＋－＠ab;,|\"' \t\r\n"))).Draw(t, "text")
		safe := Safe(text)
		parts := append(strings.FieldsFunc(safe, func(r rune) bool { return strings.ContainsRune(";\t|,", r) }), safe)
		for _, part := range parts {
			part = strings.TrimLeftFunc(part, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
			if part != "" && isSign([]rune(part)[0]) {
				t.Fatalf("Safe(%q) = %q, of which %q begins with a formula", text, safe, part)
			}
		}
		if again := Safe(safe); again != safe {
			t.Fatalf("Safe(%q) = %q, want it unchanged", safe, again)
		}
	})
}
