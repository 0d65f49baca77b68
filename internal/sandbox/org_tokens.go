package sandbox

import "time"

// apiToken is an API token of a managed account.
type apiToken struct {
	number  int // which of the account's; its bit in orgRecord.revoked
	label   string
	created time.Time
	used    time.Time // zero: never
	expires time.Time // zero: never, as those of before 2025
	name    string    // in Tokens, for one that the site takes
}

var tokenLabels = []string{"Backup script", "CI pipeline", "Excel export", "Grafana", "Power BI", "Migration 2023", "laptop", "Zapier"}

// maxTokens is how many tokens an account may have.
const maxTokens = 16

func (t apiToken) id(m *model, index int) string {
	return uuid(m.pop.seed, saltToken, uint64(index)*maxTokens+uint64(t.number))
}

// tokensOf returns the account's API tokens that were not revoked. One in six people has any.
func (m *model) tokensOf(a *account) []apiToken {
	if a.kind != typeAtlassian || !a.managed || m.noTokens {
		return nil
	}
	if a.org != nil && (a.org.noTokens || a.org.tokens != nil) {
		var left []apiToken
		for _, t := range a.org.tokens {
			if !a.org.gone(t.number) {
				left = append(left, t)
			}
		}
		return left
	}
	if !m.pop.has(a.index) {
		return nil
	}
	h := mix(m.pop.seed^saltToken, uint64(a.index))
	if h%6 != 0 {
		return nil
	}
	var list []apiToken
	for k := range 1 + int(h>>8%3) {
		if a.org.gone(k) {
			continue
		}
		h := mix(h, uint64(k))
		t := apiToken{number: k, label: tokenLabels[h%uint64(len(tokenLabels))], created: m.today.AddDate(0, 0, -int(h>>8%900))}
		if h>>24%4 != 0 {
			since := int(m.today.Sub(t.created).Hours() / 24)
			t.used = t.created.AddDate(0, 0, int(h>>32%uint64(since+1))).Add(11 * time.Hour)
		}
		if age := m.today.Sub(t.created); age < 365*24*time.Hour {
			t.expires = t.created.AddDate(1, 0, 0)
		}
		list = append(list, t)
	}
	return list
}

// gone tells whether the k-th token was revoked.
func (r *orgRecord) gone(k int) bool { return r != nil && r.revoked>>k&1 == 1 }

// tokenByID returns the account's token with this id.
func (m *model) tokenByID(a *account, id string) (apiToken, bool) {
	for _, t := range m.tokensOf(a) {
		if t.id(m, a.index) == id {
			return t, true
		}
	}
	return apiToken{}, false
}

// revoke ends the account's token.
func (m *model) revoke(index int, t apiToken) {
	m.keep(index).record().revoked |= 1 << t.number
	m.happens("api_token_revoked", index, -1, t.label)
}

// tokenStatus is the status of a token in the organization's list: those of an account that is not active are blocked.
func (a *account) tokenStatus() string {
	if a.active {
		return "ALLOWED"
	}
	return "BLOCKED"
}

// livingToken tells whether a token that the site takes was not revoked. Credentials whose token nobody listed live.
func (m *model) livingToken(owner *account, name string) bool {
	if owner.org == nil {
		return !m.noTokens
	}
	for _, t := range owner.org.tokens {
		if t.name == name {
			return !m.noTokens && !owner.org.gone(t.number)
		}
	}
	return true
}
