package scim

import (
	"encoding/json"
	"strings"
)

// Filter selects resources by one equality (RFC 7644 section 3.4.2.2), which is all that the service supports. The zero value selects all.
type Filter struct{ expression string }

// ByUserName selects the user of that userName, ignoring case as the service does.
func ByUserName(s string) Filter { return equals("userName", s) }

// ByExternalID selects the users whose identity provider knows them by that id.
func ByExternalID(s string) Filter { return equals("externalId", s) }

// ByDisplayName selects the group of that name.
func ByDisplayName(s string) Filter { return equals("displayName", s) }

func equals(attribute, value string) Filter { return Filter{attribute + " eq " + quote(value)} }

// quote makes value a JSON string, which is what RFC 7644 has as a comparison value: no quotation mark, backslash or control character in it
// can end the string. HTML escaping is off, so that "&" stays itself.
func quote(value string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return `""` // unreachable: every string has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
