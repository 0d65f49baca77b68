//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package filelock

import (
	"os"
	"time"
)

// abandonedAfter is the age at which a lock counts as a dead process's where files can't be locked. Nothing holds one that long.
const abandonedAfter = 48 * time.Hour

// Take stands in for a lock that ends with its process: the file's age decides. With wait it creates the file and excludes nobody.
// Without, it gives [ErrLocked] for a young file, and fs.ErrNotExist when there is none.
func Take(path string, wait bool) (*os.File, error) {
	if wait {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if time.Since(info.ModTime()) < abandonedAfter {
		return nil, ErrLocked
	}
	return os.OpenFile(path, os.O_RDWR, 0o600)
}
