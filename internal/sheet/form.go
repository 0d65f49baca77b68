package sheet

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Encoding is how the letters of a file are written.
type Encoding string

// The encodings that are read.
const (
	UTF8    Encoding = "UTF-8"
	UTF16LE Encoding = "UTF-16, little end first"
	UTF16BE Encoding = "UTF-16, big end first"
)

// form is what a file was found to be.
type form struct {
	encoding  Encoding
	separator byte
}

// Encoding says how the file is written.
func (r *Reader) Encoding() Encoding { return r.form.encoding }

// Separator gives what stands between cells: a comma, a semicolon or a tab.
func (r *Reader) Separator() byte { return r.form.separator }

// detect finds the form of the file from its first line.
func (r *Reader) detect() error {
	r.peek(4)
	r.form.encoding = encodingOf(r.buffer[r.start:r.end])
	switch r.form.encoding {
	case UTF16LE:
		r.transcode(binary.LittleEndian)
	case UTF16BE:
		r.transcode(binary.BigEndian)
	}
	r.peek(3)
	if bytes.HasPrefix(r.buffer[:r.end], []byte("\xef\xbb\xbf")) {
		r.start = 3
	}
	first := r.firstLine()
	if r.inErr != nil && r.inErr != io.EOF {
		return r.inErr
	}
	switch {
	case bytes.HasPrefix(first, []byte("PK\x03\x04")), bytes.HasPrefix(first, []byte("\xd0\xcf\x11\xe0")):
		return ErrWorkbook
	case bytes.IndexByte(first, 0) >= 0:
		return ErrNotText
	case bytes.IndexByte(bytes.TrimSuffix(first, []byte("\r")), '\r') >= 0:
		return ErrLineEnds
	}
	if separator, ok := declared(first); ok {
		r.form.separator = separator
		_, err := r.next()
		return err
	}
	r.form.separator = separatorOf(first)
	return nil
}

// peek reads until n bytes are there, or no more are.
func (r *Reader) peek(n int) {
	for r.end-r.start < n && r.inErr == nil {
		r.fill()
	}
}

// firstLine gives the first line that is not empty, as far as the first buffer holds it, and passes over the empty ones.
func (r *Reader) firstLine() []byte {
	for {
		for r.start < r.end && (r.buffer[r.start] == '\n' || r.buffer[r.start] == '\r' && r.start+1 < r.end && r.buffer[r.start+1] == '\n') {
			if r.buffer[r.start] == '\n' {
				r.lines++
			}
			r.start++
		}
		line, _, whole := bytes.Cut(r.buffer[r.start:r.end], []byte("\n"))
		if whole || r.inErr != nil || len(line) >= firstBuffer {
			return line
		}
		r.fill()
	}
}

// encodingOf looks at the first bytes: at their mark, or at where the zeros are, since a table begins with the name of a column.
func encodingOf(b []byte) Encoding {
	at := func(i int) bool { return i < len(b) && b[i] == 0 }
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), len(b) >= 4 && !at(0) && at(1) && !at(2) && at(3):
		return UTF16LE
	case bytes.HasPrefix(b, []byte("\xfe\xff")), len(b) >= 4 && at(0) && !at(1) && at(2) && !at(3):
		return UTF16BE
	}
	return UTF8
}

// declared understands the line with which some programs tell a spreadsheet what the separator is: sep=;
func declared(line []byte) (byte, bool) {
	line = bytes.ToLower(bytes.Trim(line, "\" \r"))
	if len(line) == 5 && bytes.HasPrefix(line, []byte("sep=")) && bytes.IndexByte([]byte(",;\t"), line[4]) >= 0 {
		return line[4], true
	}
	return 0, false
}

// separatorOf gives what the line has most of outside of quotes; a comma where it has none.
func separatorOf(line []byte) byte {
	var commas, semicolons, tabs int
	quoted := false
	for _, b := range line {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == ',':
			commas++
		case b == ';':
			semicolons++
		case b == '\t':
			tabs++
		}
	}
	switch {
	case tabs > commas && tabs > semicolons:
		return '\t'
	case semicolons > commas:
		return ';'
	}
	return ','
}
