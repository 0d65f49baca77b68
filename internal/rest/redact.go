package rest

import (
	"regexp"
	"strings"
)

var (
	// An address in plain text, and one in a query that is echoed, where the @ is escaped.
	emailPattern = regexp.MustCompile(`[^\s@<>"'(),;:=\[\]%&?]+(?:@|%40)[^\s@<>"'(),;:=\[\]%&]+`)

	// Credentials as they may be echoed: an Authorization value, Atlassian's token formats, a JWT, a token in a query or a JSON.
	secretPattern = regexp.MustCompile(`(?i)\b(?:basic|bearer)\s+[a-z0-9+/._~=-]{8,}` +
		`|\bAT[A-Z]{2,6}[0-9]?x?[A-Za-z0-9_=-]{20,}` +
		`|\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*` +
		`|\b(?:api_?token|access_?token|refresh_?token|client_?secret|password|token|secret)["']?\s*[=:]\s*["']?[^\s"'&,;]{4,}`)
)

// RedactEmail makes an e-mail address fit for logs: "jane.doe@example.com" becomes "j***@example.com". Anything without an @
// becomes "***".
func RedactEmail(s string) string {
	s = strings.Replace(s, "%40", "@", 1)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "***"
	}
	local := ""
	for _, r := range s[:at] {
		local = string(r)
		break
	}
	return Clean(local + "***" + s[at:])
}

// redact removes credentials and shortens every e-mail address in a text from upstream.
func redact(s string) string {
	s = secretPattern.ReplaceAllString(s, "[secret]")
	return emailPattern.ReplaceAllStringFunc(s, RedactEmail)
}

// Redact is [Clean] for a text that goes on to somebody else: without credentials, with addresses shortened, and short.
func Redact(s string) string { return message(s) }

// message makes a text from upstream fit for an error: clean, without secrets, and short.
func message(s string) string {
	const long = 8 * maxText // redaction comes before the last cut, so that no half of a secret is left at its end
	return Clean(redact(clean(s, long)))
}
