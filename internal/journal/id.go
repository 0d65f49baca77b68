package journal

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewID makes the id of an operation: when it was made, to the second in UTC, and something random.
func NewID(now time.Time) string {
	var random [4]byte
	rand.Read(random[:]) //nolint:errcheck // never fails
	return "op-" + now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(random[:])
}
