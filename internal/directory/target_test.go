package directory

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct {
		name, text string
		kind       Kind
		refused    string // part of the message; "" means accepted
	}{
		{name: "an account id", text: "5b10ac8d82e05b22cc7d4ef5", kind: ByAccountID},
		{name: "an account id with a colon", text: "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077", kind: ByAccountID},
		{name: "an account id between spaces", text: "  5b10ac8d82e05b22cc7d4ef5 ", kind: ByAccountID},
		{name: "the corrupted record", text: "unknown", kind: ByAccountID},
		{name: "an e-mail", text: "Jane.Doe+x@Example.com", kind: ByEmail},
		{name: "a name", text: "Jane Doe", kind: ByName},
		{name: "a name of one word", text: "Jane", kind: ByName},
		{name: "a name with an accent", text: "Renée O'Connor", kind: ByName},
		{name: "a short word with a digit", text: "jane2", kind: ByName},
		{name: "empty", text: "", refused: "empty"},
		{name: "spaces only", text: " \t", refused: "empty"},
		{name: "over-long", text: strings.Repeat("a", 256), refused: "too long"},
		{name: "an over-long id", text: strings.Repeat("a1", 70), refused: "too long"},
		{name: "not UTF-8", text: "\xff\xfe", refused: "UTF-8"},
		{name: "a control character", text: "jane\x00doe", refused: "control or invisible"},
		{name: "a line break", text: "jane\ndoe@example.com", refused: "control or invisible"},
		{name: "a right-to-left mark", text: "jane\u202edoe@example.com", refused: "control or invisible"},
		{name: "a zero-width space", text: "jane\u200b.doe@example.com", refused: "control or invisible"},
		{name: "an id with a path", text: "../5b10ac8d82e05b22cc7d4ef5", refused: "neither an account id nor a name"},
		{name: "an id with a query", text: "5b10ac8d82e05b22cc7d4ef5?expand=x", refused: "neither an account id nor a name"},
		{name: "an id with an ampersand", text: "5b10ac8d82e05b22cc7d4ef5&x=y", refused: "neither an account id nor a name"},
		{name: "several @", text: "a@b@example.com", refused: "more than one @"},
		{name: "a filter in an e-mail", text: `a"or userName pr or "@example.com`, refused: "space, quote or bracket"},
		{name: "an e-mail with a display name", text: "Jane <jane@example.com>", refused: "space, quote or bracket"},
		{name: "wide letters", text: "ｊane@example.com", refused: "outside of ASCII"},
		{name: "a look-alike letter", text: "jаne@example.com", refused: "outside of ASCII"}, // a Cyrillic а
		{name: "no local part", text: "@example.com", refused: "not complete"},
		{name: "no domain", text: "jane@", refused: "not complete"},
		{name: "a domain without a dot", text: "jane@localhost", refused: "not complete"},
		{name: "an over-long e-mail", text: strings.Repeat("a", 243) + "@example.com", refused: "longer than 254"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseTarget(test.text)
			switch {
			case test.refused == "" && (err != nil || got.Kind != test.kind || got.Value != strings.TrimSpace(test.text)):
				t.Errorf("got %+v, %v", got, err)
			case test.refused != "" && (!fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), test.refused)):
				t.Errorf("got %v, want invalid_argument with %q", err, test.refused)
			}
		})
	}
}

func TestAnAcceptedTargetCarriesNothingThatChangesAQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9:"@. ?&/\\-]{1,40}`)).Draw(t, "text")
		got, err := ParseTarget(text)
		if err != nil {
			if !fault.Is(err, fault.InvalidArgument) {
				t.Fatalf("not a fault of the argument: %v", err)
			}
			return
		}
		if got.Kind != ByName && strings.ContainsAny(got.Value, "\"\\/?#& \t\r\n") {
			t.Fatalf("accepted %q", got.Value)
		}
	})
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"", "jane.doe@example.com", "557058:f5", "Jane Doe", "a@b@c", "\x00", "unknown"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := ParseTarget(text); err == nil && (got.Value == "" || got.Value != strings.TrimSpace(text)) {
			t.Errorf("%q became %q", text, got.Value)
		}
	})
}

func TestANameIsNeverEnoughToChangeAnything(t *testing.T) {
	if _, err := ParseExactTarget("Jane Doe"); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "name is not enough") {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"jane.doe@example.com", "5b10ac8d82e05b22cc7d4ef5"} {
		if _, err := ParseExactTarget(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestACursorFitsItsQueryOnly(t *testing.T) {
	cursor := sealCursor("users", "jane", 50)
	if start, err := openCursor(cursor, "users", "jane"); err != nil || start != 50 {
		t.Errorf("got %d, %v", start, err)
	}
	for what, open := range map[string]func() (int, error){
		"another query": func() (int, error) { return openCursor(cursor, "users", "joe") },
		"another list":  func() (int, error) { return openCursor(cursor, "groups", "jane") },
		"rubbish":       func() (int, error) { return openCursor("%%%", "users", "jane") },
		"no JSON":       func() (int, error) { return openCursor("aGVsbG8", "users", "jane") },
		"a negative":    func() (int, error) { return openCursor(sealCursor("users", "jane", -1), "users", "jane") },
	} {
		if _, err := open(); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v, want invalid_argument", what, err)
		}
	}
}
