package audit

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/filelock"
)

const (
	reportsFolder = "reports"
	partialPrefix = ".partial-"
	lockFile      = "lock"
	doorFile      = ".lock"
)

// URIPrefix begins the address of a report's file: URIPrefix + id + "/" + file.
const URIPrefix = "report://audits/"

// workspace is the folder of an audit under way, reports/.partial-ID. It is locked while its process lives, and gets its
// name, reports/ID, when the report is complete, so that nobody ever sees half of one.
type workspace struct {
	root string // the reports folder
	id   string
	dir  string
	lock *os.File
}

// openWorkspace makes a workspace and removes those of processes that died.
func openWorkspace(stateDir string, at time.Time) (_ *workspace, err error) {
	if stateDir == "" {
		return nil, errors.New("no state directory is set")
	}
	root := filepath.Join(stateDir, reportsFolder)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	leave, err := enter(root)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := removeAbandoned(root); err != nil {
		return nil, fmt.Errorf("remove what an audit that died left: %w", err)
	}
	w := &workspace{root: root, id: nextID(root, at)}
	w.dir = filepath.Join(root, partialPrefix+w.id)
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return nil, err
	}
	if w.lock, err = filelock.Take(filepath.Join(w.dir, lockFile), true); err != nil {
		return nil, errors.Join(err, os.RemoveAll(w.dir))
	}
	return w, nil
}

// nextID names a report so that it comes after those of the same second, finished or not. The caller has entered.
func nextID(root string, at time.Time) string {
	id := newID(at)
	same := id[:len(id)-4]
	entries, _ := os.ReadDir(root) // what can't be read can't be written either, which is told next
	for _, e := range entries {
		other := strings.TrimPrefix(e.Name(), partialPrefix)
		if number, err := strconv.ParseUint(strings.TrimPrefix(other, same), 16, 16); err == nil && other >= id {
			id = fmt.Sprintf("%s%04x", same, min(number+1, 0xffff))
		}
	}
	return id
}

// newID names a report after its time, with a random end for two of one second.
func newID(at time.Time) string {
	var b [2]byte
	rand.Read(b[:])
	b[0] &= 0x7f // others of the second come behind it
	return "audit-" + at.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// report points to where the report will be.
func (w *workspace) report(r Result) Report {
	r.Report.ID, r.Report.URI, r.Report.Folder = w.id, URIPrefix+w.id+"/"+SummaryFile, filepath.Join(w.root, w.id)
	return r.Report
}

// publish writes the summary and gives the folder its name.
func (w *workspace) publish(r Result) error {
	if err := writeSummary(filepath.Join(w.dir, SummaryFile), r); err != nil {
		return err
	}
	leave, err := enter(w.root)
	if err != nil {
		return err
	}
	defer leave()
	if err := w.unlock(); err != nil {
		return err
	}
	return os.Rename(w.dir, r.Report.Folder)
}

func writeSummary(path string, r Result) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// unlock gives the lock up and removes it: a folder under the reports without a lock belongs to nobody.
func (w *workspace) unlock() error {
	if w.lock == nil {
		return nil
	}
	name := w.lock.Name()
	err := w.lock.Close()
	w.lock = nil
	return errors.Join(err, os.Remove(name))
}

// discard removes the workspace, unless it was published. What it can't remove, the next audit does.
func (w *workspace) discard() {
	if w.lock != nil {
		w.lock.Close()
	}
	os.RemoveAll(w.dir)
}

// enter waits until no other audit opens or publishes a workspace under root.
func enter(root string) (leave func(), err error) {
	door, err := filelock.Take(filepath.Join(root, doorFile), true)
	if err != nil {
		return nil, err
	}
	return func() { door.Close() }, nil
}

// removeAbandoned removes the workspaces under root that no living process holds. The caller has entered.
func removeAbandoned(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), partialPrefix) {
			continue
		}
		dir := filepath.Join(root, e.Name())
		lock, err := filelock.Take(filepath.Join(dir, lockFile), false)
		switch {
		case errors.Is(err, filelock.ErrLocked):
			continue
		case err == nil:
			lock.Close()
		case !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
			continue
		}
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
