//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package audit

import (
	"errors"
	"os"
	"syscall"
)

var errLocked = errors.New("locked by another audit")

// takeLock locks the file at path for as long as it is open, also if the process dies. With wait it creates the file and waits
// for its turn; else it gives errLocked, or fs.ErrNotExist.
func takeLock(path string, wait bool) (*os.File, error) {
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
			return nil, errLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}
