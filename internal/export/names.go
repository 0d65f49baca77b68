package export

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// phrase is a name as it is looked for in texts. A single word counts only as it is written, or in capitals: many are also words of the language.
type phrase struct {
	words []string // folded
	exact string   // of a single word
	name  string   // the folded name that it stands for
}

// common are words of names of accounts that are no people's, and of this program's own texts.
var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`A Account Admin Agent All Alpha An Ask Atlassian Bot Cancelled Cloud Confluence Customer Desk Done Every Former Group Groups Help IT In Is It Jira Make No
		Not Nothing Of Operation Person Plan Rejected Release SCIM Service Site Step Support System Team Test The This To Tool Undo Unknown User Users Verify Warnings`) {
		words[word] = true
	}
	return words
})

// addPhrase looks for words of a name from now on. A single letter is not looked for: it would be everywhere.
func (r *redactor) addPhrase(words []string, name string) {
	p := phrase{name: name}
	for _, word := range words {
		p.words = append(p.words, strings.ToLower(word))
	}
	if len(words) == 1 {
		if utf8.RuneCountInString(words[0]) < 2 {
			return
		}
		p.exact = words[0]
	}
	list := append(r.phrases[p.words[0]], p)
	slices.SortStableFunc(list, func(a, b phrase) int { return len(b.words) - len(a.words) })
	r.phrases[p.words[0]] = list
}

// addRun looks for a name also inside of a word, where its script puts no spaces between words.
func (r *redactor) addRun(name, folded string) {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) < 2 || !strings.ContainsFunc(name, unspaced) {
		return
	}
	first, _ := utf8.DecodeRuneInString(name)
	list := append(r.runs[first], run{name, folded})
	slices.SortStableFunc(list, func(a, b run) int { return len(b.text) - len(a.text) })
	r.runs[first] = list
}

type run struct{ text, name string }

func unspaced(c rune) bool {
	return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// token is a word of a text and where it stands.
type token struct {
	word       string
	start, end int
}

func wordRune(c rune) bool { return unicode.In(c, unicode.L, unicode.M, unicode.N) }

func tokens(s string) []token {
	var list []token
	start := -1
	for i, c := range s {
		switch {
		case wordRune(c) && start < 0:
			start = i
		case !wordRune(c) && start >= 0:
			list = append(list, token{s[start:i], start, i})
			start = -1
		}
	}
	if start >= 0 {
		list = append(list, token{s[start:], start, len(s)})
	}
	return list
}

func wordsOf(name string) []string {
	var words []string
	for _, t := range tokens(name) {
		words = append(words, t.word)
	}
	return words
}

func fold(words []string) string { return strings.ToLower(strings.Join(words, " ")) }

// replaceNames puts pseudonyms in place of names in a text without e-mails.
func (r *redactor) replaceNames(s string) string {
	list := tokens(s)
	var b strings.Builder
	at := 0
	for i := 0; i < len(list); i++ {
		p, ok := r.phraseAt(s, list[i:])
		if !ok {
			continue
		}
		b.WriteString(r.replaceRuns(s[at:list[i].start]))
		b.WriteString(r.person(r.ofName(p.name)))
		i += len(p.words) - 1
		at = list[i].end
	}
	b.WriteString(r.replaceRuns(s[at:]))
	return b.String()
}

// phraseAt finds the longest name with which a text goes on.
func (r *redactor) phraseAt(s string, rest []token) (phrase, bool) {
	for _, p := range r.phrases[strings.ToLower(rest[0].word)] {
		if len(p.words) > len(rest) || p.exact != "" && rest[0].word != p.exact && rest[0].word != strings.ToUpper(p.exact) {
			continue
		}
		matches := true
		for i, word := range p.words {
			matches = matches && strings.ToLower(rest[i].word) == word && (i == 0 || near(s[rest[i-1].end:rest[i].start]))
		}
		if matches {
			return p, true
		}
	}
	return phrase{}, false
}

// near tells whether what stands between two words may stand inside of a name.
func near(between string) bool {
	return utf8.RuneCountInString(between) <= 3 && !strings.ContainsAny(between, "\n;()[]{}<>\"=")
}

// replaceRuns replaces names that may be part of a longer run of letters.
func (r *redactor) replaceRuns(s string) string {
	if len(r.runs) == 0 || !strings.ContainsFunc(s, unspaced) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		i := slices.IndexFunc(r.runs[c], func(run run) bool { return strings.HasPrefix(s, run.text) })
		if i < 0 {
			b.WriteString(s[:size])
			s = s[size:]
			continue
		}
		b.WriteString(r.person(r.ofName(r.runs[c][i].name)))
		s = s[len(r.runs[c][i].text):]
	}
	return b.String()
}
