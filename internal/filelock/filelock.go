// Package filelock locks a file for the life of a process: who holds the lock lives, who is gone has let go of it.
package filelock

import "errors"

// ErrLocked is what Take gives, when it shall not wait, for a file that somebody else holds.
var ErrLocked = errors.New("locked by another process")
