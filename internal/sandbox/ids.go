package sandbox

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// Salts keep the id spaces apart, so that no id of one kind is valid as another.
const (
	saltAccount = 0xacc0 + iota
	saltSCIMUser
	saltSCIMGroup
	saltGroup
	saltSlot
	saltName
	saltTraits
	saltExternal
	saltRequest
	saltLayout
	saltActivity
	saltToken
	saltEvent
)

// uuid writes n as a version 4 UUID under salt. The number can be read back with [parseUUID]; nothing is stored.
func uuid(seed uint64, salt, n uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], permute(seed^salt, n, 32))
	binary.BigEndian.PutUint64(b[8:], mix(seed^salt<<8, n))
	// The version and variant bits take the place of the number's bits 12 to 15 and of two spare ones: move those four to the spare end.
	b[15] = b[6] >> 4
	b[6] = 0x40 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// parseUUID returns the number in a UUID that [uuid] made under the same seed and salt, and whether it is one.
func parseUUID(seed uint64, salt uint64, s string) (uint64, bool) {
	if len(s) != 36 {
		return 0, false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 {
		return 0, false
	}
	raw[6] = raw[15]<<4 | raw[6]&0x0f
	n := unpermute(seed^salt, binary.BigEndian.Uint64(raw), 32)
	return n, uuid(seed, salt, n) == s
}

// accountID returns the account id of account number n. Both of Atlassian's shapes occur: 24 hex digits, and a UUID behind a number and a colon.
func accountID(seed uint64, n int) string {
	switch mix(seed^saltTraits, uint64(n)) % 5 {
	case 0:
		var b [12]byte
		binary.BigEndian.PutUint64(b[:], permute(seed^saltAccount, uint64(n), 32))
		binary.BigEndian.PutUint32(b[8:], uint32(mix(seed, uint64(n))))
		return hex.EncodeToString(b[:])
	case 1:
		return "557058:" + uuid(seed, saltAccount, uint64(n))
	default:
		return "712020:" + uuid(seed, saltAccount, uint64(n))
	}
}

// parseAccountID is the inverse of [accountID]: -1 when id is none of this seed's.
func parseAccountID(seed uint64, id string) int {
	n := -1
	if _, tail, found := strings.Cut(id, ":"); found {
		if v, ok := parseUUID(seed, saltAccount, tail); ok {
			n = int(v)
		}
	} else if raw, err := hex.DecodeString(id); err == nil && len(raw) == 12 {
		n = int(unpermute(seed^saltAccount, binary.BigEndian.Uint64(raw), 32))
	}
	if n < 0 || accountID(seed, n) != id {
		return -1
	}
	return n
}

// externalID returns an identity provider's id for account number n, in the shape that Okta uses: "00u" and 17 letters or digits.
func externalID(seed uint64, n int) string {
	tail := strconv.FormatUint(permute(seed^saltExternal, uint64(n), 32), 36)
	return "00u" + strings.Repeat("0", max(0, 17-len(tail))) + tail
}

// parseExternalID is the inverse of [externalID]: -1 when s is none of this seed's.
func parseExternalID(seed uint64, s string) int {
	if len(s) != 20 || !strings.HasPrefix(s, "00u") {
		return -1
	}
	v, err := strconv.ParseUint(s[3:], 36, 64)
	if err != nil {
		return -1
	}
	n := int(unpermute(seed^saltExternal, v, 32))
	if n < 0 || externalID(seed, n) != s {
		return -1
	}
	return n
}
