//go:build unix

package batchcsv

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to would hold the call up for ever.
func TestAPipeIsRefusedAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "list.csv"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	if _, _, err := (Lists{Dir: dir, Limit: 1}).Leavers("list.csv"); err == nil || !strings.Contains(err.Error(), "is a folder or a device") {
		t.Errorf("error %v", err)
	}
}
