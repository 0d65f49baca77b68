package audit

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// Whatever is written, and whichever separator a spreadsheet splits at, no cell begins with a sign of a formula.
func TestNoCellIsAFormula(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.StringOf(rapid.SampledFrom([]rune("=+-@＝＋－＠ab;,|\"' \t\r\n")))
		sub, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		f, err := createFiles(sub)
		if err != nil {
			t.Fatal(err)
		}
		defer f.close()
		row := Row{
			AccountID: hostile.Draw(t, "id"), DisplayName: hostile.Draw(t, "name"), Email: hostile.Draw(t, "email"),
			Groups: []string{hostile.Draw(t, "g1"), hostile.Draw(t, "g2")}, SCIM: &SCIMRef{ID: hostile.Draw(t, "scim"), UserName: hostile.Draw(t, "user")},
		}
		if err := f.row(row); err != nil {
			t.Fatal(err)
		}
		if err := f.flush(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(sub + "/" + CSVFile)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
		if err != nil || len(records) != 2 || len(records[1]) != len(csvHeader) {
			t.Fatalf("read back %v, %v", records, err)
		}
		for _, cell := range records[1] {
			for _, part := range append(strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t|,", r) }), cell) {
				part = strings.TrimLeftFunc(part, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
				if part != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(part)[0]) {
					t.Fatalf("cell %q has a part that begins with a formula", cell)
				}
			}
		}
	})
}
