package sheet

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// transcode goes on with the file from its beginning as UTF-16 of an order.
func (r *Reader) transcode(order binary.ByteOrder) {
	read := bytes.Clone(r.buffer[r.start:r.end])
	in := io.Reader(bytes.NewReader(read))
	if r.inErr == nil {
		in = io.MultiReader(in, r.in)
	} else if r.inErr != io.EOF {
		return // which detect tells
	}
	r.in = &utf16Reader{in: in, order: order, buffer: make([]byte, firstBuffer/2)}
	r.start, r.end, r.inErr = 0, 0, nil
}

// utf16Reader gives UTF-16 as UTF-8. Half a character becomes the sign for one that can't be shown.
type utf16Reader struct {
	in     io.Reader
	order  binary.ByteOrder
	buffer []byte
	kept   int    // bytes at its beginning that are half a unit
	high   rune   // the first half of a pair; 0 = none
	text   []byte // its memory
	out    []byte // what of text was not given yet
	err    error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.more()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// more turns what can be read at once.
func (u *utf16Reader) more() {
	n, err := u.in.Read(u.buffer[u.kept:])
	n += u.kept
	out := u.text[:0]
	whole := n &^ 1
	for i := 0; i < whole; i += 2 {
		c := rune(u.order.Uint16(u.buffer[i:]))
		if c < utf8.RuneSelf && u.high == 0 {
			out = append(out, byte(c))
			continue
		}
		out = u.unit(out, c)
	}
	u.kept = copy(u.buffer, u.buffer[whole:n])
	if err != nil {
		if u.high != 0 || u.kept > 0 {
			out = utf8.AppendRune(out, utf8.RuneError)
		}
		u.err = err
	}
	u.text, u.out = out, out
}

// unit appends what one unit makes of the text.
func (u *utf16Reader) unit(out []byte, c rune) []byte {
	if u.high != 0 {
		pair := utf16.DecodeRune(u.high, c)
		u.high = 0
		out = utf8.AppendRune(out, pair)
		if pair != utf8.RuneError {
			return out
		}
	}
	if c >= 0xd800 && c < 0xdc00 {
		u.high = c
		return out
	}
	return utf8.AppendRune(out, c) // the sign for half a pair
}
