package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Take locks the file at path for as long as the returned file is open; the lock ends with the process, however that ends. With wait it
// creates the file and waits for its turn. Without, it gives [ErrLocked] when the file is held, and fs.ErrNotExist when there is none.
// Two Takes within one process exclude each other as those of two processes do.
func Take(path string, wait bool) (*os.File, error) {
	flags, how := os.O_RDWR, uint32(windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY)
	if wait {
		flags, how = os.O_RDWR|os.O_CREATE, windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	const all = ^uint32(0)
	if err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, all, all, new(windows.Overlapped)); err != nil {
		f.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, ErrLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}
