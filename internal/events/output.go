package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/filelock"
)

// output is where a watch writes its lines: a pipe, or a file that can be read back.
type output interface {
	// recover finds out what was told beyond a state: what its file has. It returns the state to go on from.
	recover(State) (State, error)
	// write writes one event. It is with the reader, or in the file, when it returns.
	write(Event) error
	// flush has everything on the disk and tells how long the output is.
	flush() (int64, error)
	// renewed goes over to a new file where the one that was opened is no longer the one of its name, and tells whether it did.
	renewed() (bool, error)
	// remembers tells whether recover finds out what was written.
	remembers() bool
	io.Closer
}

// lineOf is an event as a line of JSON.
func lineOf(e Event) ([]byte, error) {
	raw, err := json.Marshal(e)
	return append(raw, '\n'), err
}

// pipe is an output that can't be read back.
type pipe struct{ to io.Writer }

func (pipe) recover(s State) (State, error) { return s, nil }
func (pipe) flush() (int64, error)          { return 0, nil }
func (pipe) renewed() (bool, error)         { return false, nil }
func (pipe) remembers() bool                { return false }
func (pipe) Close() error                   { return nil }

func (p pipe) write(e Event) error {
	raw, err := lineOf(e)
	if err != nil {
		return err
	}
	_, err = p.to.Write(raw)
	return err
}

// file is an output that knows what was written: the lines behind the place where the last position was stored.
type file struct {
	*os.File
	path string
	lock *os.File // of the name, so that two watches don't write down the same event
}

// openFile opens a file to append to, or makes it, and locks its name.
func openFile(path string) (*file, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.InvalidArgument, "Leave --out out to write to a terminal or a pipe.", "%s is not a file that can be read back.", path)
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil { // one file has one lock, by whatever name it is called
		path = resolved
	}
	f := &file{path: path}
	if err := f.open(); err != nil {
		return nil, fault.New(fault.InvalidArgument, "Name a file in a folder that is there and may be written to.", "%s can't be written to: %v", path, cause(err)).Because(err)
	}
	var err error
	if f.lock, err = lockName(path); err != nil {
		_ = f.File.Close() // the other error is told
		return nil, err
	}
	return f, nil
}

// cause is an error of the file system without the path, which is told already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func lockName(path string) (*os.File, error) {
	name := path + ".lock"
	made, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	lock, err := filelock.Take(name, false)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, fault.New(fault.Conflict, "End the other one, or name another file.", "Another process writes events to %s.", path).Because(err)
	}
	return lock, err
}

func (f *file) open() (err error) {
	if f.File, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
		syncFolder(filepath.Dir(f.path))
	}
	return err
}

// renewed looks whether somebody moved or removed the file, as rotating a log does.
func (f *file) renewed() (bool, error) {
	named, err := os.Stat(f.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	mine, err2 := f.Stat()
	if err2 != nil || err == nil && os.SameFile(named, mine) {
		return false, err2
	}
	if err := f.File.Close(); err != nil {
		return false, err
	}
	return true, f.open()
}

func (f *file) Close() error { return errors.Join(f.File.Close(), f.lock.Close()) }

func (f *file) remembers() bool { return true }

func (f *file) write(e Event) error {
	raw, err := lineOf(e)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return err
}

func (f *file) flush() (int64, error) {
	if err := f.Sync(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// recover reads the lines behind the stored size, or all of them where there are fewer or where nothing was stored; what was torn at the end is cut off.
// Without a stored position the file's last line is where to go on.
func (f *file) recover(s State) (State, error) {
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	offset := s.Size
	if s.Fresh || offset > info.Size() { // it was replaced by a new one
		offset = 0
	}
	if info.Size() > 0 {
		if err := f.isOurs(); err != nil {
			return s, err
		}
	}
	var newest time.Time
	end, err := linesFrom(f, offset, func(raw []byte) error {
		var e Event
		if json.Unmarshal(raw, &e) != nil || e.ID == "" {
			return nil // a line of somebody else is left alone
		}
		s.Told[e.ID] = e.ProcessedAt.Unix()
		if e.ProcessedAt.After(newest) {
			newest = e.ProcessedAt
		}
		if len(s.Told) > mostTold {
			seen(s.Told).prune(newest)
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	if end < info.Size() {
		if err := f.Truncate(end); err != nil {
			return s, fmt.Errorf("cut off the line that was not finished: %w", err)
		}
	}
	if s.Fresh && !newest.IsZero() {
		s.Position, s.Fresh = Started(newest), false
	}
	return s, nil
}

// mostTold is how many ids are read back before those that don't count any more are forgotten.
const mostTold = 100_000

// isOurs refuses a file whose first line is no event: appending to it would spoil it.
func (f *file) isOurs() error {
	errFirst := errors.New("enough")
	ours := true
	_, err := linesFrom(f, 0, func(raw []byte) error {
		var e Event
		ours = json.Unmarshal(raw, &e) == nil && e.ID != ""
		return errFirst
	})
	if err != nil && !errors.Is(err, errFirst) {
		return err
	}
	if !ours {
		return fault.New(fault.InvalidArgument, "Name a new file, or one that events watch wrote.", "%s is not a file of events: its first line is none.", f.Name())
	}
	return nil
}
