package directory

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Kind says by what a person is meant.
type Kind int

// The ways to name a person.
const (
	ByAccountID Kind = iota
	ByEmail
	ByName
)

// Target is a checked way to name one person.
type Target struct {
	Kind  Kind
	Value string
}

// Limits of what a person can be named by. An account id has at most 128 characters (Jira REST v3), an address 254 (RFC 5321, section 4.5.3.1.3, less the brackets).
const (
	maxAccountID = 128
	maxEmail     = 254
	maxName      = 255
)

var (
	accountIDForm = regexp.MustCompile(`^[A-Za-z0-9:_-]+$`)
	hasDigit      = regexp.MustCompile(`[0-9]`)
)

// ParseTarget checks text that names a person and says what it is: an account id, an e-mail address or a name.
// A single word that could be either id or name counts as an id when it has a digit and at least ten characters, since ids always do.
func ParseTarget(text string) (Target, error) {
	const expected = "Give an Atlassian account id, an e-mail address or a display name."
	value := strings.TrimSpace(text)
	switch {
	case value == "":
		return Target{}, fault.New(fault.InvalidArgument, expected, "The argument user is empty.")
	case !utf8.ValidString(value):
		return Target{}, fault.New(fault.InvalidArgument, expected, "The argument user is not valid UTF-8 text.")
	case utf8.RuneCountInString(value) > maxName:
		return Target{}, fault.New(fault.InvalidArgument, expected, "The argument user is too long: %d characters, and %d are allowed.", utf8.RuneCountInString(value), maxName)
	case strings.ContainsFunc(value, invisible):
		return Target{}, fault.New(fault.InvalidArgument, "Type it again without copying; invisible characters can disguise one person as another.", "The argument user contains control or invisible characters.")
	case strings.Contains(value, "@"):
		return parseEmail(value)
	case value == UnknownAccountID:
		return Target{Kind: ByAccountID, Value: value}, nil
	case strings.ContainsAny(value, "/?#&=%\\<>\"{}|*"):
		return Target{}, fault.New(fault.InvalidArgument, expected, "The argument user contains characters that neither an account id nor a name has (such as / ? # & = %%).")
	case !accountIDForm.MatchString(value) || !hasDigit.MatchString(value) || len(value) < 10:
		return Target{Kind: ByName, Value: value}, nil
	case len(value) > maxAccountID:
		return Target{}, fault.New(fault.InvalidArgument, expected, "The account id is too long: %d characters, and %d are allowed.", len(value), maxAccountID)
	}
	return Target{Kind: ByAccountID, Value: value}, nil
}

// ParseExactTarget is ParseTarget for tools that change something: a name is never enough.
func ParseExactTarget(text string) (Target, error) {
	target, err := ParseTarget(text)
	if err != nil {
		return Target{}, err
	}
	if target.Kind == ByName {
		return Target{}, fault.New(fault.InvalidArgument, "Look the person up with lookup_user, check that it is the right one, and pass the account_id or the exact e-mail.", "A name is not enough to change somebody's access: two people can share one.")
	}
	return target, nil
}

// ParseEmail checks an e-mail address and returns it without surrounding space.
func ParseEmail(text string) (string, error) {
	value := strings.TrimSpace(text)
	if !utf8.ValidString(value) || strings.ContainsFunc(value, invisible) {
		return "", fault.New(fault.InvalidArgument, "Type the address again without copying.", "The e-mail address contains control or invisible characters.")
	}
	target, err := parseEmail(value)
	return target.Value, err
}

// parseEmail accepts a bare ASCII address with one @ and a dotted domain, which is all that Atlassian provisions. Look-alike letters of other
// scripts are refused rather than searched for: they can name another person than the reader sees.
func parseEmail(value string) (Target, error) {
	const expected = "Give one plain address such as jane.doe@example.com."
	refuse := func(why string) (Target, error) {
		return Target{}, fault.New(fault.InvalidArgument, expected, "The e-mail address %s.", why)
	}
	switch {
	case len(value) > maxEmail:
		return refuse("is longer than 254 characters")
	case strings.Count(value, "@") == 0:
		return refuse("has no @")
	case strings.Count(value, "@") > 1:
		return refuse("has more than one @")
	case strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII }):
		return refuse("contains letters outside of ASCII, which can look like others")
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"<>()[]\,;:`, r) }):
		return refuse("contains a space, quote or bracket")
	}
	address, err := mail.ParseAddress(value)
	domain := Domain(value)
	if err != nil || address.Address != value || !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
		return refuse("is not complete")
	}
	return Target{Kind: ByEmail, Value: value}, nil
}

// invisible tells runes that a reader does not see: controls, bidirectional marks, zero-width characters.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
}
