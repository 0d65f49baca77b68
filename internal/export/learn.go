package export

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// nameKeys are the fields that hold nothing but a person's name.
var nameKeys = map[string]bool{
	"display_name": true, "displayName": true, "DisplayName": true,
	"given_name": true, "givenName": true, "GivenName": true,
	"family_name": true, "familyName": true, "FamilyName": true,
}

// labelKeys are the fields that name a person in sentences where the object is about a person: "Jane Doe (jane@example.com)".
var labelKeys = map[string]bool{"label": true, "target": true}

// learn takes in the people that an event tells of.
func (r *redactor) learn(e journal.Event) {
	if value, ok := decode(e.Data); ok {
		r.learnFrom(value, "")
	}
}

// learnFrom walks through a value that belongs to somebody, or to nobody that is known.
func (r *redactor) learnFrom(value any, who identity) {
	switch v := value.(type) {
	case []any:
		for _, each := range v {
			r.learnFrom(each, who)
		}
	case map[string]any:
		if own := r.subjectOf(v); own != "" {
			who = own
		}
		r.learnNames(v, who)
		for _, each := range v {
			r.learnFrom(each, who)
		}
	}
}

func (r *redactor) learnNames(v map[string]any, who identity) {
	given, family := text(v, "given_name", "givenName", "GivenName"), text(v, "family_name", "familyName", "FamilyName")
	r.learnName(given+" "+family, who)
	r.learnPart(given)
	r.learnPart(family)
	r.learnName(text(v, "display_name", "displayName", "DisplayName"), who)
	if person := text(v, "person"); person != "" { // whose step it is, in the plan of a batch
		r.learnLabel(person, "")
	}
	if heir := text(v, "to_label"); heir != "" { // who took over what was left behind
		r.learnLabel(heir, identity("account:"+text(v, "to")))
	}
	if r.subjectOf(v) != "" {
		for key := range labelKeys {
			r.learnLabel(text(v, key), who)
		}
	}
}

// subjectOf is the person that an object is about, "" where it says nothing of that. What it knows of an e-mail's account it keeps.
func (r *redactor) subjectOf(v map[string]any) identity {
	account, email := text(v, "account_id", "accountId", "AccountID"), text(v, "email", "Email", "emailAddress")
	if address := strings.ToLower(email); address != "" && r.accounts[address] == "" {
		r.accounts[address] = account
	}
	switch kind, id, _ := strings.Cut(text(v, "key"), ":"); {
	case account != "":
		return identity("account:" + account)
	case email != "":
		return r.ofEmail(email)
	case kind == "account" || kind == "scim":
		return identity(kind + ":" + id)
	case kind == "email":
		return r.ofEmail(id)
	case text(v, "scim_id") != "" && text(v, "label") != "": // a group has a name
		return identity("scim:" + text(v, "scim_id"))
	}
	return ""
}

// labelForm is compiled when it is first used: every start of the program would pay for it.
var labelForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.*\S)\s+\(([^()]+)\)$`) })

// learnLabel learns from a name with an e-mail or account id behind it.
func (r *redactor) learnLabel(label string, who identity) {
	m := labelForm().FindStringSubmatch(label)
	if m == nil {
		if strings.Contains(label, "@") || who == identity("account:"+label) {
			return
		}
		m = []string{"", label, ""}
	}
	if who == "" && strings.Contains(m[2], "@") {
		who = r.ofEmail(m[2])
	}
	if !strings.Contains(m[1], "@") {
		r.learnName(m[1], who)
	}
}

// sameNames bounds how many people of one name are told apart; beyond two nobody is.
const sameNames = 16

// learnName takes in a whole name, and its words where there are few enough for them to be names.
func (r *redactor) learnName(name string, who identity) {
	words := wordsOf(name)
	if len(words) == 0 {
		return
	}
	folded := fold(words)
	if who != "" && len(r.owners[folded]) < sameNames && !slices.Contains(r.owners[folded], who) {
		r.owners[folded] = append(r.owners[folded], who)
	}
	if r.known[name] {
		return
	}
	r.known[name] = true
	if len(words) > 1 || !common()[words[0]] {
		r.addPhrase(words, folded)
	}
	if len(words) == 2 { // "Doe, Jane"
		r.addPhrase([]string{words[1], words[0]}, folded)
	}
	if len(words) > 1 && len(words) <= 4 {
		for _, word := range words {
			if !particle(word) {
				r.learnPart(word)
			}
		}
	}
	r.addRun(name, folded)
}

// learnPart takes in a given or a family name.
func (r *redactor) learnPart(name string) {
	words := wordsOf(name)
	if len(words) == 0 || r.known[name] || common()[name] {
		return
	}
	r.known[name] = true
	r.addPhrase(words, fold(words))
	r.addRun(name, fold(words))
}

// particle tells words that are no name by themselves, such as "van", "de" and "2".
func particle(word string) bool {
	return word == strings.ToLower(word) && utf8.RuneCountInString(word) <= 3 && !strings.ContainsFunc(word, unspaced) || !strings.ContainsFunc(word, unicode.IsLetter)
}

// text gives the first of some fields that holds a text.
func text(v map[string]any, keys ...string) string {
	for _, key := range keys {
		if s, ok := v[key].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

func decode(data json.RawMessage) (any, bool) {
	if len(data) == 0 {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err == nil
}
