package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Any table, written in any of the forms, reads back as it was.
func TestPropertyATableReadsBackInEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(
			rapid.StringMatching(`[a-zA-Z0-9 @.,;"'\t-]{0,12}`), rapid.Just(""), rapid.Just("a\nb"), rapid.Just("\n\"\n"), rapid.Just("Žofie 🎉 𐍈"),
			rapid.Custom(func(t *rapid.T) string {
				return strings.Map(func(r rune) rune {
					if r == '\r' || r == utf8.RuneError || r == 0xfeff || r == 0 {
						return -1
					}
					return r
				}, rapid.StringN(0, 20, -1).Draw(t, "text"))
			}),
		)
		width := rapid.IntRange(1, 6).Draw(t, "width")
		separator := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		header := make([]string, width)
		for i := range header {
			header[i] = rapid.StringMatching(`[A-Za-z][a-z ]{0,8}[a-z]`).Draw(t, "column")
		}
		table := [][]string{header}
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			row := make([]string, width)
			for i := range row {
				row[i] = cell.Draw(t, "cell")
			}
			if width > 1 || row[0] != "" { // a row of one empty cell is an empty line
				table = append(table, row)
			}
		}
		if width == 1 {
			separator = ',' // nothing tells another one
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = separator
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		if err := w.WriteAll(table); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if rapid.Bool().Draw(t, "cut") {
			text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		}
		switch rapid.IntRange(0, 5).Draw(t, "encoding") {
		case 1:
			text = "\ufeff" + text
		case 2:
			text = in16(binary.LittleEndian, true, text)
		case 3:
			text = in16(binary.BigEndian, true, text)
		case 4:
			text = in16(binary.LittleEndian, false, text)
		case 5:
			text = in16(binary.BigEndian, false, text)
		}
		in := io.Reader(strings.NewReader(text))
		if rapid.Bool().Draw(t, "slow") {
			in = iotest.HalfReader(in)
		}
		rows, _, wrong, err := all(in, 0)
		if err != nil || len(wrong) > 0 {
			t.Fatalf("%v, %v", wrong, err)
		}
		for _, row := range append(table, rows...) { // Go's writer quotes what begins with a space of any kind, but Windows' line end in a cell is one of Unix afterwards
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
			}
		}
		if diff := cmp.Diff(table, rows); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// FuzzReader reads any bytes. What is UTF-8 without a declaration has to read as encoding/csv reads it, which knows nothing of forms.
func FuzzReader(f *testing.F) {
	for _, file := range []string{
		"a,b\n1,2\n", "a;b\r\n\"1\r\n\";2\r\n", "\ufeffa\tb\n \"x\"\"y\"\t2", "sep=;\na;b\n", "a,b\n\"", "a,b\n1,\"2\"x\n3,4", "a,b\nx\"y,2\n\n,\n", "\xff\xfea\x00,\x00", "\xfe\xff\x00a", "a,b\n\xff,1\n", "PK\x03\x04", "a\rb", " ,\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, lines, wrong, err := all(bytes.NewReader(file), 1<<20)
		again, _, _, err2 := all(iotest.OneByteReader(bytes.NewReader(file)), 1<<20)
		if diff := cmp.Diff(rows, again); diff != "" || (err == nil) != (err2 == nil) {
			t.Fatalf("read otherwise byte by byte: %v, %v\n%s", err, err2, diff)
		}
		for i, line := range lines {
			if line < 1 || i > 0 && line <= lines[i-1] {
				t.Errorf("line %d", line)
			}
		}
		r, err := NewReader(bytes.NewReader(file), 1<<20)
		if err != nil || r.Encoding() != UTF8 || !utf8.Valid(file) || r.lines > 0 || r.Separator() == '\t' {
			return
		}
		if bytes.ContainsFunc(bytes.ReplaceAll(file, []byte("\r\n"), nil), func(r rune) bool { return unicode.IsSpace(r) && !strings.ContainsRune(" \t\n", r) }) {
			return // encoding/csv takes every space of Unicode for one before a cell
		}
		oracle := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
		oracle.Comma, oracle.FieldsPerRecord, oracle.TrimLeadingSpace = rune(r.Separator()), -1, true
		var want [][]string
		bad := 0
		for {
			row, err := oracle.Read()
			var parse *csv.ParseError
			switch {
			case err == io.EOF:
				if diff := cmp.Diff(want, rows); diff != "" || bad != len(wrong) {
					t.Errorf("%d and %d rows with an error (-encoding/csv +here):\n%s", bad, len(wrong), diff)
				}
				return
			case errors.As(err, &parse):
				if bad < len(wrong) && (wrong[bad].Line != parse.StartLine || !errors.Is(wrong[bad], parse.Err)) {
					t.Errorf("%v, and encoding/csv says %v", wrong[bad], parse)
				}
				bad++
			default:
				want = append(want, row)
			}
		}
	})
}
