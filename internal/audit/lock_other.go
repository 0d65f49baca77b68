//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package audit

import (
	"errors"
	"os"
	"time"
)

var errLocked = errors.New("locked by another audit")

// abandonedAfter is the age at which a lock counts as a dead process's where files can't be locked. No audit takes that long.
const abandonedAfter = 48 * time.Hour

// takeLock stands in for a lock that ends with its process: the file's age decides. With wait it creates the file; else it
// gives errLocked, or fs.ErrNotExist.
func takeLock(path string, wait bool) (*os.File, error) {
	if wait {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if time.Since(info.ModTime()) < abandonedAfter {
		return nil, errLocked
	}
	return os.OpenFile(path, os.O_RDWR, 0o600)
}
