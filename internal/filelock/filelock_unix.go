//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Take locks the file at path for as long as the returned file is open; the lock ends with the process, however that ends. With wait it
// creates the file and waits for its turn. Without, it gives [ErrLocked] when the file is held, and fs.ErrNotExist when there is none.
// Two Takes within one process exclude each other as those of two processes do.
func Take(path string, wait bool) (*os.File, error) {
	flags, how := os.O_RDWR, syscall.LOCK_EX|syscall.LOCK_NB
	if wait {
		flags, how = os.O_RDWR|os.O_CREATE, syscall.LOCK_EX
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}
