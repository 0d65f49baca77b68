package sandbox

import (
	"encoding/json"
	"net/url"
	"strconv"
	"unicode/utf8"
)

// view says which of Jira's shapes of a user is written.
type view uint8

const (
	viewUser    view = iota // User in a list
	viewFull                // User by itself, with what may be expanded
	viewDetails             // UserDetails, in groups
)

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendUser appends what viewer sees of the account, the closing brace left out so that fields can follow. Pages of a thousand are common,
// which is why this does not go through reflection.
func appendUser(b []byte, base string, a *account, viewer int, v view) []byte {
	b = append(b, `{"self":"`...)
	b = append(b, base...)
	b = append(b, `/rest/api/3/user?accountId=`...)
	b = append(b, url.QueryEscape(a.id)...)
	b = append(b, `","accountId":`...)
	b = appendString(b, a.id)
	b = append(b, `,"accountType":`...)
	b = appendString(b, a.kind)
	if a.appType != "" && v != viewDetails {
		b = append(b, `,"appType":`...)
		b = appendString(b, a.appType)
	}
	switch {
	case a.emailVisibleTo(viewer):
		b = append(b, `,"emailAddress":`...)
		b = appendString(b, a.email)
	case a.privacy == emailNull:
		b = append(b, `,"emailAddress":null`...)
	case a.privacy == emailEmpty:
		b = append(b, `,"emailAddress":""`...)
	}
	b = append(b, `,"avatarUrls":{`...)
	for i, size := range [...]string{"48x48", "24x24", "16x16", "32x32"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, size...)
		b = append(b, `":"https://avatars.example/`...)
		b = strconv.AppendInt(b, int64(a.index%9), 10)
		b = append(b, '-')
		b = append(b, size[:2]...)
		b = append(b, `.png"`...)
	}
	b = append(b, `},"displayName":`...)
	b = appendString(b, a.display)
	b = append(b, `,"active":`...)
	b = strconv.AppendBool(b, a.activeInJira())
	if v != viewUser {
		b = append(b, `,"timeZone":`...)
		b = appendString(b, a.timezone)
	}
	if v != viewDetails {
		b = append(b, `,"locale":`...)
		b = appendString(b, a.locale)
	}
	return b
}

// users appends the accounts as a JSON array to the answer's body.
func (c *call) users(indexes []int, v view) {
	b := c.body.AvailableBuffer()
	b = append(b, '[')
	room := scratch{brief: true}
	for i, index := range indexes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendUser(b, c.base, c.shown.look(index, &room), c.who.index, v)
		b = append(b, '}')
	}
	c.body.Write(append(b, ']'))
}

// begin makes the answer a JSON one whose body is written by hand.
func (c *call) begin() {
	c.status = 200
	c.header.Set("Content-Type", "application/json;charset=UTF-8")
}
