package journal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/filelock"
)

// workersFolder holds a file for each process of this host that takes leases from here. The process has it locked for its life, so that others see
// at once when it is gone.
const workersFolder = "workers"

// worker is what this store is called as an owner of leases.
type worker struct {
	dir string

	mu   sync.Mutex
	id   string
	file *os.File
}

// name gives the store's name. The first call makes its file; where that can't be done, a lease of a dead process ends by time alone.
func (w *worker) name() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.id == "" {
		var random [4]byte
		rand.Read(random[:]) //nolint:errcheck // never fails
		w.id = fmt.Sprintf("%s-%d-%s", plain(hostName()), os.Getpid(), hex.EncodeToString(random[:]))
		w.file = w.announce()
	}
	return w.id
}

func (w *worker) path(id string) string { return filepath.Join(w.dir, workersFolder, id) }

// announce makes the locked file. Between its creation and its lock somebody may take it for that of a dead process and remove it; then it is made again.
func (w *worker) announce() *os.File {
	if w.dir == "" || os.MkdirAll(filepath.Join(w.dir, workersFolder), 0o700) != nil {
		return nil
	}
	for range 5 {
		f, err := filelock.Take(w.path(w.id), true)
		if err != nil {
			return nil
		}
		ours, err := f.Stat()
		if there, err2 := os.Stat(w.path(w.id)); err == nil && err2 == nil && os.SameFile(ours, there) {
			return f
		}
		f.Close()
	}
	return nil
}

// touch keeps the file young, for systems on which age must stand for a lock.
func (w *worker) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		now := time.Now()
		_ = os.Chtimes(w.path(w.id), now, now) // an old file only makes a take-over on such a system too early
	}
}

// close lets go of the file. While leases are held it stays, so that others see its owner gone.
func (w *worker) close(held bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := letGo(w.file, w.path(w.id), !held)
	w.file = nil
	return err
}

// gone lists the workers of this host that have ended. Their files are locked until forget.
func (w *worker) gone() []goneWorker {
	if w.dir == "" {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, workersFolder))
	if err != nil {
		return nil
	}
	w.mu.Lock()
	own := w.id
	w.mu.Unlock()
	var all []goneWorker
	for _, entry := range entries {
		if entry.Name() == own || !entry.Type().IsRegular() {
			continue
		}
		if f, err := filelock.Take(w.path(entry.Name()), false); err == nil {
			all = append(all, goneWorker{id: entry.Name(), path: f.Name(), file: f})
		}
	}
	return all
}

type goneWorker struct {
	id, path string
	file     *os.File
}

// forget lets go of a dead worker's file, and removes it when nothing depends on it any more.
func (g goneWorker) forget(remove bool) error { return letGo(g.file, g.path, remove) }

// letGo unlocks a file and removes it. It is removed while it is locked, so that whoever waits for the lock finds that it is no longer there.
// Windows removes only what nobody has open, which comes to the same.
func letGo(f *os.File, path string, remove bool) error {
	if !remove {
		return f.Close()
	}
	err := os.Remove(path)
	if closeErr := f.Close(); err == nil || closeErr != nil {
		return closeErr
	}
	if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// alive tells whether the owner of a lease may be alive, as far as its file says: no file says nothing.
func (w *worker) alive(owner string) bool {
	w.mu.Lock()
	own := w.id
	w.mu.Unlock()
	if w.dir == "" || owner == own || owner != plain(owner) {
		return true
	}
	f, err := filelock.Take(w.path(owner), false)
	if err != nil {
		return true
	}
	f.Close()
	return false
}

// plain keeps of a text what is safe in a file's name.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, s)
}
