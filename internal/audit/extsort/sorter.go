// Package extsort sorts more records than fit in memory.
//
// A Sorter holds a fixed amount of memory. Each time it is full the records are sorted and written out as a run; a Cursor
// then merges the runs. The memory of the Sorter becomes the read buffers of the merge, shared out among the runs, so that
// sorting ten times the records takes no more memory. Fewer records than fill the memory never touch the disk.
package extsort

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// File is what runs are written to and read from. *os.File is one.
type File interface {
	io.WriterAt
	io.ReaderAt
	io.Closer
}

// Sorter collects records, each a key and a value, and gives them back ordered by the bytes of the key. Records with equal
// keys come back in the order in which they were added. Add may be called by several goroutines at once.
type Sorter struct {
	create func() (File, error)
	memory int

	mu     sync.Mutex
	arena  []byte // records, one after the other
	index  []uint32
	runs   []span
	file   File
	size   int64 // bytes written to file
	out    []byte
	count  int64
	sealed bool
	err    error // the first failure: everything after it would be incomplete
}

type span struct{ from, to int64 }

// New makes a Sorter that spills to the file dir/name (created with mode 0600 when first needed) and holds about memory bytes.
// The file belongs to the Sorter; Close removes it.
func New(dir, name string, memory int) *Sorter {
	return NewOn(func() (File, error) {
		return openScratch(filepath.Join(dir, name))
	}, memory)
}

// NewOn is New with the file that create gives; create is called at most once.
func NewOn(create func() (File, error), memory int) *Sorter {
	return &Sorter{create: create, memory: memory}
}

// Len is the number of records added.
func (s *Sorter) Len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Add takes a copy of key and value. It fails when the disk does, when the record is larger than the memory, or after Sort.
func (s *Sorter) Add(key, value []byte) error {
	var head [2 * binary.MaxVarintLen32]byte
	n := binary.PutUvarint(head[:], uint64(len(key)))
	n += binary.PutUvarint(head[n:], uint64(len(value)))
	size := n + len(key) + len(value)

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return s.err
	case s.sealed:
		return errors.New("sort: a record was added after sorting")
	case size > s.memory:
		return fmt.Errorf("sort: a record of %d bytes is larger than the %d bytes of memory", size, s.memory)
	case len(s.arena)+size > s.memory:
		if s.err = s.spill(); s.err != nil {
			return s.err
		}
	}
	s.index = append(s.index, uint32(len(s.arena)))
	s.arena = grow(s.arena, size, s.memory)
	s.arena = append(s.arena, head[:n]...)
	s.arena = append(s.arena, key...)
	s.arena = append(s.arena, value...)
	s.count++
	return nil
}

// grow makes room for size more bytes, doubling until limit, so that a small sort stays small.
func grow(b []byte, size, limit int) []byte {
	if cap(b)-len(b) >= size {
		return b
	}
	n := min(max(2*cap(b), len(b)+size, 4096), limit)
	return append(make([]byte, 0, n), b...)
}

// sort orders the index of what is in memory.
func (s *Sorter) sort() {
	slices.SortFunc(s.index, func(a, b uint32) int {
		// The offset breaks ties: it is the order of adding.
		return cmp.Or(bytes.Compare(s.keyAt(a), s.keyAt(b)), cmp.Compare(a, b))
	})
}

func (s *Sorter) keyAt(at uint32) []byte {
	key, _, _ := split(s.arena[at:])
	return key
}

// spill writes what is in memory as one sorted run and empties the memory.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := s.create()
		if err != nil {
			return fmt.Errorf("sort: open a scratch file: %w", err)
		}
		s.file = f
		s.out = make([]byte, 0, 64<<10)
	}
	s.sort()
	run := span{from: s.size}
	for _, at := range s.index {
		_, _, size := split(s.arena[at:])
		if len(s.out)+size > cap(s.out) {
			if err := s.flush(); err != nil {
				return err
			}
		}
		s.out = append(s.out, s.arena[at:int(at)+size]...)
	}
	if err := s.flush(); err != nil {
		return err
	}
	run.to = s.size
	s.runs = append(s.runs, run)
	s.arena, s.index = s.arena[:0], s.index[:0]
	return nil
}

func (s *Sorter) flush() error {
	n, err := s.file.WriteAt(s.out, s.size)
	s.size += int64(n)
	s.out = s.out[:0]
	if err != nil {
		return fmt.Errorf("sort: write a scratch file: %w", err)
	}
	return nil
}

// Close frees the memory and removes the scratch file. Cursors of the Sorter end with it.
func (s *Sorter) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.file
	s.file, s.arena, s.index, s.out, s.sealed = nil, nil, nil, nil, true
	if s.err == nil {
		s.err = errors.New("sort: closed")
	}
	if f == nil {
		return nil
	}
	return f.Close()
}

// split gives the parts of the record at the start of b and its whole size; size 0 means that b holds only a part of it.
func split(b []byte) (key, value []byte, size int) {
	k, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, nil, 0
	}
	v, m := binary.Uvarint(b[n:])
	if m <= 0 {
		return nil, nil, 0
	}
	head := n + m
	if uint64(len(b)-head) < k+v {
		return nil, nil, 0
	}
	end := head + int(k)
	return b[head:end:end], b[end : end+int(v) : end+int(v)], end + int(v)
}

// scratch is a file that is removed when it is closed.
type scratch struct{ *os.File }

func openScratch(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return scratch{f}, nil
}

func (s scratch) Close() error {
	return errors.Join(s.File.Close(), os.Remove(s.Name()))
}
