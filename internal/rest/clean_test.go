package rest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain text":           {"Jane Doe", "Jane Doe"},
		"other scripts":        {"Zoë Žižek 山田太郎 محمد", "Zoë Žižek 山田太郎 محمد"},
		"a line break":         {"Jane\nDoe", "Jane Doe"},
		"space around":         {"  Jane\t", "Jane"},
		"a bell":               {"Ja\x07ne", "Jane"},
		"an escape sequence":   {"\x1b[31mred", "[31mred"},
		"a right-to-left turn": {"Jane\u202Eeod", "Janeeod"},
		"an isolate":           {"\u2066Jane\u2069", "Jane"},
		"a zero-width space":   {"ad\u200Bmin", "admin"},
		"a word joiner":        {"ad\u2060min", "admin"},
		"a byte order mark":    {"\uFEFFJane", "Jane"},
		"hidden tag letters":   {"Jane\U000E0041\U000E0042", "Jane"},
		"variation selectors":  {"Jane\uFE0F\U000E0100", "Jane"},
		"a Hangul filler":      {"\u3164", ""},
		"a paragraph break":    {"a\u2029b", "a b"},
		"invalid UTF-8":        {"Ja\xffne", "Jane"},
		"a replacement rune":   {"Ja\uFFFDne", "Ja\uFFFDne"},
		"nothing":              {"", ""},
		"256 runes":            {strings.Repeat("ä", 256), strings.Repeat("ä", 256)},
		"257 runes":            {strings.Repeat("ä", 257), strings.Repeat("ä", 255) + "…"},
		"long ASCII":           {strings.Repeat("a", 300), strings.Repeat("a", 255) + "…"},
		"megabytes of nothing": {strings.Repeat("\u200B", 1<<20) + "x", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%.40q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanHoldsForAllStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		got := Clean(s)
		if n := utf8.RuneCountInString(got); n > maxText || !utf8.ValidString(got) || got != strings.TrimSpace(got) {
			t.Fatalf("Clean(%q) = %q, %d runes", s, got, n)
		}
		for _, r := range got {
			if unicode.In(r, invisible...) {
				t.Fatalf("Clean(%q) keeps %U", s, r)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("Clean is not stable: %q becomes %q", got, again)
		}
	})
}

func TestCleanID(t *testing.T) {
	for _, id := range []string{"", "5b10a2844c20165700ede21g", "712020:8f1c-11", "unknown"} {
		if got := CleanID(id); got != id {
			t.Errorf("CleanID(%q) = %q", id, got)
		}
	}
	for _, id := range []string{"5b10\u200B", " x", "a\nb", strings.Repeat("x", 257)} {
		if got := CleanID(id); got != "" {
			t.Errorf("CleanID(%q) = %q: a repaired id may be another account's", id, got)
		}
	}
}

func TestRedactEmail(t *testing.T) {
	tests := map[string]string{
		"jane.doe@example.com":   "j***@example.com",
		"ä@example.com":          "ä***@example.com",
		"@example.com":           "***@example.com",
		"jane":                   "***",
		"":                       "***",
		`"odd@local"@example.de`: `"***@example.de`,
	}
	for in, want := range tests {
		if got := RedactEmail(in); got != want {
			t.Errorf("RedactEmail(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMessageHoldsNoSecret(t *testing.T) {
	secrets := []string{
		"ATATT3xFfGF0T8JnAbCdEfGhIjKlMnOpQrStUvWxYz0123456789=ABCD1234",
		"ATCTT3xFfGN0AbCdEfGhIjKlMnOpQrStUvWxYz",
		"amFuZUBleGFtcGxlLmNvbTpzZWNyZXQ=",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
		"s3cr3t-value",
		"jane.doe@example.com",
	}
	tests := []string{
		"token ATATT3xFfGF0T8JnAbCdEfGhIjKlMnOpQrStUvWxYz0123456789=ABCD1234 is not valid",
		"ATCTT3xFfGN0AbCdEfGhIjKlMnOpQrStUvWxYz",
		"Authorization: Basic amFuZUBleGFtcGxlLmNvbTpzZWNyZXQ= was refused",
		"bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl expired",
		"jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
		`{"client_secret":"s3cr3t-value"}`,
		"https://x.example/?access_token=s3cr3t-value&a=b",
		"password = s3cr3t-value",
		"User jane.doe@example.com does not exist",
		"<jane.doe@example.com>",
		strings.Repeat("word ", 50) + "jane.doe@example.com",
	}
	for _, in := range tests {
		got := message(in)
		for _, secret := range secrets {
			if strings.Contains(got, secret) {
				t.Errorf("message(%q) = %q", in, got)
			}
		}
		if got == "" {
			t.Errorf("message(%q) is empty", in)
		}
	}
	if got := message("The user jane.doe@example.com exists."); got != "The user j***@example.com exists." {
		t.Errorf("got %q", got)
	}
}

func TestAnAddressInAnEchoedQueryIsShortened(t *testing.T) {
	got := redact(`no user for /Users?count=100&filter=userName+eq+%22jane.doe%40example.com%22 of joe@example.com`)
	if strings.Contains(got, "jane.doe") || strings.Contains(got, "joe@") || !strings.Contains(got, "@example.com") {
		t.Errorf("redact: %q", got)
	}
}
