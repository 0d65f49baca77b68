package batchcsv

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxRecord  = 64 << 10 // bytes of a row; the longest that can be right is a quarter of it
	bufferSize = 16 << 10
)

var (
	errTooBig    = errors.New("the file is too big")
	errLongInput = errors.New("the row is too long")
)

// scan reads a list and gives each row that has as many fields as the header to each. It holds one row at a time, and stops to read rows
// where there are more than the policy allows; from there on it only counts.
func (l Lists) scan(file io.Reader, c columns, each func(row)) ([]Problem, error) {
	in := &guard{in: file, row: maxRecord}
	buffer := bufio.NewReaderSize(in, bufferSize) // which csv reads from directly: it is large enough
	separator, err := encoding(buffer)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(buffer)
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord, reader.TrimLeadingSpace = separator, -1, true, true

	in.allow()
	names, err := reader.Read()
	if err != nil {
		return nil, header(err)
	}
	line, _ := reader.FieldPos(0)
	index, problems := c.header(line, names)
	if len(problems) > 0 {
		return nil, Refuse(problems)
	}
	s := state{lines: map[string]int{}}
	last, count := line, 0
	for {
		in.allow()
		fields, err := reader.Read()
		var wrong *csv.ParseError
		switch {
		case err == io.EOF:
			if count == 0 && len(s.problems) == 0 {
				return nil, invalid("Write a line for each person.", "The file has no people, only the names of the columns.")
			}
			return s.problems, nil
		case errors.As(err, &wrong):
			last = wrong.StartLine
		case err != nil:
			return nil, broken(err, last)
		default:
			if last, _ = reader.FieldPos(0); blank(fields) {
				continue
			}
		}
		if count++; count > l.Limit {
			in.open = true
			return nil, TooMany(count+remaining(buffer), l.Limit)
		}
		switch {
		case wrong != nil:
			s.add(wrong.StartLine, "", "the quotes are wrong: %s; write a text with quotes in it as \"so \"\"to\"\" say\"", wrong.Err)
		case len(fields) != len(names):
			s.add(last, strings.Join(fields, string(separator)), "the row has %s, and the header has %d", plural(len(fields), "field"), len(names))
		case !slices.ContainsFunc(fields, func(f string) bool { return !utf8.ValidString(f) }):
			each(row{line: last, fields: fields, index: index, state: &s})
		default:
			s.add(last, strings.Join(fields, string(separator)), "the row is not UTF-8 text; save the file as \"CSV UTF-8\"")
		}
	}
}

// state is what is known of the rows so far.
type state struct {
	problems []Problem
	lines    map[string]int // of each person
}

func (s *state) add(line int, value, format string, args ...any) {
	s.problems = append(s.problems, NewProblem(line, value, format, args...))
}

// encoding takes the byte order mark away, refuses other encodings than UTF-8, and finds the separator: what the first line has more of.
func encoding(buffer *bufio.Reader) (rune, error) {
	if start, _ := buffer.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = buffer.Discard(3) // which were there
	}
	first, err := buffer.Peek(bufferSize)
	if err != nil && err != io.EOF {
		return 0, broken(err, 0)
	}
	first = bytes.TrimLeft(first, "\r\n")
	if end := bytes.IndexByte(first, '\n'); end >= 0 {
		first = first[:end]
	}
	first = bytes.TrimSuffix(first, []byte("\r"))
	switch {
	case bytes.HasPrefix(first, []byte("\xff\xfe")), bytes.HasPrefix(first, []byte("\xfe\xff")), bytes.IndexByte(first, 0) >= 0:
		return 0, invalid("Save it as \"CSV UTF-8\".", "The file is not UTF-8 text; it seems to be UTF-16 or no text at all.")
	case bytes.IndexByte(first, '\r') >= 0:
		return 0, invalid("Save it as \"CSV UTF-8\".", "The lines of the file end in carriage returns alone.")
	case bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")):
		return ';', nil
	}
	return ',', nil
}

// header says what is wrong with a file whose first row can't be read.
func header(err error) error {
	var wrong *csv.ParseError
	switch {
	case err == io.EOF:
		return invalid("Write the names of the columns in its first line.", "The file is empty.")
	case errors.As(err, &wrong):
		return Refuse([]Problem{NewProblem(wrong.StartLine, "", "the quotes are wrong: %s", wrong.Err)})
	}
	return broken(err, 0)
}

// broken says what is wrong with a file that can't be read to its end; line is where its last good row begins.
func broken(err error, line int) error {
	switch {
	case errors.Is(err, errTooBig):
		return tooBig()
	case errors.Is(err, errLongInput) && line == 0:
		return invalid("Check that it is a CSV file.", "The first line of the file is longer than %d KB.", maxRecord>>10)
	case errors.Is(err, errLongInput):
		return Refuse([]Problem{NewProblem(line, "", "the row after this one is longer than %d KB; most likely a quote is not closed", maxRecord>>10)})
	}
	return invalid("Try again; look at the disk if it stays like that.", "The file can't be read: %s.", reason(err)).Because(err)
}

// remaining counts the rows that are left, as long as nothing but lines and quotes tell them apart.
func remaining(buffer *bufio.Reader) int {
	rows, quoted, content := 0, false, false
	for {
		b, err := buffer.ReadByte()
		switch {
		case err != nil && content:
			return rows + 1
		case err != nil:
			return rows
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted && content:
			rows, content = rows+1, false
		case !bytes.ContainsRune([]byte(",; \t\r\n"), rune(b)):
			content = true
		}
	}
}

func blank(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return strings.TrimSpace(f) != "" })
}

// guard ends a file that grows beyond its size, and a row that is longer than any can be: a quote that is not closed would take the whole file
// into memory.
type guard struct {
	in    io.Reader
	total int
	row   int  // bytes that may still be read for this row
	open  bool // rows are not limited
}

// allow begins a row. What the buffer has of it already does not count.
func (g *guard) allow() { g.row = maxRecord }

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	g.total, g.row = g.total+n, g.row-n
	switch {
	case g.total > maxFile:
		return 0, errTooBig
	case g.row < 0 && !g.open:
		return 0, errLongInput
	}
	return n, err
}
