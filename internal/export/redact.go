package export

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// redactor puts a pseudonym in place of each e-mail address, and of each name that the record knows as a person's, wherever they stand: in fields of
// their own, in texts that people were shown, and in what people wrote. One person has one pseudonym, by the account id where the record has it.
// Account ids stay. A name that stands nowhere but in a text that somebody wrote can't be told from other words, and stays too.
type redactor struct {
	key      []byte
	accounts map[string]string     // of each e-mail in lower case; "" = not known
	owners   map[string][]identity // of a folded name
	known    map[string]bool       // names as they were written
	phrases  map[string][]phrase   // by the first word; the longest first
	runs     map[rune][]run        // by the first letter; the longest first
}

func newRedactor(key []byte) *redactor {
	return &redactor{
		key: key, accounts: map[string]string{}, owners: map[string][]identity{}, known: map[string]bool{}, phrases: map[string][]phrase{}, runs: map[rune][]run{},
	}
}

// codes are the fields that hold words of this program, ids and times: an account may be named like one of them. E-mails are replaced there too.
var codes = map[string]bool{
	"status": true, "action": true, "kind": true, "via": true, "code": true, "means": true, "tool": true, "operation_id": true, "parent": true, "account_id": true,
	"accountId": true, "group_id": true, "groupId": true, "scim_id": true, "id": true, "key": true, "managed_by": true, "request_ids": true, "call": true, "owner": true,
	"caller": true, "started_at": true, "ended_at": true, "created_at": true, "effective_at": true, "due": true, "at": true, "route": true, "Route": true,
	"products": true, "Products": true,
}

// emailKeys are the fields that hold nothing but an address.
var emailKeys = map[string]bool{"email": true, "Email": true, "emailAddress": true, "userName": true, "user_name": true}

// event gives an event as it may leave the house.
func (r *redactor) event(e journal.Event) journal.Event {
	e.Actor, e.State, e.Hash, e.Previous = r.text(e.Actor, false), "", "", ""
	if len(e.Data) == 0 {
		return e
	}
	value, ok := decode(e.Data)
	if ok {
		value = r.value(value, "", "")
	} else {
		value = r.text(string(e.Data), true)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it came out of JSON
	e.Data = bytes.TrimSpace(b.Bytes())
	return e
}

// value redacts what stands under a key and belongs to somebody, or to nobody that is known.
func (r *redactor) value(value any, key string, who identity) any {
	switch v := value.(type) {
	case string:
		return r.field(v, key, who)
	case []any:
		for i := range v {
			v[i] = r.value(v[i], key, who)
		}
		return v
	case map[string]any:
		own := r.subjectOf(v)
		if own != "" {
			who = own
		}
		out := make(map[string]any, len(v))
		for k, each := range v {
			if s, ok := each.(string); ok && labelKeys[k] && own != "" && s != "" {
				out[k] = r.person(r.resolve(own))
				continue
			}
			out[r.text(k, false)] = r.value(each, k, who)
		}
		return out
	}
	return value
}

func (r *redactor) field(s, key string, who identity) string {
	switch {
	case s == "":
		return ""
	case emailKeys[key] && strings.Contains(s, "@"):
		return r.person(r.ofEmail(s))
	case nameKeys[key] && who != "":
		return r.person(r.resolve(who))
	case nameKeys[key]:
		return r.person(r.ofName(fold(wordsOf(s))))
	case key == "os_user":
		return r.pseudonym("user-", identity("os:"+s))
	}
	return r.text(s, !codes[key])
}

// text replaces e-mails, and names where that is wanted.
func (r *redactor) text(s string, names bool) string {
	rest := func(part string) string {
		if names {
			return r.replaceNames(part)
		}
		return part
	}
	var b strings.Builder
	at := 0
	for {
		found, ok := nextHidden(s, at)
		if !ok {
			break
		}
		b.WriteString(rest(s[at:found.start]))
		at = found.end
		if found.digest != "" {
			b.WriteString(r.pseudonym(found.digest, identity("digest:"+s[found.start:found.end])))
			continue
		}
		address := strings.Replace(s[found.start:found.end], "%40", "@", 1)
		bare := address
		if _, ok := r.accounts[strings.ToLower(address)]; !ok {
			bare = strings.TrimLeft(address, "'`‘’“”„«»*_~=/!?#&+{}|") // what people write around an address
		}
		b.WriteString(address[:len(address)-len(bare)])
		b.WriteString(r.person(r.ofEmail(bare)))
	}
	b.WriteString(rest(s[at:]))
	return b.String()
}
