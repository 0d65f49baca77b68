package sheet

import (
	"bytes"
	"io"
)

// next gives the next line without its end. It is valid until the line after it is asked for.
func (r *Reader) next() ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(r.buffer[r.start+seen:r.end], '\n'); i >= 0 {
			line := r.buffer[r.start : r.start+seen+i]
			r.start += seen + i + 1
			r.lines++
			return r.bounded(line)
		}
		seen = r.end - r.start
		if seen > r.max {
			return nil, ErrRowTooBig
		}
		if r.inErr == nil {
			r.fill()
			continue
		}
		line := r.buffer[r.start:r.end]
		r.start = r.end
		if r.inErr != io.EOF || len(line) == 0 {
			return nil, r.inErr
		}
		r.lines++
		return r.bounded(line)
	}
}

func (r *Reader) bounded(line []byte) ([]byte, error) {
	if len(line) > r.max {
		return nil, ErrRowTooBig
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// fill reads more into the buffer, or sets inErr. The buffer grows with the longest line, up to the bound of a row.
func (r *Reader) fill() {
	if r.start > 0 {
		copy(r.buffer, r.buffer[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	if r.end == len(r.buffer) {
		r.buffer = append(r.buffer, make([]byte, len(r.buffer))...)
	}
	for range 100 {
		n, err := r.in.Read(r.buffer[r.end:])
		r.end += n
		r.inErr = err
		if n > 0 || err != nil {
			return
		}
	}
	r.inErr = io.ErrNoProgress
}

// Rest counts the rows that are left and have something in them, as far as the file can be read. They may be of any length; they are read, and
// nothing is kept.
func (r *Reader) Rest() int {
	rows, quoted, content := 0, false, false
	for {
		for _, b := range r.buffer[r.start:r.end] {
			switch {
			case b == '"':
				quoted = !quoted
			case b == '\n' && !quoted:
				if content {
					rows++
				}
				content = false
			case b != r.form.separator && b != ' ' && b != '\t' && b != '\r' && b != '\n':
				content = true
			}
		}
		r.start = r.end
		if r.inErr != nil {
			break
		}
		r.fill()
	}
	r.err = r.inErr
	if content {
		rows++
	}
	return rows
}
