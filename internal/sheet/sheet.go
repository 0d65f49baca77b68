// Package sheet reads tables as people save them: CSV files of spreadsheets, consoles and personnel systems.
//
// It finds out by itself what a file is: UTF-8 with or without a byte order mark, or UTF-16 of either order; separated by commas, semicolons or tabs;
// with line ends of Unix or Windows. It holds one row at a time. Beside the decoder there are the two things that every reader of such files needs:
// names of columns compared by meaning ([Key]), and dates ([Days]).
//
// What a table means is for its callers, and so is opening a file (package csvdir).
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// DefaultMaxRow is how long a row may be, in bytes of UTF-8: a person in ten thousand groups fits.
const DefaultMaxRow = 4 << 20

const firstBuffer = 64 << 10

// What can be wrong with a table. After a [RowError] the next row can be read; the others end it.
var (
	ErrBareQuote = csv.ErrBareQuote                   // in a RowError
	ErrQuote     = csv.ErrQuote                       // in a RowError; also that a quote is never closed
	ErrEncoding  = errors.New("it is not UTF-8 text") // in a RowError
	ErrRowTooBig = errors.New("a row is too long; most likely a quote is not closed")
	ErrNotText   = errors.New("it is no text")
	ErrWorkbook  = errors.New("it is a workbook and not a CSV file")
	ErrLineEnds  = errors.New("its lines end in carriage returns alone")
)

// RowError is what is wrong with one row.
type RowError struct {
	Line   int // on which the row begins, from 1
	Column int // the cell, from 1
	Err    error
}

func (e *RowError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// Reader reads a table row by row.
type Reader struct {
	in     io.Reader
	form   form
	max    int
	buffer []byte
	start  int // of what is in buffer and was not read
	end    int
	inErr  error // what in gave, once
	err    error // the end

	lines  int // read so far
	line   int // on which the row read last begins
	fields []string
	ends   []int  // of the fields in text
	text   []byte // of a row with quotes
}

// NewReader begins to read a table, as far as is needed to know its form. A row may be maxRow bytes long; 0 = [DefaultMaxRow].
//
// The errors are [ErrNotText], [ErrWorkbook], [ErrLineEnds], and those of in. An empty file is none: [Reader.Read] says io.EOF then.
func NewReader(in io.Reader, maxRow int) (*Reader, error) {
	if maxRow <= 0 {
		maxRow = DefaultMaxRow
	}
	r := &Reader{in: in, max: maxRow, buffer: make([]byte, firstBuffer)}
	if err := r.detect(); err != nil {
		return nil, err
	}
	return r, nil
}

// Read gives the next row, or io.EOF. Lines with nothing on them are no rows. The slice is used again for the next row; its strings may be kept, but
// each keeps the whole row in memory. Spaces before a cell are left out, unless they are in quotes.
//
// After a *[RowError] the next row can be read; with [ErrEncoding] the row is there, too.
func (r *Reader) Read() ([]string, error) {
	for r.err == nil {
		line, err := r.next()
		if err != nil {
			r.err = err
			break
		}
		if len(line) == 0 {
			continue
		}
		r.line = r.lines
		if bytes.IndexByte(line, '"') < 0 {
			return r.plain(line)
		}
		return r.quoted(line)
	}
	return nil, r.err
}

// Line is the line on which the row read last begins, from 1.
func (r *Reader) Line() int { return r.line }

// plain takes a row apart that has no quotes.
func (r *Reader) plain(line []byte) ([]string, error) {
	text, separator := string(line), r.form.separator
	r.fields = r.fields[:0]
	for {
		i := strings.IndexByte(text, separator)
		if i < 0 {
			r.fields = append(r.fields, r.trimmed(text))
			return r.checked(line)
		}
		r.fields = append(r.fields, r.trimmed(text[:i]))
		text = text[i+1:]
	}
}

// simple finds the cells of a row whose quotes are only around them, and closed on the line. Of other rows it says that they are not simple.
func (r *Reader) simple(line []byte) bool {
	r.ends = r.ends[:0] // begin and end of each cell
	for at := 0; ; {
		for at < len(line) && r.space(line[at]) {
			at++
		}
		end := at
		if at < len(line) && line[at] == '"' {
			at++
			i := bytes.IndexByte(line[at:], '"')
			if i < 0 {
				return false
			}
			end = at + i
			r.ends = append(r.ends, at, end)
			if at = end + 1; at < len(line) && line[at] != r.form.separator {
				return false
			}
		} else {
			for end < len(line) && line[end] != r.form.separator {
				if line[end] == '"' {
					return false
				}
				end++
			}
			r.ends = append(r.ends, at, end)
			at = end
		}
		if at >= len(line) {
			return true
		}
		at++
	}
}

// quoted takes a row apart that begins with line, and may go on in those that follow.
func (r *Reader) quoted(line []byte) ([]string, error) {
	if r.simple(line) {
		text := string(line)
		r.fields = r.fields[:0]
		for i := 0; i < len(r.ends); i += 2 {
			r.fields = append(r.fields, text[r.ends[i]:r.ends[i+1]])
		}
		return r.checked(line)
	}
	r.text, r.ends = r.text[:0], r.ends[:0]
	for more := true; more; {
		for len(line) > 0 && r.space(line[0]) {
			line = line[1:]
		}
		var err error
		if len(line) > 0 && line[0] == '"' {
			line, more, err = r.quotedCell(line[1:])
		} else {
			line, more, err = r.plainCell(line)
		}
		if err == ErrBareQuote || err == ErrQuote { //nolint:errorlint // the very errors of the two functions
			return nil, &RowError{Line: r.line, Column: len(r.ends) + 1, Err: err}
		}
		if err != nil {
			r.err = err
			return nil, err
		}
		r.ends = append(r.ends, len(r.text))
	}
	text, start := string(r.text), 0
	r.fields = r.fields[:0]
	for _, end := range r.ends {
		r.fields = append(r.fields, text[start:end])
		start = end
	}
	return r.checked(r.text)
}

// plainCell takes a cell without quotes, and says whether another follows.
func (r *Reader) plainCell(line []byte) (rest []byte, more bool, err error) {
	cell := line
	if i := bytes.IndexByte(line, r.form.separator); i >= 0 {
		cell, rest, more = line[:i], line[i+1:], true
	}
	if bytes.IndexByte(cell, '"') >= 0 {
		return nil, false, ErrBareQuote
	}
	r.text = append(r.text, cell...)
	return rest, more, nil
}

// quotedCell takes a cell whose first quote was read, over as many lines as it has, and says whether another follows.
func (r *Reader) quotedCell(line []byte) (rest []byte, more bool, err error) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			r.text = append(append(r.text, line...), '\n')
			if len(r.text) > r.max {
				return nil, false, ErrRowTooBig
			}
			if line, err = r.next(); err == io.EOF {
				return nil, false, ErrQuote
			} else if err != nil {
				return nil, false, err
			}
			continue
		}
		r.text = append(r.text, line[:i]...)
		switch line = line[i+1:]; {
		case len(line) == 0:
			return nil, false, nil
		case line[0] == '"':
			r.text = append(r.text, '"')
			line = line[1:]
		case line[0] == r.form.separator:
			return line[1:], true, nil
		default:
			return nil, false, ErrQuote
		}
	}
}

// checked gives the row, with an error if its bytes are not UTF-8.
func (r *Reader) checked(row []byte) ([]string, error) {
	if utf8.Valid(row) {
		return r.fields, nil
	}
	for i, field := range r.fields {
		if !utf8.ValidString(field) {
			return r.fields, &RowError{Line: r.line, Column: i + 1, Err: ErrEncoding}
		}
	}
	return r.fields, &RowError{Line: r.line, Column: 1, Err: ErrEncoding} // a separator can't be part of a character
}

func (r *Reader) trimmed(cell string) string {
	for len(cell) > 0 && r.space(cell[0]) {
		cell = cell[1:]
	}
	return cell
}

// space reports whether b is a space before a cell.
func (r *Reader) space(b byte) bool { return b == ' ' || b == '\t' && r.form.separator != '\t' }
