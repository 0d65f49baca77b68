//go:build unix

package csvdir

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
	if _, err := read(Folder(dir), "list.csv"); err == nil || !strings.Contains(err.Error(), "is a folder or a device") {
		t.Errorf("error %v", err)
	}
}
