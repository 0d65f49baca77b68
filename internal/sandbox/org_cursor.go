package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Cursors are opaque to clients: what was asked for and how far it went, with a digest that a made-up one fails.

// sealCursor returns a cursor of this kind.
func (c *call) sealCursor(kind string, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only types of this package get here, and they all encode
	}
	text := base64.RawURLEncoding.EncodeToString(data)
	return text + "." + c.digest(kind+text)
}

// openCursor reads a cursor of this kind into v. It returns false for one that is not valid, or that a fault makes an expired one.
func (c *call) openCursor(cursor, kind string, v any) bool {
	text, digest, _ := strings.Cut(cursor, ".")
	if c.fault.Kind == FaultCursorExpired || digest != c.digest(kind+text) {
		return false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(data, v) == nil
}

func (c *call) digest(text string) string {
	h := uint64(len(text))
	for _, b := range []byte(text) {
		h = mix(h, uint64(b))
	}
	return uuid(c.now.pop.seed, saltEvent, h)[:8]
}
