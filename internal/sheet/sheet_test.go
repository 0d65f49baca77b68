package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// all reads a table to its end. Rows with an error are left out.
func all(in io.Reader, maxRow int) (rows [][]string, lines []int, wrong []*RowError, err error) {
	r, err := NewReader(in, maxRow)
	if err != nil {
		return nil, nil, nil, err
	}
	for {
		row, err := r.Read()
		var bad *RowError
		switch {
		case err == io.EOF:
			return rows, lines, wrong, nil
		case errors.As(err, &bad):
			wrong = append(wrong, bad)
		case err != nil:
			return rows, lines, wrong, err
		default:
			rows, lines = append(rows, append([]string(nil), row...)), append(lines, r.Line())
		}
	}
}

// in16 writes a text as UTF-16.
func in16(order binary.AppendByteOrder, mark bool, text string) string {
	if mark {
		text = "\ufeff" + text
	}
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestReadsWhatPeopleSave(t *testing.T) {
	want := [][]string{{"Name", "E-mail"}, {"Žofie Nová 🎉", "zofie@example.com"}, {"Doe, Jane \"JD\"", "a;b\nc"}}
	commas := "Name,E-mail\nŽofie Nová 🎉,zofie@example.com\n\"Doe, Jane \"\"JD\"\"\",\"a;b\nc\"\n"
	semicolons := "Name;E-mail\nŽofie Nová 🎉;zofie@example.com\n\"Doe, Jane \"\"JD\"\"\";\"a;b\nc\"\n"
	tabs := strings.ReplaceAll(commas[:strings.Index(commas, "\"Doe")], ",", "\t") + "\"Doe, Jane \"\"JD\"\"\"\t\"a;b\nc\"\n"
	windows := strings.ReplaceAll(commas, "\n", "\r\n")
	for name, file := range map[string]string{
		"commas":                              commas,
		"semicolons":                          semicolons,
		"tabs":                                tabs,
		"line ends of Windows":                windows,
		"no line end at the end":              strings.TrimSuffix(commas, "\n"),
		"a carriage return at the end":        strings.TrimSuffix(commas, "\n") + "\r",
		"a byte order mark":                   "\ufeff" + windows,
		"empty lines":                         "\r\n\n" + strings.Replace(windows, "E-mail\r\n", "E-mail\r\n\r\n\r\n", 1) + "\r\n",
		"every cell in quotes":                "\"Name\",\"E-mail\"\n\"Žofie Nová 🎉\",\"zofie@example.com\"\n\"Doe, Jane \"\"JD\"\"\",\"a;b\nc\"",
		"spaces before cells":                 "Name, E-mail\n Žofie Nová 🎉,\tzofie@example.com\n \"Doe, Jane \"\"JD\"\"\",  \"a;b\nc\"",
		"a line that declares the separator":  "sep=;\r\n" + semicolons,
		"a declaration in quotes, and a mark": "\ufeff\"sep=;\"\r\n" + semicolons,
		"UTF-16, little end first":            in16(binary.LittleEndian, true, windows),
		"UTF-16, big end first":               in16(binary.BigEndian, true, windows),
		"UTF-16 with tabs, as of Excel":       in16(binary.LittleEndian, true, strings.ReplaceAll(tabs, "\n", "\r\n")),
		"UTF-16 without a mark":               in16(binary.LittleEndian, false, commas),
		"UTF-16 without a mark, the other":    in16(binary.BigEndian, false, commas),
	} {
		t.Run(name, func(t *testing.T) {
			for how, in := range map[string]io.Reader{"at once": strings.NewReader(file), "byte by byte": iotest.OneByteReader(strings.NewReader(file)), "its end with the data": iotest.DataErrReader(strings.NewReader(file))} {
				rows, _, wrong, err := all(in, 0)
				if err != nil || len(wrong) > 0 {
					t.Fatalf("%s: %v, %v", how, wrong, err)
				}
				if diff := cmp.Diff(want, rows); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestARowsProblemNamesLineAndColumn(t *testing.T) {
	file := "a,b,c\n" + // 1
		"1,x\"y,2\n" +
		"\"1\n1\",\"2\"x,3\n" + // 3, 4
		"\"1\n\n1\",2,\xff\n" + // 5 to 7
		"1,2,\xe4\n" + // 8
		"ok,ok,ok\n" +
		"1,2,\"never closed\n,\n" // 10
	rows, lines, wrong, err := all(strings.NewReader(file), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []RowError{{2, 2, ErrBareQuote}, {3, 2, ErrQuote}, {5, 3, ErrEncoding}, {8, 3, ErrEncoding}, {10, 3, ErrQuote}}
	var got []RowError
	for _, w := range wrong {
		got = append(got, *w)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 9}, lines); diff != "" || len(rows) != 2 {
		t.Errorf("lines of the good rows (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoTable(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, tt := range map[string]struct {
		in   io.Reader
		want error
	}{
		"a workbook":             {strings.NewReader("PK\x03\x04\x14\x00\x06\x00rest"), ErrWorkbook},
		"an old workbook":        {strings.NewReader("\xd0\xcf\x11\xe0\xa1\xb1"), ErrWorkbook},
		"a program":              {strings.NewReader("\x7fELF\x02\x01\x01\x00"), ErrNotText},
		"carriage returns alone": {strings.NewReader("a,b\r1,2\r"), ErrLineEnds},
		"a row without end":      {strings.NewReader("a,b\n\"" + strings.Repeat("x\n", 5000)), ErrRowTooBig},
		"a line without end":     {strings.NewReader("a,b\n" + strings.Repeat("x", 5000) + "\n"), ErrRowTooBig},
		"a broken disk":          {iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("a,b\n1,2\n"))), iotest.ErrTimeout},
		"a disk broken later":    {io.MultiReader(strings.NewReader("a,b\n1,2\n3"), iotest.ErrReader(broken)), broken},
		"broken in UTF-16":       {io.MultiReader(strings.NewReader(in16(binary.BigEndian, true, "a,b\n1")), iotest.ErrReader(broken)), broken},
		"a reader that does not": {nothing{}, io.ErrNoProgress},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, err := all(tt.in, 4096); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	for _, empty := range []string{"", "\ufeff", "\r\n\r\n", "\xff\xfe", "sep=,\n"} {
		if rows, _, _, err := all(strings.NewReader(empty), 0); err != nil || len(rows) > 0 {
			t.Errorf("%q: %v, %v", empty, rows, err)
		}
	}
}

// nothing never gives a byte, nor an end.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestQuotesInsideOfQuotes(t *testing.T) {
	for line, want := range map[string][]string{
		`"a""b",c`: {`a"b`, "c"}, `"""",x`: {`"`, "x"}, `"",""`: {"", ""}, `"a,""",""""`: {`a,"`, `"`}, `"a"""",b`: nil, `"a""""`: nil, `"a"b",c`: nil, `""a`: nil,
	} {
		rows, _, wrong, err := all(strings.NewReader("x,y\n"+line+"\n"), 0)
		if err != nil || (want == nil) != (len(wrong) == 1) || want != nil && !slices.Equal(rows[1], want) {
			t.Errorf("%s: %q, %v, %v", line, rows, wrong, err)
		}
	}
}

func TestALineWithoutEndIsGivenUp(t *testing.T) {
	for name, row := range map[string]string{"one line": "x", "many lines in one quote": "x\n"} {
		in := &endless{row: []byte(row), left: 1 << 30}
		r, err := NewReader(io.MultiReader(strings.NewReader("a,b\n\""), in), 1<<20)
		for err == nil {
			_, err = r.Read()
		}
		if read := 1<<30 - in.left; !errors.Is(err, ErrRowTooBig) || read > 8<<20 {
			t.Errorf("%s: %v after %d MB", name, err, read>>20)
		}
	}
}

func TestHalfACharacterAtTheEndIsShown(t *testing.T) {
	for _, end := range []string{"x", "\x3d\xd8"} { // half a unit, half a pair
		rows, _, _, err := all(strings.NewReader(in16(binary.LittleEndian, true, "a,b\n1,")+end), 0)
		if err != nil || len(rows) != 2 || rows[1][1] != "\ufffd" {
			t.Errorf("%q, %v", rows, err)
		}
	}
}

func TestACellOfFiftyThousandCharacters(t *testing.T) {
	long := strings.Repeat("ü, ", 50_000)
	for _, cell := range []string{`"` + long + `"`, strings.ReplaceAll(long, ",", " ")} {
		rows, _, wrong, err := all(strings.NewReader("a;b\n1;"+cell+"\n2;x"), 0)
		if err != nil || len(wrong) > 0 || len(rows) != 3 || len(rows[1][1]) != len(long) {
			t.Fatalf("%d rows, %v, %v", len(rows), wrong, err)
		}
	}
}

// endless is a table of a size, made while it is read.
type endless struct {
	row  []byte
	left int
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		k := copy(p[n:], e.row[e.at:])
		n, e.at = n+k, (e.at+k)%len(e.row)
	}
	e.left -= n
	return n, nil
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	row := []byte("5b10ac8d82e05b22cc7d4ef5,Jane Doe,jane.doe@example.com,Active,\"a,b\nc\",28 Apr 2024\r\n")
	read := func(size int) (rows int, held int) {
		r, err := NewReader(&endless{row: row, left: size}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for ; ; rows++ {
			if _, err := r.Read(); err != nil {
				return rows, cap(r.buffer) + cap(r.text) + 16*cap(r.fields)
			}
		}
	}
	size := 16 << 20
	rows, held := read(size)
	if rows < size/len(row) || held > 160<<10 {
		t.Errorf("%d rows, %d bytes held", rows, held)
	}
	if again := testing.AllocsPerRun(1, func() { read(1 << 20) }); again > 2*float64(1<<20)/float64(len(row))+50 {
		t.Errorf("%v allocations for %d rows", again, (1<<20)/len(row))
	}
}

func TestRestCountsRowsOfAnyLength(t *testing.T) {
	r, err := NewReader(strings.NewReader("a,b\n1,2\n\n , \n\"x\n\ny\",2\n"+strings.Repeat("z", 200_000)+"\nlast"), 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if n := r.Rest(); n != 4 {
		t.Errorf("%d rows", n)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("error %v", err)
	}
}

func TestNamesOfColumnsAreComparedByMeaning(t *testing.T) {
	for name, want := range map[string]string{
		"User id": "userid", " Atlassian ID ": "atlassianid", "E-Mail": "email", "userPrincipalName": "userprincipalname", "Email Address [Required]": "emailaddress",
		"User name [userPrincipalName] Required": "username", "Last active date [UTC]": "lastactivedate", "Recovery Phone [MUST BE IN THE E.164 FORMAT]": "recoveryphone",
		"Block sign in (Yes/No) [accountEnabled] Required": "blocksignin", "[odd]": "odd", "Größe": "größe", "profile.login": "profilelogin", "": "",
	} {
		if got := Key(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	if !IsVersion([]string{"version:v1.0", "", " "}) || IsVersion([]string{"version:v1.0", "x"}) || IsVersion([]string{"version"}) || IsVersion(nil) {
		t.Error("the line with a version is not told from others")
	}
}

func TestDays(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for text, want := range map[string][]time.Time{
		"3 Jan 2024": {day(2024, 1, 3)}, "28 Apr 2024": {day(2024, 4, 28)}, "03 January 2024": {day(2024, 1, 3)}, "Jan 3, 2024": {day(2024, 1, 3)}, "3-Jan-24": {day(2024, 1, 3)},
		"2024-01-03": {day(2024, 1, 3)}, "2024-01-03T04:05:06Z": {time.Date(2024, 1, 3, 4, 5, 6, 0, time.UTC)}, "2024-01-03T00:00:00.000Z": {day(2024, 1, 3)},
		"2024-01-03T01:00:00+01:00": {day(2024, 1, 3)}, "2024-01-03 04:05:06": {time.Date(2024, 1, 3, 4, 5, 6, 0, time.UTC)}, "3.1.2024": {day(2024, 1, 3)}, "2024/1/3": {day(2024, 1, 3)},
		"3/4/2026": {day(2026, 3, 4), day(2026, 4, 3)}, "4/3/2026": {day(2026, 3, 4), day(2026, 4, 3)}, "13/4/2026": {day(2026, 4, 13)}, "04/13/2026": {day(2026, 4, 13)}, "5/5/2026": {day(2026, 5, 5)},
		"4/13/2026 3:04 PM": {time.Date(2026, 4, 13, 15, 4, 0, 0, time.UTC)}, "14 Dec 2012 15:31:57": {time.Date(2012, 12, 14, 15, 31, 57, 0, time.UTC)},
		"": nil, "Never accessed": nil, "30 Feb 2024": nil, "31/31/2026": nil, "yesterday": nil, "20240103": nil, "1/2/26": nil, strings.Repeat("1", 50): nil,
	} {
		if diff := cmp.Diff(want, Days(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestTheFormIsTold(t *testing.T) {
	r, err := NewReader(bytes.NewReader([]byte(in16(binary.LittleEndian, true, "\"a,b,c,d\"\tb\n"))), 0)
	if err != nil || r.Encoding() != UTF16LE || r.Separator() != '\t' {
		t.Errorf("%v, %v", r, err)
	}
}
