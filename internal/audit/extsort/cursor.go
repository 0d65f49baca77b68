package extsort

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Cursor walks the sorted records. It is for one goroutine.
type Cursor struct {
	sorter *Sorter
	err    error

	key, value []byte

	// Where everything is in memory, at counts through the index; else heap holds the runs, the one with the smallest record first.
	at   int
	heap []*reader
	next *reader // the run whose record was given last and has yet to move on
}

// Sort ends the adding and gives a Cursor before the first record. It may be called again for another pass, which ends the
// Cursor before it, since both would read through the same memory.
func (s *Sorter) Sort() (*Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if !s.sealed {
		s.sealed = true
		if len(s.runs) == 0 {
			s.sort()
		} else if len(s.index) > 0 {
			if s.err = s.spill(); s.err != nil {
				return nil, s.err
			}
		}
	}
	c := &Cursor{sorter: s}
	if len(s.runs) == 0 {
		return c, nil
	}
	// The index is done with, and the memory of the records becomes the buffers of the merge.
	s.index, s.out = nil, nil
	each := cap(s.arena) / len(s.runs)
	for i, run := range s.runs {
		r := &reader{file: s.file, run: run, order: i, buf: s.arena[:cap(s.arena)][i*each : i*each : (i+1)*each]}
		switch err := r.advance(); {
		case err == nil:
			c.heap = append(c.heap, r)
		case !errors.Is(err, io.EOF):
			return nil, err
		}
	}
	for i := len(c.heap)/2 - 1; i >= 0; i-- {
		c.sink(i)
	}
	return c, nil
}

// Next moves to the next record. It gives false at the end and on an error; Err tells which.
func (c *Cursor) Next() bool {
	if c.err != nil {
		return false
	}
	s := c.sorter
	if len(s.runs) == 0 {
		if c.at >= len(s.index) {
			return false
		}
		c.key, c.value, _ = split(s.arena[s.index[c.at]:])
		c.at++
		return true
	}
	if c.next != nil {
		switch err := c.next.advance(); {
		case err == nil:
		case errors.Is(err, io.EOF):
			last := len(c.heap) - 1
			c.heap[0] = c.heap[last]
			c.heap = c.heap[:last]
		default:
			c.err = err
			return false
		}
		c.sink(0)
		c.next = nil
	}
	if len(c.heap) == 0 {
		return false
	}
	c.next = c.heap[0]
	c.key, c.value = c.next.key, c.next.value
	return true
}

// Key is the key of the current record, valid until Next.
func (c *Cursor) Key() []byte { return c.key }

// Value is the value of the current record, valid until Next.
func (c *Cursor) Value() []byte { return c.value }

// Err is what stopped the Cursor early, or nil.
func (c *Cursor) Err() error { return c.err }

// sink puts the run at i in its place in the heap.
func (c *Cursor) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(c.heap); child++ {
			if c.heap[child].before(c.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		c.heap[i], c.heap[least] = c.heap[least], c.heap[i]
		i = least
	}
}

// reader walks one run.
type reader struct {
	file       File
	run        span
	order      int    // runs are in the order of adding
	buf        []byte // unread bytes of the run start at pos
	pos        int
	key, value []byte
}

func (r *reader) before(o *reader) bool {
	if d := bytes.Compare(r.key, o.key); d != 0 {
		return d < 0
	}
	return r.order < o.order
}

// advance moves to the next record of the run, or gives io.EOF.
func (r *reader) advance() error {
	for {
		key, value, size := split(r.buf[r.pos:])
		if size > 0 {
			r.key, r.value = key, value
			r.pos += size
			return nil
		}
		if r.run.from == r.run.to {
			if r.pos < len(r.buf) {
				return errors.New("sort: a scratch file ends within a record")
			}
			return io.EOF
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// fill reads more of the run behind what is left of the buffer, which grows only for a record larger than itself.
func (r *reader) fill() error {
	left := copy(r.buf[:cap(r.buf)], r.buf[r.pos:])
	r.pos = 0
	r.buf = r.buf[:left]
	if left == cap(r.buf) {
		r.buf = append(make([]byte, 0, max(2*left, 512)), r.buf...)
	}
	want := min(int64(cap(r.buf)-left), r.run.to-r.run.from)
	n, err := r.file.ReadAt(r.buf[left:left+int(want)], r.run.from)
	r.buf = r.buf[:left+n]
	r.run.from += int64(n)
	if int64(n) < want {
		return fmt.Errorf("sort: read a scratch file: %w", err)
	}
	return nil
}
