package events

import (
	"bufio"
	"bytes"
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

// Store keeps a follower's position and what it told, for the next process. It is a file of records, one a line, that only grows while it is open:
//
//	{"watch":"…"}                                    what is followed; the first line
//	{"id":"…","at":1764000000}                       an event was told, and where it went can't be read back
//	{"cursor":"…","mark":…,"floor":…,"size":…,"told":[{"id":"…","at":…}]}   everything up to here was told
//
// A record is one write, so that the death of the process leaves it whole or out; one that was torn by the death of the machine is not read. The
// records of positions are synced to the disk.
type Store struct {
	path string
	file *os.File
	lock *os.File
	size int64 // of the file
	base int64 // of what counted in it when it was written anew

	watch string
	state State
}

// State is what a store remembers.
type State struct {
	Position Position
	Told     map[string]int64 // by id, when they were processed
	Size     int64            // how long the output was then
	Fresh    bool             // nothing was ever stored
}

type toldID struct {
	ID string `json:"id"`
	At int64  `json:"at"`
}

type record struct {
	Watch  string   `json:"watch,omitempty"`
	ID     string   `json:"id,omitempty"`
	At     int64    `json:"at,omitempty"`
	Cursor *string  `json:"cursor,omitempty"`
	Mark   int64    `json:"mark,omitempty"`  // milliseconds since 1970
	Floor  int64    `json:"floor,omitempty"` // likewise
	Size   int64    `json:"size,omitempty"`
	Told   []toldID `json:"told,omitempty"`
}

// compactAt is how long a store may grow before it is written anew, in bytes.
const compactAt = 1 << 20

// OpenStore opens the store at path, or makes one, and locks it. watch says what is followed and where it goes: a store of something else is refused,
// since what the other left out would be missed. Errors: conflict when another process has it; what the file system says.
func OpenStore(path, watch string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder of the cursor file: %w", err)
	}
	if f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("cursor file: %w", err)
	} else if err := f.Close(); err != nil {
		return nil, fmt.Errorf("cursor file: %w", err)
	}
	lock, err := filelock.Take(path+".lock", false)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, fault.New(fault.Conflict, "End the other one, or give this one a --cursor-file of its own.", "Another process follows the events with the cursor file %s.", path).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the cursor file: %w", err)
	}
	s := &Store{path: path, lock: lock, watch: watch}
	if err := s.load(); err != nil {
		_ = lock.Close() // the other error is told
		return nil, err
	}
	return s, nil
}

// State is what was stored when the store was opened.
func (s *Store) State() State { return s.state }

func (s *Store) load() error {
	raw, err := os.ReadFile(s.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cursor file: %w", err)
	}
	s.state = State{Told: map[string]int64{}, Fresh: true}
	for lines := bytes.SplitAfter(raw, []byte("\n")); len(lines) > 0; lines = lines[1:] {
		var r record
		if !bytes.HasSuffix(lines[0], []byte("\n")) {
			break // torn
		}
		if json.Unmarshal(lines[0], &r) != nil {
			return fault.New(fault.InvalidArgument, "Name another file, or remove this one to begin anew.", "%s is no cursor file of events watch, or it is damaged.", s.path)
		}
		switch {
		case r.Watch != "" && r.Watch != s.watch:
			return fault.New(fault.Conflict, "Name another --cursor-file, or remove this one to begin anew.", "The cursor file %s is of another watch: %s.", s.path, r.Watch)
		case r.ID != "":
			s.state.Told[r.ID] = r.At
		case r.Cursor != nil:
			s.state.Fresh, s.state.Size = false, r.Size
			s.state.Position = Position{Cursor: *r.Cursor, Mark: time.UnixMilli(r.Mark).UTC(), Floor: time.UnixMilli(r.Floor).UTC()}
			for _, told := range r.Told {
				s.state.Told[told.ID] = told.At
			}
		}
	}
	return s.rewrite(s.state.Position, s.state.Told, s.state.Size, s.state.Fresh)
}

// rewrite makes the file say only what counts, at once or not at all.
func (s *Store) rewrite(at Position, told map[string]int64, size int64, fresh bool) error {
	var text bytes.Buffer
	text.Write(line(record{Watch: s.watch}))
	if fresh {
		for id, processed := range told {
			text.Write(line(record{ID: id, At: processed}))
		}
	} else {
		ids := make([]toldID, 0, len(told))
		for id, processed := range told {
			ids = append(ids, toldID{id, processed})
		}
		text.Write(line(positionRecord(at, ids, size)))
	}
	temporary, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*")
	if err != nil {
		return fmt.Errorf("cursor file: %w", err)
	}
	_, err = temporary.Write(text.Bytes())
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		if s.file != nil {
			_ = s.file.Close() // everything in it was written
			s.file = nil
		}
		err = os.Rename(temporary.Name(), s.path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name()) // the other error is told
		return fmt.Errorf("cursor file: %w", err)
	}
	syncFolder(filepath.Dir(s.path))
	if s.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("cursor file: %w", err)
	}
	s.size = int64(text.Len())
	s.base = s.size
	return nil
}

func line(r record) []byte {
	raw, _ := json.Marshal(r) // plain fields always marshal
	return append(raw, '\n')
}

func positionRecord(at Position, told []toldID, size int64) record {
	return record{Cursor: &at.Cursor, Mark: at.Mark.UnixMilli(), Floor: at.Floor.UnixMilli(), Size: size, Told: told}
}

// wrote records that one event was told. The process may die right after: it is not told again.
func (s *Store) wrote(e Event) error {
	return s.append(record{ID: e.ID, At: e.ProcessedAt.Unix()})
}

// commit records that everything up to a position was told, and has it on the disk. told are the events since the last one that were not recorded one by
// one; all is what the follower remembers.
func (s *Store) commit(at Position, told []Event, size int64, all map[string]int64) error {
	ids := make([]toldID, len(told))
	for i, e := range told {
		ids[i] = toldID{e.ID, e.ProcessedAt.Unix()}
	}
	if err := s.append(positionRecord(at, ids, size)); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("cursor file: %w", err)
	}
	if s.size > max(compactAt, 4*s.base) {
		return s.rewrite(at, all, size, false)
	}
	return nil
}

func (s *Store) append(r record) error {
	raw := line(r)
	if _, err := s.file.Write(raw); err != nil {
		return fmt.Errorf("cursor file: %w", err)
	}
	s.size += int64(len(raw))
	return nil
}

// Close lets go of the store.
func (s *Store) Close() error {
	var err error
	if s.file != nil {
		err = s.file.Close()
	}
	return errors.Join(err, s.lock.Close())
}

// syncFolder has a new name in a folder on the disk, where the system can do that.
func syncFolder(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync() // some file systems can't
		_ = dir.Close()
	}
}

// linesFrom reads the whole lines of a file from an offset on, and tells where the last of them ends.
func linesFrom(f io.ReadSeeker, offset int64, each func([]byte) error) (int64, error) {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		raw, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return offset, nil // what stands without an end was torn
		}
		if err != nil {
			return 0, err
		}
		offset += int64(len(raw))
		if err := each(raw); err != nil {
			return 0, err
		}
	}
}
