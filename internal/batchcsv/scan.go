package batchcsv

import (
	"errors"
	"io"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sheet"
)

const (
	maxFile   = 16 << 20 // bytes; far above a list of a thousand people
	maxRecord = 64 << 10 // bytes of a row; the longest that can be right is a quarter of it
)

var errTooBig = errors.New("the file is too big")

// scan reads a list and gives each row that has as many fields as the header to each. It holds one row at a time, and stops to read rows
// where there are more than the policy allows; from there on it only counts.
func (l Lists) scan(file io.Reader, c columns, each func(row)) ([]Problem, error) {
	reader, err := sheet.NewReader(&guard{in: file}, maxRecord)
	if err != nil {
		return nil, broken(err, 0)
	}
	if reader.Encoding() != sheet.UTF8 {
		return nil, broken(sheet.ErrNotText, 0)
	}
	names, err := reader.Read()
	if err != nil {
		return nil, header(err)
	}
	names = append([]string(nil), names...)
	index, problems := c.header(reader.Line(), names)
	if len(problems) > 0 {
		return nil, Refuse(problems)
	}
	s := state{lines: map[string]int{}}
	last, count := reader.Line(), 0
	for {
		fields, err := reader.Read()
		var wrong *sheet.RowError
		switch {
		case err == io.EOF:
			if count == 0 && len(s.problems) == 0 {
				return nil, invalid("Write a line for each person.", "The file has no people, only the names of the columns.")
			}
			return s.problems, nil
		case err != nil && !errors.As(err, &wrong):
			return nil, broken(err, last)
		}
		if last = reader.Line(); wrong == nil && sheet.Blank(fields) {
			continue
		}
		if count++; count > l.Limit {
			return nil, TooMany(count+reader.Rest(), l.Limit)
		}
		switch {
		case wrong != nil && !errors.Is(wrong, sheet.ErrEncoding):
			s.add(last, "", "the quotes are wrong: %s; write a text with quotes in it as \"so \"\"to\"\" say\"", wrong.Err)
		case len(fields) != len(names):
			s.add(last, strings.Join(fields, string(reader.Separator())), "the row has %s, and the header has %d", plural(len(fields), "field"), len(names))
		case wrong != nil:
			s.add(last, strings.Join(fields, string(reader.Separator())), "the row is not UTF-8 text; save the file as \"CSV UTF-8\"")
		default:
			each(row{line: last, fields: fields, index: index, state: &s})
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

// header says what is wrong with a file whose first row can't be read.
func header(err error) error {
	var wrong *sheet.RowError
	switch {
	case err == io.EOF:
		return invalid("Write the names of the columns in its first line.", "The file is empty.")
	case errors.Is(err, sheet.ErrEncoding):
		return Refuse([]Problem{NewProblem(1, "", "the header is not UTF-8 text; save the file as \"CSV UTF-8\"")})
	case errors.As(err, &wrong):
		return Refuse([]Problem{NewProblem(wrong.Line, "", "the quotes are wrong: %s", wrong.Err)})
	}
	return broken(err, 0)
}

// broken says what is wrong with a file that can't be read to its end; line is where its last good row begins.
func broken(err error, line int) error {
	switch {
	case errors.Is(err, errTooBig):
		return csvdir.TooBig(maxFile)
	case errors.Is(err, sheet.ErrRowTooBig) && line == 0:
		return invalid("Check that it is a CSV file.", "The first line of the file is longer than %d KB.", maxRecord>>10)
	case errors.Is(err, sheet.ErrRowTooBig):
		return Refuse([]Problem{NewProblem(line, "", "the row after this one is longer than %d KB; most likely a quote is not closed", maxRecord>>10)})
	case errors.Is(err, sheet.ErrNotText), errors.Is(err, sheet.ErrWorkbook):
		return invalid("Save it as \"CSV UTF-8\".", "The file is not UTF-8 text; it seems to be UTF-16 or no text at all.")
	case errors.Is(err, sheet.ErrLineEnds):
		return invalid("Save it as \"CSV UTF-8\".", "The lines of the file end in carriage returns alone.")
	}
	return invalid("Try again; look at the disk if it stays like that.", "The file can't be read: %s.", csvdir.Reason(err)).Because(err)
}

// guard ends a file that grows beyond its size while it is read.
type guard struct {
	in    io.Reader
	total int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	if g.total += n; g.total > maxFile {
		return 0, errTooBig
	}
	return n, err
}
