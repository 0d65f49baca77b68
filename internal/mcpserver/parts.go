package mcpserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// partSize is how far the beginnings of two parts of a file lie apart, in bytes, but for the rest of a line.
const partSize = 1 << 20

// partStart gives where part number n of a file of lines begins, counted from 1: at the first line that begins at or after (n-1) * partSize. So the
// parts follow one another without a gap, and each is found without reading those before it. A file that has no such line gives its size.
func partStart(f io.ReaderAt, size int64, n int64) (int64, error) {
	if n <= 1 {
		return 0, nil
	}
	at := (n-1)*partSize - 1 // the last byte before: when it ends a line, a line begins right there
	block := make([]byte, 64<<10)
	for at < size {
		read, err := f.ReadAt(block, at)
		if i := bytes.IndexByte(block[:read], '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if read == 0 {
			break
		}
		at += int64(read)
	}
	return size, nil
}

// countParts gives how many parts a file of lines has; the last has at least one line, and an empty file is one part.
func countParts(f io.ReaderAt, size int64) (int64, error) {
	for n := (size + partSize - 1) / partSize; n > 1; n-- {
		start, err := partStart(f, size, n)
		if err != nil {
			return 0, err
		}
		if start < size {
			return n, nil
		}
	}
	return 1, nil
}

// readPart reads part number n of the file.
func readPart(f io.ReaderAt, size int64, n int64) (string, error) {
	from, err1 := partStart(f, size, n)
	to, err2 := partStart(f, size, n+1)
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("look for part %d: %w", n, err)
	}
	text := make([]byte, to-from)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, to-from), text); err != nil {
		return "", fmt.Errorf("read part %d: %w", n, err)
	}
	return string(text), nil
}
