package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// identity is what a pseudonym stands for: "account:…" where the account id is known, else "email:…", "scim:…" or "name:…"; "" = nobody.
type identity string

var letters = base32.HexEncoding.WithPadding(base32.NoPadding)

// pseudonym is the same for the same identity in every export of one journal, and can't be turned back, or guessed and compared, without its key.
func (r *redactor) pseudonym(prefix string, of identity) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(of))
	return prefix + strings.ToLower(letters.EncodeToString(mac.Sum(nil)))[:12]
}

func (r *redactor) person(of identity) string { return r.pseudonym("person-", of) }

// ofEmail is whose address it is.
func (r *redactor) ofEmail(address string) identity {
	address = strings.ToLower(address)
	if account := r.accounts[address]; account != "" {
		return identity("account:" + account)
	}
	return identity("email:" + address)
}

// resolve gives the identity that is known best for one that was seen somewhere.
func (r *redactor) resolve(who identity) identity {
	if address, ok := strings.CutPrefix(string(who), "email:"); ok {
		return r.ofEmail(address)
	}
	return who
}

// ofName is the one person who has this name, or the name itself where several have it or nobody knows whose it is.
func (r *redactor) ofName(folded string) identity {
	var only identity
	for _, who := range r.owners[folded] {
		switch who = r.resolve(who); {
		case only == "":
			only = who
		case only != who:
			return identity("name:" + folded)
		}
	}
	if only == "" {
		return identity("name:" + folded)
	}
	return only
}
